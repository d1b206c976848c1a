"""What signers may say of themselves: up to three fields, each a list of groups, chosen while the letter is a draft."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from petition.database import SessionOrConnection
from petition.errors import TOO_MANY, BadShape
from petition.letters.models import Field, Letter, Option
from petition.letters.states import require_draft
from petition.letters.text.letter_text import one_line
from petition.normalization import normalize
from petition.prepared import Prepared

MOST_FIELDS = 3
LEAST_OPTIONS, MOST_OPTIONS = 2, 40
MOST_PEOPLE = 10**7
LONGEST_ID = 32
RESERVED = ("total", "roll")
"""How ``counts.csv`` names the rows that are no answers to a question."""


@dataclass(frozen=True)
class Group:
    """A field's option: its id, its label, and how many people there are in it, if that is known."""

    id: str
    label: str
    headcount: int | None = None


@dataclass(frozen=True)
class FieldOfLetter:
    """A field of a letter with its groups, in their order."""

    id: str
    label: str
    options: tuple[Group, ...]

    def option(self, option_id: str) -> Group | None:
        """The group of an id; None if there is none."""
        return next((option for option in self.options if option.id == option_id), None)


def read_field(label: str, options: Iterable[tuple[str, int | None]]) -> FieldOfLetter:
    """A field from what was typed: labels, and headcounts where known. Ids are made from the labels.

    Refuses empty, double and reserved labels, fewer than 2 and more than 40 options, headcounts that are no positive
    number.
    """
    label = one_line(label, "group")
    if not label:
        raise BadShape("Each question needs a label, such as “Role.”")
    if label.casefold() in RESERVED:
        raise BadShape("“%(label)s” has another meaning here. Choose another label.", label=label)
    typed = [(line, headcount) for text, headcount in options if (line := one_line(text, "group"))]
    if not LEAST_OPTIONS <= len(typed) <= MOST_OPTIONS:
        raise BadShape(
            "“%(label)s” needs %(least)s to %(most)s answers, one per line.",
            label=label, least=LEAST_OPTIONS, most=MOST_OPTIONS,
        )  # fmt: skip
    _require_different(text for text, _ in typed)
    for text, headcount in typed:
        if headcount is not None and not 1 <= headcount <= MOST_PEOPLE:
            raise BadShape("The number of people in “%(label)s” must be at least 1.", label=text)
    ids = _ids([text for text, _ in typed])
    groups = (Group(option_id, text, headcount) for option_id, (text, headcount) in zip(ids, typed, strict=True))
    return FieldOfLetter(_ids([label])[0], label, tuple(groups))


def read_lines(lines: Iterable[str]) -> list[tuple[str, int | None]]:
    """Groups as they are typed, one on each line: ``Software``, or ``Software = 300`` where the headcount is known.

    Two columns that were copied from a spreadsheet have a tab in place of the equals sign.
    """
    found: list[tuple[str, int | None]] = []
    for line in lines:
        label, mark, number = line.rpartition("=" if "=" in line else "\t")
        digits = number.strip().replace(",", "")
        is_number = digits.isascii() and digits.isdecimal() and len(digits) <= 9
        if mark == "=" and not is_number:
            raise BadShape("Add a number after the = in “%(line)s,” like Software = 300.", line=line)
        found.append((label, int(digits)) if mark and is_number else (line, None))
    return found


def as_record(fields: Iterable[FieldOfLetter]) -> list[dict[str, Any]]:
    """Fields as round.json has them: ids, and labels in the letter's binding language."""
    return [
        {
            "id": field.id,
            "label": field.label,
            "options": [{"id": option.id, "label": option.label} for option in field.options],
        }
        for field in fields
    ]


def as_lines(field: FieldOfLetter) -> str:
    """A field's groups as they are typed."""
    return "\n".join(
        f"{option.label} = {option.headcount}" if option.headcount else option.label for option in field.options
    )


def small_groups(fields: Iterable[FieldOfLetter], k: int) -> list[tuple[FieldOfLetter, Group]]:
    """Groups that can hardly ever be shown: so few people that K cannot sign before nearly all have."""
    return [
        (field, option)
        for field in fields
        for option in field.options
        if option.headcount is not None and 80 * option.headcount <= 100 * max(k, 5)
    ]


def _require_different(labels: Iterable[str]) -> None:
    seen: set[str] = set()
    for label in labels:
        if label.casefold() in seen:
            raise BadShape("“%(label)s” appears twice. Give each its own name.", label=label)
        seen.add(label.casefold())


def _ids(labels: Sequence[str]) -> list[str]:
    """An id for each label: its plain letters and digits, with a number where two would have the same."""
    ids: list[str] = []
    for label in labels:
        plain = normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
        base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: LONGEST_ID - 4].strip("-") or "group"
        number = 1
        while (made := base if number == 1 else f"{base}-{number}") in ids:
            number += 1
        ids.append(made)
    return ids


def set_fields(session: Session, letter: Letter, fields: Sequence[FieldOfLetter]) -> None:
    """Replace the fields of a draft; refused once the letter is open."""
    session.refresh(letter, with_for_update=True)  # it may be opening at this moment
    if tuple(fields) == fields_of(session, letter.id):
        return
    require_draft(letter)
    if len(fields) > MOST_FIELDS:
        raise BadShape(TOO_MANY, most=MOST_FIELDS)
    _require_different(field.label for field in fields)
    _write(session, letter, fields)


def shorten_ids(session: Session, letter: Letter) -> None:
    """Give a draft's fields ids that clients accept; version 0.1.0 made longer ones."""
    found = fields_of(session, letter.id)
    ids = [*(field.id for field in found), *(option.id for field in found for option in field.options)]
    if any(len(made) > LONGEST_ID for made in ids):
        _write(session, letter, [read_field(field.label, _as_typed(field)) for field in found])


def _as_typed(field: FieldOfLetter) -> list[tuple[str, int | None]]:
    return [(option.label, option.headcount) for option in field.options]


def _write(session: Session, letter: Letter, fields: Sequence[FieldOfLetter]) -> None:
    for table in (Option, Field):
        session.execute(delete(table).where(table.letter_id == letter.id))
    ids = _ids([field.label for field in fields])
    for position, (field_id, field) in enumerate(zip(ids, fields, strict=True)):
        session.add(Field(letter_id=letter.id, id=field_id, label=field.label, position=position))
        session.flush()
        session.add_all(_options(letter.id, field_id, field.options))
    session.flush()


def _options(letter_id: str, field_id: str, groups: Iterable[Group]) -> list[Option]:
    return [
        Option(
            letter_id=letter_id,
            field=field_id,
            id=group.id,
            label=group.label,
            headcount=group.headcount,
            position=position,
        )
        for position, group in enumerate(groups)
    ]


_FIELD, _OPTION = Field.__table__.c, Option.__table__.c
OF_LETTER = Prepared(
    select(_FIELD.id, _FIELD.label, _OPTION.id.label("option"), _OPTION.label.label("group"), _OPTION.headcount)
    .join_from(
        Field.__table__, Option.__table__, (_OPTION.letter_id == _FIELD.letter_id) & (_OPTION.field == _FIELD.id)
    )
    .where(_FIELD.letter_id == bindparam("of_letter"))
    .order_by(_FIELD.position, _OPTION.position)
)


def fields_of(session: SessionOrConnection, letter_id: str) -> tuple[FieldOfLetter, ...]:
    """A letter's fields with their groups, in their order."""
    found: dict[tuple[str, str], list[Group]] = {}
    for row in OF_LETTER.all(session, {"of_letter": letter_id}):
        found.setdefault((row.id, row.label), []).append(Group(row.option, row.group, row.headcount))
    return tuple(FieldOfLetter(*of, tuple(groups)) for of, groups in found.items())
