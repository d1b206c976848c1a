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
    "a roll's count + 1": lambda counts: counts["rolls"][0].update(count=3),
    "a roll's count false": lambda counts: counts["rolls"][1].update(count=False),
    "a roll twice": lambda counts: counts["rolls"].append(counts["rolls"][0]),
    "a roll missing": lambda counts: counts["rolls"].pop(),
    "a roll renamed": lambda counts: counts["rolls"][1].update(roll="Somebody else"),
    "rolls' counts exchanged": lambda counts: (
        counts["rolls"][0].update(count=0),
        counts["rolls"][1].update(count=2),
    ),
    "rolls null": placed("rolls", None),
    "a roll a number": lambda counts: counts["rolls"].append(7),
}


@pytest.mark.parametrize("change", WRONG_COUNTS.values(), ids=WRONG_COUNTS)
def test_counts_that_are_not_the_logs_are_caught(forger, verdict_of, change):
    log = forger(rolls=("here", "there")).begin()
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
def test_counts_that_are_no_object_are_caught(forger, verdict_of, text):
    files = forger().begin().files() | {"counts.json": text}

    assert set(wrongs(verdict_of(files))) == {"counts"}


def test_issued_may_not_be_told_before_it_is_logged(forger, verdict_of):
    files = forger().begin().files()
    counts = json.loads(files["counts.json"])
    counts["verification"]["issued"] = 0

    assert set(wrongs(verdict_of(files | {"counts.json": json.dumps(counts).encode()}))) == {"counts"}


# history.csv

HEADER = b"sealed_at,signatures,withdrawals,count\r\n"
ROW_1, ROW_2, ROW_3 = b"2026-11-01T00:00Z,3,0,3\r\n", b"2026-11-01T01:00Z,3,1,2\r\n", b"2026-11-01T02:00Z,5,1,4\r\n"
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
    "a row that never was": HEADER + ROW_1 + b"2026-11-01T01:00Z,4,0,4\r\n" + b"2026-11-01T02:00Z,4,1,3\r\n" + ROW_3,
    "a row too many": HEADER + ROW_1 + ROW_2 + ROW_3 + b"2026-11-01T03:00Z,6,1,5\r\n",
    "the last row twice": HEADER + ROW_1 + ROW_2 + ROW_3 + ROW_3.replace(b"T02", b"T03"),
    "a row twice": HEADER + ROW_1 + ROW_1.replace(b"T00", b"T01") + ROW_3,
    "a first row of nothing": HEADER + b"2026-10-01T00:00Z,0,0,0\r\n" + ROW_1 + ROW_2 + ROW_3,
    "rows exchanged": HEADER + ROW_2.replace(b"T01", b"T00") + ROW_1.replace(b"T00", b"T01") + ROW_3,
    "rows and hours exchanged": HEADER + ROW_2 + ROW_1 + ROW_3,
    "two rows of one hour": HEADER + ROW_1 + ROW_2.replace(b"T01:00", b"T00:30") + ROW_3,
    "a count off by one": HEADER + ROW_1 + ROW_2 + ROW_3.replace(b",4\r", b",5\r"),
    "a number with a leading zero": HEADER + ROW_1 + ROW_2.replace(b",3,", b",03,") + ROW_3,
    "a number with a sign": HEADER + ROW_1 + ROW_2.replace(b",3,", b",+3,") + ROW_3,
    "a quoted cell": HEADER + ROW_1 + ROW_2.replace(b",3,", b',"3",') + ROW_3,
    "spaces": HEADER + ROW_1 + ROW_2.replace(b",3,", b", 3,") + ROW_3,
    "a column more": HEADER + ROW_1 + ROW_2.replace(b"\r", b",0\r") + ROW_3,
    "a column less": HEADER + ROW_1 + ROW_2.replace(b",2\r", b"\r") + ROW_3,
    "another header": HEADER.replace(b"count", b"total") + ROW_1 + ROW_2 + ROW_3,
    "a byte order mark": b"\xef\xbb\xbf" + HEADER + ROW_1 + ROW_2 + ROW_3,
    "another time": HEADER + ROW_1 + ROW_2.replace(b"T01:00Z", b" 01:00") + ROW_3,
    "bytes that are no text": HEADER + ROW_1 + b"\xff,3,1,2\r\n" + ROW_3,
    "a very long number": HEADER + b"2026-11-01T00:00Z," + b"9" * 5000 + b",0,0\r\n",
}


@pytest.mark.parametrize("text", WRONG_HISTORIES.values(), ids=WRONG_HISTORIES)
def test_a_history_that_is_not_the_logs_is_caught(forger, verdict_of, text):
    log = forger().begin()
    log.sign(1, 2, 3)
    log.withdraw(1)
    log.codes(1, 20)
    log.sign(4, 5)

    assert set(wrongs(verdict_of(log.files() | {"history.csv": text}))) == {"history"}


def test_the_history_of_that_log_is_right_in_itself(forger, verdict_of):
    log = forger().begin()
    log.sign(1, 2, 3)
    log.withdraw(1)
    log.codes(1, 20)
    log.sign(4, 5)

    assert wrongs(verdict_of(log.files() | {"history.csv": HEADER + ROW_1 + ROW_2 + ROW_3})) == {}


TABLE = b"letter,as_of,field,option,count\r\nL,2026-11-01T02:00Z,total,,4\r\nL,2026-11-01T02:00Z,roll,Workers,4\r\n"
WRONG_TABLES = {
    "another total": TABLE.replace(b"total,,4", b"total,,5"),
    "another roll": TABLE.replace(b"Workers,4", b"Workers,3"),
    "no total": TABLE.replace(b"total", b"roll"),
    "no roll": TABLE.partition(b"L,2026-11-01T02:00Z,roll")[0],
    "another header": TABLE.replace(b"option", b"choice"),
    "a number with a sign": TABLE.replace(b",4\r", b",+4\r"),
    "a cell too many": TABLE.replace(b",4\r", b",4,\r"),
    "bytes that are no text": TABLE.replace(b"L,", b"\xff,"),
    "nothing": b"",
}


def a_log_with_four(forger):
    log = forger().begin()
    log.sign(1, 2, 3)
    log.withdraw(1)
    log.codes(1, 20)
    log.sign(4, 5)
    return log.seal()


@pytest.mark.parametrize("text", WRONG_TABLES.values(), ids=WRONG_TABLES)
def test_a_table_of_counts_that_is_not_the_logs_is_caught(forger, verdict_of, text):
    log = a_log_with_four(forger)

    assert set(wrongs(verdict_of(log.files() | {"counts.csv": named(text, log)}))) == {"counts"}


def test_a_table_of_counts_that_is_the_logs_is_right_and_its_groups_are_the_servers(forger, verdict_of):
    log = a_log_with_four(forger)
    groups = b"L,2026-11-01T01:00Z,Role,Software,10\r\nL,2026-11-01T01:00Z,roll,other,3\r\n"

    assert wrongs(verdict_of(log.files() | {"counts.csv": named(TABLE + groups, log)})) == {}


def named(text, log):
    """With the roll's name as the log has it."""
    roll = json.loads(log.files()["counts.json"])["rolls"][0]["roll"]
    return text.replace(b"Workers", roll.encode())
