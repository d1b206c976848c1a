"""Which version of the log a published letter has, before anything is checked (protocol 8)."""

import re

from petition.errors import Refusal
from petition.verifying.bundles import entries_of
from petition.verifying.entries import LOG_VERSION
from petition.verifying.shapes import read_json
from petition.verifying.source import Source
from petition.verifying.tiles import bundle, fetch_tile
from petition.verifying.verdict import Invalid, NothingChecked, shown

FIRST_RELEASE = "0.1.0"
"""The release that wrote logs without a version: version 1."""

_SIZE = re.compile(rb"[^\n]*\n([1-9][0-9]{0,17})\n")


def require_known_version(source: Source, note: bytes | Refusal) -> None:
    """Raises ``NothingChecked`` if entry 0 is a letter with a version that is not known here.

    ``note`` is the checkpoint, whose signature does not matter yet. If the entry cannot be read, nothing is raised:
    the verification will say what is wrong.
    """
    entry = _first_entry(source, note)
    if not isinstance(entry, dict) or entry.get("type") != "letter":
        return
    version = entry.get("version", 1)
    if type(version) is int and version == LOG_VERSION:
        return
    if type(version) is int and version == 1:
        raise _nothing(f"This log was made by {FIRST_RELEASE}: it has version 1 of the format.")
    raise _nothing(f"This log has version {shown(version)} of the format. A newer release may know it.")


def _nothing(which: str) -> NothingChecked:
    return NothingChecked("version", f"{which} This program checks version {LOG_VERSION} only; nothing was checked.")


def _first_entry(source: Source, note: bytes | Refusal) -> object:
    size = None if isinstance(note, Refusal) else _SIZE.match(note)
    if size is None:
        return None
    tile = bundle(0, int(size[1]))
    data = fetch_tile(source, tile)
    try:
        return None if isinstance(data, Refusal) else read_json(entries_of(data, tile.width)[0])
    except Invalid:
        return None
