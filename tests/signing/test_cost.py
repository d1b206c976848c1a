"""How many statements the ways cost that many people take at once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from petition.crypto.encodings import b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import Token
from petition.letters.fields import read_field
from tests.walks import Campaign, asked, is_beginning

pytestmark = pytest.mark.thorough

PUBLIC = ("", "counts.json", "history.csv", "letter.md", "log/checkpoint", "how-we-verify/", "press/")
Count = Callable[[], AbstractContextManager[list[str]]]


class Seconds:
    """A stopwatch that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def served(campaign: Campaign, seconds: Seconds) -> Any:
    """The site's application, which has answered once, so that everything it loads once is loaded."""
    app = campaign.app(seconds)
    assert app.test_client().get("/readyz").status_code == 200
    return app


@pytest.fixture
def statements(served: Any) -> Count:
    """Counts the statements that the application sends to both databases, but for those that begin a transaction."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        found: list[str] = []
        databases = served.extensions["petition"].databases
        with asked(databases.petition, databases.issuer) as sent:
            yield found
        found += [statement for statement in sent if not is_beginning(statement)]

    return counting


def body(token: Token, appearance: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "message": b64url(token.message),
        "signature": b64url(token.signature),
        "appearance": appearance or {"step": "counted"},
    }


def of_the_second(
    campaign: Campaign, served: Any, statements: Count, letter: str, first: dict[str, Any], second: dict[str, Any]
) -> list[str]:
    """The kinds of the statements that a signature costs after another one like it."""
    address, client = campaign.address(letter) + "signatures", served.test_client()
    client.post(address, json=first)
    with statements() as sent:
        answer = client.post(address, json=second)

    assert answer.status_code == 201
    return [statement.split()[0] for statement in sent]


@pytest.mark.parametrize("state", ["open", "published"])
def test_a_signature_costs_three_statements(campaign: Campaign, served: Any, statements: Count, state: str) -> None:
    letter = campaign.an_open_letter() if state == "open" else campaign.a_published_letter()
    first, second = (body(token) for token in campaign.tokens(letter, 2))

    assert of_the_second(campaign, served, statements, letter, first, second) == ["SELECT", "INSERT", "SELECT"]


def test_a_grouped_signature_costs_three_more(campaign: Campaign, served: Any, statements: Count) -> None:
    fields = tuple(read_field(label, [("A", None), ("B", None)]) for label in ("Role", "Site", "Level"))
    letter = campaign.an_open_letter(fields=fields)
    requests = []
    for token in campaign.tokens(letter, 2):
        opened = opening(token.receipt)
        groups = [{"field": field.id, "option": "a"} for field in fields]
        grouped = {"step": "grouped", "groups": groups, "a": b64url(opened.a), "w_hash": opened.w_hash}
        requests.append(body(token, grouped))

    assert of_the_second(campaign, served, statements, letter, *requests) == [
        "SELECT",
        "SELECT",
        "INSERT",
        "SELECT",
        "SELECT",
        "INSERT",
    ]


def test_a_signature_with_a_name_costs_five_more(campaign: Campaign, served: Any, statements: Count) -> None:
    letter = campaign.an_open_letter(fields=(read_field("Role", [("A", None), ("B", None)]),), names=("named",))
    requests = []
    for token in campaign.tokens(letter, 2):
        opened = opening(token.receipt)
        locked = b64url(campaign.locked(letter, token, "Maria Muster"))
        named = {"step": "named", "locked_name": locked, "a": b64url(opened.a), "w_hash": opened.w_hash}
        requests.append(body(token, named))

    assert of_the_second(campaign, served, statements, letter, *requests) == [
        "SELECT",
        "INSERT",
        *["SELECT"] * 5,
        "INSERT",
    ]


def test_a_refused_signature_does_not_wait_for_the_right_to_write(campaign: Campaign, served: Any) -> None:
    letter, other = campaign.an_open_letter(), campaign.an_open_letter(slug="other")
    token = campaign.tokens(letter, 1)[0]
    with asked(served.extensions["petition"].databases.petition) as sent:
        answer = served.test_client().post(campaign.address(other) + "signatures", json=body(token))

    assert (answer.status_code, "BEGIN IMMEDIATE" in sent) == (403, False)


def test_a_code_is_exchanged_with_four_statements(campaign: Campaign, served: Any, statements: Count) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    request = {"code": code, "round": 1, "blinded_message": b64url(b"\x01" * 384)}
    with statements() as sent:
        answer = served.test_client().post(campaign.address(letter) + "tokens", json=request)

    assert answer.status_code == 201
    assert [statement.split()[0] for statement in sent] == ["SELECT", "SELECT", "SELECT", "UPDATE"]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_kept_page_costs_none(
    campaign: Campaign, served: Any, statements: Count, seconds: Seconds, name: str
) -> None:
    address = campaign.address(campaign.a_published_letter()) + name
    client = served.test_client()
    client.get(address)
    seconds.now += 0.9
    with statements() as sent:
        answer = client.get(address)

    assert (answer.status_code, sent) == (200, [])
