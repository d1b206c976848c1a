"""The hatch between issuing and signing: the only module, with the clock, that knows both.

Through it go a round's number, public key and roll one way, and numbers of codes and tokens the other; never a
code, an address or a message. Where both databases must be written the issuer commits first, and every step may
be repeated: what a crash left half done is finished by doing it again.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from petition.config import Settings
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.encodings import b64url
from petition.database import Databases, compact, forget_order
from petition.errors import BadShape, Conflict, NotFound
from petition.issuing import rounds as issuer_rounds
from petition.issuing.secrets import RoundSecrets
from petition.letters import drafting
from petition.letters.drafting import demand_draft, newest_version, rolls_of, words_of
from petition.letters.life import CLOSED, OPEN, PUBLISHED, SIGNABLE, WITHDRAWN, Facts, demand_step, move
from petition.letters.models import Letter
from petition.letters.text import canonical, digest, one_line
from petition.sealing.log import append, begin_log
from petition.sealing.sealer import Result, round_entry, seal
from petition.signing.models import Pending, Round, Tombstone, Withdrawal
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
    random: Random = os.urandom
    make_key: Callable[[], PrivateKey] = PrivateKey.generate


def make_desk(settings: Settings, databases: Databases, master: bytes, **chance: Any) -> Desk:
    """A desk with the settings in force; ``chance`` may give ``random`` and ``make_key``."""
    secrets = RoundSecrets(settings.rounds_folder, master)
    return Desk(databases, secrets, master, settings.url, settings.host, **chance)


@cache
def client_digests() -> dict[str, str]:
    """SHA-256 of the clients as this site serves them."""
    here = Path(__file__).parent
    files = {"client.py": here / "client.py", "sign.js": here / "static" / "sign.js"}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def facts(session: Session, letter: Letter, url: str | None) -> Facts:
    """What the rules of a letter's life need to know from outside the letter."""
    sealed = sum(row.signatures - row.withdrawals for row in rounds_of(session, letter.id) if row.annulled is None)
    return Facts(site_url=url, sealed=sealed, waiting=waiting(session, letter.id))


def open_letter(desk: Desk, letter_id: str, *, moment: datetime) -> None:
    """Freeze the text, make the first round of each roll, and begin the log. The issuer commits first."""
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        demand_step(letter, newest_version(session, letter), OPEN, facts(session, letter, desk.url))
        rolls = [(number, roll.id) for number, roll in enumerate(rolls_of(session, letter), 1)]
        session.rollback()
    with Session(desk.databases.issuer) as issuer:
        keys = [
            issuer_rounds.begin_round(issuer, desk.secrets, letter_id, *place, desk.random, desk.make_key)
            for place in rolls
        ]
        issuer.commit()
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        _freeze(session, letter, desk, moment)
        for (number, roll), key in zip(rolls, keys, strict=True):
            session.add(
                Round(
                    letter_id=letter_id,
                    number=number,
                    roll=roll,
                    public_key=key,
                    opens=moment,
                    is_logged=True,
                )
            )
        session.flush()
        _begin(session, letter, desk)
        session.commit()


def _freeze(session: Session, letter: Letter, desk: Desk, moment: datetime) -> None:
    version = newest_version(session, letter)
    demand_step(letter, version, OPEN, facts(session, letter, desk.url))
    letter.text = canonical(words_of(version))
    letter.text_sha256 = digest(letter.text)
    letter.title = version.title
    letter.opened = moment
    move(session, letter, OPEN)


def _begin(session: Session, letter: Letter, desk: Desk) -> None:
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
        "names_keys": {},
        "client_sha256": client_digests(),
    }
    append(session, log, [first, *(round_entry(row) for row in rounds_of(session, letter.id))], seed)


def publish_letter(desk: Desk, letter_id: str, *, moment: datetime) -> None:
    """Show the letter and what is sealed of its log to everybody."""
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        demand_step(letter, None, PUBLISHED, facts(session, letter, desk.url))
        letter.published = moment
        letter.was_public = True
        move(session, letter, PUBLISHED)
        session.commit()


def seal_letter(desk: Desk, letter_id: str, *, moment: datetime) -> Result:
    """Seal what may be sealed of a letter now, with the issuer's numbers as they are."""
    with Session(desk.databases.issuer) as issuer:
        numbers = issuer_rounds.numbers(issuer, letter_id)
        issuer.rollback()
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        if letter.text is None:
            raise Conflict("This letter is still a draft; there is nothing to seal.")
        result = seal(session, letter, numbers, moment=moment, random=desk.random, master=desk.master)
        session.commit()
    tidy(desk)
    return result


def tidy(desk: Desk) -> None:
    """Let no page of either database tell in which order rows were written since the last sealing."""
    forget_order(desk.databases.petition, Pending.__tablename__, Tombstone.__tablename__, Withdrawal.__tablename__)
    compact(desk.databases.issuer)


def close_letter(desk: Desk, letter_id: str, *, moment: datetime) -> Result:
    """End issuing, destroy the rounds' secrets, seal everything that waits, and log the end."""
    _end_issuing(desk, letter_id)
    with Session(desk.databases.issuer) as issuer:
        numbers = issuer_rounds.numbers(issuer, letter_id)
        issuer.rollback()
    with Session(desk.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        demand_step(letter, None, CLOSED, facts(session, letter, desk.url))
        result = seal(session, letter, numbers, moment=moment, random=desk.random, master=desk.master, closing=True)
        session.commit()
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
        row = session.get_one(Round, (letter_id, number))
        row.annulled = reason
        session.query(Pending).filter(Pending.letter_id == letter_id, Pending.round == number).delete()
        session.commit()
    tidy(desk)


def withdraw_letter(desk: Desk, letter_id: str, reason: str) -> None:
    """Take the whole letter back: what closing destroys is destroyed, and the address says why."""
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
        letter.withdrawn_reason = reason
        move(session, letter, WITHDRAWN)
        for table in (Pending, Tombstone, Withdrawal):
            session.query(table).filter(table.letter_id == letter_id).delete()
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
