"""History and log as streams: the same bytes as the public files, whatever their size, and no one waits."""

import tracemalloc
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from petition.crypto.merkle import leaf_hash, root
from petition.publishing.data import streams
from petition.publishing.data.streams import AT_ONCE, Pieces, history_csv, history_size, log_jsonl, log_size
from petition.sealing.models import Entry, Sealing
from tests.conftest import START
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

MANY = 25_000
ENTRY = b'{"type":"signature","x":"' + b"y" * 900 + b'"}'


def whole(pieces: Pieces) -> bytes:
    return b"".join(piece for piece, _ in pieces)


@pytest.fixture
def letter(campaign: Campaign) -> str:
    made = campaign.a_published_letter()
    campaign.sign_all(made, 6)
    campaign.seal(made)
    campaign.clock.pass_time(hours=2)  # type: ignore[attr-defined]
    campaign.sign_all(made, 4)
    campaign.seal(made)
    return made


def test_the_history_is_the_public_file(campaign: Campaign, letter: str) -> None:
    engine = campaign.databases.reading

    assert whole(history_csv(engine, letter)) == campaign.public_files(letter)["history.csv"]
    assert history_size(engine, letter) == 2


def test_a_line_of_the_log_is_an_entry_as_it_is_hashed(campaign: Campaign, letter: str) -> None:
    engine = campaign.databases.reading
    lines = whole(log_jsonl(engine, letter)).split(b"\n")

    assert lines.pop() == b""
    assert len(lines) == log_size(engine, letter)
    assert root([leaf_hash(line) for line in lines]) == campaign.figures(letter).log_root


def test_what_is_told_to_the_bar_adds_up(campaign: Campaign, letter: str) -> None:
    engine = campaign.databases.reading

    assert sum(rows for _, rows in log_jsonl(engine, letter)) == log_size(engine, letter)
    assert sum(rows for _, rows in history_csv(engine, letter)) == history_size(engine, letter)


def test_people_sign_while_the_log_is_read(campaign: Campaign, letter: str) -> None:
    tokens = campaign.tokens(letter, 1)
    pieces = log_jsonl(campaign.databases.reading, letter)
    next(pieces)

    campaign.sign(letter, tokens[0])
    assert list(pieces) == []


def test_someone_who_stops_reading_leaves_nothing_open(campaign: Campaign) -> None:
    """These hours are of no letter. A connection that was left in the middle of them would give the rest to others."""
    _put(campaign, Sealing, _hours("I" * 26, 3 * AT_ONCE))
    engine = campaign.databases.reading
    for _ in range(2):
        pieces = history_csv(engine, "I" * 26)
        next(pieces), next(pieces)
        pieces.close()  # type: ignore[attr-defined]

    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert len(whole(history_csv(engine, "I" * 26)).split(b"\r\n")) == 3 * AT_ONCE + 2


def test_a_history_of_more_rows_than_are_held_at_once_is_whole(campaign: Campaign) -> None:
    rows = _hours("H" * 26, 2 * AT_ONCE + 7)
    _put(campaign, Sealing, rows)
    lines = whole(history_csv(campaign.databases.reading, "H" * 26)).split(b"\r\n")

    assert len(lines) == len(rows) + 2
    assert lines[1] == b"2026-11-02T09:00Z,0,0,0"
    assert lines[-2].endswith(b",%d,0,%d" % (len(rows) - 1, len(rows) - 1))


def test_memory_stays_as_it_is_however_long_the_log(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """These entries are of no letter, so no log says how many of them are public."""
    sizes = {"A" * 26: AT_ONCE, "B" * 26: MANY}
    monkeypatch.setattr(streams, "log_size", lambda _engine, letter: sizes[letter])
    for letter, count in sizes.items():
        for start in range(0, count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, count))
            _put(campaign, Entry, [{"letter_id": letter, "number": number, "data": ENTRY} for number in numbers])
    engine = campaign.databases.reading
    little, much = (_peak(lambda letter=letter: log_jsonl(engine, letter)) for letter in ("A" * 26, "B" * 26))

    assert much[0] == MANY * (len(ENTRY) + 1)
    assert much[1] < 2 * little[1] < much[0] / 2


def _hours(letter: str, count: int) -> list[dict[str, object]]:
    return [
        {"letter_id": letter, "hour": START + timedelta(hours=number), "signatures": number, "withdrawals": 0}
        for number in range(count)
    ]


def _put(campaign: Campaign, table: type, rows: list[dict[str, object]]) -> None:
    with Session(campaign.databases.petition) as session:
        session.execute(insert(table), rows)
        session.commit()


def _peak(make: Callable[[], Pieces]) -> tuple[int, int]:
    """How many bytes a stream gave, and the most memory that Python held for it."""
    tracemalloc.start()
    size = sum(len(piece) for piece, _ in make())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size, peak
