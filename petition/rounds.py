"""The hatch between issuing and signing: the only module, with the clock, that knows both.

Through it go a round's number, public key and roll one way, and numbers of codes and tokens the other; never a
code, an address or a message. Where both databases must be written the issuer commits first, and every step may
be repeated: what a crash left half done is finished by doing it again.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.config import Settings
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.encodings import b64url, sha256
from petition.crypto.locked_names import NamesPrivateKey
from petition.database import Databases, compact, forget_order
from petition.errors import BadShape, Conflict, NotFound
from petition.issuing import rounds as issuer_rounds
from petition.issuing.codes import rewrite_spent
from petition.issuing.mail import rewrite_waiting
from petition.issuing.models import Code, Outbox
from petition.issuing.secrets import RoundSecrets
from petition.letters import drafting
from petition.letters.approvals import approvals_of
from petition.letters.drafting import demand_draft, rolls_of
from petition.letters.life import (
    APART,
    CLOSED,
    NOTICE,
    OPEN,
    PUBLISHED,
    SIGNABLE,
    WITHDRAWN,
    Facts,
    demand_step,
    full_hour_after,
    move,
)
from petition.letters.models import Letter, NamesKey, NamesKeyCopy, Organizer
from petition.letters.names_keys import destroy_names_keys, key_holders, make_names_keys, unlock_named
from petition.letters.routes import allowed_domains
from petition.letters.text import canonical, digest, one_line
from petition.letters.versions import newest_version, words_of
from petition.publishing.shelf import drop_editions
from petition.sealing import naming
from petition.sealing.log import append, begin_log, demand_free, log_of
from petition.sealing.sealer import Result, note_milestones, round_entry, seal
from petition.sealing.settling import is_settled, settle_rest
from petition.signing.appearances import TABLES, forget_all
from petition.signing.models import Pending, Round, Sealed, ShownName, Tombstone, Withdrawal
from petition.signing.signatures import rounds_of, waiting

Random = Callable[[int], bytes]


@dataclass(frozen=True)
class Desk:
    """What every step across the wall needs: both databases, the secrets, the site's address, chance."""

    databases: Databases
    secrets: RoundSecrets
    master: bytes
    url: str | None
    host: str | None
    sends_mail: bool = False
    random: Random = os.urandom
    make_key: Callable[[], PrivateKey] = PrivateKey.generate
    make_names_key: Callable[[], NamesPrivateKey] = NamesPrivateKey.generate
    public_folder: Path | None = None
    """Where kept pages lie, which must not outlive a name."""


def make_desk(settings: Settings, databases: Databases, master: bytes, **chance: Any) -> Desk:
    """A desk with the settings in force; ``chance`` may give ``random`` and how keys are made."""
    secrets = RoundSecrets(settings.rounds_folder, master)
    chance.setdefault("public_folder", settings.public_folder)
    return Desk(databases, secrets, master, settings.url, settings.host, settings.mail is not None, **chance)


@cache
def client_digests() -> dict[str, str]:
    """SHA-256 of the clients as this site serves them."""
    here = Path(__file__).parent
    files = {"client.py": here / "client.py", "sign.js": here / "static" / "sign.js"}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def facts(session: Session, letter: Letter, url: str | None, *, sends_mail: bool = False) -> Facts:
    """What the rules of a letter's life need to know from outside the letter."""
    sealed = sum(row.signatures - row.withdrawals for row in rounds_of(session, letter.id) if row.annulled is None)
    agreed = len(approvals_of(session, letter, newest_version(session, letter).number)) if letter.approvals else 0
    return Facts(
        site_url=url,
        sealed=sealed,
        waiting=waiting(session, letter.id),
        key_holders=len(key_holders(session, letter.id)) if letter.name_steps else 0,
        sends_mail=sends_mail,
        approvals=agreed,
    )


def _facts(session: Session, letter: Letter, desk: Desk) -> Facts:
    return facts(session, letter, desk.url, sends_mail=desk.sends_mail)


def open_letter(desk: Desk, letter_id: str, *, moment: datetime) -> None:
    """Freeze the text, make the first round of each roll, and begin the log. The issuer commits first."""
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        demand_step(letter, newest_version(session, letter), OPEN, _facts(session, letter, desk))
        rolls = [(number, roll.id) for number, roll in enumerate(rolls_of(session, letter), 1)]
        steps = len(letter.name_steps)
        session.rollback()
    names_keys = [desk.make_names_key() for _ in range(steps)]  # which takes a while: nobody's signature waits for it
    with Session(desk.databases.issuer) as issuer:
        keys = [
            issuer_rounds.begin_round(issuer, desk.secrets, letter_id, *place, desk.random, desk.make_key)
            for place in rolls
        ]
        issuer.commit()
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id, with_for_update=True)  # nobody saves while it freezes
        _freeze(session, letter, desk, moment)
        for (number, roll), key in zip(rolls, keys, strict=True):
            row = _round(letter, number, roll, key, moment)
            row.is_logged = True
            session.add(row)
        session.flush()
        made = make_names_keys(session, letter, lambda: names_keys.pop() if names_keys else desk.make_names_key())
        _begin(session, letter, desk, moment, made)
        session.commit()


def _round(letter: Letter, number: int, roll: str, key: bytes, moment: datetime) -> Round:
    ends = full_hour_after(moment + timedelta(days=letter.issuing_days)) if letter.timing == APART else None
    return Round(letter_id=letter.id, number=number, roll=roll, public_key=key, opens=moment, issuing_ends=ends)


def open_next_round(desk: Desk, letter_id: str, roll: str | None, *, moment: datetime) -> int:
    """Another round of a roll, for late joiners or after one was annulled: a new key, the same log; its number.

    Refused while a round of the roll still issues. The log names it at the next set time.
    """
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        known = rounds_of(session, letter_id)
        roll = roll or rolls_of(session, letter)[0].id
        mine = {row.number for row in known if row.roll == roll}
        _demand_next_round(letter, mine)
        number = known[-1].number + 1
        session.rollback()
    with Session(desk.databases.issuer) as issuer:
        issuing = [row.number for row in issuer_rounds.numbers(issuer, letter_id) if row.issued is None]
        if any(desk.secrets.exists(letter_id, other) for other in issuing if other in mine):  # else nobody can issue
            raise Conflict("A round of this roll still exchanges codes. End it first.")
        key = issuer_rounds.begin_round(issuer, desk.secrets, letter_id, number, roll, desk.random, desk.make_key)
        issuer.commit()
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        session.add(_round(letter, number, roll, key, moment))
        session.commit()
    return number


def _demand_next_round(letter: Letter, of_roll: set[int]) -> None:
    if letter.state not in SIGNABLE or letter.closes is not None:
        raise Conflict("A round can be opened while the letter takes signatures and no closing is announced.")
    if not of_roll:
        raise NotFound("This letter has no such roll.")


def end_round(desk: Desk, letter_id: str, number: int) -> None:
    """End a round's issuing, if at least K tokens are issued, and destroy its secrets; the next sealing logs it.

    For timing ``apart``: a day's pause or so later its signatures are taken.
    """
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        k, closing = letter.k, letter.closes is not None
    with Session(desk.databases.issuer) as issuer:
        known = {row.number: row for row in issuer_rounds.numbers(issuer, letter_id)}
        if number not in known:
            raise NotFound("This letter has no round %(number)s.", number=number)
        is_alive = desk.secrets.exists(letter_id, number)  # without its secret a round can issue nothing more
        if known[number].issued is None and known[number].spent < k and not closing and is_alive:
            raise Conflict(
                "Fewer than %(k)s codes of this round have been exchanged. Issuing goes on until there are so many.",
                k=k,
            )
    _end_issuing(desk, letter_id, number)


def end_due_rounds(desk: Desk, letter_id: str, *, moment: datetime) -> list[int]:
    """End issuing of each round whose time has come and that has issued enough; their numbers."""
    with Session(desk.databases.reading) as session:
        rows = [row for row in rounds_of(session, letter_id) if row.issued is None and row.annulled is None]
        due = [row.number for row in rows if row.issuing_ends is not None and row.issuing_ends <= moment]
    ended = []
    for number in due:
        with contextlib.suppress(Conflict):  # too few so far: it goes on, and the page says so
            end_round(desk, letter_id, number)
            ended.append(number)
    return ended


def destroy_now(desk: Desk, letter_id: str) -> None:
    """For an organizer in danger: no code is exchanged from now on, and all round secrets are gone at once."""
    _end_issuing(desk, letter_id)


def _freeze(session: Session, letter: Letter, desk: Desk, moment: datetime) -> None:
    version = newest_version(session, letter)
    demand_step(letter, version, OPEN, _facts(session, letter, desk))
    letter.text = canonical(words_of(version))
    letter.text_sha256 = digest(letter.text)
    letter.title = version.title
    letter.opened = moment
    move(session, letter, OPEN)


def _begin(session: Session, letter: Letter, desk: Desk, moment: datetime, names_keys: Mapping[str, bytes]) -> None:
    seed = desk.random(32)
    log = begin_log(session, letter, f"{desk.host}/letters/{letter.slug}/log", seed, desk.master)
    first = {
        "type": "letter",
        "letter_id": letter.id,
        "text_sha256": letter.text_sha256,
        "title": letter.title,
        "k": letter.k,
        "timing": letter.timing,
        "rolls": [{"id": roll.id, "name": roll.name} for roll in rolls_of(session, letter)],
        "log_key": b64url(log.public_key),
        "names_keys": {step: sha256(key).hex() for step, key in names_keys.items()},
        "client_sha256": client_digests(),
    }
    entries = [first, *(round_entry(row) for row in rounds_of(session, letter.id))]
    note_milestones(session, letter, entries, append(session, log, entries, seed), moment)


def publish_letter(
    desk: Desk, letter_id: str, *, moment: datetime, unlocks: str | None = None, passphrase: str = ""
) -> None:
    """Show the letter and what is sealed of its log to everybody.

    An organizer (``unlocks``, by id) may unlock ``named`` in the same step: its names show from the next sealing on.
    """
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        demand_step(letter, None, PUBLISHED, facts(session, letter, desk.url))
        demand_free(session, letter_id)
        if unlocks is not None:
            organizer = session.get_one(Organizer, unlocks)
            unlock_named(session, letter, organizer, passphrase, master=desk.master)
        letter.published = moment
        letter.was_public = True
        move(session, letter, PUBLISHED)
        session.commit()


def is_held(desk: Desk, letter_id: str) -> bool:
    """Whether the letter's log came out of a backup and waits for the newest published one."""
    with Session(desk.databases.reading) as session:
        return log_of(session, letter_id).is_held


def seal_letter(
    desk: Desk, letter_id: str, *, moment: datetime, tidies: bool = True, tell: naming.Tell = naming.say_nothing
) -> Result:
    """Seal what may be sealed of a letter now, with the issuer's numbers as they are; then show the names that may be.

    Whoever seals many letters tidies once, after the last of them. ``tell`` hears how many names are read, of how many.
    """
    with Session(desk.databases.issuer) as issuer:
        numbers = issuer_rounds.numbers(issuer, letter_id)
        issuer.rollback()
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        if letter.text is None:
            raise Conflict("This letter is still a draft; there is nothing to seal.")
        result = seal(session, letter, numbers, moment=moment, random=desk.random, master=desk.master)
        is_left_over = letter.state == CLOSED and not is_settled(session, letter_id)
        session.commit()
    if is_left_over:
        settle_rest(desk.databases.petition, letter_id)
    show_names(desk, letter_id, moment=moment, tell=tell)
    if tidies:
        tidy(desk)
    return result


def mail_domains(desk: Desk) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """For the postman: by letter that takes signatures, and by roll, the domains whose addresses may have a code."""
    with Session(desk.databases.reading) as session:
        letters = session.scalars(select(Letter).where(Letter.state.in_(SIGNABLE)))
        return {letter.id: allowed_domains(letter) for letter in letters}


def show_names(desk: Desk, letter_id: str, *, moment: datetime, tell: naming.Tell = naming.say_nothing) -> int:
    """Change the list of names as it may change now; how many names are new. What a crash left is done next time.

    Reading many names takes minutes, so the database is let go meanwhile.
    """
    with Session(desk.databases.reading) as session:
        letter = session.get_one(Letter, letter_id)
        if not letter.name_steps or letter.names_gone:
            return 0
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        before = letter.edition
        work = naming.begin(session, letter, moment=moment, random=desk.random, master=desk.master)
        is_over, edition = letter.state == CLOSED, letter.edition
        session.commit()
    shown = 0
    if work is not None and (work.names or is_over):
        opened = naming.read(work, letter_id, tell)
        with Session(desk.databases.petition) as session:
            letter = session.get_one(Letter, letter_id)
            shown = naming.finish(session, letter, opened, moment=moment)
            edition = letter.edition
            session.commit()
    if edition != before and desk.public_folder is not None:
        drop_editions(desk.public_folder / letter_id, edition)
    return shown


def tidy(desk: Desk) -> None:
    """Let no page of either database tell in which order rows were written since the last sealing."""
    tables = (Pending, Tombstone, Withdrawal, Sealed, *TABLES, ShownName, NamesKey, NamesKeyCopy)
    forget_order(desk.databases.petition, *(table.__tablename__ for table in tables))
    with Session(desk.databases.issuer) as issuer:
        rewrite_spent(issuer)
        rewrite_waiting(issuer)
        issuer.commit()
    forget_order(desk.databases.issuer, Code.__tablename__, Outbox.__tablename__)
    compact(desk.databases.issuer)


def close_letter(desk: Desk, letter_id: str, *, moment: datetime, at_once: bool = False, tidies: bool = True) -> Result:
    """End issuing, destroy the rounds' secrets, seal everything that waits, and log the end.

    Refused before the announced hour; and ``at_once``, without a day's notice, if a signature came in meanwhile:
    then the notice begins now.
    """
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        demand_step(letter, None, CLOSED, facts(session, letter, desk.url))
        if letter.closes is None or letter.closes > moment:
            raise Conflict("A letter closes at the hour that was announced, a day ahead. Announce it first.")
        demand_free(session, letter_id)
        session.rollback()
    _end_issuing(desk, letter_id)
    with Session(desk.databases.issuer) as issuer:
        numbers = issuer_rounds.numbers(issuer, letter_id)
        issuer.rollback()
    with Session(desk.databases.petition) as session:
        log_of(session, letter_id, alone=True)
        letter = session.get_one(Letter, letter_id, with_for_update=True)
        if at_once and waiting(session, letter_id):
            letter.closes = full_hour_after(moment + NOTICE)
            session.commit()
            raise Conflict("Somebody signed at this very moment, so the letter closes after a day's notice.")
        demand_step(letter, None, CLOSED, facts(session, letter, desk.url))
        result = seal(session, letter, numbers, moment=moment, random=desk.random, master=desk.master, closing=True)
        session.commit()
    settle_rest(desk.databases.petition, letter_id)
    show_names(desk, letter_id, moment=moment)
    if tidies:
        tidy(desk)
    return result


def _end_issuing(desk: Desk, letter_id: str, only: int | None = None, *, annulled: str | None = None) -> None:
    with Session(desk.databases.issuer) as issuer:
        known = [row.number for row in issuer_rounds.numbers(issuer, letter_id)]
        ending = [number for number in known if only in (None, number)]
        for number in ending:
            issuer_rounds.end_issuing(issuer, letter_id, number, annulled=annulled)
        issuer.commit()
    for number in ending:
        desk.secrets.destroy(letter_id, number)


def annul_round(desk: Desk, letter_id: str, number: int, reason: str) -> None:
    """Take a flooded round out of the count, publicly: its waiting signatures go, its codes and tokens are refused."""
    reason = one_line(reason, "note")
    if not reason:
        raise BadShape("Give a reason: it is public, and stands in the log for good.")
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        row = session.get(Round, (letter_id, number))
        if row is None:
            raise NotFound("This letter has no round %(number)s.", number=number)
        if row.annulled is not None or letter.state not in SIGNABLE:
            raise Conflict(
                "Round %(number)s can't be annulled: it is annulled already, or the letter is over.",
                number=number,
            )
        session.rollback()
    _end_issuing(desk, letter_id, number, annulled=reason)
    with Session(desk.databases.petition) as session:
        session.get_one(Letter, letter_id, with_for_update=True)  # no sealing has the round in hand
        row = session.get_one(Round, (letter_id, number))
        row.annulled = reason
        session.query(Pending).filter(Pending.letter_id == letter_id, Pending.round == number).delete()
        forget_all(session, letter_id, number)
        session.commit()
    tidy(desk)


def withdraw_letter(desk: Desk, letter_id: str, reason: str, *, taken_down: bool = False) -> None:
    """Take the whole letter back: what closing destroys is destroyed, and the address says why, and whether its
    organizers did it or whoever runs the site."""
    reason = one_line(reason, "note")
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        if letter.was_public and not reason:
            raise BadShape("Give a reason: the letter's address will say it.")
        demand_step(letter, None, WITHDRAWN, facts(session, letter, desk.url))
        session.rollback()
    _end_issuing(desk, letter_id)
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        letter.withdrawn_reason, letter.taken_down = reason, taken_down
        move(session, letter, WITHDRAWN)
        for table in (Pending, Tombstone, Withdrawal):
            session.query(table).filter(table.letter_id == letter_id).delete()
        forget_all(session, letter_id)
        destroy_names_keys(session, letter_id)
        letter.names_shown = 0
        session.commit()
    tidy(desk)


def delete_draft(desk: Desk, letter_id: str) -> None:
    """Delete a draft, and the round that an opening cut off half-way may have left at the issuer."""
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        demand_draft(letter)
        session.rollback()
    with Session(desk.databases.issuer) as issuer:
        issuer_rounds.forget_round(issuer, desk.secrets, letter_id)
        issuer.commit()
    with Session(desk.databases.petition) as session:
        drafting.delete_draft(session, session.get_one(Letter, letter_id))
        session.commit()
