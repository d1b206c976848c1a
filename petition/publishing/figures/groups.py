"""The groups' tables as values for pages and files: the last release's numbers under the letter's own labels."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from petition.letters.fields import FieldOfLetter, fields_of
from petition.letters.models import Letter
from petition.sealing.group_releases import REST, released

_ = str
"""Marks a sentence for translators."""

OTHER_OR_NOT_STATED = _("other or not stated")
"""What files call the rest; pages say it in their language."""


@dataclass(frozen=True)
class Group:
    """A group that is shown."""

    id: str
    label: str
    count: int


@dataclass(frozen=True)
class GroupTable:
    """A field's groups, with all others together, as of an hour."""

    id: str
    label: str
    as_of: datetime
    groups: tuple[Group, ...]
    others: int

    @property
    def rows(self) -> list[tuple[str, int]]:
        """Each label with its number, the others last, as in the files."""
        return [*((group.label, group.count) for group in self.groups), (OTHER_OR_NOT_STATED, self.others)]


def group_tables(session: Session, letter: Letter) -> tuple[GroupTable, ...]:
    """The tables of the last release: fields of which nothing may be shown are left out."""
    as_of, numbers = released(session, letter.id)
    if as_of is None:
        return ()
    fields = [field for field in fields_of(session, letter.id) if (field.id, REST) in numbers]
    return tuple(_table(field, as_of, numbers) for field in fields)


def _table(field: FieldOfLetter, as_of: datetime, numbers: dict[tuple[str, str], int]) -> GroupTable:
    shown = [option for option in field.options if (field.id, option.id) in numbers]
    groups = tuple(Group(option.id, option.label, numbers[field.id, option.id]) for option in shown)
    return GroupTable(field.id, field.label, as_of, groups, numbers[field.id, REST])
