"""A receipt whose signature waited in a set of codes that the organizers canceled: what its pages say."""

import json
from collections.abc import Callable

import pytest

from petition.coordination import rounds
from petition.crypto.codes import receipt_words
from petition.crypto.tokens import Token
from tests.shared import Place, Shared
from tests.visitors import Page
from tests.web.outside import text_of

pytestmark = pytest.mark.thorough

DELETED = "The organizers canceled set 1 of the codes (Someone copied the sheet). What waited in it was deleted."
MAYBE = "If the organizers canceled your set of codes, your signature was deleted while it waited."
UNKNOWN = "No signature on this letter has this receipt."
Both = Callable[[str], tuple[Page, Page]]


@pytest.fixture
def place(shared: Shared) -> Place:
    return shared.an_open_letter()


@pytest.fixture
def held(shared: Shared, place: Place) -> Token:
    """Waited in the letter's set, which was canceled since the last update."""
    token = shared.campaign.sign_all(place.id, 1)[0]
    rounds.annul_round(shared.campaign.services, place.id, 1, "Someone copied the sheet")
    return token


@pytest.fixture
def both(shared: Shared, place: Place) -> Both:
    """The answers to a receipt of the pages for checking and for removing."""

    def post(receipt: str) -> tuple[Page, Page]:
        page = f"{place.hidden}receipt"
        visitor = shared.visitor()
        removing = {"receipt": receipt, "do": "withdraw", "confirm": "yes"}
        return visitor.post(page, receipt=receipt, do="check"), visitor.post(page, **removing)

    return post


def test_a_file_hears_that_what_waited_in_its_set_was_deleted(
    shared: Shared, place: Place, held: Token, both: Both
) -> None:
    shared.campaign.seal(place.id)

    for page in both(held.as_text()):
        assert page.status == 410
        assert DELETED in page.text
        assert UNKNOWN not in page.text


def test_a_written_receipt_hears_that_its_set_may_be_the_canceled_one(
    shared: Shared, place: Place, held: Token, both: Both
) -> None:
    shared.campaign.seal(place.id)

    for page in both(receipt_words(held.receipt)):
        assert page.status == 404
        assert f"{UNKNOWN} {MAYBE}" in page.text


def test_a_program_hears_that_the_set_may_be_the_canceled_one(shared: Shared, place: Place, held: Token) -> None:
    shared.campaign.seal(place.id)
    opened = shared.campaign.opening(held)
    w, a = text_of(opened.w), text_of(opened.a)
    changing = {"w_hash": opened.w_hash, "a": a, "appearance": {"step": "counted"}}
    sent = [("withdrawals", {"w": w, "a": a}), ("appearances", changing)]
    answers = [shared.send(f"{place.hidden}{name}", body) for name, body in sent]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert {answer.get_json()["detail"] for answer in answers} == {f"{UNKNOWN} {MAYBE}"}


def test_a_file_that_changes_what_is_shown_hears_that_its_set_was_canceled(
    shared: Shared, place: Place, held: Token
) -> None:
    shared.campaign.seal(place.id)
    page = shared.visitor().post(f"{place.hidden}receipt", receipt=held.as_text(), do="change", appear="counted")

    assert page.status == 410
    assert DELETED in page.text


@pytest.mark.parametrize("write", [Token.as_text, lambda token: receipt_words(token.receipt)], ids=["a file", "words"])
def test_before_the_log_tells_of_a_canceled_set_no_receipt_does(
    held: Token, both: Both, write: Callable[[Token], str]
) -> None:
    for page in both(write(held)):
        assert page.status == 404
        assert UNKNOWN in page.text
        assert "canceled" not in page.text.partition("<main")[2]


@pytest.mark.parametrize("change", [{"letter_id": "0" * 26}, {"round": 2}, {"round": [1]}, {"round": None}])
def test_a_file_that_does_not_name_the_canceled_set_is_not_told_that_it_was_its_own(
    shared: Shared, place: Place, held: Token, both: Both, change: dict[str, object]
) -> None:
    shared.campaign.seal(place.id)

    for page in both(json.dumps({**json.loads(held.as_text()), **change})):
        assert page.status == 404
        assert DELETED not in page.text


def test_a_file_of_another_set_hears_nothing_of_the_canceled_one(
    shared: Shared, place: Place, held: Token, both: Both
) -> None:
    shared.campaign.further_round(place.id)

    for page in both(shared.campaign.tokens(place.id, 1, 2)[0].as_text()):
        assert page.status == 404
        assert UNKNOWN in page.text
        assert MAYBE not in page.text
