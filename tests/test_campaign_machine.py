"""Whole campaigns in random order: whatever people do, the count is signatures less withdrawals, and checks out."""

import contextlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

from petition import config
from petition.coordination import closing, opening, rounds
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.tokens import Token
from petition.errors import BadShape, CodeUsed, Conflict, Forbidden, NotFound, Over, Refusal, TooEarly
from petition.issuing.codes import void_batch
from petition.jobs import scheduler as clockwork
from petition.letters.fields import read_field
from petition.letters.models import Letter
from petition.letters.states import APART, CLOSED, OPEN, PUBLISHED, TOGETHER
from petition.letters.update_times import last_update, next_update
from petition.signing.appearances import ANSWER_TABLES
from petition.signing.models import Pending, Sealed
from petition.verifying import open_source, verify
from tests.conftest import Clock
from tests.walks import DATABASES, Campaign

pytestmark = pytest.mark.thorough

K, H = 3, 2
HOURS = (4,)
HELD, WAITS, IN_LOG, TAKEN_BACK, DROPPED = "held", "waits", "in the log", "taken back before sealing", "dropped"
PICK = st.integers(0, 10**6)
FIELDS = (
    read_field("Role", [("Software", None), ("Hardware", 9)]),
    read_field("Site", [("North", None), ("South", None)]),
)
GROUPS = st.fixed_dictionaries(
    {}, optional={"role": st.sampled_from(["software", "hardware"]), "site": st.sampled_from(["north", "south"])}
)


@dataclass(eq=False)
class KnownRound:
    """What an observer knows of a round."""

    number: int
    roll: int
    opens: datetime
    issues: bool = True
    has_issued_enough: bool = False
    """At least K + H tokens, as of the last set time."""
    has_enough: bool = False
    """At least K signatures, in the log or waiting, as of the last set time."""
    end_is_logged: bool = False
    starts: datetime | None = None
    annulled: bool = False
    annulment_is_logged: bool = False
    ends: datetime | None = None
    """The hour from which on it may end."""


@dataclass(eq=False)
class Code:
    round: KnownRound
    batch: int
    text: str
    is_spent: bool = False
    is_void: bool = False


@dataclass(eq=False)
class Signer:
    """A signer with a token, and what became of their signature."""

    round: KnownRound
    token: Token
    is_: str = HELD
    withdrawal: str = ""
    shows: dict[str, str] = field(default_factory=dict)
    """The groups that they chose, by field."""

    @property
    def commit(self) -> bytes:
        return bytes.fromhex(Campaign.opening(self.token).commit)


class Machine(RuleBasedStateMachine):
    """A campaign, and a model that learns of every act and counts by itself."""

    def __init__(self, make: Callable[[Clock], Any], most_rounds: int) -> None:
        super().__init__()
        self.clock, self.most_rounds = Clock(), most_rounds
        self._ends = contextlib.ExitStack()
        self.campaign: Campaign = self._ends.enter_context(make(self.clock))
        self.codes: list[Code] = []
        self.signers: list[Signer] = []
        self.state, self.batches = OPEN, 0
        self.closes: datetime | None = None
        self.updated = self.clock()

    @initialize(
        timing=st.sampled_from([TOGETHER, APART]),
        rolls=st.integers(1, 2),
        early=st.integers(3, 8),
        goes_on=st.booleans(),
    )
    def open(self, timing: str, rolls: int, early: int, goes_on: bool) -> None:
        """A letter is open, and as many as ``early`` of each roll come at once; it may have gone on from there."""
        self.timing = timing
        names = ("Current workers", "Former workers")[:rolls] if rolls > 1 else ()
        rules: dict[str, Any] = {"rolls": names} if names else {}
        rules["fields"] = FIELDS
        self.letter = self.campaign.an_open_letter(k=K, timing=timing, issuing_days=1, pause_hours=24, **rules)
        self.rounds = [self._known_round(roll + 1, roll, self.clock()) for roll in range(rolls)]
        for known in self.rounds:
            self._crowd(known, early)
        if goes_on:
            self.the_pause_passes()
            self.all_sign_who_have_not()
            self.a_set_time_comes()

    # what people do

    @rule(pick=PICK, count=st.integers(1, 4))
    def make_codes(self, pick: int, count: int) -> None:
        self._codes(self._round(pick), count)

    @rule(pick=PICK, count=st.integers(3, 8))
    def a_crowd_signs(self, pick: int, count: int) -> None:
        self._crowd(self._round(pick), count)

    @rule()
    def all_sign_who_have_not(self) -> None:
        for signer in self._who(HELD):
            self._sign(signer)

    @rule()
    def the_pause_passes(self) -> None:
        for _ in range(3):
            self.clock.pass_time(hours=24)
            self.tick()

    @precondition(lambda self: self.batches)
    @rule(pick=PICK)
    def void_a_batch(self, pick: int) -> None:
        """None of its codes works any more, and a used one is answered like the others."""
        batch = 1 + pick % self.batches
        with Session(self.campaign.databases.issuer) as issuer:
            void_batch(issuer, self.letter, batch)
            issuer.commit()
        for code in self.codes:
            code.is_void = code.is_void or code.batch == batch

    @precondition(lambda self: self.codes)
    @rule(pick=PICK)
    def exchange_a_code(self, pick: int) -> None:
        self._exchange(self.codes[pick % len(self.codes)])

    @precondition(lambda self: self.signers)
    @rule(pick=PICK)
    def sign(self, pick: int) -> None:
        self._sign(self.signers[pick % len(self.signers)])

    @precondition(lambda self: self.signers)
    @rule(pick=PICK, shows=GROUPS)
    def change(self, pick: int, shows: dict[str, str]) -> None:
        signer = self.signers[pick % len(self.signers)]
        go = lambda: self.campaign.change(self.letter, signer.token, **shows)  # noqa: E731
        shows_more = self.state == CLOSED and not shows.items() <= signer.shows.items()
        if signer.is_ in (HELD, DROPPED) or (signer.is_ == TAKEN_BACK and self.state == CLOSED):
            self._refused(NotFound, go)
        elif signer.is_ == TAKEN_BACK or signer.withdrawal or signer.round.annulled or shows_more:
            self._refused(Over, go)
        else:
            assert go().groups == tuple(sorted(shows.items()))
            signer.shows = shows

    @precondition(lambda self: self.signers)
    @rule(pick=PICK, shows=GROUPS)
    def sign_again_in_other_groups(self, pick: int, shows: dict[str, str]) -> None:
        signer = self.signers[pick % len(self.signers)]
        stands = signer.is_ in (WAITS, IN_LOG) and not signer.withdrawal and self._takes(signer.round)
        if stands and self.state != CLOSED and not shows.items() <= signer.shows.items():
            self._refused(Conflict, lambda: self.campaign.sign(self.letter, signer.token, **shows))

    @precondition(lambda self: self.signers)
    @rule(pick=PICK)
    def withdraw(self, pick: int) -> None:
        signer = self.signers[pick % len(self.signers)]
        if signer.is_ in (HELD, DROPPED) or (signer.is_ == TAKEN_BACK and self.state == CLOSED):
            self._refused(NotFound, lambda: self.campaign.withdraw(self.letter, signer.token))
            return
        assert self.campaign.withdraw(self.letter, signer.token) == (signer.is_ == IN_LOG)
        if signer.is_ == WAITS:
            signer.is_ = TAKEN_BACK
        if signer.is_ == IN_LOG:
            signer.withdrawal = signer.withdrawal or "waits"

    @precondition(lambda self: self.signers)
    @rule(pick=PICK, other=PICK)
    def sign_with_a_signature_of_somebody_else(self, pick: int, other: int) -> None:
        one, two = self.signers[pick % len(self.signers)], self.signers[other % len(self.signers)]
        if one is not two and self.state != CLOSED and self._takes(one.round):
            mixed = Token(**{**vars(one.token), "signature": two.token.signature})
            self._refused(Forbidden, lambda: self.campaign.sign(self.letter, mixed))

    # what organizers and the scheduler do

    @rule(hours=st.sampled_from([1, 2, 23, 25]))
    def pass_time(self, hours: int) -> None:
        self.clock.pass_time(hours=hours)

    @rule()
    def a_set_time_comes(self) -> None:
        self.clock.moment = self._next_set_time()
        self.tick()

    @rule()
    def tick(self) -> None:
        """The scheduler works at set times and at the hour of closing only; between them it changes nothing."""
        now, set_time = self.clock(), last_update(self._letter(), HOURS, self.clock())
        closes = self.state != CLOSED and self.closes is not None and self.closes <= now
        is_due = closes or self.updated < set_time
        ending = [known for known in self.rounds if self._ends_by_itself(known)] if is_due and not closes else []
        done = clockwork.tick(self.campaign.services, HOURS, now).done
        assert len(done) == is_due
        assert not any(said.startswith("failed") for said in done.values()), done
        for known in ending:
            known.issues = False
        if closes:
            self._closed()
        elif is_due:
            self._updated()
        else:
            assert not self._sealed_by_now()

    @rule(pick=PICK)
    def end_issuing(self, pick: int) -> None:
        """It ends at the next set time, if at least K + H tokens were issued as of the last one."""
        known, ends = self._round(pick), self._next_set_time()
        go = lambda: rounds.end_round(self.campaign.services, self.letter, known.number, ends=ends)  # noqa: E731
        if self.state == CLOSED:
            self._refused(Over, go)
        elif known.annulled or not known.issues:
            assert go() is None
        elif known.has_issued_enough:
            known.ends = go()
            assert known.ends is not None and known.ends <= ends
        else:
            self._refused(Conflict, go)

    @precondition(lambda self: len(self.rounds) < self.most_rounds)
    @rule(pick=PICK, codes=st.sampled_from([0, 2 * K - 1, 2 * K, 2 * K + 1]))
    def open_further_round(self, pick: int, codes: int) -> None:
        """Of a roll whose last round has K signatures in the log or was annulled, with at least 2K codes."""
        place = self._round(pick).roll
        roll = next(row.roll for row in self._rows() if row.number == place + 1)
        opens = self._next_set_time()
        go = lambda: rounds.open_further_round(  # noqa: E731
            self.campaign.services, self.letter, roll, codes, opens=opens
        )
        last = [known for known in self.rounds if known.roll == place][-1]
        if self.state == CLOSED:
            self._refused(Over, go)
        elif self.closes or not (last.annulled or self._has_k_in_log(last)):
            self._refused(Conflict, go)
        elif codes < 2 * K:
            self._refused(BadShape, go)
        else:
            self._opened(go(), place, opens)

    @rule(pick=PICK)
    def annul(self, pick: int) -> None:
        known = self._round(pick)
        go = lambda: rounds.annul_round(self.campaign.services, self.letter, known.number, "Flooded.")  # noqa: E731
        if self.state == CLOSED or known.annulled:
            self._refused(Conflict, go)
            return
        go()
        known.annulled, known.issues = True, False
        for signer in self._who(WAITS):
            signer.is_ = DROPPED if signer.round is known else WAITS

    @rule()
    def publish(self) -> None:
        """A letter is published only with at least K signatures of one round in the log."""
        go = lambda: opening.publish_letter(self.campaign.services, self.letter, moment=self.clock())  # noqa: E731
        if self.state != OPEN or not any(self._has_k_in_log(known) for known in self._living()):
            self._refused(Conflict, go)
            return
        go()
        self.state = PUBLISHED

    @rule()
    def announce_close(self) -> None:
        """Of a letter that is only open, if K signatures of one round waited at the last set time."""
        can_close = self.state == PUBLISHED or any(known.has_enough for known in self._living())
        if self.state == CLOSED or self.closes or not can_close:
            self._refused(Conflict, lambda: self.campaign.announce_close(self.letter))
            return
        self.campaign.announce_close(self.letter)
        self.closes = self.clock() + timedelta(days=1)

    @precondition(lambda self: self.closes is not None)
    @rule()
    def close(self) -> None:
        go = lambda: closing.close_letter(self.campaign.services, self.letter, moment=self.clock())  # noqa: E731
        if self.state == CLOSED or self.closes is None or self.closes > self.clock():
            self._refused(Conflict, go)
            return
        before = len(self._who(IN_LOG))
        result = go()
        self._closed()
        assert result.has_lapsed == (self.state == OPEN)
        assert result.signatures == len(self._who(IN_LOG)) - before

    # what must hold, whatever was done

    @invariant()
    def the_count_is_signatures_less_withdrawals(self) -> None:
        counted = [signer for signer in self._who(IN_LOG) if not signer.round.annulment_is_logged]
        withdrawn = [signer for signer in counted if signer.withdrawal == "logged"]
        by_roll = Counter(signer.round.roll for signer in counted)
        by_roll.subtract(signer.round.roll for signer in withdrawn)
        found = self.campaign.figures(self.letter)

        assert (found.signatures, found.withdrawals) == (len(counted), len(withdrawn))
        assert found.count == len(counted) - len(withdrawn)
        assert [roll.count for roll in found.rolls] == [by_roll[place] for place in range(len(found.rolls))]

    @invariant()
    def nothing_is_lost_and_nothing_was_never_signed(self) -> None:
        waiting = {row.commit for row in self.campaign.rows(Pending, self.letter)}
        sealed = {row.commit: row.is_withdrawn for row in self.campaign.rows(Sealed, self.letter)}

        assert waiting == {signer.commit for signer in self._who(WAITS)}
        assert sealed == {signer.commit: bool(signer.withdrawal) for signer in self._who(IN_LOG)}

    @invariant()
    def what_is_stored_of_groups_is_what_signers_show(self) -> None:
        stored = [
            (row.key, row.field, row.option)
            for table in ANSWER_TABLES
            for row in self.campaign.rows(table, self.letter)
            if row.option.strip()  # what was taken back is blank until the next sealing
        ]
        standing = [
            signer
            for signer in self._who(WAITS) + self._who(IN_LOG)
            if not signer.withdrawal and not signer.round.annulled
        ]

        assert sorted(stored) == sorted(
            (Campaign.opening(signer.token).group_key(name), name, option)
            for signer in standing
            for name, option in signer.shows.items()
        )

    @invariant()
    def nothing_small_is_shown_of_groups(self) -> None:
        for table in self.campaign.figures(self.letter).groups:
            assert all(group.count >= 5 and group.count % 5 == 0 for group in table.groups)
            assert table.others >= 5

    def teardown(self) -> None:
        """Outsiders recount it."""
        try:
            if hasattr(self, "letter"):
                self._recount()
        finally:
            self._ends.close()

    def _recount(self) -> None:
        if self.state == OPEN:
            self.publish()
        if self.state == OPEN:  # too few to be published; the log must be right all the same
            self.campaign.publish_empty(self.letter, None)
        with tempfile.TemporaryDirectory() as folder:
            for name, body in self.campaign.public_files(self.letter).items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
            verdict = verify(open_source(folder))
            assert verdict.ok, [check for check in verdict.checks if not check.ok]
            assert verdict.count == self.campaign.figures(self.letter).count

    # the model

    def _round(self, pick: int) -> KnownRound:
        return self.rounds[pick % len(self.rounds)]

    def _rows(self) -> list[Any]:
        with Session(self.campaign.databases.reading) as session:
            return rounds.rounds_of(session, self.letter)

    def _letter(self) -> Letter:
        return self.campaign.letter_row(self.letter)

    def _next_set_time(self) -> datetime:
        return next_update(self._letter(), HOURS, self.clock())

    def _living(self) -> list[KnownRound]:
        return [known for known in self.rounds if not known.annulled]

    def _of(self, known: KnownRound, *states: str) -> list[Signer]:
        return [signer for signer in self.signers if signer.round is known and signer.is_ in states]

    def _has_k_in_log(self, known: KnownRound) -> bool:
        return len(self._of(known, IN_LOG)) >= K

    def _issued(self, known: KnownRound) -> int:
        return sum(code.round is known and code.is_spent for code in self.codes)

    def _who(self, is_: str) -> list[Signer]:
        return [signer for signer in self.signers if signer.is_ == is_]

    @staticmethod
    def _refused(kind: type[Refusal], go: Callable[[], object]) -> None:
        with pytest.raises(kind):
            go()

    def _codes(self, of: KnownRound, count: int) -> list[Code]:
        if not of.issues:
            self._refused(Over, lambda: self.campaign.codes(self.letter, count, of.number))
            return []
        self.batches += 1
        made = [Code(of, self.batches, text) for text in self.campaign.codes(self.letter, count, of.number)]
        self.codes += made
        return made

    def _opened(self, new: rounds.NewRound, place: int, opens: datetime) -> None:
        self.batches += 1
        assert (new.number, new.batch) == (len(self.rounds) + 1, self.batches)
        known = self._known_round(new.number, place, opens)
        self.rounds.append(known)
        self.codes += [Code(known, self.batches, text) for text in new.codes]

    def _crowd(self, of: KnownRound, count: int) -> None:
        for code in self._codes(of, count):
            signer = self._exchange(code)
            if signer is not None:
                self._sign(signer)

    def _exchange(self, code: Code) -> Signer | None:
        """A code is exchanged once, from the hour at which its round opens, until issuing ends or it is recalled."""
        refusal = self._refusal_of(code)
        if refusal is not None:
            self._refused(refusal, lambda: self.campaign.token(self.letter, code.text, code.round.number))
            return None
        signer = Signer(code.round, self.campaign.token(self.letter, code.text, code.round.number))
        signer.shows = [{}, {"role": "software"}, {"role": "software", "site": "north"}][len(self.signers) % 3]
        code.is_spent = True
        self.signers.append(signer)
        return signer

    def _refusal_of(self, code: Code) -> type[Refusal] | None:
        if not code.round.issues:
            return Over
        if code.round.opens > self.clock():
            return TooEarly
        if code.is_void:
            return Over
        return CodeUsed if code.is_spent else None

    def _takes(self, of: KnownRound) -> bool:
        started = self.timing == TOGETHER or (of.starts is not None and of.starts <= self.clock())
        return started and not of.annulled

    def _sign(self, signer: Signer) -> None:
        over = signer.round.annulled or signer.is_ == TAKEN_BACK or signer.withdrawal
        if over or (self.state == CLOSED and signer.is_ in (HELD, DROPPED)):
            self._refused(Over, lambda: self.campaign.sign(self.letter, signer.token))
        elif self.state != CLOSED and not self._takes(signer.round):
            self._refused(TooEarly, lambda: self.campaign.sign(self.letter, signer.token))
        else:
            assert self.campaign.sign(self.letter, signer.token, **signer.shows).sealed == (signer.is_ == IN_LOG)
            signer.is_ = WAITS if signer.is_ == HELD else signer.is_

    def _ends_by_itself(self, known: KnownRound) -> bool:
        is_due = known.issues and known.ends is not None and known.ends <= self.clock()
        return is_due and self._issued(known) >= K + H

    def _known_round(self, number: int, roll: int, opens: datetime) -> KnownRound:
        return KnownRound(number, roll, opens, ends=opens + timedelta(days=1) if self.timing == APART else None)

    def _sealed_by_now(self) -> list[Signer]:
        """Those who waited and are in the log."""
        waited = self._who(WAITS)
        return [one for one in waited if self.campaign.look_up(self.letter, one.token).state == "sealed"]

    def _updated(self) -> None:
        """Of each round all but H, if at least K + H wait; none before an announced closing."""
        went = self._sealed_by_now()
        for known in self.rounds if self.state != CLOSED else ():
            waited = len(self._of(known, WAITS))
            known.has_enough = waited + len(self._of(known, IN_LOG)) >= K
            known.has_issued_enough = self._issued(known) >= K + H
            expected = waited - H if waited >= K + H and not self.closes else 0
            assert len([signer for signer in went if signer.round is known]) == expected
        for signer in went:
            signer.is_ = IN_LOG
        self._logged()

    def _logged(self) -> None:
        self.updated = self.clock()
        for signer in self._who(IN_LOG):
            signer.withdrawal = signer.withdrawal and "logged"
        for known in self.rounds if self.state != CLOSED else ():
            if known.opens > self.clock():
                continue
            known.annulment_is_logged = known.annulled
            if not known.issues and not known.end_is_logged:
                known.end_is_logged, known.starts = True, self.clock() + timedelta(days=1)

    def _closed(self) -> None:
        """All that waits is sealed in every round that then has K; a letter that is only open and has none lapses."""
        has_k = [known for known in self._living() if len(self._of(known, WAITS, IN_LOG)) >= K]
        if self.state == OPEN and not has_k:
            self.closes = None
            return
        dropped = [signer for signer in self._who(WAITS) if signer.round not in has_k]
        for signer in self._who(WAITS):
            signer.is_ = DROPPED if signer in dropped else IN_LOG
        for known in self.rounds:
            known.issues = False
        self._logged()
        self.state = CLOSED
        fives = len(dropped) - len(dropped) % 5
        assert self.campaign.entries(self.letter)[-1]["dropped"] == (fives if fives >= K else 0)


def walk(make: Callable[[Clock], Any], keys: list[PrivateKey], campaigns: int) -> None:
    """Walk through a number of campaigns."""
    how = settings(
        max_examples=campaigns,
        stateful_step_count=50,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    run_state_machine_as_test(lambda: Machine(make, len(keys)), settings=how)


def on(environ: dict[str, str], clock: Clock, keys: list[PrivateKey]) -> Campaign:
    found = config.settings(environ)
    config.prepare_folders(found)
    left = iter(keys)
    return Campaign(found, clock, lambda: next(left))


def test_no_campaign_breaks_a_promise(sqlite_templates: Path, keys: list[PrivateKey]) -> None:
    walk(lambda clock: on_sqlite(sqlite_templates, clock, keys), keys, 3)


@pytest.mark.long
def test_no_campaign_of_many_breaks_a_promise(sqlite_templates: Path, keys: list[PrivateKey]) -> None:
    walk(lambda clock: on_sqlite(sqlite_templates, clock, keys), keys, 150)


@contextlib.contextmanager
def on_sqlite(templates: Path, clock: Clock, keys: list[PrivateKey]) -> Iterator[Campaign]:
    with tempfile.TemporaryDirectory() as folder:
        for name in DATABASES:
            shutil.copy(templates / name, folder)
        made = on({"PETITION_DATA": folder, "PETITION_URL": "https://letters.example.org"}, clock, keys)
        yield made
        made.close()


@pytest.mark.long
def test_no_campaign_on_postgresql_breaks_a_promise(postgres_templates: Any, keys: list[PrivateKey]) -> None:
    @contextlib.contextmanager
    def make(clock: Clock) -> Iterator[Campaign]:
        names = ("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL")
        with tempfile.TemporaryDirectory() as folder:
            urls = dict(zip(names, postgres_templates("machine"), strict=True))
            made = on({"PETITION_DATA": folder, "PETITION_URL": "https://letters.example.org", **urls}, clock, keys)
            yield made
            made.close()

    walk(make, keys, 20)
