"""What is wrong with a site, and how to mend it. Looks, and changes nothing.

Like the clock and the rounds it must know both sides of the wall, to see whether they agree; it only compares numbers.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from petition.config import SECRET_BYTES, Settings
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.boxes import unlock
from petition.crypto.merkle import Tiles, leaf_hash
from petition.crypto.notes import public_of, read_checkpoint
from petition.database import Databases, IssuerBase, PetitionBase
from petition.errors import Refusal
from petition.issuing.email_codes import SURELY_OVER
from petition.issuing.message import sender_of
from petition.issuing.models import IssuingRound, Outbox
from petition.issuing.rounds import KEY_LABEL, Numbers, numbers
from petition.issuing.secrets import SIZE, RoundSecrets
from petition.issuing.transports import MailServer, ServerUnavailable, transport_for
from petition.letters.access import hosted_letters
from petition.letters.models import Letter, to_hour
from petition.letters.organizers.names_keys import who_can_unlock
from petition.letters.reports import reports
from petition.letters.states import CLOSED, MAIL, PUBLIC, SIGNABLE
from petition.migration import at_head
from petition.schema import differences, named
from petition.sealing.log import HELD, log_seed, root_of_edge
from petition.sealing.models import Cosigned, Entry, Log, Sealing, Tile
from petition.sealing.witnesses import all_witnesses
from petition.signing.models import Round
from petition.signing.signatures import rounds_of

OK, NOTE, WRONG = "ok", "note", "wrong"
BUILT = datetime(2026, 11, 1, tzinfo=UTC)
"""No honest clock shows an earlier time to this program."""
LITTLE, TOO_LITTLE = 2**30, 200 * 2**20
"""Free bytes on the disk: soon too few; a sealing may fail."""
METADATA = {"petition": PetitionBase.metadata, "issuer": IssuerBase.metadata}
PRAGMAS = {"journal_mode": "truncate", "synchronous": 2, "secure_delete": 1}


@dataclass(frozen=True)
class Finding:
    """One sentence about the site, and one that says how to mend it where something is amiss."""

    area: str
    level: str
    what: str
    mend: str = ""


def as_json(findings: list[Finding]) -> dict[str, Any]:
    """The findings for a program."""
    return {"ok": is_well(findings), "findings": [asdict(finding) for finding in findings]}


def is_well(findings: list[Finding]) -> bool:
    """Whether nothing is wrong; notes are no wrongs."""
    return all(finding.level != WRONG for finding in findings)


def check(settings: Settings, now: datetime, *, deep: bool = False) -> list[Finding]:
    """Everything that can be seen from here. ``deep`` reads every entry of every log again."""
    found = [*_folders(settings), *_secret_file(settings), *_disk(settings), *_address(settings), *_mail(settings)]
    missing = [path for path in _files(settings) if not path.exists()]
    if missing:
        return [
            *found,
            Finding(
                "databases",
                WRONG,
                f"There is no {missing[0]}.",
                "A new site makes its databases with: petition run. If there was one here, check PETITION_DATA.",
            ),
        ]
    databases = Databases(settings.database_url, settings.issuer_database_url)
    try:
        found += [*_database("petition", databases.petition), *_database("issuer", databases.issuer)]
        if is_well([finding for finding in found if finding.area in ("databases", "secret")]):
            found += _inside(settings, databases, now, deep)
    except SQLAlchemyError as error:
        found.append(Finding("databases", WRONG, f"A question failed ({type(error).__name__}).", "Run it again."))
    finally:
        databases.dispose()
    return found


# Files


def _files(settings: Settings) -> list[Path]:
    """The files of SQLite databases."""
    urls = (settings.database_url, settings.issuer_database_url)
    return [Path(url.removeprefix("sqlite:///").partition("?")[0]) for url in urls if url.startswith("sqlite")]


def _folders(settings: Settings) -> Iterator[Finding]:
    for folder in (settings.data, settings.rounds_folder):
        if not folder.is_dir():
            yield Finding("folders", WRONG, f"There is no folder {folder}.", "petition run makes it.")
            continue
        yield from _permissions("folders", folder, "700")
    for path in _files(settings):
        if path.is_file() and not path.is_relative_to(settings.data):
            yield from _permissions("folders", path, "600")


def _permissions(area: str, path: Path, wanted: str) -> Iterator[Finding]:
    status = path.stat()
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        yield Finding(area, WRONG, f"{path} is open to others (mode {mode:o}).", f"chmod {wanted} {path}")
    elif status.st_uid != os.geteuid() or not os.access(path, os.W_OK):
        yield Finding(area, WRONG, f"{path} belongs to another user.", "Run petition as the user that serves the site.")
    else:
        yield Finding(area, OK, f"{path} is for its owner alone.")


def _secret_file(settings: Settings) -> Iterator[Finding]:
    path = settings.secret_file
    restore = "Put the right file back (every backup has it: petition restore into an empty folder gives it)."
    if not path.is_file():
        what = f"There is no master secret {path}: the logs' keys cannot be opened, and nobody stays signed in."
        yield Finding("secret", WRONG, what, f"{restore} A new site makes one with: petition run.")
    elif path.stat().st_mode & 0o077:
        yield from _permissions("secret", path, "600")
    elif not os.access(path, os.R_OK) or len(path.read_bytes()) < SECRET_BYTES:
        yield Finding("secret", WRONG, f"{path} cannot be read, or is shorter than {SECRET_BYTES} bytes.", restore)
    else:
        yield Finding("secret", OK, f"The master secret is in {path}, for its owner alone.")


def _disk(settings: Settings) -> Iterator[Finding]:
    if not settings.data.is_dir():
        return
    free = shutil.disk_usage(settings.data).free
    level = WRONG if free < TOO_LITTLE else NOTE if free < LITTLE else OK
    mend = "" if level == OK else "Free some, or move the data folder to a larger disk."
    yield Finding("disk", level, f"{free // 2**20} MB are free where {settings.data} is.", mend)


# Settings


def _address(settings: Settings) -> Iterator[Finding]:
    if settings.url is None:
        what = "PETITION_URL is not set: letters can be drafted, not opened."
        yield Finding("address", NOTE, what, "Set it to the public address, for example https://letters.example.org")
        return
    parts = urlsplit(settings.url)
    if parts.scheme == "http" and settings.secure:
        yield Finding(
            "address",
            WRONG,
            f"{settings.url} is not encrypted: codes and signatures can be read on the way, and nobody can sign in.",
            "Put a web server with a certificate in front and set PETITION_URL to https://…",
        )
    if parts.scheme == "https" and not settings.proxies:
        yield Finding(
            "proxies",
            NOTE,
            "PETITION_PROXIES is 0, but an https address needs a web server in front: all visitors look like one.",
            "Set PETITION_PROXIES to the number of web servers that a request passes, mostly 1.",
        )
    else:
        yield Finding("proxies", OK, f"{settings.proxies} trusted proxies stand in front.")


def _mail(settings: Settings) -> Iterator[Finding]:
    if settings.mail is None:
        yield Finding("mail", OK, "No mail server is set: codes are handed out on paper only.")
        return
    sender = sender_of(settings)
    if "." not in sender.host or "@" not in sender.address:
        what = f"PETITION_MAIL_FROM is {settings.mail_from}: most mail servers refuse such a sender."
        yield Finding("mail", WRONG, what, "Set it to an address of your domain, for example noreply@example.org")
    carrier = transport_for(settings.mail, sender)
    if isinstance(carrier, MailServer):
        yield from _mail_server(carrier)
    else:
        what = "Mail goes into a folder and reaches nobody, which is for trying."
        yield Finding("mail", NOTE, what, "Set PETITION_MAIL to a mail server, for example smtp://localhost:25")


def _mail_server(server: MailServer) -> Iterator[Finding]:
    """Whether the mail server greets us and lets us in, as it must before it takes a mail."""
    try:
        found = server.check()
    except ServerUnavailable as away:
        what = f"The mail server at {server.place} cannot be used ({away}): no codes go out by mail."
        mend = (
            "Is it running, and are the host, the port, the name and the password in PETITION_MAIL right? Is the port "
            "open on the way (many hosts close 25: try 587 or 465)? Elsewhere than here it must have a valid "
            "certificate."
        )
        yield Finding("mail", WRONG, what, mend)
        return
    yield Finding("mail", OK, f"The mail server at {server.place} answers and lets us in.")
    if "encrypted" not in found and not server.is_here:
        what = f"Mail goes to {server.place} unencrypted: who watches the line sees who asks for a code."
        yield Finding("mail", WRONG, what, "Use smtps://, or a server that offers STARTTLS.")
    if "international" not in found:
        what = "The mail server takes no addresses with letters beyond a to z before the @ (SMTPUTF8)."
        yield Finding("mail", NOTE, what, "Nobody with such an address gets a code; most employers have none.")


# Databases


def _database(chain: str, engine: Engine) -> Iterator[Finding]:
    try:
        head = at_head(engine, chain)
    except SQLAlchemyError as error:
        what = f"The database of {chain} does not answer ({type(error).__name__})."
        yield Finding("databases", WRONG, what, "Start it, or correct its address: petition config shows it.")
        return
    if not head:
        what = f"The database of {chain} is not of this version."
        yield Finding("databases", WRONG, what, "petition run upgrades it, and copies it before.")
        return
    found = differences(engine, METADATA[chain])
    if found:
        what = f"The tables of {chain} are not those of this version: {named(found)}."
        mend = (
            "A version between two releases may have made them. Restore a backup into an empty folder, or install the "
            "version that made them and take a backup with it."
        )
        yield Finding("databases", WRONG, what, mend)
        return
    yield from _sqlite(chain, engine) if engine.dialect.name == "sqlite" else _postgresql(chain)


def _sqlite(chain: str, engine: Engine) -> Iterator[Finding]:
    with engine.connect().execution_options(petition_reads=True) as connection:
        for pragma, wanted in PRAGMAS.items():
            value = connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one()
            if value != wanted:
                what = f"{chain}.db runs with {pragma}={value}, not {wanted}: it may keep the order of writing."
                yield Finding("databases", WRONG, what, "Stop everything else that opens it, then start petition anew.")
    yield Finding("databases", OK, f"{chain}.db answers, is of this version, and keeps no order of writing.")


def _postgresql(chain: str) -> Iterator[Finding]:
    yield Finding("databases", OK, f"The database of {chain} answers and is of this version.")
    yield Finding(
        "databases",
        NOTE,
        f"PostgreSQL's own write-ahead log ({chain}) keeps order and moments of writing as long as it is retained.",
        "Keep it short: no archiving, no replication slots, small wal_keep_size. Or use SQLite, if you fear seizure.",
    )


# Letters


@dataclass(frozen=True)
class _View:
    """What the checks of letters need."""

    settings: Settings
    secrets: RoundSecrets
    master: bytes
    session: Session
    issuer: Session
    now: datetime
    deep: bool


def _inside(settings: Settings, databases: Databases, now: datetime, deep: bool) -> Iterator[Finding]:
    master = settings.secret_file.read_bytes()
    secrets = RoundSecrets(settings.rounds_folder, master)
    reading = databases.issuer.execution_options(petition_reads=True)
    with Session(databases.reading) as session, Session(reading) as issuer:
        view = _View(settings, secrets, master, session, issuer, now, deep)
        yield from _clock(view)
        for letter in hosted_letters(session):
            log = session.get(Log, letter.id)
            if log is not None:
                yield from _log(view, letter, log)
                yield from _steps(view, letter)
                yield from _names(view, letter)
        yield from _letters_by_mail(view)
        yield from _reports(view)
        yield from _round_files(view)


def _reports(view: _View) -> Iterator[Finding]:
    """What people told of letters and nobody has dealt with yet."""
    known = len(reports(view.session))
    if known:
        yield Finding("reports", NOTE, f"{known} reports about letters wait to be read.", "See: petition report list")


def _clock(view: _View) -> Iterator[Finding]:
    newest = view.session.scalar(select(func.max(Sealing.hour)))
    opened = view.session.scalar(select(func.max(Letter.opened)))
    known = max(moment for moment in (newest, opened, BUILT) if moment is not None)
    if view.now + timedelta(hours=1) < known:
        what = f"This machine's clock says {view.now:%Y-%m-%d %H:%M} UTC, but it was {known:%Y-%m-%d %H:%M} before."
        yield Finding("clock", WRONG, what, "Set the clock, for example with: timedatectl set-ntp true")
    else:
        yield Finding("clock", OK, f"This machine's clock says {view.now:%Y-%m-%d %H:%M} UTC.")


def _log(view: _View, letter: Letter, log: Log) -> Iterator[Finding]:
    found = [*_log_key(view, letter, log), *_tree(view, letter, log)]
    if log.is_held and letter.state in {*SIGNABLE, CLOSED}:
        mend = f"petition restore --since FOLDER-or-URL, or petition restore --nothing-newer --letter {letter.slug}"
        found.append(Finding("log", WRONG, f"{letter.slug}: {HELD}", mend))
    host = log.origin.partition("/")[0]
    if view.settings.host != host and letter.state in {*SIGNABLE, CLOSED}:
        what = f"{letter.slug}: its log was begun at {host}, but PETITION_URL says {view.settings.host or 'nothing'}."
        mend = f"A log's name is fixed at opening. Serve the site at {host} again, or redirect from there for good."
        found.append(Finding("address", WRONG, what, mend))
    found += _witnesses(view, letter, log)
    yield from found
    if is_well(found):
        yield Finding("log", OK, f"{letter.slug}: its log of {log.size} entries is whole and signed.")


def _log_key(view: _View, letter: Letter, log: Log) -> Iterator[Finding]:
    try:
        seed = log_seed(log, view.master)
    except ValueError:
        yield Finding(
            "log",
            WRONG,
            f"{letter.slug}: the key of its log does not open with this master secret. Nothing can be sealed or closed "
            "any more; what is published stays valid and can be verified for good.",
            f"Put the master secret that it was made with into {view.settings.secret_file} (every backup has it). If "
            "it is lost, say so under the letter: it cannot go on, and a new letter has to be opened.",
        )
        return
    if public_of(seed) != log.public_key:
        yield Finding(
            "log",
            WRONG,
            f"{letter.slug}: its log has another key than it began with. Whoever verifies it is told that it was "
            "replaced.",
            "Restore the newest backup into an empty folder, and take over the newest published log.",
        )


def _tree(view: _View, letter: Letter, log: Log) -> Iterator[Finding]:
    mend = "Restore the newest backup into an empty folder, and take over the newest published log."
    try:
        signed = read_checkpoint(log.checkpoint, log.origin, log.public_key)
    except Refusal as flaw:
        yield Finding("log", WRONG, f"{letter.slug}: {flaw}", mend)
        return
    try:
        root = root_of_edge(view.session, log)
    except ValueError:
        yield Finding("log", WRONG, f"{letter.slug}: the tiles of its log are not those of {log.size} entries.", mend)
        return
    of_letter = Entry.letter_id == letter.id
    count, last = view.session.execute(select(func.count(), func.max(Entry.number)).where(of_letter)).one()
    if (count, last) != (log.size, log.size - 1):
        what = f"{letter.slug}: {count} entries of its log are stored, {log.size} are counted."
        yield Finding("log", WRONG, what, mend)
    if (signed.size, signed.root) != (log.size, root):
        yield Finding("log", WRONG, f"{letter.slug}: its checkpoint is signed over another tree.", mend)
    elif view.deep and not _is_recomputed(view.session, log):
        yield Finding("log", WRONG, f"{letter.slug}: an entry or a tile of its log was changed.", mend)


def _is_recomputed(session: Session, log: Log) -> bool:
    """Whether all tiles and the root follow from the entries."""
    tree, tiles = Tiles(0, {}), dict[tuple[int, int], bytes]()
    datas = select(Entry.data).where(Entry.letter_id == log.letter_id).order_by(Entry.number)
    for part in session.scalars(datas.execution_options(yield_per=4096)).partitions():
        tiles |= tree.append(leaf_hash(data) for data in part)
    stored = select(Tile.level, Tile.number, Tile.hashes).where(Tile.letter_id == log.letter_id)
    return {(row.level, row.number): row.hashes for row in session.execute(stored)} == tiles and (
        tree.root() == read_checkpoint(log.checkpoint, log.origin, log.public_key).root
    )


def _witnesses(view: _View, letter: Letter, log: Log) -> Iterator[Finding]:
    if letter.state not in PUBLIC:
        return
    for witness in all_witnesses(view.session):
        cosigned = view.session.get(Cosigned, (letter.id, witness.name))
        if witness.url is not None and (cosigned is None or cosigned.size < log.size):
            what = f"{letter.slug}: {witness.name} has not cosigned the newest checkpoint."
            yield Finding("witnesses", NOTE, what, f"petition seal {letter.slug} asks again, and says why not.")


def _letters_by_mail(view: _View) -> Iterator[Finding]:
    """Whether letters whose codes go out by mail have somebody who sends them."""
    late = Outbox.hour <= to_hour(view.now) - SURELY_OVER
    if view.issuer.scalar(select(func.count()).select_from(Outbox).where(late)):
        what = "Mail waits for more than an hour, though it is to be deleted by then: no clock is at work."
        yield Finding("mail", WRONG, what, "petition run has a clock; else let petition seal --watch run beside it.")
    for letter in hosted_letters(view.session):
        is_issuing = any(row.issued is None for row in numbers(view.issuer, letter.id))
        if view.settings.mail is None and MAIL in letter.routes and letter.state in SIGNABLE and is_issuing:
            what = f"{letter.slug}: its codes are to go out by mail, but PETITION_MAIL is not set."
            yield Finding("mail", WRONG, what, "Set PETITION_MAIL again, for example smtp://localhost:25")


# Both sides of the wall


def _steps(view: _View, letter: Letter) -> Iterator[Finding]:
    """Whether the issuer's numbers and the log's agree."""
    known = {row.number: row for row in numbers(view.issuer, letter.id)}
    wrong = [
        Finding(
            "rounds",
            WRONG,
            f"{letter.slug}, round {row.number}: {why}",
            "One database is older than the other. Stop the site and restore both from one backup.",
        )
        for row in rounds_of(view.session, letter.id)
        if (why := _out_of_step(row, known.get(row.number)))
    ]
    yield from wrong or [Finding("rounds", OK, f"{letter.slug}: issuer and log agree on {len(known)} rounds.")]


def _names(view: _View, letter: Letter) -> Iterator[Finding]:
    """Whether somebody can still unlock what is locked."""
    if not letter.name_steps or letter.state not in SIGNABLE:
        return
    holders = len(who_can_unlock(view.session, letter.id))
    if holders > 1:
        yield Finding("names", OK, f"{letter.slug}: {holders} organizers can unlock names.")
    elif holders == 1:
        what = f"{letter.slug}: one organizer alone can unlock names; a forgotten passphrase would lose them for good."
        yield Finding("names", NOTE, what, "They can grant the key to another editor, on the letter's page of names.")
    else:
        what = f"{letter.slug}: nobody can unlock names any more; those that are locked stay locked for good."
        yield Finding("names", WRONG, what, "Tell its signers: only a new letter can show their names.")


def _out_of_step(row: Round, number: Numbers | None) -> str:
    """What does not agree about a round; an empty text if everything does."""
    if number is None:
        return "the issuer does not know it."
    made = number.made + number.mailed
    if (made, number.voided) < (row.made, row.voided) or made < row.made:
        return f"the log has {row.made} codes, the issuer {made}."
    if row.issued is not None and number.issued != row.issued:
        return f"the log says that {row.issued} tokens were issued, the issuer {number.issued}."
    if row.issued is None and number.spent < row.spent:
        return "fewer codes are spent than at the last sealing."
    if row.annulled is not None and number.annulled is None:
        return "it is annulled, but the issuer does not know it."
    return ""


def _round_files(view: _View) -> Iterator[Finding]:
    rows = view.issuer.scalars(select(IssuingRound).order_by(IssuingRound.letter_id, IssuingRound.number)).all()
    slugs = {letter.id: letter.slug for letter in hosted_letters(view.session)}
    found: list[Finding] = []
    for row in rows:
        name = f"{slugs.get(row.letter_id, row.letter_id)}, round {row.number}"
        path = view.settings.rounds_folder / f"{row.letter_id}-{row.number}"
        found += (_issuing if row.issued is None else _ended)(view, row, name, path)
    expected = {f"{row.letter_id}-{row.number}" for row in rows}
    for path in sorted(view.settings.rounds_folder.glob("*")):
        if path.name not in expected:
            what = f"{path} belongs to no round that the issuer knows."
            found.append(Finding("rounds", WRONG, what, f"If no other site uses this folder: rm {path}"))
    yield from found
    if is_well(found):
        yield Finding("rounds", OK, "Each round that issues has its secret; those of ended rounds are gone.")


def _issuing(view: _View, row: IssuingRound, name: str, path: Path) -> Iterator[Finding]:
    again = "petition codes make SLUG --count N --new-round"
    new = f"If it cannot be brought back, end this round's codes by opening a new one: {again}"
    if not path.is_file():
        yield Finding("rounds", WRONG, f"{name}: its secret {path} is gone; its codes can't be exchanged.", new)
        return
    if path.stat().st_mode & 0o077:
        yield from _permissions("rounds", path, "600")
    key_lock = view.secrets.key_lock(row.letter_id, row.number)
    try:
        if path.stat().st_size != SIZE or key_lock is None or row.private_key is None:
            raise ValueError
        key = PrivateKey.from_der(unlock(key_lock, row.private_key, KEY_LABEL))
        if key.public.spki() != row.public_key:
            raise ValueError
    except ValueError:
        what = f"{name}: its private key does not open with its secret and the master secret."
        yield Finding("rounds", WRONG, what, new)


def _ended(view: _View, row: IssuingRound, name: str, path: Path) -> Iterator[Finding]:
    if path.exists():
        what = f"{name} has ended, but its secret {path} is still there: a crash kept it from being destroyed."
        yield Finding("rounds", WRONG, what, f"rm {path}")
    if row.private_key is not None:
        yield Finding("rounds", WRONG, f"{name} has ended, but its private key is still stored.", "petition seal")
