"""Opening and publishing a letter. The issuer commits first, and every step may be repeated."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from petition.coordination.facts import facts_of
from petition.coordination.rounds import round_row
from petition.coordination.services import Services
from petition.errors import Conflict, NotFound
from petition.issuing import rounds as issuer_rounds
from petition.letters.access import NO_SUCH_LETTER
from petition.letters.dates import is_due_to_publish
from petition.letters.drafting.settings import rolls_of
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.fields import as_record, fields_of, shorten_ids
from petition.letters.lifecycle import CHANGED, move, require_step
from petition.letters.models import Letter, Organizer
from petition.letters.organizers.names_keys import make_names_keys, unlock_named
from petition.letters.pinned import pinned_by
from petition.letters.states import LOG_VERSION, OPEN, PUBLISHED
from petition.letters.text.letter_text import canonical, digest
from petition.sealing.history import note_milestones
from petition.sealing.log import append, begin_log, require_free
from petition.sealing.round_entries import round_entry
from petition.signing.signatures import rounds_of


@cache
def client_digests() -> dict[str, str]:
    """SHA-256 of the clients as this site serves them."""
    here = Path(__file__).parents[1]
    files = {"client.py": here / "client.py", "sign.js": here / "static" / "sign.js"}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def open_letter(services: Services, letter_id: str, *, moment: datetime) -> None:
    """Freeze the text, make the first round of each roll, and begin the log. The issuer commits first."""
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        require_step(letter, newest_version(session, letter), OPEN, facts_of(session, letter, services))
        rolls = [(number, roll.id) for number, roll in enumerate(rolls_of(session, letter), 1)]
        steps = len(letter.name_steps)
        session.rollback()
    # Making keys takes a while: no one's code or signature waits for it.
    names_keys, round_keys = (
        [services.make_names_key() for _ in range(steps)],
        iter([services.make_key() for _ in rolls]),
    )
    with Session(services.databases.issuer) as issuer:
        keys = [
            issuer_rounds.begin_round(
                issuer, services.secrets, letter_id, *place, services.random, lambda: next(round_keys)
            )
            for place in rolls
        ]
        issuer.commit()
    with Session(services.databases.petition) as session:
        letter = _held(session, letter_id, services)  # no one saves while it freezes
        _freeze(session, letter, services, moment)
        if rolls != [(number, roll.id) for number, roll in enumerate(rolls_of(session, letter), 1)]:
            raise Conflict(CHANGED)
        for (number, roll), key in zip(rolls, keys, strict=True):
            row = round_row(letter, number, roll, key, moment)
            row.is_logged = True
            session.add(row)
        session.flush()
        made = make_names_keys(session, letter, lambda: names_keys.pop() if names_keys else services.make_names_key())
        _begin(session, letter, services, moment, made)
        session.commit()


def _held(session: Session, letter_id: str, services: Services) -> Letter:
    """The letter, for this transaction alone. If its draft was deleted meanwhile, its rounds are forgotten."""
    letter = session.get(Letter, letter_id, with_for_update=True)
    if letter is None:
        session.rollback()
        with Session(services.databases.issuer) as issuer:
            issuer_rounds.forget_round(issuer, services.secrets, letter_id)
            issuer.commit()
        raise NotFound(NO_SUCH_LETTER)
    return letter


def _freeze(session: Session, letter: Letter, services: Services, moment: datetime) -> None:
    version = newest_version(session, letter)
    require_step(letter, version, OPEN, facts_of(session, letter, services))
    shorten_ids(session, letter)
    letter.text = canonical(text_of(version))
    letter.text_sha256 = digest(letter.text)
    letter.title = version.title
    letter.opened = moment
    letter.log_version = LOG_VERSION
    move(session, letter, OPEN)


def _begin(
    session: Session, letter: Letter, services: Services, moment: datetime, names_keys: Mapping[str, bytes]
) -> None:
    seed = services.random(32)
    log = begin_log(session, letter, f"{services.host}/letters/{letter.slug}/log", seed, services.master)
    log.updated = moment
    fields = as_record(fields_of(session, letter.id))
    letter.pinned = pinned_by(
        letter, fields=fields, hosts=services.hosts, log_key=log.public_key, names_keys=names_keys
    )
    first = {
        **letter.pinned,
        "type": "letter",
        "version": LOG_VERSION,
        "title": letter.title,
        "rolls": [{"id": roll.id, "name": roll.name} for roll in rolls_of(session, letter)],
        "client_sha256": client_digests(),
    }
    entries = [first, *(round_entry(row) for row in rounds_of(session, letter.id))]
    note_milestones(session, letter, entries, append(session, log, entries, seed), moment)


def publish_letter(
    services: Services,
    letter_id: str,
    *,
    moment: datetime,
    is_planned: bool = False,
    unlocks: str | None = None,
    passphrase: str = "",
) -> None:
    """Publish the letter and the sealed part of its log; if it ``is_planned``, only where its hour has come.

    An organizer (``unlocks``, by id) may unlock ``named`` in the same step: its names show from the next sealing on.
    """
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id, with_for_update=True)
        if is_planned and not is_due_to_publish(letter, moment):  # called off meanwhile
            return
        require_step(letter, None, PUBLISHED, facts_of(session, letter, services))
        require_free(session, letter_id)
        if unlocks is not None:
            organizer = session.get_one(Organizer, unlocks)
            unlock_named(session, letter, organizer, passphrase, master=services.master)
        letter.published, letter.publishes = moment, None
        letter.was_public = True
        move(session, letter, PUBLISHED)
        session.commit()
