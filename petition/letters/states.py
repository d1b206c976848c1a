"""The states of a letter, and the names that its rules share. One table of steps, as data."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from petition.errors import Conflict, Over
from petition.letters.models import Letter

_ = str
DRAFT, OPEN, PUBLISHED, CLOSED, WITHDRAWN = "draft", "open", "published", "closed", "withdrawn"
STATE_CHANGES = {
    (DRAFT, OPEN),
    (OPEN, PUBLISHED),
    (OPEN, CLOSED),
    (PUBLISHED, CLOSED),
    (OPEN, WITHDRAWN),
    (PUBLISHED, WITHDRAWN),
    (CLOSED, WITHDRAWN),
}
SIGNABLE = frozenset({OPEN, PUBLISHED})
PUBLIC = frozenset({PUBLISHED, CLOSED})
CLOSING_NOTICE = timedelta(days=1)
"""Closing is announced so long ahead."""
LEAST_K, MOST_K = 3, 50
ALONE = 1
"""K of a statement by one person: it hides no one among others, so its page warns before it is chosen."""
EDITOR, COMMENTER = "editor", "commenter"
ROLES = (EDITOR, COMMENTER)
TOGETHER, APART = "together", "apart"
TIMINGS = (TOGETHER, APART)
DAILY, HOURLY = "daily", "hourly"
UPDATES = (DAILY, HOURLY)
"""How often what waits is counted. An hourly history shows how many sign during working hours."""
BY_CODE, BY_EMAIL = "code", "mail"
ROUTES = (BY_CODE, BY_EMAIL)
"""How people show that they work there: a code from a colleague, or one mailed to the work address."""
LOG_VERSION = 2
"""Of the logs that this program continues. Version 0.1.0 made logs of version 1."""
OF_OLD_VERSION = _(
    "This letter began with version 0.1.0 of the program, which can't be continued. It takes no more codes or "
    "signatures. Its count stays. The organizers can start a new letter."
)


def steps_from(state: str) -> list[str]:
    """The states that may come next."""
    return sorted(to for (start, to) in STATE_CHANGES if start == state)


def is_possible(k: int) -> bool:
    """Whether K is in the protocol's range, or one, for a statement by one person."""
    return k == ALONE or LEAST_K <= k <= MOST_K


def held_back(k: int) -> int:
    """H: how many signatures an update holds back, half of K, rounded up; none of a statement by one person."""
    return 0 if k == ALONE else -(-k // 2)


def enough(k: int) -> int:
    """K + H (protocol 2 and 7): how many must wait for an update, and use codes before a round may end."""
    return k + held_back(k)


def is_current(letter: Letter | Row[Any]) -> bool:
    """Whether the letter's log is of the version that this program continues."""
    return bool(letter.log_version == LOG_VERSION)


def takes_signatures(letter: Letter | Row[Any]) -> bool:
    """Whether a letter takes signatures at all; its rounds may each say no."""
    return letter.state in SIGNABLE and is_current(letter)


def require_signable(letter: Letter | Row[Any]) -> None:
    """Refuse if the letter takes no more signatures, and say why."""
    if letter.state == DRAFT:
        raise Conflict("This letter is not open yet. It takes no signatures.")
    if letter.state not in SIGNABLE:
        raise Over("This letter is closed. It takes no more signatures.")
    if not is_current(letter):
        raise Over(OF_OLD_VERSION)


def require_draft(letter: Letter) -> None:
    """The text may change only in a draft: a changed letter is a new letter."""
    if letter.state != DRAFT:
        raise Conflict("This letter is open, so this can't change. To change it, start a new letter.")
