"""The mailer: goes through the outbox, decides which addresses may have a code, and sends the emails.

If the server does not accept an email, it is tried again at growing random intervals, and given up within the hour.
One that a quota holds back waits for the next hour, if that begins within the hour.
The mailer remembers only the random key of a waiting email, in memory, and logs nothing about it.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from petition.addresses import is_within
from petition.database import retried, to_hour
from petition.issuing.email_codes import Asked, admit, opened, put_away
from petition.issuing.message import Sender, compose
from petition.issuing.models import IssuingRound, Outbox
from petition.issuing.quotas import Quotas
from petition.issuing.secrets import RoundSecrets
from petition.issuing.transports import PermanentFailure, Send, ServerUnavailable, TemporaryFailure, Transport
from petition.logs import Hourly, log_error
from petition.randomness import Random

Now = Callable[[], datetime]
Allowed = Mapping[str, Mapping[str, Sequence[str]]]
"""Domains whose addresses may have a code: by letter's id and roll's id."""
LONGEST = timedelta(minutes=54)
"""How long an email waits for the mail server, from when it is first seen; sending it may take some minutes more."""
HOUR = timedelta(hours=1)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=8)
AT_ONCE, WORKING = 200, timedelta(minutes=2)
"""Limits of one pass through the outbox, in emails and in time: after that it checks again what is due."""
log = logging.getLogger("petition.mailer")


@dataclass
class _Wait:
    """A pause after failures: how many there were, and until when it lasts."""

    until: datetime | None = None
    failed: int = 0

    def is_over(self, moment: datetime) -> bool:
        return self.until is None or moment >= self.until

    def begin(self, moment: datetime, random: Random) -> None:
        """Wait twice as long as the last time, times a random factor between 0.5 and 1.5."""
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self.failed, 10))
        self.failed += 1
        self.until = moment + wait * (0.5 + random(1)[0] / 255)


@dataclass
class _Waiting(_Wait):
    """A waiting email: when it is given up, and whether it has been counted for its address."""

    given_up: datetime = datetime.max.replace(tzinfo=UTC)
    deleted: datetime = datetime.max.replace(tzinfo=UTC)
    """An hour after it came, when it is deleted whatever happens."""
    is_counted: bool = False

    def wait_for_room(self, moment: datetime) -> None:
        """Wait for the next hour's quota. That is no failed try, so it isn't given up just before that hour."""
        self.until = to_hour(moment) + HOUR
        if self.until < self.deleted:
            self.given_up = self.deleted


def in_turns(requests: Iterable[tuple[Outbox, str]]) -> list[tuple[Outbox, str]]:
    """One request of each letter at a time, so that many for one letter don't hold up those for another."""
    ranks: Counter[str] = Counter()
    ranked = []
    for row, roll in requests:
        ranked.append((ranks[row.letter_id], row, roll))
        ranks[row.letter_id] += 1
    return [(row, roll) for _rank, row, roll in sorted(ranked, key=lambda found: found[0])]


@dataclass(frozen=True)
class Looked:
    """What one pass through the outbox did, in numbers."""

    sent: int = 0
    given_up: int = 0
    waiting: int = 0


@dataclass
class Mailer:
    """Sends the email of one site. The allowed domains come in as values, and so does the time."""

    engine: Engine
    secrets: RoundSecrets
    transport: Transport
    sender: Sender
    random: Random
    _mails: dict[bytes, _Waiting] = field(default_factory=dict, init=False)
    _server: _Wait = field(default_factory=_Wait, init=False)
    _knows_ages: bool = field(default=False, init=False)
    _hourly: Hourly = field(default_factory=Hourly, init=False)

    def __post_init__(self) -> None:
        self.quotas = Quotas(self.random)

    def forget(self) -> None:
        """Forget how long emails have waited: another process may have handled the outbox meanwhile."""
        self._mails, self._knows_ages = {}, False

    def look(self, allowed: Allowed, now: Now) -> Looked:
        """Go through the outbox once: delete what may not go out or has waited too long, and send what is due."""
        begun = now()
        rows = self._outbox()
        self._mails = {row.key: self._mails.get(row.key) or self._first_seen(row, begun) for row, _ in rows}
        self._knows_ages = True
        late = [row for row, _ in rows if begun >= self._mails[row.key].given_up]
        for row in late:
            self._put_away(row, undelivered=True)
        due = in_turns(
            (row, roll) for row, roll in rows if row.key in self._mails and self._mails[row.key].is_over(begun)
        )
        wanted = [
            (row, asked)
            for row, roll in due[:AT_ONCE]
            if (asked := self._wanted(row, allowed.get(row.letter_id, {}).get(roll, ()), begun)) is not None
        ]
        sent = self._deliver(wanted, now, begun + WORKING) if wanted and self._server.is_over(begun) else 0
        return Looked(sent, len(late), len(self._mails))

    def _outbox(self) -> Sequence[tuple[Outbox, str]]:
        here = (IssuingRound.letter_id == Outbox.letter_id) & (IssuingRound.number == Outbox.round)
        query = select(Outbox, IssuingRound.roll).join(IssuingRound, here).order_by(Outbox.key)
        with Session(self.engine.execution_options(petition_reads=True), expire_on_commit=False) as session:
            return [(row, roll) for row, roll in session.execute(query)]

    def _first_seen(self, row: Outbox, moment: datetime) -> _Waiting:
        """An email that was there before this mailer started may be as old as its hour."""
        deleted = moment + HOUR if self._knows_ages else row.hour + HOUR
        return _Waiting(given_up=min(moment + LONGEST, deleted), deleted=deleted)

    def _wanted(self, row: Outbox, domains: Sequence[str], moment: datetime) -> Asked | None:
        """Who gets a code. Deletes the request and returns None if they may not, or have had enough emails today."""
        asked, mail = opened(self.secrets, row), self._mails[row.key]
        if asked is not None and any(is_within(asked.address.domain, domain) for domain in domains):
            mail.is_counted = mail.is_counted or self.quotas.takes_address(row.letter_id, str(asked.address), moment)
            if mail.is_counted:
                return asked
        self._put_away(row)
        return None

    def _deliver(self, wanted: Sequence[tuple[Outbox, Asked]], now: Now, until: datetime) -> int:
        sent = 0
        try:
            with self.transport.line() as send:
                for row, asked in wanted:
                    if now() >= until:
                        break
                    sent += self._hand_over(row, asked, send, now())
                    self._server = _Wait()
        except ServerUnavailable as away:
            self._server.begin(now(), self.random)
            self._tell(f"the mail server cannot be used: {away}", now(), log.warning)
        return sent

    def _hand_over(self, row: Outbox, asked: Asked, send: Send, moment: datetime) -> bool:
        """Make the code exchangeable, send it, then delete the request. A crash in between sends a second copy."""
        mail = self._mails[row.key]
        if not self.quotas.has_room(row.letter_id, asked.address.domain, moment):
            mail.wait_for_room(moment)
            return False
        code = retried(partial(self._admit, row, asked))
        if code is None:
            self._put_away(row)
            return False
        try:
            send(compose(self.sender, asked.address, code, asked.language, moment=moment, random=self.random))
        except PermanentFailure as never:
            self._put_away(row, undelivered=True)
            self._tell(f"the mail server refuses a mail: {never}", moment, log.warning)
            return False
        except (TemporaryFailure, ServerUnavailable) as failure:
            mail.begin(moment, self.random)
            if isinstance(failure, ServerUnavailable):
                raise
            return False
        except Exception as error:  # of this email alone: those behind it are sent
            self._put_away(row, undelivered=True)
            self._tell("an email could not be made", moment, partial(log_error, error=error))
            return False
        self._put_away(row)
        return True

    def _tell(self, line: str, moment: datetime, write: Callable[[str], object]) -> None:
        """Once an hour: a line for each email would be a record of when people ask."""
        if self._hourly.is_due(line, moment):
            write(line)

    def _put_away(self, row: Outbox, *, undelivered: bool = False) -> None:
        self._mails.pop(row.key, None)
        retried(partial(self._delete, row, undelivered=undelivered))

    def _admit(self, row: Outbox, asked: Asked) -> str | None:
        with Session(self.engine) as session:
            code = admit(session, self.secrets, row.letter_id, row.round, asked.address)
            session.commit()
        return code

    def _delete(self, row: Outbox, *, undelivered: bool) -> None:
        with Session(self.engine) as session:
            put_away(session, row, undelivered=undelivered)
            session.commit()
