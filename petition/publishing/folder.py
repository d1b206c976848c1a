"""A letter's whole public face as a folder of static files: the bytes that the server serves, for any web server,
a USB stick or ``file://``.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from petition.errors import Conflict, Refusal
from petition.i18n import DEFAULT, languages
from petition.letters.models import Letter
from petition.publishing.cache import SITE_FILES, TOLD, packaged
from petition.publishing.figures.counts import Figures
from petition.publishing.placing import FOLDER_MARK, keep, mark_text, put, replacing
from petition.publishing.public_files import SVG_FILES, names, pages, public_file, tile_names
from petition.publishing.templates import NO_FACTS, SITE_FOLDER, HostFacts

NO_JEKYLL = ".nojekyll"
"""GitHub's pages leave out folders that begin with an underscore unless this file is there."""


class NotWritten(Refusal):
    """The folder could not be written; it is as it was."""

    status = 500


def write_folder(
    session: Session,
    letter: Letter,
    found: Figures,
    folder: Path,
    tell: Callable[[int], None],
    host: HostFacts = NO_FACTS,
    published: int = 0,
) -> int:
    """Write or renew a folder; returns how many files changed. Refuses a folder that holds anything else.

    A link is followed. Files that others put into a folder that was written here stay. ``tell`` is called with 1 for
    each file that is done. If the folder has the first ``published`` entries of this log, their tiles, which never
    change, are not made again.
    """
    folder = Path(os.path.realpath(folder))
    require_replaceable(folder)
    written, final = 0, set(tile_names(published))
    try:
        with replacing(folder) as fresh:
            for name, make in plan(session, letter, found, host).items():
                if name not in final or not keep(fresh / name, folder / name):
                    written += put(fresh / name, folder / name, make(), found.as_of)
                tell(1)
    except OSError as error:
        raise NotWritten(
            "%(folder)s can't be written: %(why)s. It is as it was.", folder=str(folder), why=error.strerror or error
        ) from None
    return written


def plan(
    session: Session, letter: Letter, found: Figures, host: HostFacts = NO_FACTS
) -> dict[str, Callable[[], bytes]]:
    """Every file of the folder: its path in it, and what makes its bytes."""

    def face(name: str, language: str | None = None) -> bytes:
        return public_file(session, letter, found, name, language).body

    def of_site(name: str) -> bytes:
        return packaged(name).body

    def told(name: str, language: str) -> bytes:
        return TOLD[name](language, host).body

    files: dict[str, Callable[[], bytes]] = {_file_of(name): partial(face, name) for name in names(found)}
    for language in languages():
        files |= {f"{language}/{_file_of(name)}": partial(face, name, language) for name in (*pages(found), *SVG_FILES)}
    for place in ("", *(f"{language}/" for language in languages())):
        files |= {f"{place}{SITE_FOLDER}{name}": partial(of_site, name) for name in SITE_FILES}
        language = place.rstrip("/") or DEFAULT
        files |= {f"{place}{SITE_FOLDER}{name}index.html": partial(told, name, language) for name in TOLD}
    files[NO_JEKYLL] = bytes
    mark = mark_text(files)
    return {FOLDER_MARK: lambda: mark, **files}


def _file_of(name: str) -> str:
    return f"{name}index.html" if name == "" or name.endswith("/") else name


def require_replaceable(folder: Path) -> None:
    """Refuse to replace anything but a folder that was written here, or an empty one."""
    if not folder.exists() or (folder.is_dir() and ((folder / FOLDER_MARK).is_file() or not any(folder.iterdir()))):
        return
    raise Conflict(
        "%(folder)s holds something else. Choose a folder that does not exist yet, or one that was written here.",
        folder=str(folder),
    )
