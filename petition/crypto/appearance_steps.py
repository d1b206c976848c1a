"""The steps of an appearance (protocol, section 6): how much of a signature may be shown.

In requests a step and its number travel apart (``{"step": "named_at", "at": 200}``); names keys, the log and forms
write both in one word (``named_at:200``), which is called a name step here.
"""

import re
from collections.abc import Iterable

from petition.errors import CHOOSE, BadShape

COUNTED, GROUPED, NAMED_AT, NAMED = "counted", "grouped", "named_at", "named"
STEPS = (COUNTED, GROUPED, NAMED_AT, NAMED)
"""From the least that may be shown to the most."""
_NAME_STEP = re.compile(r"named_at:([1-9][0-9]{0,6})")


def name_step(step: str, at: int | None = None) -> str:
    """``named`` or ``named_at:200``, of a step that shows a name and its number."""
    return NAMED if step == NAMED else f"{NAMED_AT}:{at}"


def number_of(step: str) -> int | None:
    """N of the name step ``named_at:N``; None for ``named``. Refuses any other text with BadShape."""
    if step == NAMED:
        return None
    match = _NAME_STEP.fullmatch(step)
    if match is None:
        raise BadShape(CHOOSE, choices="named, named_at:N")
    return int(match[1])


def in_order(steps: Iterable[str]) -> list[str]:
    """Name steps in their one order: ``named`` first, then by N."""
    return sorted(steps, key=lambda step: number_of(step) or 0)
