"""Compares a published copy of a letter's log with the log here: a copy that is newer must never be replaced."""

from pathlib import Path

from sqlalchemy.orm import Session

from petition.crypto.notes import Checkpoint, read_checkpoint
from petition.errors import Conflict, Refusal
from petition.letters.models import Letter
from petition.publishing.placing import FOLDER_MARK
from petition.sealing.log import log_of, require_free, root_at

NEWER = (
    "%(folder)s holds a newer log of this letter: %(published)s entries, and this site has %(size)s. Was an old backup "
    "restored here? Take the newer log over first: petition restore --since %(folder)s. Nothing was written."
)
FORK = (
    "%(folder)s holds another log of this letter, which this site's log does not continue. Two logs of one letter can "
    "be shown to anyone. Keep the folder, and ask whoever runs the site which of the two was published. Nothing was "
    "written."
)
OTHER = "%(folder)s holds another letter. Choose a folder of its own for each letter. Nothing was written."


def require_publishable(session: Session, letter: Letter, folder: Path) -> int:
    """Refuse while the letter's log is held, and where the folder's log is not a beginning of it.

    Returns how many entries the folder's log has.
    """
    require_free(session, letter.id)
    if not (folder / FOLDER_MARK).is_file() or not (folder / "log/checkpoint").is_file():
        return 0
    log = log_of(session, letter.id)
    published = _published(folder, log.origin, log.public_key)
    values = {"folder": str(folder), "published": published.size, "size": log.size}
    if published.size > log.size:
        raise Conflict(NEWER, **values)
    if root_at(session, log, published.size) != published.root:
        raise Conflict(FORK, **values)
    return published.size


def _published(folder: Path, origin: str, key: bytes) -> Checkpoint:
    try:
        return read_checkpoint((folder / "log/checkpoint").read_text("utf-8"), origin, key)
    except (Refusal, UnicodeDecodeError):
        raise Conflict(OTHER, folder=str(folder)) from None
