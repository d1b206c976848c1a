"""``POST …/signatures``: a token's message and signature in; nothing about the sender is asked."""

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from petition import database
from petition.coordination import rounds
from petition.letters.fields import read_field
from tests.shared import ONCE, Place, Shared
from tests.web.outside import Envelope, envelope, text_of

Record = Callable[..., dict[str, Any]]


@pytest.fixture
def place(shared: Shared) -> Place:
    return shared.an_open_letter()


@pytest.fixture
def stamped(shared: Shared, record: Record) -> Callable[..., tuple[Envelope, dict[str, Any]]]:
    """An envelope that the issuer has stamped, and the request that gives its signature."""

    def stamp(place: Place, receipt: bytes | None = None, **other: Any) -> tuple[Envelope, dict[str, Any]]:
        held = envelope(record(place.hidden), receipt, **other)
        answer = shared.send(f"{place.hidden}tokens", held.request(shared.code(place)))
        return held, held.signing(held.opened(answer.get_json()["blind_signature"]))

    return stamp


Stamped = Callable[..., tuple[Envelope, dict[str, Any]]]


def test_a_signature_is_taken_and_waits(shared: Shared, place: Place, stamped: Stamped) -> None:
    answer = shared.send(f"{place.hidden}signatures", stamped(place)[1])

    assert (answer.status_code, answer.get_json()) == (201, {"sealed": False})


def test_sent_twice_it_is_taken_once_with_the_same_answer(shared: Shared, place: Place, stamped: Stamped) -> None:
    _, request = stamped(place)
    first = shared.send(f"{place.hidden}signatures", request)
    second = shared.send(f"{place.hidden}signatures", request)

    assert (second.status_code, second.data) == (first.status_code, first.data)


def test_sent_again_after_a_sealing_it_is_still_no_second_one(
    shared: Shared, place: Place, signed: Callable[[Place], Envelope], stamped: Stamped
) -> None:
    requests = [stamped(place)[1] for _ in range(6)]
    for request in requests:
        shared.send(f"{place.hidden}signatures", request)
    sealed = shared.campaign.seal(place.id).signatures
    answers = [shared.send(f"{place.hidden}signatures", request) for request in requests]

    assert {answer.status_code for answer in answers} == {201}
    assert [answer.get_json()["sealed"] for answer in answers].count(True) == sealed == 4


def test_a_receipt_signs_once(shared: Shared, place: Place, stamped: Stamped) -> None:
    held, request = stamped(place)
    shared.send(f"{place.hidden}signatures", request)
    answer = shared.send(f"{place.hidden}signatures", stamped(place, held.receipt)[1])

    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/token-used")


@ONCE
@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"letter_id": "0" * 26}, 403),
        ({"round": 2}, 404),
        ({"round": "01"}, 400),
        ({"text_sha256": "0" * 64}, 409),
        ({"text_sha256": "A" * 64}, 400),
        ({"more": "\n"}, 400),
    ],
)
def test_a_statement_that_says_anything_else_is_refused_although_it_is_stamped(
    shared: Shared, place: Place, stamped: Stamped, other: dict[str, Any], status: int
) -> None:
    assert shared.send(f"{place.hidden}signatures", stamped(place, **other)[1]).status_code == status


@ONCE
def test_a_signature_that_was_not_stamped_is_refused(shared: Shared, place: Place, record: Record) -> None:
    forged = envelope(record(place.hidden)).signing(b"\x01" * 384)

    assert shared.send(f"{place.hidden}signatures", forged).status_code == 403


def test_a_withdrawn_signature_is_over(shared: Shared, place: Place, stamped: Stamped) -> None:
    held, request = stamped(place)
    shared.send(f"{place.hidden}signatures", request)
    shared.send(f"{place.hidden}withdrawals", held.opening())

    assert shared.send(f"{place.hidden}signatures", request).status_code == 410


def test_a_round_that_keeps_codes_and_signatures_apart_says_when_to_come_back(shared: Shared, stamped: Stamped) -> None:
    place = shared.an_open_letter(timing="apart", issuing_days=2, pause_hours=24)
    answer = shared.send(f"{place.hidden}signatures", stamped(place)[1])

    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/too-early")


def test_an_annulled_round_is_over(shared: Shared, place: Place, stamped: Stamped) -> None:
    _, request = stamped(place)
    rounds.annul_round(shared.campaign.services, place.id, 1, "It was flooded.")

    assert shared.send(f"{place.hidden}signatures", request).status_code == 410


def test_a_closed_letter_is_over(shared: Shared, stamped: Stamped) -> None:
    place = shared.an_open_letter()
    _, request = stamped(place)
    shared.campaign.publish(place.id)
    shared.campaign.close_letter(place.id)

    assert shared.send(f"{place.public}signatures", request).status_code == 410


@ONCE
def test_the_secret_address_goes_on_taking_signatures_after_publication(
    shared: Shared, place: Place, stamped: Stamped
) -> None:
    _, request = stamped(place)
    shared.campaign.publish(place.id)

    assert shared.send(f"{place.hidden}signatures", request).status_code == 201


@ONCE
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"appearance": {"step": "named", "locked_name": "AAAA"}}, 400),
        ({"appearance": {"step": "grouped", "groups": []}}, 400),
        ({"appearance": {"step": "loud"}}, 400),
        ({"appearance": {"step": "counted", "groups": []}}, 400),
        ({"appearance": {"step": ["counted"]}}, 400),
        ({"appearance": {}}, 400),
        ({"appearance": "counted"}, 400),
        ({"appearance": None}, 400),
        ({"message": "?"}, 400),
        ({"message": ""}, 400),
        ({"message": 5}, 400),
        ({"signature": text_of(bytes(383))}, 400),
        ({"signature": text_of(bytes(385))}, 400),
        ({"signature": {}}, 400),
        ({"receipt": "x"}, 400),
    ],
)
def test_a_request_of_a_wrong_shape_is_refused_and_the_token_stays_good(
    shared: Shared, place: Place, stamped: Stamped, change: dict[str, Any], status: int
) -> None:
    _, right = stamped(place)
    refused = shared.send(f"{place.hidden}signatures", {**right, **change})

    assert refused.status_code == status
    assert shared.send(f"{place.hidden}signatures", right).get_json() == {"sealed": False}


STEPS: list[tuple[dict[str, Any], int]] = [
    ({"step": "grouped", "groups": [{"field": "role", "option": "software"}]}, 201),
    ({"step": "grouped", "groups": []}, 201),
    ({"step": "grouped", "groups": [{"field": "role", "option": "cook"}]}, 400),
    ({"step": "grouped", "groups": [{"field": "level", "option": "software"}]}, 400),
    ({"step": "named", "locked_name": text_of(bytes(384))}, 409),
    ({"step": "named_at", "at": 50, "locked_name": text_of(bytes(384))}, 409),
]


@ONCE
@pytest.mark.parametrize(("step", "status"), STEPS)
def test_a_step_above_counted_brings_its_half_of_the_receipt(
    shared: Shared, stamped: Stamped, step: dict[str, Any], status: int
) -> None:
    place = shared.an_open_letter(fields=(read_field("Role", [("Software", 300), ("Hardware", None)]),))
    held, right = stamped(place)
    opened = {"a": text_of(held.a), "w_hash": held.w_hash}
    stolen = {**opened, "a": text_of(bytes(32))}

    assert shared.send(f"{place.hidden}signatures", {**right, "appearance": {**step, **stolen}}).status_code == 403
    assert shared.send(f"{place.hidden}signatures", {**right, "appearance": {**step, **opened}}).status_code == status


@ONCE
def test_groups_are_refused_where_a_letter_asks_for_none(shared: Shared, place: Place, stamped: Stamped) -> None:
    held, right = stamped(place)
    grouped = {"step": "grouped", "groups": [], "a": text_of(held.a), "w_hash": held.w_hash}

    assert shared.send(f"{place.hidden}signatures", {**right, "appearance": grouped}).status_code == 409


@ONCE
def test_a_letter_that_never_was_is_not_found(shared: Shared, place: Place, stamped: Stamped) -> None:
    assert shared.send("/letters/never-was/signatures", stamped(place)[1]).status_code == 404


@pytest.mark.parametrize("shared", ["sqlite"], indirect=True)
@pytest.mark.parametrize("file", ["petition.db", "petition-waiting.db"])
def test_a_signer_who_meets_a_lock_for_too_long_is_told_to_send_it_again(
    shared: Shared, place: Place, stamped: Stamped, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    _, request = stamped(place)
    databases = shared.campaign.databases
    with monkeypatch.context() as impatient:
        impatient.setattr(database, "BUSY_SECONDS", 0)
        databases.dispose()
        with contextlib.closing(sqlite3.connect(shared.campaign.settings.data / file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            refused = shared.send(f"{place.hidden}signatures", request)
    databases.dispose()

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    assert "Send it again" in refused.get_json()["detail"]
    assert shared.send(f"{place.hidden}signatures", request).status_code == 201


@pytest.mark.parametrize("shared", ["sqlite"], indirect=True)
def test_a_signature_is_taken_while_pages_are_read_and_needs_no_lock_of_the_large_file(
    shared: Shared, place: Place, stamped: Stamped, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, request = stamped(place)
    databases = shared.campaign.databases
    with monkeypatch.context() as impatient:
        impatient.setattr(database, "BUSY_SECONDS", 0)
        databases.dispose()
        large = shared.campaign.settings.data / "petition.db"
        with contextlib.closing(sqlite3.connect(large, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM letter").fetchone()
            taken = shared.send(f"{place.hidden}signatures", request)
    databases.dispose()

    assert taken.status_code == 201
