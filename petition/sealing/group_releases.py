"""The groups' numbers as they are shown: made by a sealing and stored, so that every page shows the same ones."""

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from petition.letters.fields import FieldOfLetter, fields_of
from petition.letters.models import Letter
from petition.sealing.group_suppression import CHANGE, GROWTH, Before, is_due, table
from petition.sealing.models import GroupRelease, ReleasedGroup
from petition.sealing.steps import Steps, stretches
from petition.signing.models import Answer, Round

REST = ""
"""The option of the row for all who are in no group that is shown."""


AnswersByRound = Counter[tuple[int, str, str]]
"""How many chose an option: by round, field and option."""


def are_due(session: Session, letter: Letter, total: int) -> bool:
    """Whether enough more have signed since the last tables."""
    last = session.get(GroupRelease, letter.id)
    made = session.scalar(select(ReleasedGroup.field).where(ReleasedGroup.letter_id == letter.id).limit(1))
    growth = GROWTH if made is not None else CHANGE  # what was taken down comes back sooner
    unnamed = total - letter.names_shown
    return bool(fields_of(session, letter.id)) and is_due(unnamed, last.unnamed if last else None, letter.k, growth)


def renew(session: Session, letter: Letter, total: int, known: AnswersByRound, *, moment: datetime) -> None:
    """Make new tables of all fields, if enough more have signed since the last ones."""
    if not are_due(session, letter, total):
        return
    fields = fields_of(session, letter.id)
    last = session.get(GroupRelease, letter.id)
    unnamed = total - letter.names_shown
    before = _before(session, letter.id, unnamed - last.unnamed if last else 0)
    answers = _of_counted_rounds(session, letter.id, known)
    forget_tables(session, letter.id)
    rows = [row for field in fields for row in _rows(field, answers, before, letter, total)]
    session.execute(insert(ReleasedGroup), rows)
    session.merge(GroupRelease(letter_id=letter.id, hour=moment, unnamed=unnamed))


def _before(session: Session, letter_id: str, more: int) -> dict[str, Before]:
    """The last release, by field."""
    numbers: dict[str, dict[str, int]] = defaultdict(dict)
    for row in session.scalars(select(ReleasedGroup).where(ReleasedGroup.letter_id == letter_id)):
        numbers[row.field][row.option] = row.number
    return {field: Before(of_field, more) for field, of_field in numbers.items()}


def _rows(
    field: FieldOfLetter, answers: Counter[tuple[str, str]], before: dict[str, Before], letter: Letter, total: int
) -> list[dict[str, Any]]:
    """A field's new table; where no group may be shown the rest is not shown either, as it alone says nothing."""
    numbers = {option.id: answers[field.id, option.id] for option in field.options}
    people = {option.id: option.headcount for option in field.options}
    made = table(total, letter.names_shown, numbers, letter.k, people, before.get(field.id))
    cells = [(option, number, option in made.shown) for option, number in made.numbers.items()]
    return [
        {"letter_id": letter.id, "field": field.id, "option": option, "number": number, "is_shown": is_shown}
        for option, number, is_shown in [*cells, (REST, made.rest, bool(made.shown))]
    ]


def settled_answers(steps: Steps, letter_id: str) -> AnswersByRound:
    """How often each option of each field was chosen.

    Only answers that have settled, at least K of a round together: one that arrived alone would complete a five while
    its signature still waits.
    """
    found: AnswersByRound = Counter()
    for stretch in stretches(steps, Answer, letter_id, Answer.round, Answer.field, Answer.option):
        found.update((row.round, row.field, row.option) for row in stretch)
    return found


def _of_counted_rounds(session: Session, letter_id: str, known: AnswersByRound) -> Counter[tuple[str, str]]:
    """The same over all rounds of which signatures are counted."""
    counted = set(session.scalars(select(Round.number).where(Round.letter_id == letter_id, Round.signatures > 0)))
    found: Counter[tuple[str, str]] = Counter()
    for (number, field, option), count in known.items():
        if number in counted:
            found[field, option] += count
    return found


def forget_tables(session: Session, letter_id: str) -> None:
    """Show no numbers until the next release: a round was annulled that they may have counted."""
    session.execute(delete(ReleasedGroup).where(ReleasedGroup.letter_id == letter_id))


def released(session: Session, letter_id: str) -> tuple[datetime | None, dict[tuple[str, str], int]]:
    """The hour of the last release, and the numbers that it shows, by field and option."""
    last = session.get(GroupRelease, letter_id)
    shown = select(ReleasedGroup).where(ReleasedGroup.letter_id == letter_id, ReleasedGroup.is_shown.is_(True))
    rows = session.scalars(shown)
    return (last.hour if last else None), {(row.field, row.option): row.number for row in rows}
