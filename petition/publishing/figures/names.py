"""The names that are shown, as pages and as a file, and what may be said about those that wait.

The list is sorted for the page's reader, 100 names a page. Nothing shows when names came, or in what order.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlalchemy.orm import Session

from petition.crypto.appearance_steps import number_of
from petition.errors import NOTHING_HERE, NotFound
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import names_keys, steps_taken
from petition.publishing.figures.collation import initial, place
from petition.sealing.naming import names_until
from petition.signing.names import hidings, shown_names

PER_PAGE = 100
PAGE = re.compile(r"signatures/(?:(?P<number>[2-9]|[1-9][0-9]{1,6})/)?")


@dataclass(frozen=True)
class Name:
    """A name and its title, or nothing, as their signer typed them."""

    name: str
    title: str


@dataclass(frozen=True)
class Waiting:
    """An appearance step and the names that wait for it."""

    number: int | None
    """How many must have signed; None for names that are shown at once."""
    about: int
    """How many wait, rounded down to fives; 0 for fewer than K."""
    opens: datetime | None
    """When its names will be shown, if that is announced."""
    is_open: bool
    is_over: bool
    """The letter is over: those who waited were deleted."""
    is_taken: bool = True
    """False once no one can unlock this step."""


@dataclass(frozen=True)
class NamesPage:
    """One page of the list."""

    number: int
    last: int
    names: tuple[tuple[str, tuple[Name, ...]], ...]
    """By the letter of the alphabet under which they are listed."""
    jumps: tuple[tuple[str, int], ...]
    """Each letter, and the page on which it begins."""


@dataclass(frozen=True)
class Naming:
    """All that the public sees of names."""

    steps: tuple[Waiting, ...]
    hidden: tuple[tuple[int, str], ...]
    """Number and reason of each name that the organizers took off the list."""
    count: int
    months: int
    until: datetime | None
    """When they leave, once the letter is closed."""
    are_gone: bool
    load: Callable[[], list[tuple[str, str]]] = field(compare=False, repr=False)
    _sorted: dict[str, tuple[Name, ...]] = field(default_factory=dict, compare=False, repr=False)
    _begins: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def offered(self) -> bool:
        """Whether signers may show their names at all."""
        return bool(self.steps)

    @property
    def pages(self) -> int:
        """How many pages the list has; one at least."""
        return pages_of(self.count)

    @cached_property
    def _names(self) -> list[Name]:
        return [Name(name, title) for name, title in self.load()] if self.count else []

    def in_order(self, language: str) -> tuple[Name, ...]:
        """The names from A to Z, as readers of a language look them up."""
        if language not in self._sorted:
            by_place = sorted(self._names, key=lambda one: (place(one.name, language), place(one.title, language)))
            self._sorted[language] = tuple(by_place)
        return self._sorted[language]

    def page(self, number: int, language: str) -> NamesPage:
        """A page of the list."""
        names = self.in_order(language)
        sections: dict[str, list[Name]] = {}
        for one in names[PER_PAGE * (number - 1) : PER_PAGE * number]:
            sections.setdefault(initial(one.name, language), []).append(one)
        grouped = tuple((letter, tuple(some)) for letter, some in sections.items())
        return NamesPage(number, self.pages, grouped, self._jumps(language))

    def _jumps(self, language: str) -> tuple[tuple[str, int], ...]:
        """Each letter, and the page on which it begins."""
        if language not in self._begins:
            first: dict[str, int] = {}
            for position, one in enumerate(self.in_order(language)):
                first.setdefault(initial(one.name, language), position // PER_PAGE + 1)
            self._begins[language] = tuple(first.items())
        return self._begins[language]


def naming(session: Session, letter: Letter) -> Naming:
    """What may be said of a letter's names."""
    taken = steps_taken(session, letter.id)
    return Naming(
        steps=tuple(
            Waiting(
                number=number_of(row.step),
                about=about(row.waiting, letter.k),
                opens=row.opens,
                is_open=row.is_open,
                is_over=row.is_over,
                is_taken=row.step in taken,
            )
            for row in names_keys(session, letter.id)
        ),
        hidden=tuple((row.number, row.reason) for row in hidings(session, letter.id)),
        count=letter.names_shown,
        months=letter.names_months,
        until=names_until(letter) if letter.closed and letter.name_steps else None,
        are_gone=letter.names_gone,
        load=lambda: shown_names(session, letter.id),
    )


def about(number: int, k: int) -> int:
    """Rounded down to fives, and nothing under K."""
    return 0 if number < k else number - number % 5


def pages_of(count: int) -> int:
    """How many pages a number of names fills; at least one."""
    return max(1, -(-count // PER_PAGE))


def require_page(count: int, name: str) -> None:
    """Refuse a page of the list that this number of names doesn't reach; any other file's name passes."""
    if (page_number(name) or 1) > pages_of(count):
        raise NotFound(NOTHING_HERE)


def page_number(name: str) -> int | None:
    """Which page of the list a file's name means; None if it means another file."""
    match = PAGE.fullmatch(name)
    return int(match["number"] or 1) if match else None


def page_names(found: Naming) -> list[str]:
    """The names of the list's pages, below the letter's address."""
    return ["signatures/", *(f"signatures/{number}/" for number in range(2, found.pages + 1))]
