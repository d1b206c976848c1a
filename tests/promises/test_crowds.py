"""No one stands alone: whatever tells signatures apart, in the published files or in the raw files of the database,
tells of none or of at least K.

What could tell them apart is not listed here but found: every member of an entry and of the statement inside it, every
column of a row, and the update with which it came. A new member or column that sets a person apart fails this.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from petition.coordination import rounds
from petition.crypto.encodings import from_b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import Token
from petition.database import PetitionBase
from petition.letters.fields import read_field
from petition.signing.models import Round
from tests.conftest import Clock
from tests.promises.sqlitefile import SQLiteFile
from tests.walks import Campaign

pytestmark = [pytest.mark.thorough, pytest.mark.parametrize("kind", ["sqlite"])]

K, H = 4, 2
ROLE = read_field("Role", [("Software", None), ("Hardware", None), ("Support", None)])
WORKERS, CONTRACTORS, TEMPS, LATE = 1, 2, 3, 4
ALONE = frozenset({"message", "signature", "prefix", "commit"})
"""What is another for each signature because it is random, or a hash of what is."""
PER_SIGNER = {"sealed": "commit", "answer": "key", "locked_name": "key", "shown_name": "key"}
"""Tables with a row a signer that has settled, and their key."""
WAITING = {"pending", "arrived_answer", "arrived_name", "tombstone", "withdrawal"}
"""Tables of what came since the last update, or waits for others: a copy of those shows who came since."""
OF_A_SIGNER = {*PER_SIGNER, *WAITING}
CONTENT = {"option", "step", "locked", "locked_sha256", "name", "title", "entry", "state", "is_withdrawn"}
"""Columns of what people say, of where a row's entry stands, and of single withdrawals, which protocol 11 tells of."""


@dataclass
class Seen:
    """What a thief has who copies everything after each update."""

    update: int
    public: dict[str, bytes]
    database: SQLiteFile
    issuer: bytes


@dataclass
class Lived:
    """A campaign from its opening to its end."""

    letter: str
    seen: list[Seen] = field(default_factory=list)
    tokens: dict[int, list[Token]] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The update that closed it."""
        return next(one.update for one in self.seen if one.public and entries_in(one.public)[-1]["type"] == "closed")


def live(campaign: Campaign, clock: Clock, random: Random) -> Lived:
    """Some days on which people sign in three rolls and a further round: in one of them fewer than K."""
    rolls = ("Workers", "Contractors", "Temps")
    letter = campaign.an_open_letter(k=K, rolls=rolls, fields=(ROLE,), names=("named", "named_at:50"))
    lived = Lived(letter, tokens={number: [] for number in (WORKERS, CONTRACTORS, TEMPS, LATE)})
    days = 10
    for day in range(days):
        coming = {WORKERS: random.randint(0, 5), CONTRACTORS: random.randint(0, 3), TEMPS: day in (2, 5, 8)}
        if len(campaign.rows(Round, letter)) == LATE:
            coming[LATE] = random.randint(0, 4)
        for number, count in coming.items():
            come(campaign, lived, number, int(count), random)
        leave(campaign, lived, random)
        if day == 5 and campaign.rows(Round, letter)[0].signatures >= K:
            rounds.open_further_round(campaign.services, letter, None, 2 * K, opens=clock())
        is_open, counted = campaign.letter_row(letter).state == "open", campaign.rows(Round, letter)[0].signatures
        if is_open and counted >= K and day > 2:
            campaign.publish(letter, unlocks="Ana")
        if day == days - 1:
            campaign.announce_close(letter)
        clock.pass_time(days=1)
        campaign.tick()
        lived.seen.append(take(campaign, lived))
    clock.pass_time(hours=3)
    campaign.tick()
    lived.seen.append(take(campaign, lived))
    return lived


def come(campaign: Campaign, lived: Lived, number: int, count: int, random: Random) -> None:
    """Some sign, most with a group, some by name."""
    for token in campaign.tokens(lived.letter, count, number):
        at = 50 if random.random() < 0.5 else None
        shown = f"Quinn {random.random()}"
        name = campaign.locked(lived.letter, token, shown, at=at) if random.random() < 0.7 else None
        role = random.choice(ROLE.options).id if random.random() < 0.8 else ""
        campaign.sign(lived.letter, token, role=role, name=name, at=at if name else None)
        lived.tokens[number].append(token)


def leave(campaign: Campaign, lived: Lived, random: Random) -> None:
    """Now and then a signer withdraws, or shows less."""
    for tokens in lived.tokens.values():
        if len(tokens) > 2 * K and random.random() < 0.3:
            campaign.withdraw(lived.letter, tokens.pop(random.randrange(len(tokens))))
        if len(tokens) > 2 * K and random.random() < 0.3:
            campaign.change(lived.letter, random.choice(tokens))


def take(campaign: Campaign, lived: Lived) -> Seen:
    """Everything that is public by now, and both databases' bytes."""
    is_public = campaign.letter_row(lived.letter).state in ("published", "closed")
    public = campaign.public_files(lived.letter) if is_public else {}
    database, issuer = files_of(campaign)
    return Seen(len(lived.seen), public, SQLiteFile(database), issuer)


def files_of(campaign: Campaign) -> tuple[bytes, bytes]:
    """Both databases as in a copy of the disk."""
    campaign.databases.dispose()
    return (campaign.settings.data / "petition.db").read_bytes(), (campaign.settings.data / "issuer.db").read_bytes()


@pytest.fixture(scope="session")
def stories() -> dict[int, Lived]:
    """Those that were lived already: what they left is only looked at."""
    return {}


@pytest.fixture(params=[1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def lived(request: pytest.FixtureRequest, stories: dict[int, Lived], campaign: Campaign, clock: Clock) -> Lived:
    if request.param not in stories:
        stories[request.param] = live(campaign, clock, Random(request.param))
    return stories[request.param]


# What is published


def entries_in(public: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """The log's entries, from its tiles alone (C2SP tlog-tiles: each with its length before it)."""
    size = int(public["log/checkpoint"].split(b"\n")[1])
    named = sorted(
        (name for name in public if name.startswith("log/tile/entries/")), key=lambda name: len(public[name])
    )
    data, found = public[named[-1]], []
    while data:
        length = int.from_bytes(data[:2], "big")
        found.append(json.loads(data[2 : 2 + length]))
        data = data[2 + length :]
    assert len(found) == size < 256
    return found


def attributes(entry: Mapping[str, Any], roll: str) -> dict[str, Any]:
    """Everything that an entry and the statement inside it say, by the name of the member."""
    message = from_b64url(entry["message"])
    *lines, commit, _end = message[32:].decode("ascii").split("\n")
    said = {f"statement line {number}": line for number, line in enumerate(lines)}
    return {**entry, **said, "prefix": message[:32], "commit": commit, "roll": roll}


def signatures_in(lived: Lived) -> Iterator[dict[str, Any]]:
    """Each signature with all that tells it from others, the update with which it came among them."""
    public = [one for one in lived.seen if one.public]
    sizes = [(one.update, int(one.public["log/checkpoint"].split(b"\n")[1])) for one in public]
    entries = entries_in(public[-1].public)
    rolls = {entry["round"]: entry["roll"] for entry in entries if entry["type"] == "round"}
    for number, entry in enumerate(entries):
        if entry["type"] == "signature":
            update = next(update for update, size in sizes if size > number)
            yield {**attributes(entry, rolls[entry["round"]]), "update": update}


def test_the_log_and_its_checkpoints_tell_apart_none_or_k(lived: Lived) -> None:
    found = list(signatures_in(lived))
    names = found[0].keys()
    telling = [name for name in names if len({str(one[name]) for one in found}) < len(found)]
    classes = Counter(tuple(one[name] for name in telling) for one in found)
    in_round = Counter(one["round"] for one in found)

    assert names - set(telling) == ALONE
    assert {"round", "roll", "update"} <= set(telling)
    assert len(in_round) == 3
    assert min(in_round.values()) >= K
    for values, count in classes.items():
        told = dict(zip(telling, values, strict=True))
        assert count >= K or told["update"] == lived.last, told


def test_no_file_tells_of_a_round_that_stayed_small(lived: Lived) -> None:
    public = lived.seen[-1].public
    entries = entries_in(public)
    counts = json.loads(public["counts.json"])

    assert not [one for one in entries if one["type"] == "signature" and one["round"] == TEMPS]
    assert (entries[-1]["type"], entries[-1]["dropped"]) == ("closed", 0)
    assert [one["count"] for one in counts["rolls"] if one["roll"] == "Temps"] == [0]
    assert [one.get("issued") for one in entries if one["type"] == "issued" and one["round"] == TEMPS] == [None]


def test_the_history_and_the_counts_move_by_none_or_k(lived: Lived) -> None:
    public = [one for one in lived.seen if one.public]
    rows = list(csv.DictReader(io.StringIO(public[-1].public["history.csv"].decode())))
    grown = [int(one["signatures"]) - int(before["signatures"]) for before, one in zip(rows, rows[1:], strict=False)]

    assert all(more == 0 or more >= K for more in grown[:-1])
    for one in public:
        told = json.loads(one.public["counts.json"])
        assert all(roll["count"] == 0 or roll["count"] >= K - told["withdrawals"] for roll in told["rolls"])
        for table in told["groups"]:
            assert all(option["count"] >= K and option["count"] % 5 == 0 for option in table["options"])


def test_names_come_to_the_list_in_crowds(lived: Lived) -> None:
    shown = [
        {tuple(row) for row in csv.reader(io.StringIO(one.public["names.csv"].decode()))}
        for one in lived.seen
        if "names.csv" in one.public and one.update < lived.last
    ]

    assert len(shown) > 2
    for before, after in zip(shown, shown[1:], strict=False):
        assert len(after - before) in {0, *range(K, 999)}


# What is stored


def rows_of(seen: Seen, table: str) -> dict[bytes, dict[str, Any]]:
    """The rows of a table as they lie in the file, by what tells them apart."""
    columns = [column.name for column in PetitionBase.metadata.tables[table].columns]
    rows = [dict(zip(columns, cell.values, strict=False)) for cell in seen.database.of(table)]
    return {bytes(row.pop(PER_SIGNER.get(table, "commit" if "commit" in columns else "key"))): row for row in rows}


def test_every_table_with_a_row_a_signer_is_known_here(lived: Lived) -> None:
    keyed = {
        name
        for name, table in PetitionBase.metadata.tables.items()
        if {"commit", "key"} & {column.name for column in table.primary_key}
    }
    assert keyed - {"sign_in", "recovery_code", "invitation", "report", "spent_form"} == OF_A_SIGNER


@pytest.mark.parametrize("table", sorted(PER_SIGNER))
def test_the_rows_of_a_table_are_told_apart_by_none_or_k(lived: Lived, table: str) -> None:
    came: dict[bytes, int] = {}
    rows: dict[bytes, dict[str, Any]] = {}
    for seen in lived.seen:
        for key, row in rows_of(seen, table).items():
            came.setdefault(key, seen.update)
            rows[key] = row
    telling = sorted({name for row in rows.values() for name in row} - CONTENT)
    classes = Counter((came[key], *(row[name] for name in telling)) for key, row in rows.items())

    assert len(rows) >= K and "round" in telling
    for (update, *values), count in classes.items():
        assert count >= K or update == lived.last, (update, dict(zip(telling, values, strict=True)))


def test_no_number_of_a_round_tells_of_one_who_came_since_the_last_update(campaign: Campaign, clock: Clock) -> None:
    """An organizer who holds all other codes could look every minute."""
    letter = campaign.an_open_letter(k=K)
    clock.pass_time(days=1)
    campaign.tick()
    before = [vars(row) for row in campaign.rows(Round, letter)]
    campaign.sign_all(letter, K + H)
    campaign.codes(letter, 3)
    after = [vars(row) for row in campaign.rows(Round, letter)]

    for one, other in zip(before, after, strict=True):
        assert {**one, "_sa_instance_state": None} == {**other, "_sa_instance_state": None}


def test_what_waits_is_held_back_in_each_round_or_is_no_crowd_yet(lived: Lived) -> None:
    for seen in lived.seen[:-1]:
        waiting = Counter(row["round"] for row in rows_of(seen, "pending").values())

        assert all(count < K + H for count in waiting.values())


def test_nothing_is_left_of_a_round_that_stayed_small(lived: Lived) -> None:
    last = lived.seen[-1]
    raw = last.database.raw + last.issuer
    assert [name for name in OF_A_SIGNER for row in rows_of(last, name).values() if row.get("round") == TEMPS] == []
    for token in lived.tokens[TEMPS]:
        keys = opening(token.receipt)
        known = [bytes.fromhex(keys.commit), keys.name_key(), keys.group_key(ROLE.id), token.message, token.signature]
        assert not [one for one in known if one in raw]


def test_nothing_waits_after_the_end_and_no_code_is_left(lived: Lived) -> None:
    last = lived.seen[-1]

    assert {name: rows_of(last, name) for name in WAITING} == {name: {} for name in WAITING}
    assert SQLiteFile(last.issuer).of("code") == []


def test_a_withdrawn_signature_leaves_no_answer_behind_and_goes_with_the_next_update(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K, fields=(ROLE,))
    tokens = campaign.sign_all(letter, K + H, role=ROLE.options[0].id)
    campaign.seal(letter)
    leaving = next(token for token in tokens if campaign.look_up(letter, token).state == "sealed")
    answer = opening(leaving.receipt).group_key(ROLE.id)
    campaign.withdraw(letter, leaving)
    at_once, _ = files_of(campaign)
    campaign.seal(letter)
    later, _ = files_of(campaign)
    rows = rows_of(Seen(0, {}, SQLiteFile(at_once), b""), "answer")

    assert rows[answer]["option"].strip() == ""
    assert len(rows) == K + H
    assert answer not in later
