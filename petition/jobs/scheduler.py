"""What happens by itself: sealing at set times, and announced closings. One process at a time does it.

A web worker has one timer, which makes pages ahead and changes no database (``petition/web/ahead.py``). Several
schedulers do no harm: every step holds the letter's log while it works, and each set time is handled once, no matter
how many schedulers start.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.coordination import closing, opening, rounds, updates
from petition.coordination.facts import facts_of
from petition.coordination.services import Services
from petition.database import retried, to_hour
from petition.errors import Refusal
from petition.jobs.clock_guard import ClockGuard
from petition.letters.access import hosted_letters
from petition.letters.dates import is_due_to_announce, is_due_to_publish
from petition.letters.lifecycle import announce_close
from petition.letters.models import Letter
from petition.letters.organizers.one_time_passwords import forget_spent_passwords
from petition.letters.organizers.spent_forms import forget_spent_forms
from petition.letters.states import SIGNABLE
from petition.letters.update_times import is_done, last_update
from petition.logs import log, log_error
from petition.outages import is_away
from petition.scheduler_record import LastRun, SchedulerRecord
from petition.sealing import naming
from petition.sealing.models import Log
from petition.sealing.sealer import Result
from petition.sealing.update_hours import letters_that_go_on
from petition.sealing.witnesses import Answer, collect

PAUSE = 30.0
"""Seconds at most until the scheduler looks again, and tidies again where something removed was left."""
WAITING = 5.0
"""Seconds until a host looks again whether the one that has the lease is gone."""
SET_BACK = timedelta(hours=2)
"""So long before the next full hour, the clock must have been set back since the last one, by more than an hour."""
HELD = "held: its log may be older than the published one; see petition doctor"
Found = TypeVar("Found")


@dataclass(frozen=True)
class Due:
    """What may be due for a letter: closing it, or the update of a set time."""

    slug: str
    is_due: bool
    closes: bool
    set_time: datetime
    is_cut_off: bool = False
    """Only what the last update left undone when it was cut off."""


@dataclass(frozen=True)
class Tick:
    """What was done for each letter or went wrong, by slug; and what the witnesses said."""

    done: Mapping[str, str]
    answers: Sequence[Answer] = ()
    is_tidy: bool = True
    """False if removed rows are left because a long query on PostgreSQL still sees them."""
    errors: Sequence[tuple[str, Exception]] = ()
    """Duties that failed, and why; the next tick tries them again."""


class Duties:
    """Does one duty after another: a failure in one stops none of the others."""

    def __init__(self) -> None:
        self.errors: list[tuple[str, Exception]] = []

    def do(self, duty: str, act: Callable[[], Found], otherwise: Found) -> Found:
        """What the act gives; ``otherwise`` if it failed."""
        try:
            return act()
        except Exception as error:  # whatever it is: the other duties get their turn
            self.errors.append((duty, error))
            return otherwise

    def did(self, duty: str, act: Callable[[], object]) -> bool:
        """Do what gives nothing; whether it went well."""
        failed = len(self.errors)
        self.do(duty, act, None)
        return len(self.errors) == failed


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

    ``hours`` are those of daily updates. Between set times nothing is due, so that no one can look at a moment of
    their choice. A letter whose update fails does not keep the others from theirs, and is tried again. ``tell`` hears
    how many names are read, of how many; ``before`` is called before anything is sealed.
    """
    duties = Duties()
    duties.did("dates", lambda: keep_dates(services, moment, only))
    found: dict[str, Due] = duties.do("letters", lambda: living_letters(services, hours, moment), {})
    known = {letter_id: one for letter_id, one in found.items() if only in (None, one.slug)}
    due = {letter_id: one for letter_id, one in known.items() if one.is_due}
    done: dict[str, str] = {}
    if due and duties.did("copies", before):
        done = {one.slug: _do(services, duties, letter_id, one, moment, tell) for letter_id, one in due.items()}
    is_tidy = duties.do("tidying", lambda: updates.tidy(services), False) if due else True
    duties.did("spent passwords and forms", lambda: _forget_spent(services, moment))
    answers: Sequence[Answer] = duties.do("witnesses", lambda: collect(services.databases.petition, known, moment), [])
    return Tick(done, answers, is_tidy, tuple(duties.errors))


def _forget_spent(services: Services, moment: datetime) -> None:
    with Session(services.databases.petition) as session:
        forget_spent_passwords(session, moment=moment, master=services.master)
        forget_spent_forms(session, moment=moment)
        session.commit()


def living_letters(services: Services, hours: Sequence[int], moment: datetime) -> dict[str, Due]:
    """By letter that goes on, what is due at a moment."""
    with Session(services.databases.reading) as session:
        logs: dict[str, Any] = {
            row.letter_id: row for row in session.execute(select(Log.letter_id, Log.updated, Log.preparing))
        }
        letters = letters_that_go_on(session)
    return {letter.id: _due(letter, logs.get(letter.id), hours, moment) for letter in letters}


def _due(letter: Letter, log: Any, hours: Sequence[int], moment: datetime) -> Due:
    set_time = last_update(letter, hours, moment)
    closes = letter.state in SIGNABLE and letter.closes is not None and letter.closes <= moment
    is_due = closes or not is_done(log.updated if log else None, set_time, moment)
    is_cut_off = not is_due and log is not None and log.preparing is not None
    return Due(letter.slug, is_due or is_cut_off, closes, set_time, is_cut_off)


def _do(services: Services, duties: Duties, letter_id: str, due: Due, moment: datetime, tell: naming.Tell) -> str:
    def act() -> str:
        if updates.is_held(services, letter_id):
            return HELD
        return _said(due, retried(partial(_update, services, letter_id, due, moment, tell)))

    return duties.do("count update", act, "") or f"failed: {type(duties.errors[-1][1]).__name__}"


def _update(services: Services, letter_id: str, due: Due, moment: datetime, tell: naming.Tell) -> Result:
    if due.is_cut_off:
        updates.finish_update(services, letter_id)
        return Result()
    if due.closes:
        return closing.close_letter(services, letter_id, moment=moment, tidies=False)
    rounds.end_due_rounds(services, letter_id, moment=moment)
    return updates.seal_letter(services, letter_id, moment=moment, due=due.set_time, tidies=False, tell=tell)


def _said(due: Due, result: Result) -> str:
    if result.has_lapsed:
        return "not closed: it can't be published, which the closing of an open letter does"
    return f"{'closed, ' if due.closes else ''}{result.signatures} signatures, {result.entries} entries"


def keep_dates(services: Services, moment: datetime, only: str | None = None) -> None:
    """Publish letters and announce closings that are due, of all or of the one of a slug; those with obstacles are
    tried again later. What fails for one letter is raised once all others had their turn."""
    with Session(services.databases.reading) as session:
        letters = [letter for letter in hosted_letters(session) if only in (None, letter.slug)]
        to_publish = [letter.id for letter in letters if is_due_to_publish(letter, moment)]
        to_announce = [letter.id for letter in letters if is_due_to_announce(letter, moment)]
    duties = Duties()
    for letter_id in to_publish:
        duties.did("publishing", partial(_publish, services, letter_id, moment))
    for letter_id in to_announce:
        duties.did("announcing", partial(_announce, services, letter_id, moment))
    for _, error in duties.errors:
        raise error


def _publish(services: Services, letter_id: str, moment: datetime) -> None:
    with contextlib.suppress(Refusal):
        opening.publish_letter(services, letter_id, moment=moment, is_planned=True)


def _announce(services: Services, letter_id: str, moment: datetime) -> None:
    with Session(services.databases.petition) as session, contextlib.suppress(Refusal):
        letter = session.get_one(Letter, letter_id, with_for_update=True)
        if is_due_to_announce(letter, moment):
            announce_close(session, letter, moment=moment, facts=facts_of(session, letter, services))
            session.commit()


def watch(
    services: Services,
    hours: Sequence[int],
    clock: ClockGuard,
    stop: threading.Event,
    record: SchedulerRecord,
    before: Callable[[], object] = lambda: None,
    is_mine: Callable[[], bool] = lambda: True,
    only: str | None = None,
) -> None:
    """Tick at once, to finish what a crash left, and then at every full hour until ``stop`` is set; for all letters,
    or ``only`` for the one of a slug.

    While the clock is in doubt nothing is done; when it is believed again, what is due by then is. Where the clock was
    set back, what is due is found anew. So it is when the host gets the lease (``is_mine``); one that does not have it
    only deletes, in its own folders, what must not be left there.
    """
    due, is_tidy = clock.now(), False
    while not stop.is_set():
        moment, is_believed = clock.now(), clock.is_believed()
        clean_folders(services)
        if not is_mine():
            due, is_tidy = moment, False
            stop.wait(WAITING)
            continue
        if is_believed and (moment >= due or moment < due - SET_BACK):
            done = tick(services, hours, moment, only=only, before=before)
            _report(done, moment, record if only is None else None)
            due, is_tidy = to_hour(moment) + timedelta(hours=1), done.is_tidy
        else:
            is_tidy = is_tidy or Duties().do("tidying", lambda: updates.tidy(services), False)
        left = (due - clock.now()).total_seconds()
        stop.wait(min(PAUSE, max(0.05, left)) if left > 0 else PAUSE)


def clean_folders(services: Services) -> None:
    """Delete what this host's folders may not hold any longer, whichever host destroyed or changed it."""
    duties = Duties()
    duties.did("secrets of ended rounds", lambda: rounds.destroy_left_over(services))
    duties.did("pages of earlier editions", lambda: updates.drop_old_pages(services))
    for duty, error in duties.errors:
        log_error("a duty failed", error, duty=duty)


def _report(done: Tick, moment: datetime, record: SchedulerRecord | None) -> None:
    """Log what went wrong, and note it for the doctor, unless one letter alone was looked at."""
    duties = Duties()
    if record is not None:
        duties.did("record", lambda: _note_run(record, done, moment))
    for duty, error in (*done.errors, *duties.errors):
        log_error("a duty failed", error, duty=duty)
    if any(answer.newer is not None for answer in done.answers):
        log.error("a witness saw more entries of a log than it has here: it is held; see petition doctor")


def _in_words(error: Exception) -> str:
    return "a database was away or full" if is_away(error) else type(error).__name__


def _note_run(record: SchedulerRecord, done: Tick, moment: datetime) -> None:
    """Note for the doctor that the scheduler looked, and what failed. A host who looks once proves no scheduler."""
    failed = dict.fromkeys(f"{duty} ({_in_words(error)})" for duty, error in done.errors)
    record.write(LastRun(moment, tuple(failed)))
