"""The states of a letter, and the names that its rules share. One table of steps, as data."""

from datetime import timedelta

from petition.errors import Conflict
from petition.letters.models import Letter

_ = str
DRAFT, OPEN, PUBLISHED, CLOSED, WITHDRAWN = _("draft"), _("open"), _("published"), _("closed"), _("withdrawn")
STEPS = {
    (DRAFT, OPEN),
    (OPEN, PUBLISHED),
    (PUBLISHED, CLOSED),
    (OPEN, WITHDRAWN),
    (PUBLISHED, WITHDRAWN),
    (CLOSED, WITHDRAWN),
}
SIGNABLE = frozenset({OPEN, PUBLISHED})
PUBLIC = frozenset({PUBLISHED, CLOSED})
NOTICE = timedelta(days=1)
"""Closing is announced so long ahead."""
LEAST_K, MOST_K = 3, 50
ALONE = 1
"""K of a statement by one person: nobody is hidden among others, so its page warns before it is chosen."""
EDITOR, COMMENTER = _("editor"), _("commenter")
ROLES = (EDITOR, COMMENTER)
TOGETHER, APART = "together", "apart"
TIMINGS = (TOGETHER, APART)
CODE, MAIL = "code", "mail"
ROUTES = (CODE, MAIL)
"""How people show that they work there: a code from a colleague, or one mailed to the work address."""


def steps_from(state: str) -> list[str]:
    """The states that may come next."""
    return sorted(to for (start, to) in STEPS if start == state)


def is_possible(k: int) -> bool:
    """Whether K is in the protocol's range, or one, for a statement by one person."""
    return k == ALONE or LEAST_K <= k <= MOST_K


def require_draft(letter: Letter) -> None:
    """The text may change only in a draft: a changed letter is a new letter."""
    if letter.state != DRAFT:
        raise Conflict("This letter is open, so this can't change. To change it, start a new letter.")
