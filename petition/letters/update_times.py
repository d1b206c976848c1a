"""When waiting signatures are counted: at set times only, daily or at each full hour, as the organizers chose.

Some answers could be probed by asking often, such as whether enough signatures wait. Pages show and enforce these as
of the last set time (protocol 2). Live answers would show a person who holds all other codes when a colleague came.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from petition.database import to_hour
from petition.letters.models import Letter
from petition.letters.states import DAILY

CLOCKS_APART = timedelta(hours=1)
"""A smaller step of the clock is no reason to update again."""


def last_update(letter: Letter, hours: Sequence[int], moment: datetime) -> datetime:
    """The newest set time that is not after a moment; ``hours`` (UTC) are those of daily updates."""
    now = to_hour(moment)
    if letter.updates != DAILY:
        return now
    return next(hour for ahead in range(25) if (hour := now - timedelta(hours=ahead)).hour in hours)


def is_done(updated: datetime | None, set_time: datetime, moment: datetime) -> bool:
    """Whether the update of a set time was made, by the hour of the last one.

    An hour that is still to come is that of a clock that was wrong. It does not count, or nothing would be due until
    then.
    """
    return updated is not None and set_time <= updated <= moment + CLOCKS_APART


def next_update(letter: Letter, hours: Sequence[int], moment: datetime) -> datetime:
    """The first set time after a moment."""
    soon = to_hour(moment) + timedelta(hours=1)
    if letter.updates != DAILY:
        return soon
    return next(hour for ahead in range(25) if (hour := soon + timedelta(hours=ahead)).hour in hours)
