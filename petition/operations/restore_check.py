"""Shows that a backup can be restored: restores it into a scratch folder, and verifies every public letter from it.

No one on this machine can open a backup that is encrypted to public keys. So for the check, the file gets one more
recipient: a key that exists only in memory, and only while the check runs.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.orm import Session

from petition.config import Settings, prepare_folders
from petition.database import Databases
from petition.errors import Refusal
from petition.letters.access import hosted_letters
from petition.letters.models import Letter
from petition.letters.states import PUBLIC
from petition.operations.backup import read_backup
from petition.operations.migration import migrate_both
from petition.operations.recipients import Identity, decrypt_with
from petition.operations.restoring import restore
from petition.publishing.figures.counts import figures
from petition.publishing.folder import write_folder
from petition.sealing.log import log_seed
from petition.sealing.models import Log
from petition.verifying import Verdict, open_source, verify


@dataclass(frozen=True)
class Checked:
    """What came back: how many letters had a log, and what verifying each public one found, by slug."""

    logs: int
    verdicts: dict[str, Verdict]

    @property
    def ok(self) -> bool:
        """Whether all of them are as they must be."""
        return all(verdict.ok for verdict in self.verdicts.values())


def check_restore(settings: Settings, data: bytes, identity: Identity, folder: Path) -> Checked:
    """Restore an encrypted backup below a folder, and verify it; nothing of it is left there afterwards.

    Restoring refuses a log whose entries are not those of its checkpoint; a master secret that does not open a log's
    key is refused here. The site's own databases and settings are not touched. What is restored is as secret as the
    site, so the folder should be in memory.
    """
    with _scratch(settings, folder) as scratch:
        databases = Databases(scratch.database_url, scratch.issuer_database_url)
        try:
            migrate_both(databases, scratch.data)
            backup = read_backup(decrypt_with(data, [identity]))
            restore(scratch, databases, backup)
            return _verify_all(databases, backup.secret, scratch)
        finally:
            databases.dispose()


@contextmanager
def _scratch(settings: Settings, folder: Path) -> Iterator[Settings]:
    """Settings of an empty site in a new folder, which is deleted at the end."""
    place = Path(tempfile.mkdtemp(prefix="restored-", dir=folder))
    try:
        scratch = replace(
            settings,
            data=place / "data",
            database_url=f"sqlite:///{place}/data/petition.db",
            issuer_database_url=f"sqlite:///{place}/data/issuer.db",
            secrets=place / "data",
            secret_file=place / "data/secret",
            mail=None,
        )
        prepare_folders(scratch)
        yield scratch
    finally:
        shutil.rmtree(place)


def _verify_all(databases: Databases, secret: bytes, scratch: Settings) -> Checked:
    logs, verdicts = 0, {}
    with Session(databases.reading) as session:
        for letter in hosted_letters(session):
            log = session.get(Log, letter.id)
            if log is None:
                continue
            logs += 1
            _require_key(log, secret)
            if letter.state in PUBLIC:
                verdicts[letter.slug] = _verify(session, letter, scratch)
    return Checked(logs, verdicts)


def _require_key(log: Log, secret: bytes) -> None:
    try:
        log_seed(log, secret)
    except ValueError:
        raise Refusal("The master secret in the backup does not open the key of a log.") from None


def _verify(session: Session, letter: Letter, scratch: Settings) -> Verdict:
    """Publish a letter into the scratch folder, and recount it from there as anyone could."""
    published = scratch.data.parent / "published" / letter.slug
    write_folder(session, letter, figures(session, letter, scratch.url), published, lambda _: None)
    with closing(open_source(str(published))) as source:
        return verify(source)
