"""The short transactions of an update: between two of them, others sign and read.

An update of many signatures takes minutes of work, and SQLite has one writer at a time. So no transaction of an update
has more than ``AT_ONCE`` rows in hand, and after each it pauses, so that those who wait get their turn. The log names
the update that is at work. Another process that begins one takes over, and the first one stops.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.letters.models import Letter
from petition.sealing.log import log_of
from petition.sealing.models import Log

AT_ONCE = 500
"""Rows."""
PAUSE = 0.05
"""Seconds, at least. Who waits for SQLite asks again within a tenth of a second; most ask more often."""


class TakenOver(Exception):
    """Another process has begun an update of the same letter."""


class Changed(Exception):
    """The letter is no longer what the update was prepared for."""


class Steps:
    """The transactions of one update of a letter, which holds the letter and its log in each of them.

    With ``as_one`` all of it is one transaction.
    """

    def __init__(
        self,
        session: Session,
        letter: Letter,
        log: Log,
        *,
        as_one: bool = False,
        pause: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session = session
        self._letter = letter
        self._name = log.preparing
        self._as_one = as_one
        self._pause, self._clock = pause, clock
        self._rows, self._begun = 0, clock()

    def did(self, rows: int) -> None:
        """Say how many rows were read or written; ends the transaction once they are enough."""
        self._rows += rows
        if self._rows >= AT_ONCE:
            self.end_one()

    def end_before(self, rows: int) -> None:
        """End a transaction before what has to be one by itself, if there is much to do in all."""
        if rows >= AT_ONCE:
            self.end_one()

    @contextmanager
    def apart(self, rows: int) -> Iterator[None]:
        """For work in memory, with a number of rows: others write meanwhile. What it needs must have been read."""
        if self._as_one or rows < AT_ONCE:
            yield
            return
        self.session.commit()
        yield
        self._begin()

    def end_one(self) -> None:
        """End a transaction and begin the next. What others wrote between them is seen from then on."""
        self._rows = 0
        if self._as_one:
            return
        self.session.commit()
        self._pause(max(PAUSE, self._clock() - self._begun))  # where writing is slow, others get as long
        self._begin()

    def _begin(self) -> None:
        log = log_of(self.session, self._letter.id, alone=True)
        self.session.expire_all()
        self.session.refresh(self._letter, with_for_update=True)
        if log.preparing != self._name:
            raise TakenOver
        self._begun = self._clock()


def stretches(steps: Steps, table: type[Any], letter_id: str, *columns: Any) -> Iterator[list[Any]]:
    """A letter's rows of a table that has a hash as its key, in the order of these, a stretch at a time.

    The hash is the row's first value. Each stretch is a step: what is done with it belongs to its transaction.
    """
    key = table.__mapper__.primary_key[1]
    query = select(key, *columns).where(table.letter_id == letter_id).order_by(key).limit(AT_ONCE)
    rows = steps.session.execute(query).all()
    while rows:
        last = rows[-1][0]
        yield list(rows)
        steps.did(len(rows))
        rows = steps.session.execute(query.where(key > last)).all() if len(rows) == AT_ONCE else []


def parts(steps: Steps, rows: list[Any]) -> Iterator[list[Any]]:
    """Some rows at a time; each part is a step."""
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        yield part
        steps.did(len(part))
