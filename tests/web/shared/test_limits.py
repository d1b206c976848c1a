"""How often one visitor may try, and what the site answers after that."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from petition.crypto.encodings import b64url
from petition.errors import SlowDown
from petition.web.shared.limits import (
    A_BROWSER,
    A_LETTER,
    A_VISITOR,
    EMAILS_ASKED_FOR,
    RARELY_BY_DAY,
    RARELY_BY_HOUR,
    Counts,
    Limit,
    Limiter,
    visitor,
)
from tests.shared import ONCE, Shared
from tests.visitors import SITE

pytestmark = [ONCE, pytest.mark.thorough]


def who(shared: Shared, address: str) -> str:
    with shared.app.test_request_context("/", environ_base={"REMOTE_ADDR": address}):
        return visitor()


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    ],
)
def test_a_visitor_of_ipv6_is_a_network_of_64_bits(shared: Shared, one: str, other: str, is_same: bool) -> None:
    assert (who(shared, one) == who(shared, other)) is is_same


@pytest.mark.parametrize("spelled", [str.lower, lambda short: "-".join(short), lambda short: short.replace("0", "O")])
def test_on_one_machine_all_spellings_of_a_letter_s_address_are_one(
    shared: Shared, spelled: Callable[[str], str]
) -> None:
    short = shared.an_open_letter().code
    seen = set()
    for path in (f"/s/{short}/join", f"/s/{spelled(short)}/join", "/s/0000000000000000/join"):
        with shared.app.test_request_context(path, environ_base={"REMOTE_ADDR": "127.0.0.1"}):
            seen.add(visitor())

    assert len(seen) == 2


def knock(shared: Shared, path: str, address: str, **how: Any) -> Any:
    return shared.app.test_client().post(path, base_url=SITE, environ_base={"REMOTE_ADDR": address}, **how)


def refused(shared: Shared, path: str, address: str) -> tuple[int, Any]:
    """How many requests are answered before one is refused, and the refusal; a new minute starts the count over."""
    for tries in range(2000):
        answer = knock(shared, path, address, json={})
        if answer.status_code == 429:
            return tries, answer
    pytest.fail("2,000 requests were answered")


def allowed(shared: Shared, path: str, limit: Limit) -> int:
    """How many requests of one visitor a page answers within one count."""
    limiter = Limiter()
    limiter.counts = Counts(lambda: 0.0)
    counted = limiter.limit(lambda: [limit], key=lambda: "one visitor")(lambda: None)
    with shared.app.test_request_context(path):
        for tries in range(limit.most + 1):
            try:
                counted()
            except SlowDown:
                return tries
    pytest.fail("it never refuses")


@pytest.mark.parametrize("limit", [A_VISITOR, A_LETTER, A_BROWSER, *EMAILS_ASKED_FOR, RARELY_BY_HOUR, RARELY_BY_DAY])
def test_the_last_request_before_a_refusal_cannot_be_known(shared: Shared, limit: Limit) -> None:
    """With a fixed limit, one who sent 299 knew from the next answer whether another of the same network had come; with
    one limit for all pages, so did one who first filled up another page's."""
    smaller = replace(limit, least=min(limit.least, 20))
    found = {allowed(shared, path, smaller) for path in ("/", "/organize/sign-in", "/promises/") for _ in range(10)}

    assert len(found) > 2
    assert found <= set(range(smaller.least, smaller.most + 1))


def test_the_last_email_before_a_refusal_cannot_be_known_either(shared: Shared) -> None:
    """With a fixed limit, one who asked four times knew from the fifth whether another of the same network had."""
    place = shared.an_open_letter()
    path = f"{place.hidden}join/mail"
    limits = {refused(shared, path, f"2001:db8:9:{number}::1")[0] for number in range(8)}

    assert len(limits) > 1
    assert limits <= set(range(5, 15))


def test_a_visitor_who_tries_too_often_learns_how_long_to_wait(shared: Shared) -> None:
    place = shared.an_open_letter()
    answered, _ = refused(shared, f"{place.hidden}tokens", "2001:db8:7::1")
    _, answer = refused(shared, f"{place.hidden}tokens", "2001:db8:7::1")
    other = knock(shared, f"{place.hidden}tokens", "2001:db8:7:1::1", json={})

    assert answered >= 300
    assert answer.headers["Retry-After"] == "60"  # not what is left: that tells when a neighbor began to knock
    assert "Please wait 1 min" in answer.get_json()["detail"]
    assert other.status_code == 400


def test_a_limit_by_the_hour_says_so(shared: Shared) -> None:
    place = shared.a_published_letter()
    for _ in range(RARELY_BY_HOUR.most + 1):
        answer = knock(
            shared, f"{place.public}report", "203.0.113.5", data={"why": "x"}, headers={"Sec-Fetch-Site": "same-origin"}
        )

    assert answer.status_code == 429
    assert 60 < int(answer.headers["Retry-After"]) <= 3601
    assert f"{-(-int(answer.headers['Retry-After']) // 60)} min" in answer.text


def test_how_often_a_code_was_tried_is_not_counted(shared: Shared) -> None:
    """A count of tries would tell the one who handed a code out when its holder came."""
    place = shared.an_open_letter()
    body = {"code": shared.code(place), "round": 1, "blinded_message": b64url(bytes(384))}

    answers = [knock(shared, f"{place.hidden}tokens", f"2001:db8:{number}::1", json=body) for number in range(30)]
    assert {answer.status_code for answer in answers} == {400}
