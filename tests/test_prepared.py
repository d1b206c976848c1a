"""Statements that the driver runs itself do as SQLAlchemy's do, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from petition.letters.models import Letter, Organizer
from petition.outages import is_away
from petition.prepared import Prepared
from petition.signing.models import Answer, ArrivedAnswer, Round, Tombstone
from tests.walks import Campaign, asked, is_beginning

COMMIT = b"\xabSECRET-COMMIT-OF-32-BYTES-IN-ALL"[:32]
ADD: Any = Prepared(insert(Tombstone))
COMMITS = Prepared(select(Tombstone.commit).where(Tombstone.letter_id == bindparam("of_letter")))


@contextmanager
def writing(campaign: Campaign) -> Iterator[Connection]:
    with campaign.databases.petition.begin() as connection:
        yield connection


@pytest.mark.parametrize("model", [Letter, Organizer, Round])
def test_values_come_out_as_from_sqlalchemy(campaign: Campaign, model: Any) -> None:
    campaign.a_published_letter()
    statement = select(model.__table__)
    with campaign.databases.reading.connect() as connection:
        rows = Prepared(statement).all(connection, {})

        assert [row._asdict() for row in rows] == [dict(row) for row in connection.execute(statement).mappings()]
        assert [list(map(type, row)) for row in rows] == [list(map(type, row)) for row in connection.execute(statement)]


def test_values_go_in_as_with_sqlalchemy(campaign: Campaign) -> None:
    row = {"letter_id": campaign.an_open_letter(), "round": 1, "field": "role", "option": "software"}
    with writing(campaign) as connection:
        Prepared(insert(ArrivedAnswer)).changed(connection, {**row, "key": bytes(32)})
        connection.execute(insert(Answer), {**row, "key": bytes(32)})
        one, other = (connection.execute(text(f"SELECT * FROM {name}")).one() for name in ("arrived_answer", "answer"))  # noqa: S608

    assert one == other


def test_one_can_be_run_for_many_rows(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    rows = [{"letter_id": letter, "commit": bytes([number]) * 32} for number in range(3)]
    with writing(campaign) as connection:
        ADD.run_many(connection, rows)

        assert {row.commit for row in COMMITS.all(connection, {"of_letter": letter})} == {row["commit"] for row in rows}


def test_the_database_says_how_many_rows_one_changed(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    goal: Any = update(Letter.__table__).where(Letter.id == bindparam("of_letter")).values(goal=bindparam("new_goal"))
    with writing(campaign) as connection:
        changed = [
            Prepared(goal).changed(connection, {"of_letter": each, "new_goal": 5}) for each in (letter, "another")
        ]

    assert changed == [1, 0]


def test_a_list_of_values_is_refused(campaign: Campaign) -> None:
    with campaign.databases.reading.connect() as connection, pytest.raises(ValueError, match="value by value"):
        Prepared(select(Letter.id).where(Letter.id.in_(["a", "b"]))).all(connection, {})


def test_one_begins_a_transaction(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    with campaign.databases.petition.connect() as connection:
        ADD.changed(connection, {"letter_id": letter, "commit": bytes(32)})
    with campaign.databases.reading.connect() as connection:
        assert COMMITS.all(connection, {"of_letter": letter}) == []  # it was not committed


def test_one_sees_what_its_session_has_not_sent_yet(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    with Session(campaign.databases.petition) as session:
        session.add(Tombstone(letter_id=letter, commit=bytes(32)))

        assert COMMITS.first(session, {"of_letter": letter}).commit == bytes(32)


def test_who_listens_to_statements_hears_these(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    with asked(campaign.databases.petition) as heard, campaign.databases.arriving.begin() as connection:
        COMMITS.all(connection, {"of_letter": letter})
        ADD.run_many(connection, [{"letter_id": letter, "commit": bytes(32)}])

    assert [statement.split()[0] for statement in heard if not is_beginning(statement)] == ["SELECT", "INSERT"]


def test_an_error_is_the_one_that_callers_know_and_has_no_value(campaign: Campaign) -> None:
    row = {"letter_id": campaign.an_open_letter(), "commit": COMMIT}
    with pytest.raises(IntegrityError) as refused, writing(campaign) as connection:
        ADD.changed(connection, row)
        ADD.changed(connection, row)

    whole = "".join(str(one) + repr(one) for one in (refused.value, refused.value.orig, refused.value.__cause__))
    assert not any(value in whole for value in ("SECRET", COMMIT.hex(), "DETAIL"))
    with campaign.databases.reading.connect() as connection:
        assert COMMITS.all(connection, {"of_letter": row["letter_id"]}) == []


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_connection_that_the_server_ended_is_given_up_and_its_reason_kept(campaign: Campaign) -> None:
    with pytest.raises(DBAPIError) as ended, campaign.databases.petition.connect() as connection:
        mine = connection.scalar(text("SELECT pg_backend_pid()"))
        with campaign.databases.issuer.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:mine, 5000)"), {"mine": mine})
        COMMITS.all(connection, {"of_letter": ""})

    assert (is_away(ended.value), ended.value.connection_invalidated) == (True, True)
    assert getattr(ended.value.orig, "sqlstate", None) == "57P01"
    with campaign.databases.petition.connect() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != mine
