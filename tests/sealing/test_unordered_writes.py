"""Rows that wait are lifted and put back, and nothing is left of the order in which they came."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from petition.database import engine_for
from petition.sealing.unordered_writes import LiftedRows
from petition.signing.models import Pending, Tombstone, Withdrawal
from tests.walks import Campaign

ONE, OTHER = "A" * 26, "B" * 26
TABLES = (Pending, Tombstone, Withdrawal)


def a_signature(letter_id: str) -> tuple[type[Any], dict[str, Any]]:
    row = {"letter_id": letter_id, "commit": os.urandom(32), "round": 1}
    return Pending, row | {"message": os.urandom(213), "signature": os.urandom(384)}


def a_tombstone(letter_id: str) -> tuple[type[Any], dict[str, Any]]:
    return Tombstone, {"letter_id": letter_id, "commit": os.urandom(32)}


def bytes_after(path: Path, rows: list[tuple[type[Any], dict[str, Any]]], kept: set[bytes]) -> bytes:
    """The file after rows came one by one, in this order, and one letter's were lifted and some put back."""
    engine = engine_for(f"sqlite:///{path}")
    with engine.begin() as connection:
        for table, row in rows:
            connection.execute(insert(table.__table__).values(row))
    with Session(engine) as session:
        lifted = LiftedRows(session, ONE, *TABLES)
        lifted.put_back({table: [row for row in lifted.rows(table) if row["commit"] in kept] for table in TABLES})
        session.commit()
    engine.dispose()
    return path.read_bytes()


def test_whatever_the_order_of_two_letters_rows_the_same_bytes_are_left(tmp_path: Path, sqlite_templates: Path) -> None:
    made: list[Callable[[str], Any]] = [a_signature, a_signature, a_tombstone]
    rows = [make(letter) for make in made for letter in (ONE, OTHER) for _ in range(60)]
    kept = {row["commit"] for _, row in Random(1).sample(rows, 90)}
    found = set()
    for number in range(4):
        shutil.copy(sqlite_templates / "petition.db", tmp_path / f"{number}.db")
        found.add(bytes_after(tmp_path / f"{number}.db", Random(number).sample(rows, len(rows)), kept))

    assert len(found) == 1


def test_other_letters_rows_stay_as_they_are(campaign: Campaign) -> None:
    rows = [a_signature(letter) for letter in (ONE, OTHER) for _ in range(5)]
    with Session(campaign.databases.petition) as session:
        for table, row in rows:
            session.execute(insert(table.__table__).values(row))
        lifted = LiftedRows(session, ONE, *TABLES)
        mine = lifted.rows(Pending)
        lifted.put_back({Pending: mine[:2]})
        session.commit()

    expected = {row["commit"] for _, row in rows[5:]} | {row["commit"] for row in mine[:2]}
    with Session(campaign.databases.reading) as session:
        waiting = {row.commit for row in session.scalars(select(Pending)) if row.letter_id in (ONE, OTHER)}
        assert waiting == expected


def test_a_file_is_cut_back_to_what_it_was_before_anyone_came(tmp_path: Path, sqlite_templates: Path) -> None:
    shutil.copy(sqlite_templates / "petition.db", tmp_path / "some.db")
    before = len(bytes_after(tmp_path / "some.db", [], set()))
    after = bytes_after(tmp_path / "some.db", [a_signature(ONE) for _ in range(200)], set())

    assert len(after) == before
