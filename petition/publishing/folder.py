"""A letter's whole public face as a folder of static files: the bytes that the server serves, for any web server,
a USB stick or ``file://``.

The new folder is made beside the old one and takes its place in one step, so that whoever interrupts finds the old
one whole. Files that did not change are not written again.
"""

import ctypes
import os
import platform
import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from petition.errors import Conflict
from petition.i18n import DEFAULT, languages
from petition.letters.models import Letter
from petition.publishing.cache import SITE_FILES, packaged, promises_page
from petition.publishing.figures.counts import Figures
from petition.publishing.public_files import PICTURES, names, pages, public_file
from petition.publishing.templates import SITE

MARK = "petition-folder"
"""Stands in each folder that was written here, so that no other folder is ever replaced."""
AT_FDCWD, RENAME_EXCHANGE = -100, 2


def write_folder(session: Session, letter: Letter, found: Figures, folder: Path, tell: Callable[[int], None]) -> int:
    """Write or renew a folder; returns how many files were written anew. Refuses a folder that holds anything else.

    ``tell`` is called with 1 for each file that is done.
    """
    require_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    written = 0
    try:
        for name, body in faces(session, letter, found):
            written += _put(fresh / name, folder / name, body, found.as_of)
            tell(1)
        _take_place(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return written


def faces(session: Session, letter: Letter, found: Figures) -> Iterator[tuple[str, bytes]]:
    """Every file of the folder: its path in it, and its bytes."""
    yield MARK, b"Written by: petition publish. It may be replaced by the next one.\n"
    for name in names(found):
        yield _file_of(name), public_file(session, letter, found, name).body
    for language in languages():
        for name in (*pages(found), *PICTURES):
            yield f"{language}/{_file_of(name)}", public_file(session, letter, found, name, language).body
    for place in ("", *(f"{language}/" for language in languages())):
        spoken = place.rstrip("/") or DEFAULT
        for name in SITE_FILES:
            yield f"{place}{SITE}{name}", packaged(name).body
        yield f"{place}{SITE}promises/index.html", promises_page(spoken).body


def how_many(found: Figures) -> int:
    """How many files a folder has, for a progress bar."""
    spoken, site = len(pages(found)) + len(PICTURES), len(SITE_FILES) + 1
    return 1 + len(names(found)) + len(languages()) * spoken + (1 + len(languages())) * site


def _file_of(name: str) -> str:
    return f"{name}index.html" if name == "" or name.endswith("/") else name


def require_replaceable(folder: Path) -> None:
    """Refuse to replace anything but a folder that was written here, or an empty one."""
    if not folder.exists() or (folder.is_dir() and ((folder / MARK).is_file() or not any(folder.iterdir()))):
        return
    raise Conflict(
        "%(folder)s holds something else. Choose a folder that does not exist yet, or one that was written here.",
        folder=str(folder),
    )


def _put(path: Path, old: Path, body: bytes, moment: datetime) -> int:
    """The file as it was if its bytes are the same, else written, as of a sealing; says whether it was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if old.is_file() and not old.is_symlink() and old.stat().st_size == len(body) and old.read_bytes() == body:
        os.link(old, path)
        return 0
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    return 1


def _take_place(fresh: Path, folder: Path) -> None:
    """Put the new folder where the old one is, in one step where the system can (Linux), else in two."""
    if not folder.exists():
        fresh.rename(folder)
        return
    if not _exchange(fresh, folder):
        old = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """renameat2(2) with RENAME_EXCHANGE; False where it does not exist."""
    if platform.system() != "Linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    paths = (os.fsencode(one), os.fsencode(other))
    return rename is not None and rename(AT_FDCWD, paths[0], AT_FDCWD, paths[1], RENAME_EXCHANGE) == 0
