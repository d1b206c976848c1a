"""What organizers choose besides the text: K, timing, updates, rolls, goal. Some of it is frozen at opening."""

from dataclasses import dataclass, fields

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petition.errors import BadShape
from petition.letters.models import (
    Letter,
    Roll,
)
from petition.letters.states import (
    ALONE,
    DAILY,
    LEAST_K,
    MOST_K,
    TIMINGS,
    TOGETHER,
    UPDATES,
    is_possible,
    require_draft,
)
from petition.letters.text.letter_text import filled_lines, one_line

DEFAULT_K = 10
DEFAULT_NAMES = 50
"""How many must have signed before names show, unless the organizers choose otherwise."""
MOST_ROLLS = 20
DEFAULT_ROLL = "workers"
FROZEN = ("k", "timing", "updates", "issuing_days", "pause_hours")
"""Rules that can't change once the letter is open; so can't the rolls."""


@dataclass(frozen=True)
class Rules:
    """What organizers choose besides the text. Goal, threshold and contact may change; the rest freezes at opening."""

    k: int = DEFAULT_K
    timing: str = TOGETHER
    updates: str = DAILY
    """How often what waits is counted: ``daily``, or ``hourly``, which shows how many sign during working hours."""
    rolls: tuple[str, ...] = ()
    """The rolls' names; empty for one roll, named after the employer."""
    issuing_days: int = 7
    pause_hours: int = 24
    goal: int | None = None
    threshold: int | None = None
    contact: str = ""
    """For journalists; shown only on the press page."""


def rules_of(letter: Letter) -> Rules:
    """The rules as they are, without the rolls: stored again, they change nothing."""
    kept = {one.name: getattr(letter, one.name) for one in fields(Rules) if one.name != "rolls"}
    return Rules(**{**kept, "contact": letter.contact or ""})


def set_rules(session: Session, letter: Letter, rules: Rules) -> None:
    """Store the rules. Refuses numbers out of range and changes to what is frozen."""
    session.refresh(letter, with_for_update=True)
    if not is_possible(rules.k):
        raise BadShape("The minimum group size must be from %(least)s to %(most)s.", least=LEAST_K, most=MOST_K)
    if rules.k == ALONE and len(filled_lines(rules.rolls, "title")) > 1:
        raise BadShape("A letter from one person has one group of signers.")
    if rules.timing not in TIMINGS:
        raise BadShape("The timing must be “together” or “apart”.")
    if rules.updates not in UPDATES:
        raise BadShape("Updates come “daily” or “hourly”.")
    if not (1 <= rules.issuing_days <= 365 and 1 <= rules.pause_hours <= 24 * 30):
        raise BadShape("Codes can be used for 1 to 365 days, and the break is 1 to 720 hours.")
    if any(getattr(rules, name) != getattr(letter, name) for name in FROZEN):
        require_draft(letter)
    _set_rolls(session, letter, rules.rolls)
    letter.k, letter.timing, letter.updates = rules.k, rules.timing, rules.updates
    letter.issuing_days, letter.pause_hours = rules.issuing_days, rules.pause_hours
    letter.goal, letter.threshold = rules.goal, rules.threshold
    letter.contact = one_line(rules.contact, "contact") or None
    letter.edition += 1
    session.flush()


def _set_rolls(session: Session, letter: Letter, names: tuple[str, ...]) -> None:
    """Set the rolls by name, in order; no names mean one roll, named after the employer."""
    wanted = filled_lines(names, "title")
    present = [roll.name for roll in rolls_of(session, letter)]
    if not wanted or wanted == present:
        return
    require_draft(letter)
    if len(wanted) > MOST_ROLLS or len(set(wanted)) != len(wanted):
        raise BadShape("Enter at most %(most)s groups, each with its own name.", most=MOST_ROLLS)
    session.execute(delete(Roll).where(Roll.letter_id == letter.id))
    for position, name in enumerate(wanted):
        roll_id = DEFAULT_ROLL if position == 0 else f"{DEFAULT_ROLL}-{position + 1}"
        session.add(Roll(letter_id=letter.id, id=roll_id, name=name, position=position))
    session.flush()
    present_ids = {roll.id for roll in rolls_of(session, letter)}
    letter.mail_domains = {roll: domains for roll, domains in letter.mail_domains.items() if roll in present_ids}


def rolls_of(session: Session, letter: Letter) -> list[Roll]:
    """The letter's rolls, in their order."""
    return list(session.scalars(select(Roll).where(Roll.letter_id == letter.id).order_by(Roll.position)))
