"""What counts.json and history.csv tell must be the log's."""

import json

import pytest

from tests.verifying.verdicts import wrongs

# counts.json


def placed(path, value):
    def change(counts):
        *parents, last = path.split(".")
        for name in parents:
            counts = counts[name]
        counts[last] = value(counts[last]) if callable(value) else value

    return change


WRONG_COUNTS = {
    "count + 1": placed("count", lambda n: n + 1),
    "count as text": placed("count", str),
    "count as a fraction": placed("count", float),
    "count null": placed("count", None),
    "signatures + 1": placed("signatures", lambda n: n + 1),
    "withdrawals - 1": placed("withdrawals", lambda n: n - 1),
    "withdrawals true": placed("withdrawals", True),
    "codes_made + 1": placed("verification.codes_made", lambda n: n + 1),
    "issued - 1": placed("verification.issued", lambda n: n - 1),
    "issued null": placed("verification.issued", None),
    "title": placed("letter.title", "Another letter"),
    "text_sha256": placed("letter.text_sha256", "ab" * 32),
    "log size - 1": placed("verification.log.size", lambda n: n - 1),
    "log root": placed("verification.log.root", "ab" * 32),
    "root in capitals": placed("verification.log.root", str.upper),
    "letter a list": placed("letter", []),
    "verification null": placed("verification", None),
    "log a number": placed("verification.log", 3),
    "a roll's id": lambda counts: counts["rolls"][0].update(id="elsewhere"),
    "a roll without an id": lambda counts: counts["rolls"][0].pop("id"),
    "rolls' ids exchanged": lambda counts: (
        counts["rolls"][0].update(id="there"),
        counts["rolls"][1].update(id="here"),
    ),
    "a roll's count + 1": lambda counts: counts["rolls"][0].update(count=3),
    "a roll's count false": lambda counts: counts["rolls"][1].update(count=False),
    "a roll twice": lambda counts: counts["rolls"].append(counts["rolls"][0]),
    "a roll missing": lambda counts: counts["rolls"].pop(),
    "a roll renamed": lambda counts: counts["rolls"][1].update(roll="Others"),
    "rolls' counts exchanged": lambda counts: (
        counts["rolls"][0].update(count=0),
        counts["rolls"][1].update(count=2),
    ),
    "rolls null": placed("rolls", None),
    "a roll a number": lambda counts: counts["rolls"].append(7),
}


@pytest.mark.parametrize("change", WRONG_COUNTS.values(), ids=WRONG_COUNTS)
def test_counts_that_are_not_the_logs_are_caught(build, verdict_of, change):
    log = build(rolls=("here", "there")).begin()
    log.sign(1, 2, 3)
    log.withdraw(1)
    log.issued(1, 3)
    files = log.seal().files()
    counts = json.loads(files["counts.json"])
    change(counts)

    assert set(wrongs(verdict_of(files | {"counts.json": json.dumps(counts).encode()}))) == {"counts"}


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{", b'{"count":3,"count":3}', b'{"x":NaN}', b"\xff\xfe", b"[" * 9999, b"1" * 9999]
)
def test_counts_that_are_not_an_object_are_caught(build, verdict_of, text):
    files = build().begin().files() | {"counts.json": text}

    assert set(wrongs(verdict_of(files))) == {"counts"}


def test_issued_may_not_be_told_before_it_is_logged(build, verdict_of):
    files = build().begin().files()
    counts = json.loads(files["counts.json"])
    counts["verification"]["issued"] = 0

    assert set(wrongs(verdict_of(files | {"counts.json": json.dumps(counts).encode()}))) == {"counts"}


# history.csv

HEADER = b"sealed_at,signatures,withdrawals,count,size\r\n"
ROW_1, ROW_2 = b"2026-11-01T00:00Z,3,0,3,6\r\n", b"2026-11-01T01:00Z,3,1,2,7\r\n"
ROW_3 = b"2026-11-01T02:00Z,6,1,5,11\r\n"
WRONG_HISTORIES = {
    "nothing": b"",
    "no header": ROW_1 + ROW_2 + ROW_3,
    "no rows": HEADER,
    "line feeds": (HEADER + ROW_1 + ROW_2 + ROW_3).replace(b"\r\n", b"\n"),
    "one line feed": HEADER + ROW_1 + ROW_2.replace(b"\r", b"") + ROW_3,
    "one carriage return": HEADER + ROW_1 + ROW_2.replace(b"\n", b"") + ROW_3,
    "no last line end": (HEADER + ROW_1 + ROW_2 + ROW_3)[:-2],
    "an empty line": HEADER + ROW_1 + ROW_2 + ROW_3 + b"\r\n",
    "the last row missing": HEADER + ROW_1 + ROW_2,
    "a row that never was": HEADER + ROW_1 + ROW_2.replace(b"3,1,2", b"4,0,4") + ROW_3,
    "a row too many": HEADER + ROW_1 + ROW_2 + ROW_3 + b"2026-11-01T03:00Z,7,1,6,12\r\n",
    "the last row twice": HEADER + ROW_1 + ROW_2 + ROW_3 + ROW_3.replace(b"T02", b"T03"),
    "a row twice": HEADER + ROW_1 + ROW_1.replace(b"T00", b"T01") + ROW_3,
    "a row of codes alone": HEADER + ROW_1 + ROW_2.replace(b",7", b",8").replace(b"T01", b"T00") + ROW_3,
    "a first row of nothing": HEADER + b"2026-10-01T00:00Z,0,0,0,3\r\n" + ROW_1 + ROW_2 + ROW_3,
    "a row at size 0": HEADER + b"2026-10-01T00:00Z,0,0,0,0\r\n" + ROW_1 + ROW_2 + ROW_3,
    "rows exchanged": HEADER + ROW_2.replace(b"T01", b"T00") + ROW_1.replace(b"T00", b"T01") + ROW_3,
    "rows and hours exchanged": HEADER + ROW_2 + ROW_1 + ROW_3,
    "two rows of one hour": HEADER + ROW_1 + ROW_2.replace(b"T01:00", b"T00:30") + ROW_3,
    "an hour with minutes": HEADER + ROW_1 + ROW_2.replace(b"T01:00", b"T01:30") + ROW_3,
    "sizes that fall": HEADER + ROW_1.replace(b",6\r", b",8\r") + ROW_2 + ROW_3,
    "another size": HEADER + ROW_1 + ROW_2.replace(b",7\r", b",9\r") + ROW_3,
    "a size beyond the log": HEADER + ROW_1 + ROW_2 + ROW_3.replace(b",11\r", b",12\r"),
    "a count off by one": HEADER + ROW_1 + ROW_2 + ROW_3.replace(b",5,", b",6,"),
    "a number with a leading zero": HEADER + ROW_1 + ROW_2.replace(b",3,", b",03,") + ROW_3,
    "a number with a sign": HEADER + ROW_1 + ROW_2.replace(b",3,", b",+3,") + ROW_3,
    "a quoted cell": HEADER + ROW_1 + ROW_2.replace(b",3,", b',"3",') + ROW_3,
    "spaces": HEADER + ROW_1 + ROW_2.replace(b",3,", b", 3,") + ROW_3,
    "a column more": HEADER + ROW_1 + ROW_2.replace(b"\r", b",0\r") + ROW_3,
    "a column less": HEADER + ROW_1 + ROW_2.replace(b",7\r", b"\r") + ROW_3,
    "another header": HEADER.replace(b"count", b"total") + ROW_1 + ROW_2 + ROW_3,
    "a byte order mark": b"\xef\xbb\xbf" + HEADER + ROW_1 + ROW_2 + ROW_3,
    "another time": HEADER + ROW_1 + ROW_2.replace(b"T01:00Z", b" 01:00") + ROW_3,
    "bytes that are not text": HEADER + ROW_1 + b"\xff,3,1,2,7\r\n" + ROW_3,
    "a very long number": HEADER + b"2026-11-01T00:00Z," + b"9" * 5000 + b",0,0,6\r\n",
}


def three_updates(build):
    """Three signatures; one of them withdrawn; codes, and three more."""
    log = build().begin()
    log.sign(1, 2, 3)
    log.withdraw(1)
    log.codes(1, 30)
    log.sign(4, 5, 6)
    return log


@pytest.mark.parametrize("text", WRONG_HISTORIES.values(), ids=WRONG_HISTORIES)
def test_a_history_that_is_not_the_logs_is_caught(build, verdict_of, text):
    verdict = verdict_of(three_updates(build).files() | {"history.csv": text})

    assert set(wrongs(verdict)) - {"k"} == {"history"}


@pytest.mark.parametrize("rows", [ROW_1 + ROW_2 + ROW_3, ROW_1 + ROW_3, ROW_2 + ROW_3, ROW_3])
def test_a_history_may_have_several_sealings_in_one_row(build, verdict_of, rows):
    assert wrongs(verdict_of(three_updates(build).files() | {"history.csv": HEADER + rows})) == {}


def test_the_history_can_be_shorter_than_the_log(build, verdict_of):
    log = three_updates(build)
    log.codes(1, 40)

    assert wrongs(verdict_of(log.files() | {"history.csv": HEADER + ROW_1 + ROW_2 + ROW_3})) == {}


# counts.csv

TABLE = b"letter,as_of,field,option,count\r\nL,2026-11-01T02:00Z,total,,5\r\nL,2026-11-01T02:00Z,roll,Workers,5\r\n"
WRONG_TABLES = {
    "another total": TABLE.replace(b"total,,5", b"total,,6"),
    "another roll": TABLE.replace(b"Workers,5", b"Workers,3"),
    "no total": TABLE.replace(b"total", b"roll"),
    "no roll": TABLE.partition(b"L,2026-11-01T02:00Z,roll")[0],
    "another header": TABLE.replace(b"option", b"choice"),
    "a number with a sign": TABLE.replace(b",5\r", b",+5\r"),
    "a second total": TABLE + b"L,2026-11-01T02:00Z,total,,99999\r\n",
    "a cell too many": TABLE.replace(b",5\r", b",5,\r"),
    "bytes that are not text": TABLE.replace(b"L,", b"\xff,"),
    "nothing": b"",
}


@pytest.mark.parametrize("text", WRONG_TABLES.values(), ids=WRONG_TABLES)
def test_a_table_of_counts_that_is_not_the_logs_is_caught(build, verdict_of, text):
    log = three_updates(build).seal()

    assert set(wrongs(verdict_of(log.files() | {"counts.csv": named(text, log)}))) == {"counts"}


def test_a_table_of_counts_that_is_the_logs_is_right_and_its_groups_are_the_servers(build, verdict_of):
    log = three_updates(build).seal()
    groups = b"L,2026-11-01T01:00Z,Role,Software,10\r\nL,2026-11-01T01:00Z,roll,other,3\r\n"

    assert wrongs(verdict_of(log.files() | {"counts.csv": named(TABLE + groups, log)})) == {}


def named(text, log):
    """With the roll's name as the log has it."""
    roll = json.loads(log.files()["counts.json"])["rolls"][0]["roll"]
    return text.replace(b"Workers", roll.encode())
