"""The hours of updates over all letters: which is the newest, and which letter's update is overdue."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from petition.letters.access import hosted_letters
from petition.letters.models import Letter
from petition.letters.states import CLOSED, SIGNABLE
from petition.letters.update_times import last_update
from petition.sealing.models import Log, Milestone, Sealing

GRACE = timedelta(hours=2)
"""How long an update may take, and be tried again, until it is called overdue."""


def letters_that_go_on(session: Session) -> list[Letter]:
    """The letters that are updated at set times."""
    return [letter for letter in hosted_letters(session) if letter.state in {*SIGNABLE, CLOSED}]


def newest_stored_hour(session: Session) -> datetime | None:
    """The newest hour that updates and openings left; None if no letter goes on, so that nothing can come too early."""
    if not letters_that_go_on(session):
        return None
    return newest_of(session, Sealing.hour, Log.updated, Letter.opened)


def newest_of(session: Session, *columns: InstrumentedAttribute[Any]) -> datetime | None:
    """The newest hour in any of these columns; None if they hold none."""
    hours = (session.scalar(select(func.max(column))) for column in columns)
    return max((hour for hour in hours if hour is not None), default=None)


def newest_update(session: Session) -> datetime | None:
    """The hour of the newest update of any letter, whether or not it appended anything."""
    return session.scalar(select(func.max(Log.updated)))


def newest_hour_of_log(session: Session, letter_id: str) -> datetime | None:
    """The hour of the newest entry of a letter's log."""
    hours = (
        session.scalar(select(func.max(table.hour)).where(table.letter_id == letter_id))
        for table in (Sealing, Milestone)
    )
    return max((hour for hour in hours if hour is not None), default=None)


def overdue_letters(session: Session, hours: Sequence[int], moment: datetime) -> list[str]:
    """Slugs of the letters whose update is overdue. A log that is held waits for a person, not for the scheduler."""
    logs = {log.letter_id: log for log in session.scalars(select(Log))}
    return [
        letter.slug
        for letter in letters_that_go_on(session)
        if (log := logs.get(letter.id)) is not None
        and not log.is_held
        and (log.updated or letter.opened or moment) < last_update(letter, hours, moment - GRACE)
    ]
