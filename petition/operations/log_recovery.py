"""After a restore: recovers the newest published log, so that a log that went back does not become a fork.

The whole published copy is verified and must extend the log of the backup. Then it is replayed: its further entries,
sealed commits, rounds' numbers, history, state. Until then the log is held, unless the host says that nothing newer
exists: signatures are accepted and wait, and nothing is sealed.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from petition.crypto.encodings import from_b64url
from petition.crypto.merkle import TILE_WIDTH
from petition.crypto.notes import read_checkpoint, read_vkey
from petition.database import Databases
from petition.errors import BadShape, Conflict, NotFound, Refusal
from petition.issuing.models import Batch, IssuingRound
from petition.letters.lifecycle import full_hour_after, move
from petition.letters.models import Letter
from petition.letters.states import CLOSED, OPEN, PUBLISHED
from petition.publishing.data.cells import as_typed
from petition.sealing.log import append, held_letters, log_of, log_seed, root_of
from petition.sealing.models import Log, Milestone, Sealing
from petition.sealing.round_entries import rounded
from petition.sealing.witnesses import collect
from petition.signing.appearances import forget_all
from petition.signing.models import Pending, Round, Sealed, Tombstone, Withdrawal
from petition.signing.names import free_names
from petition.signing.signatures import rounds_of
from petition.signing.statements import parse
from petition.verifying import Source, Verdict, verify
from petition.verifying.bundles import entries_of
from petition.verifying.history import Row, read_history
from petition.verifying.small_files import LONGEST_OF
from petition.verifying.tiles import bundle, fetch_tile

MOST_NAMES = 2**26
"""Bytes of a published list of names."""
SIGNED_OR_WITHDRAWN = ("signature", "withdrawal")


@dataclass(frozen=True)
class Recovered:
    """What was recovered: the letter, its log's size before and after."""

    slug: str
    before: int
    after: int


@dataclass(frozen=True)
class _Published:
    """A published log, verified: the entries that are new here, the history, what counts.json says beside."""

    entries: list[Mapping[str, Any]]
    history: list[Row]
    published: datetime | None
    closes: datetime | None
    verdict: Verdict
    names: Counter[tuple[str, str]]
    """As the published list shows them: who is not in it has taken the name back since."""


def nothing_newer(
    databases: Databases,
    slugs: Sequence[str] = (),
    *,
    moment: datetime,
    tell: Callable[[str], object] = lambda _: None,
) -> list[str]:
    """The host says that no newer log was ever published: held logs go on from the backup; the slugs of those.

    Refuses if a witness saw more entries. ``tell`` hears of witnesses that could not be asked.
    """
    with Session(databases.reading) as session:
        known = {slug: letter_id for letter_id, slug in held_letters(session)}
    for slug in slugs:
        if slug not in known:
            raise NotFound("No log of a letter %(slug)s is held. See: petition doctor", slug=slug)
    freed = [slug for slug in known if not slugs or slug in slugs]
    _require_nothing_newer_seen(databases, [known[slug] for slug in freed], moment, tell)
    with Session(databases.petition) as session:
        session.execute(update(Log).where(Log.letter_id.in_([known[slug] for slug in freed])).values(is_held=False))
        for slug in freed:
            free_names(session, session.get_one(Letter, known[slug]))
        session.commit()
    return freed


def _require_nothing_newer_seen(
    databases: Databases, letter_ids: Sequence[str], moment: datetime, tell: Callable[[str], object]
) -> None:
    for answer in collect(databases.petition, letter_ids, moment, again=True):
        if answer.newer is not None:
            raise Conflict(
                "The witness %(witness)s saw the log of %(slug)s at %(newer)s entries, and here it has %(size)s: a "
                "newer one was published. Find it and take it over: petition restore --since FOLDER-or-URL. If the "
                "witness is mistaken, remove it first: petition witness remove NAME. Nothing was changed.",
                witness=answer.witness,
                slug=answer.slug,
                newer=answer.newer,
                size=answer.size,
            )
        if answer.line is None:
            tell(str(answer))


def recover_log(databases: Databases, master: bytes, source: Source, *, moment: datetime) -> Recovered:
    """Verify a published log and go on from its end; refuses one that does not extend the held log. Changes nothing
    unless everything holds."""
    with Session(databases.reading) as session:
        log = _held_log(session, source)
        letter_id, size, origin, public = log.letter_id, log.size, log.origin, log.public_key
        slug, checkpoint = session.get_one(Letter, letter_id).slug, log.checkpoint
    _require_not_older(source, size, origin, public)
    verdict = verify(source, since=[checkpoint.encode()])
    wrong = [check.detail for check in verdict.checks if not check.ok]
    if wrong:
        raise Conflict("The published log cannot be taken over: %(why)s Nothing was changed.", why=" ".join(wrong))
    found = _read(source, size, verdict)
    with Session(databases.petition) as session:
        log = log_of(session, letter_id, alone=True)
        if log.size != size or not log.is_held:
            raise Conflict("Someone else took over this log at the same moment.")
        letter = session.get_one(Letter, letter_id, with_for_update=True)
        _replay(session, letter, log, found, master, moment)
        free_names(session, letter, found.names)
        _tell_issuer(databases, session, letter_id)
        session.commit()
    return Recovered(slug, size, verdict.size)


def _held_log(session: Session, source: Source) -> Log:
    try:
        origin, public = read_vkey(source.read("log/vkey", LONGEST_OF["log/vkey"]).decode("utf-8", "replace"))
    except Refusal as flaw:
        raise BadShape("There is no published letter: %(why)s", why=str(flaw)) from None
    log = session.scalar(select(Log).where(Log.origin == origin, Log.public_key == public))
    if log is None:
        raise NotFound(
            "No letter here has the log %(origin)s with this key. Take the copy of a letter that is in the backup.",
            origin=origin,
        )
    if not log.is_held:
        raise Conflict("The log %(origin)s is not held: there is nothing to take over.", origin=origin)
    return log


def _require_not_older(source: Source, size: int, origin: str, public: bytes) -> None:
    note = source.read("log/checkpoint", LONGEST_OF["log/checkpoint"]).decode("utf-8", "replace")
    published = read_checkpoint(note, origin, public).size
    if published < size:
        raise Conflict(
            "This copy of the log is older than the backup: it has %(published)s entries, the backup %(size)s. Find a "
            "newer one: on the site's mirrors, with the organizers, with a witness. Nothing was changed.",
            published=published,
            size=size,
        )


def _read(source: Source, size: int, verdict: Verdict) -> _Published:
    datas: list[bytes] = []
    for number in range(size // TILE_WIDTH, -(-verdict.size // TILE_WIDTH)):
        tile = bundle(number, verdict.size)
        data = fetch_tile(source, tile)
        if isinstance(data, Refusal):
            raise data
        datas += entries_of(data, tile.width)[max(0, size - number * TILE_WIDTH) :]
    history = read_history(source.read("history.csv", LONGEST_OF["history.csv"]))
    totals = (history[-1].signatures, history[-1].withdrawals) if history else (0, 0)
    if totals != (verdict.signatures, verdict.withdrawals):
        raise Conflict("The published log changed while it was read. Do it again. Nothing was changed.")
    told = _told(source)
    published = _moment(told.get("letter", {}).get("published"))
    entries = [json.loads(data) for data in datas]
    return _Published(entries, history, published, _moment(told.get("closes")), verdict, _names(source))


def _names(source: Source) -> Counter[tuple[str, str]]:
    """names.csv; empty if there is none. What a spreadsheet would have run or changed was defused there."""
    try:
        text = source.read("names.csv", MOST_NAMES).decode("utf-8-sig", "replace")
    except Refusal:
        return Counter()
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    return Counter((as_typed(row[0]), as_typed(row[1])) for row in rows if len(row) == 2)


def _told(source: Source) -> dict[str, Any]:
    """counts.json, which has the day of publication and an announced closing; the log does not."""
    try:
        told = json.loads(source.read("counts.json", LONGEST_OF["counts.json"]))
    except (Refusal, ValueError):
        return {}
    return told if isinstance(told, dict) and isinstance(told.get("letter", {}), dict) else {}


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _replay(session: Session, letter: Letter, log: Log, found: _Published, master: bytes, moment: datetime) -> None:
    first = append(session, log, found.entries, log_seed(log, master))
    if root_of(log).hex() != found.verdict.root:
        raise Conflict("The published log changed while it was read. Do it again. Nothing was changed.")
    rounds = {row.number: row for row in rounds_of(session, letter.id)}
    for number, entry in enumerate(found.entries, first):
        _follow(session, letter, rounds, entry, number, moment)
    session.flush()
    _write_history(session, letter, found.history)
    _write_milestones(session, letter, found, first, moment)
    _follow_state(session, letter, found, moment)
    letter.edition += 1
    log.is_held = False
    session.flush()


def _follow(
    session: Session, letter: Letter, rounds: dict[int, Round], entry: Mapping[str, Any], number: int, moment: datetime
) -> None:
    """What the sealing that appended this entry had changed here."""
    row = rounds.get(entry.get("round", -1))
    match entry:
        case {"type": "round"}:
            rounds[entry["round"]] = _open(session, letter, row, entry)
        case {"type": "codes"} if row is not None:
            row.made, row.voided = entry["made"], entry["voided"]
        case {"type": "issued"} if row is not None:
            row.is_ended, row.issued = True, entry["issued"]
            row.spent = max(row.spent, rounded(row.issued or 0, letter.k))
            row.signing_starts = full_hour_after(moment)
        case {"type": "annulled"} if row is not None:
            row.annulled, row.is_annulment_logged = entry["reason"], True
            session.execute(delete(Pending).where(Pending.letter_id == letter.id, Pending.round == row.number))
            forget_all(session, letter.id, row.number)
        case {"type": "signature"} if row is not None:
            row.signatures += 1
            commit = bytes.fromhex(parse(from_b64url(entry["message"])).commit)
            _seal(session, letter.id, commit, row.number, number)
        case {"type": "withdrawal"}:
            _apply_withdrawal(session, letter.id, bytes.fromhex(entry["commit"]), rounds)


def _open(session: Session, letter: Letter, row: Round | None, entry: Mapping[str, Any]) -> Round:
    key = from_b64url(entry["public_key"])
    if row is None:
        row = Round(letter_id=letter.id, number=entry["round"], roll=entry["roll"], public_key=key)
        session.add(row)
    row.public_key, row.is_logged = key, True
    row.opens, row.closes = _moment(entry["opens"]), _moment(entry["closes"])
    return row


def _seal(session: Session, letter_id: str, commit: bytes, number: int, entry: int) -> None:
    for table in (Pending, Tombstone):
        session.execute(delete(table).where(table.letter_id == letter_id, table.commit == commit))
    session.add(Sealed(letter_id=letter_id, commit=commit, round=number, entry=entry))


def _apply_withdrawal(session: Session, letter_id: str, commit: bytes, rounds: dict[int, Round]) -> None:
    """Apply a withdrawal that waited in the backup and has been logged since."""
    session.flush()
    sealed = session.get_one(Sealed, (letter_id, commit))
    sealed.is_withdrawn = True
    rounds[sealed.round].withdrawals += 1
    session.execute(delete(Withdrawal).where(Withdrawal.letter_id == letter_id, Withdrawal.commit == commit))


def _write_history(session: Session, letter: Letter, history: Iterable[Row]) -> None:
    session.execute(delete(Sealing).where(Sealing.letter_id == letter.id))
    rows = [
        {
            "letter_id": letter.id,
            "hour": datetime.fromisoformat(row.sealed_at),
            "signatures": row.signatures,
            "withdrawals": row.withdrawals,
            "size": row.size,
        }
        for row in history
    ]
    if rows:
        session.execute(insert(Sealing), rows)


def _write_milestones(session: Session, letter: Letter, found: _Published, first: int, moment: datetime) -> None:
    """The log has no hours: a milestone gets the next hour in which a number changed, else the recovery's own hour."""
    signed = withdrawn = 0
    for row in session.scalars(select(Round).where(Round.letter_id == letter.id)):
        signed, withdrawn = signed + row.signatures, withdrawn + row.withdrawals
    changes = [number for number, entry in enumerate(found.entries, first) if entry["type"] in SIGNED_OR_WITHDRAWN]
    signed -= sum(entry["type"] == "signature" for entry in found.entries)
    withdrawn -= sum(entry["type"] == "withdrawal" for entry in found.entries)
    hours = _hours(found, first, signed, withdrawn)
    for number, entry in enumerate(found.entries, first):
        if entry["type"] not in SIGNED_OR_WITHDRAWN:
            later = next((change for change in changes if change > number), None)
            when = hours.get(later, moment) if later is not None else moment
            session.add(Milestone(letter_id=letter.id, entry=number, hour=when))


def _hours(found: _Published, first: int, signed: int, withdrawn: int) -> dict[int, datetime]:
    """For each signature and withdrawal the hour of the row of the history that first counts it."""
    ends = [(row.signatures + row.withdrawals, datetime.fromisoformat(row.sealed_at)) for row in found.history]
    hours, done = {}, signed + withdrawn
    for number, entry in enumerate(found.entries, first):
        if entry["type"] in SIGNED_OR_WITHDRAWN:
            done += 1
            hour = next((hour for total, hour in ends if total >= done), None)
            if hour is not None:
                hours[number] = hour
    return hours


def _follow_state(session: Session, letter: Letter, found: _Published, moment: datetime) -> None:
    letter.published = letter.published or found.published or moment
    letter.was_public = True
    if letter.state == OPEN:
        move(session, letter, PUBLISHED)
    if letter.state != PUBLISHED:
        return
    letter.closes = found.closes or letter.closes
    if any(entry["type"] == "closed" for entry in found.entries):
        letter.closed = letter.closes or moment
        session.execute(delete(Tombstone).where(Tombstone.letter_id == letter.id))
        move(session, letter, CLOSED)


def _tell_issuer(databases: Databases, session: Session, letter_id: str) -> None:
    """The issuer's numbers follow the log's; the issuer commits first."""
    k = session.get_one(Letter, letter_id).k
    with Session(databases.issuer) as issuer:
        for row in rounds_of(session, letter_id):
            mine = issuer.get(IssuingRound, (letter_id, row.number))
            if mine is None:
                mine = IssuingRound(
                    letter_id=letter_id,
                    number=row.number,
                    roll=row.roll,
                    public_key=row.public_key,
                    issued=0,
                    is_lost=True,
                )
                issuer.add(mine)
            mine.public_key = row.public_key
            _add_codes(issuer, row, mine)
            mine.issued = _issued(row, mine, k)
            mine.annulled = row.annulled or mine.annulled
        issuer.commit()


def _issued(row: Round, mine: IssuingRound, k: int) -> int:
    """How many codes were exchanged, as far as is known: what the log says, fewer than K, or at most all."""
    if not row.is_ended:
        return max(mine.issued or 0, row.made)
    return row.issued if row.issued is not None else min(mine.issued or 0, k - 1)


def _add_codes(issuer: Session, row: Round, mine: IssuingRound) -> None:
    """Codes that were made after the backup, as a batch of which nothing is left but its number.

    The log does not say which codes were mailed: it is agreed with the issuer.
    """
    of_letter = Batch.letter_id == row.letter_id
    made, voided = issuer.execute(
        select(func.coalesce(func.sum(Batch.made), 0), func.coalesce(func.sum(Batch.voided), 0)).where(
            of_letter, Batch.round == row.number
        )
    ).one()
    row.mailed = min(mine.mailed, max(0, row.made - made))
    if made + mine.mailed >= row.made and voided >= row.voided:
        return
    last = issuer.scalar(select(func.max(Batch.number)).where(of_letter)) or 0
    more = {"made": max(0, row.made - made - mine.mailed), "voided": max(0, row.voided - voided)}
    issuer.add(Batch(letter_id=row.letter_id, number=last + 1, round=row.number, **more))
    issuer.flush()
