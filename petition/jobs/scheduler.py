"""What happens by itself: at set times it seals, and closes what was announced; one process at a time does it.

No timer lives in a web worker. Several clocks do no harm: every step holds the letter's log while it works, and each
set time is done once, however often a clock is started.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.coordination import closing, opening, rounds, updates
from petition.coordination.facts import facts_of
from petition.coordination.services import Services
from petition.database import retried
from petition.errors import Refusal
from petition.letters.access import hosted_letters
from petition.letters.dates import is_due_to_announce, is_due_to_publish
from petition.letters.lifecycle import announce_close
from petition.letters.models import Letter, to_hour
from petition.letters.organizers.one_time_passwords import forget_spent_passwords
from petition.letters.organizers.spent_forms import forget_spent_forms
from petition.letters.states import CLOSED, SIGNABLE
from petition.letters.update_times import last_update
from petition.sealing import naming
from petition.sealing.models import Log
from petition.sealing.sealer import Result
from petition.sealing.witnesses import Answer, collect

PAUSE = 30.0
"""Seconds at most until the clock looks again, and tidies again where something removed was left."""
log = logging.getLogger("petition.clock")


@dataclass(frozen=True)
class Due:
    """What may be due of a letter: to close, or to be updated for a set time."""

    slug: str
    is_due: bool
    closes: bool
    set_time: datetime


@dataclass(frozen=True)
class Tick:
    """What was done of each letter, or went wrong, by slug; and what the witnesses said."""

    done: Mapping[str, str]
    answers: Sequence[Answer] = ()
    is_tidy: bool = True
    """False if something removed is left that somebody's long question to PostgreSQL still sees."""


def tick(
    services: Services,
    hours: Sequence[int],
    moment: datetime,
    *,
    only: str | None = None,
    tell: naming.Tell = naming.say_nothing,
    before: Callable[[], object] = lambda: None,
) -> Tick:
    """Do for every letter what is due at a moment; or for the one of a slug.

    ``hours`` are those of daily updates. Between set times nothing is due, so that nobody can look at a moment of
    their choice. A letter whose update fails does not keep the others from theirs, and is tried again. ``tell`` hears
    how many names are read, of how many; ``before`` is called before anything is sealed.
    """
    keep_dates(services, moment)
    known = {key: one for key, one in living_letters(services, hours, moment).items() if only in (None, one.slug)}
    due = {letter_id: one for letter_id, one in known.items() if one.is_due}
    if due:
        before()
    done = {one.slug: _do(services, letter_id, one, moment, tell) for letter_id, one in due.items()}
    is_tidy = tidy(services) if due else True
    with Session(services.databases.petition) as session:
        forget_spent_passwords(session, moment=moment, master=services.master)
        forget_spent_forms(session, moment=moment)
        session.commit()
    return Tick(done, tuple(collect(services.databases.petition, known, moment)), is_tidy)


def living_letters(services: Services, hours: Sequence[int], moment: datetime) -> dict[str, Due]:
    """By letter that goes on, what is due at a moment."""
    with Session(services.databases.reading) as session:
        updated = {row.letter_id: row.updated for row in session.execute(select(Log.letter_id, Log.updated))}
        letters = [letter for letter in hosted_letters(session) if letter.state in {*SIGNABLE, CLOSED}]
    return {letter.id: _due(letter, updated.get(letter.id), hours, moment) for letter in letters}


def _due(letter: Letter, updated: datetime | None, hours: Sequence[int], moment: datetime) -> Due:
    set_time = last_update(letter, hours, moment)
    closes = letter.state in SIGNABLE and letter.closes is not None and letter.closes <= moment
    return Due(letter.slug, closes or updated is None or updated < set_time, closes, set_time)


def _do(services: Services, letter_id: str, due: Due, moment: datetime, tell: naming.Tell) -> str:
    try:
        if updates.is_held(services, letter_id):
            return "held: restored from a backup; see petition doctor"
        return _said(due, retried(partial(_update, services, letter_id, due, moment, tell)))
    except Exception as error:  # whatever went wrong with one letter, the next one gets its turn
        log.exception("sealing failed")
        return f"failed: {type(error).__name__}"


def _update(services: Services, letter_id: str, due: Due, moment: datetime, tell: naming.Tell) -> Result:
    if due.closes:
        return closing.close_letter(services, letter_id, moment=moment, tidies=False)
    rounds.end_due_rounds(services, letter_id, moment=moment)
    return updates.seal_letter(services, letter_id, moment=moment, due=due.set_time, tidies=False, tell=tell)


def _said(due: Due, result: Result) -> str:
    if result.has_lapsed:
        return "not closed: no group of signers has enough signatures any more"
    return f"{'closed, ' if due.closes else ''}{result.signatures} signatures, {result.entries} entries"


def tidy(services: Services) -> bool:
    """Leave no order behind; whether nothing that was removed is left."""
    try:
        return updates.tidy(services)
    except Exception:  # what was sealed is sealed; the next sealing tidies again
        log.exception("tidying failed")
        return False


def keep_dates(services: Services, moment: datetime) -> None:
    """Publish and announce the closing of what is due; what something stands in the way of is tried again later."""
    with Session(services.databases.reading) as session:
        letters = hosted_letters(session)
        to_publish = [letter.id for letter in letters if is_due_to_publish(letter, moment)]
        to_announce = [letter.id for letter in letters if is_due_to_announce(letter, moment)]
    for letter_id in to_publish:
        with contextlib.suppress(Refusal):
            opening.publish_letter(services, letter_id, moment=moment)
    for letter_id in to_announce:
        with Session(services.databases.petition) as session, contextlib.suppress(Refusal):
            letter = session.get_one(Letter, letter_id, with_for_update=True)
            if is_due_to_announce(letter, moment):
                announce_close(session, letter, moment=moment, facts=facts_of(session, letter, services))
                session.commit()


def watch(
    services: Services,
    hours: Sequence[int],
    now: Callable[[], datetime],
    stop: threading.Event,
    before: Callable[[], object] = lambda: None,
) -> None:
    """Tick at once, to finish what a crash left, and then at every full hour until ``stop`` is set."""
    is_tidy = tick(services, hours, now(), before=before).is_tidy
    while not stop.is_set():
        due = to_hour(now()) + timedelta(hours=1)
        while now() < due and not stop.is_set():
            stop.wait(min(PAUSE, max(0.05, (due - now()).total_seconds())))
            is_tidy = is_tidy or tidy(services)
        if not stop.is_set():
            is_tidy = tick(services, hours, due, before=before).is_tidy
