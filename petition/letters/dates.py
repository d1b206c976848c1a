"""When a letter is published and closed by itself. Dates may change at any time, and do not freeze with the text."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from petition.database import to_hour
from petition.errors import BadShape, Conflict
from petition.letters.lifecycle import require_not_announced
from petition.letters.models import Letter
from petition.letters.states import CLOSED, CLOSING_NOTICE, DRAFT, OPEN, SIGNABLE, WITHDRAWN

FARTHEST = timedelta(days=5 * 365)
"""How far ahead dates can be."""


def set_dates(
    session: Session, letter: Letter, *, publishes: datetime | None, ends: datetime | None, moment: datetime
) -> None:
    """Store the hours (UTC, cut to the hour) of publication and of closing; None for none.

    Refuses an hour that is over, a closing less than a day ahead, and one before the publication.
    """
    session.refresh(letter, with_for_update=True)
    publishes, ends = (None if hour is None else to_hour(hour) for hour in (publishes, ends))
    if publishes != letter.publishes:
        _require_publishable(letter, publishes, moment)
    if ends != letter.ends:
        _require_endable(letter, ends, moment)
    if publishes is not None and ends is not None and ends - publishes < CLOSING_NOTICE:
        raise BadShape("The letter must close at least a day after it is published.")
    letter.publishes, letter.ends = publishes, ends
    letter.edition += 1
    session.flush()


def _require_publishable(letter: Letter, hour: datetime | None, moment: datetime) -> None:
    if hour is None:
        return
    if letter.state not in (DRAFT, OPEN):
        raise Conflict("This letter is already public, or over.")
    if hour <= moment:
        raise BadShape("Choose a time in the future.").about("publishes")
    _require_near(hour, moment)


def _require_endable(letter: Letter, hour: datetime | None, moment: datetime) -> None:
    if letter.state in (CLOSED, WITHDRAWN):
        raise Conflict("This letter is already over.")
    require_not_announced(letter)
    if hour is None:
        return
    if hour < moment + CLOSING_NOTICE:
        raise BadShape("Choose a time at least a day from now.").about("ends")
    _require_near(hour, moment)


def _require_near(hour: datetime, moment: datetime) -> None:
    if hour > moment + FARTHEST:
        raise BadShape("Choose a time within the next 5 years.")


def is_due_to_publish(letter: Letter, moment: datetime) -> bool:
    """Whether the hour of publication has come."""
    return letter.state == OPEN and letter.publishes is not None and letter.publishes <= moment


def is_due_to_announce(letter: Letter, moment: datetime) -> bool:
    """Whether the planned closing is to be announced now, a day ahead."""
    is_living = letter.state in SIGNABLE and letter.closes is None
    return is_living and letter.ends is not None and letter.ends <= moment + CLOSING_NOTICE
