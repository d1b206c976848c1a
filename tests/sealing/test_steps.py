"""An update in short steps: others sign meanwhile, nothing is public before its end, and a crash loses nothing."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from petition.coordination import closing, rounds
from petition.database import Databases
from petition.errors import Over
from petition.letters.fields import read_field
from petition.sealing import steps
from petition.sealing.models import Entry, Log, Tile
from petition.signing.models import Answer, ArrivedAnswer, Pending, Sealed, Tombstone, Withdrawal
from tests.conftest import Clock, campaign
from tests.race.crowd import verdict_of
from tests.walks import DATABASES, Campaign

__all__ = ["campaign"]
K, H = 3, 2
pytestmark = pytest.mark.thorough
on_both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
"""What rests on the locks of each; the rest on PostgreSQL is for the long run."""
FIELDS = (read_field("Role", [("Software", None), ("Hardware", None)]),)


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "AT_ONCE", 3)


class Crash(BaseException):
    """The process ends here."""


def no_pause(_seconds: float) -> None:
    """Nobody waits in tests."""


def at(number: int, act: Callable[[], object]) -> Callable[[float], object]:
    """Does something in the pause of this number, from 0."""
    left = iter(range(1_000))

    def pause(_seconds: float) -> None:
        if next(left) == number:
            act()

    return pause


def crash() -> None:
    raise Crash


def pauses(campaign: Campaign, letter: str) -> int:
    """How many pauses an update makes."""
    made: list[float] = []
    campaign.seal(letter, pause=made.append)
    return len(made)


def of_log(campaign: Campaign, letter: str) -> Log:
    with Session(campaign.databases.reading) as session:
        return session.get_one(Log, letter)


def verified(campaign: Campaign, letter: str, folder: Path) -> int:
    """How many signatures an outsider counts."""
    return verdict_of(campaign, letter, folder).count


@on_both
def test_an_update_in_many_steps_counts_what_one_in_a_single_step_counts(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=K, fields=FIELDS)
    campaign.sign_all(letter, 12, role="software")

    assert pauses(campaign, letter) > 10
    assert verified(campaign, letter, tmp_path / "site") == 12 - H
    assert len(campaign.rows(Pending, letter)) == H
    assert len(campaign.rows(Answer, letter)) == 12
    assert campaign.rows(ArrivedAnswer, letter) == []


def test_nothing_public_changes_before_the_last_step_and_then_all_of_it(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.sign_all(letter, 12)
    seen: list[dict[str, bytes]] = []
    before = campaign.public_files(letter)
    turns = count()
    campaign.seal(letter, pause=lambda _: next(turns) % 3 or seen.append(campaign.public_files(letter)))
    after = campaign.public_files(letter)

    sizes = [found["log/checkpoint"] for found in seen]
    assert set(sizes) == {before["log/checkpoint"], after["log/checkpoint"]}
    assert all(found in (before, after) for found in seen)
    assert sizes == sorted(sizes, key=lambda one: one == after["log/checkpoint"])


@on_both
def test_those_who_sign_and_leave_between_steps_are_not_lost(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=K)
    signed, coming = list(campaign.sign_all(letter, 12)), list(campaign.tokens(letter, 8))
    came, left = [], []

    def meanwhile(_seconds: float) -> None:
        if coming:
            came.append(coming.pop())
            campaign.sign(letter, came[-1])
        if len(signed) > 8:
            left.append(signed.pop())
            campaign.withdraw(letter, left[-1])

    campaign.seal(letter, pause=meanwhile)
    assert len(left) == 4
    for token in left:
        with pytest.raises(Over):
            campaign.sign(letter, token)
        with pytest.raises(Over):
            campaign.change(letter, token)
    campaign.seal(letter, pause=no_pause)
    campaign.close_letter(letter)

    assert verified(campaign, letter, tmp_path / "site") == 12 + len(came) - len(left)
    assert campaign.rows(Pending, letter) == campaign.rows(Withdrawal, letter) == []


def test_who_leaves_between_steps_and_was_not_chosen_leaves_no_entry(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    tokens = campaign.sign_all(letter, 12)
    left: list[Any] = []

    def all_leave() -> None:
        for token in tokens:
            campaign.withdraw(letter, token)
            left.append(token)

    campaign.seal(letter, pause=at(7, all_leave))
    entries = campaign.entries(letter)

    assert [entry for entry in entries if entry["type"] == "withdrawal"] == []
    gone = len(campaign.rows(Tombstone, letter))
    assert 0 <= gone <= H
    leaving = {row.commit for row in campaign.rows(Withdrawal, letter)}
    assert len(leaving) == 12 - gone
    assert leaving == {row.commit for row in campaign.rows(Sealed, letter) if row.is_withdrawn}


LONG = [pytest.param(share, marks=pytest.mark.long) for share in (0.2, 0.6, 0.75, 0.9)]


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0, *LONG])
def test_an_update_that_is_cut_off_is_done_anew(campaign: Campaign, share: float, tmp_path: Path) -> None:
    first, letter = (campaign.a_published_letter(k=K, fields=FIELDS) for _ in range(2))
    campaign.sign_all(first, 12, role="software")
    last = pauses(campaign, first) - 1
    tokens = campaign.sign_all(letter, 12, role="software")
    before = campaign.public_files(letter)
    with pytest.raises(Crash):
        campaign.seal(letter, pause=at(round(last * share), crash))

    is_public = of_log(campaign, letter).size > 10
    assert is_public or campaign.public_files(letter) == before
    campaign.withdraw(letter, tokens[0])
    assert {campaign.sign(letter, token).sealed for token in tokens[1:]} <= {is_public, False}
    campaign.sign_all(letter, 5)
    campaign.seal(letter, pause=no_pause)

    left = Databases(campaign.settings.database_url, campaign.settings.issuer_database_url)
    assert list(stored_beyond(left, letter)) == []
    left.dispose()
    campaign.seal(letter, pause=no_pause)
    campaign.close_letter(letter)
    assert verified(campaign, letter, tmp_path / "site") == 12 - 1 + 5
    assert of_log(campaign, letter).preparing is None


def test_what_an_update_left_that_was_cut_off_once_public_is_cleared_at_the_next_look(
    campaign: Campaign, clock: Clock, tmp_path: Path
) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.sign_all(letter, 12)

    def crash_once_public(_seconds: float) -> None:
        if of_log(campaign, letter).size > 10:
            crash()

    with pytest.raises(Crash):
        campaign.seal(letter, pause=crash_once_public)
    cut_off = of_log(campaign, letter)
    assert (cut_off.size > 10, cut_off.preparing is None) == (True, False)
    assert len(campaign.rows(Pending, letter)) > H
    clock.pass_time(hours=1)  # no set time of daily updates
    campaign.tick()

    found = of_log(campaign, letter)
    assert (found.size, found.updated, found.preparing) == (cut_off.size, cut_off.updated, None)
    assert len(campaign.rows(Pending, letter)) == H
    campaign.close_letter(letter)
    assert verified(campaign, letter, tmp_path / "site") == 12


def stored_beyond(databases: Databases, letter: str) -> Iterator[object]:
    """What is stored of a log behind its end."""
    with Session(databases.reading) as session:
        size = session.get_one(Log, letter).size
        yield from session.scalars(select(Entry).where(Entry.letter_id == letter, Entry.number >= size))
        yield from session.scalars(select(Sealed).where(Sealed.letter_id == letter, Sealed.entry >= size))
        for tile in session.scalars(select(Tile).where(Tile.letter_id == letter)):
            if tile.number * 256 + len(tile.hashes) // 32 > size >> (8 * tile.level):
                yield tile


@on_both
def test_an_update_of_another_process_takes_over(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.sign_all(letter, 12)
    other: list[Any] = []
    first = campaign.seal(letter, pause=at(9, lambda: other.append(campaign.seal(letter, pause=no_pause))))

    assert (first.signatures, other[0].signatures) == (0, 12 - H)
    assert verified(campaign, letter, tmp_path / "site") == 12 - H


@pytest.mark.parametrize("number", [2, 6, 9])
def test_a_set_of_codes_that_is_canceled_between_steps_is_not_counted(
    campaign: Campaign, tmp_path: Path, number: int
) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.sign_all(letter, 12)
    campaign.seal(letter, pause=at(number, lambda: rounds.annul_round(campaign.services, letter, 1, "Flooded.")))
    campaign.seal(letter, pause=no_pause)

    types = [entry["type"] for entry in campaign.entries(letter)]
    assert types.count("annulled") == 1
    assert "signature" not in types
    assert verified(campaign, letter, tmp_path / "site") == 0


@pytest.mark.parametrize("number", [2, 6, 9])
def test_a_letter_that_is_withdrawn_between_steps_leaves_no_signature(campaign: Campaign, number: int) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, 12)
    size = of_log(campaign, letter).size
    result = campaign.seal(letter, pause=at(number, lambda: closing.withdraw_letter(campaign.services, letter, "")))

    assert (result.signatures, of_log(campaign, letter).size) == (0, size)
    left = Databases(campaign.settings.database_url, campaign.settings.issuer_database_url)
    assert list(stored_beyond(left, letter)) == campaign.rows(Sealed, letter) == campaign.rows(Pending, letter) == []
    left.dispose()


def test_a_letter_for_which_many_wait_closes_in_a_short_step_and_counts_all(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(closing, "LAST", 4)
    monkeypatch.setattr(steps, "PAUSE", 0)
    letter = campaign.a_published_letter(k=K)
    campaign.sign_all(letter, 16)
    size = of_log(campaign, letter).size
    result = campaign.close_letter(letter)

    assert result.signatures == 4
    assert of_log(campaign, letter).size > size + 16
    assert verified(campaign, letter, tmp_path / "site") == 16


@pytest.mark.parametrize("kind", ["sqlite"])
def test_whatever_the_order_of_arrival_the_same_bytes_are_left_though_others_sign_meanwhile(
    campaign: Campaign, tmp_path: Path
) -> None:
    letter, other = (campaign.a_published_letter(k=K, fields=FIELDS) for _ in range(2))
    campaign.codes(letter, 100)
    rows = [a_signature(campaign, of, number) for of in (letter, other) for number in range(40)]
    late = [a_signature(campaign, letter, number) for number in range(40, 44)]
    campaign.databases.dispose()
    for name in DATABASES:
        shutil.copy(campaign.settings.data / name, tmp_path / name)
    found = set()
    for number in range(4):
        for name in DATABASES:
            shutil.copy(tmp_path / name, campaign.settings.data / name)
        arrive(campaign, Random(number).sample(rows, len(rows)))
        campaign.services = replace(campaign.services, random=Random(5).randbytes)
        campaign.seal(letter, pause=at(20, lambda: arrive(campaign, late)))
        campaign.databases.dispose()
        found.add(tuple((campaign.settings.data / name).read_bytes() for name in DATABASES[:2]))

    assert len(found) == 1


def a_signature(campaign: Campaign, letter: str, number: int) -> list[tuple[type[Any], dict[str, Any]]]:
    """A signature and an answer as they are stored; which ones follows from the number."""
    chance = Random(f"{letter} {number}")
    row = {"letter_id": letter, "commit": chance.randbytes(32), "round": 1}
    answer = {"letter_id": letter, "key": chance.randbytes(32), "round": 1, "field": FIELDS[0].id, "option": "software"}
    return [
        (Pending, row | {"message": chance.randbytes(213), "signature": chance.randbytes(384)}),
        (ArrivedAnswer, answer),
    ]


def arrive(campaign: Campaign, signatures: list[list[tuple[type[Any], dict[str, Any]]]]) -> None:
    for rows in signatures:
        with campaign.databases.petition.begin() as connection:
            for table, row in rows:
                connection.execute(insert(table.__table__).values(row))
