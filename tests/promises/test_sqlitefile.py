"""The attack's own reading of SQLite files, against SQLite's."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.promises.sqlitefile import SQLiteFile


@pytest.fixture
def made(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A file with tables of both kinds, rows longer than a page, and deleted ones."""
    connection = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    connection.execute("PRAGMA page_size=1024")
    connection.execute("CREATE TABLE hashed (a TEXT, k BLOB, n INT, x REAL, PRIMARY KEY (a, k)) WITHOUT ROWID")
    connection.execute("CREATE TABLE numbered (id INTEGER PRIMARY KEY, k BLOB UNIQUE, long BLOB)")
    random = Random(1)
    connection.execute("BEGIN")
    for number in range(400):
        row = ("letter", random.randbytes(32), random.randrange(-(10**9), 10**12), random.random())
        connection.execute("INSERT INTO hashed VALUES (?, ?, ?, ?)", row)
        length = random.choice((10, 500, 5000))
        connection.execute("INSERT INTO numbered VALUES (?, ?, ?)", (number * 3, row[1], random.randbytes(length)))
    connection.execute("COMMIT")
    yield connection
    connection.close()


def read(connection: sqlite3.Connection) -> SQLiteFile:
    return SQLiteFile(Path(connection.execute("PRAGMA database_list").fetchone()[2]).read_bytes())


def test_every_row_is_found_with_its_values_in_the_order_of_keys(made: sqlite3.Connection) -> None:
    found = read(made)

    assert [cell.values for cell in found.of("hashed")] == made.execute("SELECT * FROM hashed").fetchall()
    numbered = [(cell.rowid, *cell.values[1:]) for cell in found.of("numbered")]
    assert numbered == made.execute("SELECT * FROM numbered ORDER BY id").fetchall()


def test_every_page_is_accounted_for(made: sqlite3.Connection) -> None:
    made.execute("DELETE FROM numbered WHERE id % 2 = 0")
    found = read(made)

    assert set(found.seen) == set(range(1, made.execute("PRAGMA page_count").fetchone()[0] + 1))
    assert len(found.freelist) == made.execute("PRAGMA freelist_count").fetchone()[0] > 0


def test_what_was_deleted_is_found_in_what_is_left_over(made: sqlite3.Connection) -> None:
    made.execute("PRAGMA secure_delete=OFF")
    deleted = [row[0] for row in made.execute("SELECT k FROM hashed LIMIT 300")]
    made.execute("DELETE FROM hashed WHERE n IS NOT NULL")
    left = b"".join(residue.data for residue in read(made).residues)

    assert sum(key in left for key in deleted) > 200


def test_cells_and_leftovers_lie_where_they_are_said_to_lie(made: sqlite3.Connection) -> None:
    made.execute("PRAGMA secure_delete=OFF")
    made.execute("DELETE FROM hashed WHERE n % 2 = 0")
    found = read(made)

    for residue in found.residues:
        assert found.raw[residue.offset : residue.offset + len(residue.data)] == residue.data
    for cell in found.of("hashed"):
        place = (cell.page - 1) * found.page_size + cell.offset
        assert cell.values[1] in found.raw[place : place + 100]
