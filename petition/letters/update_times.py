"""When waiting signatures are counted: at set times only, daily or at each full hour, as the organizers chose.

Some answers could be probed by asking often, such as whether enough signatures wait. Pages show and enforce these as
of the last set time (protocol 2). Live answers would show a person who holds all other codes when a colleague came.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from petition.letters.models import Letter, to_hour
from petition.letters.states import DAILY


def last_update(letter: Letter, hours: Sequence[int], moment: datetime) -> datetime:
    """The newest set time that is not after a moment; ``hours`` (UTC) are those of daily updates."""
    now = to_hour(moment)
    if letter.updates != DAILY:
        return now
    return next(hour for ahead in range(25) if (hour := now - timedelta(hours=ahead)).hour in hours)


def next_update(letter: Letter, hours: Sequence[int], moment: datetime) -> datetime:
    """The first set time after a moment."""
    soon = to_hour(moment) + timedelta(hours=1)
    if letter.updates != DAILY:
        return soon
    return next(hour for ahead in range(25) if (hour := soon + timedelta(hours=ahead)).hour in hours)
