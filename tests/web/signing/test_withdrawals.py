"""``POST …/withdrawals`` and ``POST …/appearances``: by receipt alone, and the same however often."""

from collections.abc import Callable
from typing import Any

import pytest

from petition.letters.fields import read_field
from tests.shared import ONCE, Place, Shared
from tests.web.outside import Envelope, envelope, text_of

pytestmark = pytest.mark.thorough

Record = Callable[..., dict[str, Any]]
Signed = Callable[[Place], Envelope]


@pytest.fixture
def place(shared: Shared) -> Place:
    return shared.an_open_letter()


def test_a_signature_that_waits_is_withdrawn_and_again_is_the_same_answer(
    shared: Shared, place: Place, signed: Signed
) -> None:
    held = signed(place)
    answers = [shared.send(f"{place.hidden}withdrawals", held.opening()) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.get_json() for answer in answers] == [{"withdrawn": True, "was_sealed": False}] * 2


def test_a_sealed_signature_is_withdrawn_and_again_is_the_same_answer(
    shared: Shared, place: Place, signed: Signed
) -> None:
    everybody = [signed(place) for _ in range(6)]
    shared.campaign.seal(place.id)
    before = [shared.send(f"{place.hidden}withdrawals", held.opening()).get_json() for held in everybody]
    shared.campaign.seal(place.id)
    after = [shared.send(f"{place.hidden}withdrawals", held.opening()).get_json() for held in everybody]

    assert sorted(answer["was_sealed"] for answer in before) == [False, False, True, True, True, True]
    assert after == before


def test_withdrawing_stays_possible_after_the_letter_has_closed(shared: Shared, place: Place, signed: Signed) -> None:
    held = [signed(place) for _ in range(3)][0]
    shared.campaign.publish(place.id)
    shared.campaign.close_letter(place.id)

    answer = shared.send(f"{place.public}withdrawals", held.opening())
    assert (answer.status_code, answer.get_json()["was_sealed"]) == (200, True)


def test_a_receipt_without_a_signature_is_not_found(shared: Shared, place: Place, record: Record) -> None:
    opening = envelope(record(place.hidden)).opening()

    assert shared.send(f"{place.hidden}withdrawals", opening).status_code == 404


@ONCE
def test_a_receipt_of_another_letter_is_not_found(shared: Shared, place: Place, signed: Signed) -> None:
    held = signed(shared.an_open_letter())

    assert shared.send(f"{place.hidden}withdrawals", held.opening()).status_code == 404


@ONCE
@pytest.mark.parametrize(
    "change",
    [{"w": text_of(bytes(31))}, {"a": text_of(bytes(33))}, {"a": "!"}, {"w": 3}, {"w": None}, {"receipt": "x"}],
)
def test_a_request_of_a_wrong_shape_withdraws_nothing(
    shared: Shared, place: Place, signed: Signed, change: dict[str, Any]
) -> None:
    held = signed(place)

    assert shared.send(f"{place.hidden}withdrawals", {**held.opening(), **change}).status_code == 400
    assert shared.campaign.seal(place.id).waiting == 1


@ONCE
def test_half_a_receipt_withdraws_nothing(shared: Shared, place: Place, signed: Signed) -> None:
    """A client that shows a name sends A and SHA-256(W): these must not be enough."""
    held = signed(place)

    stolen = {"a": text_of(held.a), "w": text_of(held.a)}
    assert shared.send(f"{place.hidden}withdrawals", stolen).status_code == 404


@ONCE
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"appearance": {"step": "named", "locked_name": text_of(bytes(384))}}, 409),
        ({"appearance": {"step": "grouped", "groups": []}}, 409),
        ({"appearance": {"step": "named", "locked_name": "AA"}}, 400),
        ({"appearance": {"step": "?"}}, 400),
        ({"a": "AA"}, 400),
        ({"w_hash": "zz"}, 400),
        ({"w_hash": None}, 400),
        ({"w": "AA"}, 400),
    ],
)
def test_an_appearance_is_changed_to_what_the_letter_offers(
    shared: Shared, place: Place, signed: Signed, change: dict[str, Any], status: int
) -> None:
    held = signed(place)
    right = {"w_hash": held.w_hash, "a": text_of(held.a), "appearance": {"step": "counted"}}

    assert shared.send(f"{place.hidden}appearances", {**right, **change}).status_code == status


ROLE = read_field("Role", [("Software", 300), ("Hardware", None)])


def test_what_is_shown_goes_up_and_down_by_receipt(shared: Shared, signed: Signed) -> None:
    place = shared.an_open_letter(fields=(ROLE,))
    held = signed(place)
    right = {"w_hash": held.w_hash, "a": text_of(held.a)}
    grouped = {"step": "grouped", "groups": [{"field": "role", "option": "software"}]}
    for wanted in (grouped, {**grouped, **right}, {"step": "counted"}, grouped):
        answer = shared.send(f"{place.hidden}appearances", {**right, "appearance": wanted})
        expected = {name: wanted[name] for name in wanted if name not in right}

        assert (answer.status_code, answer.get_json()) == (200, {"appearance": expected})


@ONCE
def test_a_receipt_that_never_signed_changes_nothing(shared: Shared, place: Place, record: Record) -> None:
    held = envelope(record(place.hidden))
    never = {"w_hash": held.w_hash, "a": text_of(held.a), "appearance": {"step": "counted"}}

    assert shared.send(f"{place.hidden}appearances", never).status_code == 404


@ONCE
def test_after_a_withdrawal_changing_is_over(shared: Shared, place: Place, signed: Signed) -> None:
    held = signed(place)
    shared.send(f"{place.hidden}withdrawals", held.opening())
    wanted = {"w_hash": held.w_hash, "a": text_of(held.a), "appearance": {"step": "counted"}}

    assert shared.send(f"{place.hidden}appearances", wanted).status_code == 410
