"""Finds a file of SQLite's that a site has lost. SQLite would make an empty one in its place as soon as it opens it."""

from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from petition.config import Settings
from petition.database import engine_for, waiting_beside
from petition.errors import Conflict
from petition.letters.models import Letter
from petition.signing.models import Pending

PUT_BACK = "It belongs to {beside}: put back the one that lay beside it."
NOT_IN_BACKUPS = "A backup has no waiting signatures."
IN_BACKUPS = "If it is lost, restore both from one backup: petition restore --help"


class FileLost(Conflict):
    """A site has lost one of its files; ``remedy`` says what to do."""

    def __init__(self, file: Path, beside: Path, more: str) -> None:
        self.what = f"{file} is missing or empty."
        self.remedy = f"{PUT_BACK.format(beside=beside.name)} {more}"
        super().__init__("%(what)s %(remedy)s", what=self.what, remedy=self.remedy)


def require_files(settings: Settings) -> None:
    """Refuse a site that has lost a file, before anything makes another one."""
    lost = lost_file(settings)
    if lost is not None:
        raise lost


def lost_file(settings: Settings) -> FileLost | None:
    """What to do about the file that a site has lost; None if it has all, or if there is no site yet."""
    petition, issuer = sqlite_file(settings.database_url), sqlite_file(settings.issuer_database_url)
    if petition is None or not has_bytes(petition):
        return None
    waiting = waiting_beside(str(petition))
    if has_bytes(waiting) and (issuer is None or has_bytes(issuer)):
        return None
    engine = engine_for(settings.database_url)  # opens petition.db alone
    try:
        with engine.connect().execution_options(petition_reads=True) as connection:
            tables = inspect(connection).get_table_names()
            needs_waiting = tables and Pending.__tablename__ not in tables  # older versions have it in petition.db
            if needs_waiting and not has_bytes(waiting):  # asked last: another first start may have just made it
                return FileLost(waiting, petition, NOT_IN_BACKUPS)
            if issuer is not None and not has_bytes(issuer) and _has_letters(connection, tables):
                return FileLost(issuer, petition, IN_BACKUPS)
    finally:
        engine.dispose()
    return None


def _has_letters(connection: Connection, tables: list[str]) -> bool:
    """Whether there can be codes, so that a lost file is no first start that was cut off."""
    query = select(text("1")).select_from(Letter.__table__).limit(1)
    return Letter.__tablename__ in tables and connection.execute(query).first() is not None


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None for another one."""
    return Path(url.removeprefix("sqlite:///").partition("?")[0]) if url.startswith("sqlite") else None


def has_bytes(path: Path) -> bool:
    """Whether a file is there, and not empty."""
    return path.is_file() and path.stat().st_size > 0
