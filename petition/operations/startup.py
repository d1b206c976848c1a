"""Opens a site: its folders, its databases at this version's revisions, a master secret that fits them."""

from collections.abc import Callable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.config import Settings, master_secret, prepare_folders
from petition.crypto.notes import public_of
from petition.database import Databases
from petition.errors import Conflict
from petition.issuing.models import IssuingRound
from petition.issuing.secrets import RoundSecrets
from petition.letters.models import Letter
from petition.letters.states import WITHDRAWN
from petition.operations.lost_files import require_files
from petition.operations.schema import METADATA, differences, named
from petition.operations.secrets_folder import is_adopted, require_folder
from petition.operations.upgrade import NEW, OLD, state_of, upgrade
from petition.sealing.log import log_seed
from petition.sealing.models import Log


def open_databases(
    settings: Settings, *, upgrades: bool = False, tell: Callable[[str], object] = lambda _: None
) -> Databases:
    """Both databases. Empty ones get their tables; older ones are upgraded or refused."""
    prepare_folders(settings)
    require_files(settings)
    databases = Databases(settings.database_url, settings.issuer_database_url)
    try:
        state = state_of(databases)
        if state == OLD and not upgrades:
            raise Conflict(
                "The databases are those of an older version. The next start upgrades them (petition run), or: "
                "petition upgrade. Nothing was changed."
            )
        if state in (NEW, OLD):
            upgrade(settings, databases, tell=tell)
    except BaseException:
        databases.dispose()
        raise
    return databases


def open_site(settings: Settings) -> tuple[Databases, bytes]:
    """Databases at head and the master secret, ready to serve. Where anything refuses, no connection stays open."""
    databases = open_databases(settings, upgrades=True)
    try:
        master = open_secret(settings, databases)
        require_secrets(settings, databases, master)
    except BaseException:
        databases.dispose()
        raise
    return databases, master


def open_secret(settings: Settings, databases: Databases) -> bytes:
    """The master secret, in a folder that fits these databases; made for a new site, and never for one whose secret
    was lost, or that another host began."""
    is_begun = _has_keys(databases) or is_adopted(databases.petition)  # asked first: a host that begins makes the file
    if is_begun and not settings.secret_file.exists():
        raise Conflict(
            "There is no master secret at %(path)s, but letters whose keys it opens, or other hosts that have it. Put "
            "the file back (every backup has it: petition restore into an empty folder gives it), or correct "
            "PETITION_SECRETS or PETITION_SECRET_FILE.",
            path=str(settings.secret_file),
        )
    master = master_secret(settings)
    require_folder(settings, databases, master)
    return master


def require_tables(databases: Databases) -> None:
    """Refuse databases whose tables are not those of this version, though their revision is."""
    for chain, metadata in METADATA.items():
        found = differences(databases.engine(chain), metadata)
        if found:
            raise Conflict(
                "The tables of the database of %(chain)s are not those of this version: %(found)s. A version between "
                "two releases may have made them. Restore a backup into an empty folder: petition restore --help",
                chain=chain,
                found=named(found),
            )


def require_secrets(settings: Settings, databases: Databases, master: bytes) -> None:
    """Refuse to serve or to seal with a master secret or a folder that are not those of these databases."""
    slugs = misfits(databases, master)
    if slugs:
        raise Conflict(
            "The master secret at %(path)s is not the one that these letters were opened with: %(slugs)s. Put the "
            "right file back (every backup has it). If it is lost, nothing can be added to these letters any more; "
            "petition publish --all still writes them as files.",
            path=str(settings.secret_file),
            slugs=", ".join(slugs),
        )
    missing = list(missing_rounds(settings, databases))
    if missing:
        raise Conflict(
            "The folder %(folder)s has no secret for %(rounds)s, so no one could sign. If another machine serves "
            "this site, share its folder (or copy it, and delete the copy when a round ends). If a secret is lost "
            "for good, end its round: petition round end SLUG NUMBER",
            folder=str(settings.rounds_folder),
            rounds=", ".join(f"round {number} of {slug}" for slug, number in missing),
        )


def misfits(databases: Databases, master: bytes) -> list[str]:
    """Slugs of the letters whose logs' keys a master secret does not open."""
    return [slug for slug, log in _logs(databases) if not _opens(log, master)]


def missing_rounds(settings: Settings, databases: Databases) -> Iterator[tuple[str, int]]:
    """Slug and number of each round that exchanges codes and has no secret in this folder."""
    secrets = RoundSecrets(settings.rounds_folder, b"")
    with Session(databases.reading_issuer) as issuer:
        issuing = issuer.scalars(select(IssuingRound).where(IssuingRound.issued.is_(None)))
        lost = [(row.letter_id, row.number) for row in issuing if not secrets.exists(row.letter_id, row.number)]
    with Session(databases.reading) as session:
        for letter_id, number in lost:
            letter = session.get(Letter, letter_id)
            if letter is not None and letter.text is not None:  # else opening it was cut off, and begins again
                yield letter.slug, number


def _logs(databases: Databases) -> list[tuple[str, Log]]:
    with Session(databases.reading) as session:
        rows = select(Letter.slug, Log).join(Log, Log.letter_id == Letter.id).where(Letter.state != WITHDRAWN)
        return [(row.slug, row.Log) for row in session.execute(rows.order_by(Letter.slug))]


def _opens(log: Log, master: bytes) -> bool:
    try:
        return public_of(log_seed(log, master)) == log.public_key
    except ValueError:
        return False


def _has_keys(databases: Databases) -> bool:
    with Session(databases.reading) as session:
        return session.scalar(select(Log.letter_id).limit(1)) is not None
