"""Rubbish, to every address by every method: refused in words, never a failure, never a hang."""

import json
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from petition.letters.drafting.working_copies import forget_working_copy
from petition.letters.models import Organizer
from petition.web.shared.limits import limiter
from tests.routes import filled, routes, routes_of
from tests.shared import ONCE, STRICT, Place, Shared
from tests.visitors import SITE
from tests.walks import Desk
from tests.web.outside import envelope

pytestmark = pytest.mark.thorough

DEEP = 10_000
PATIENCE = 5.0
"""Seconds of CPU that an answer may take: far more than any does, on any machine."""
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
PROGRAMS = ("tokens", "signatures", "withdrawals", "appearances")
IN_PATHS = (
    b"\x00", b"a\x00b", b"\xff\xfe", b"\xed\xa0\x80", b"../../etc/passwd", b"\r\nX-Evil: 1", b"%s{{7*7}}", b"x" * 5000,
    b"\x00-0123456789abcdef", b"9" * 30, "\u202e\U0001f4a9".encode(),
)  # fmt: skip
IN_FIELDS = (
    b"", b"\x00", b"a\x07\x1b[2J", b"\xff\xed\xa0\x80", b"9" * 5000, b"-1", b"1e400", b"[" * DEEP,
    "\u0663\u00b2\u202e\ufeff".encode(), b"/organize/\r\nSet-Cookie: a=b",
    b'{"petition": 1, "letter": "\\ud800", "letter_id": "\\u0000", "round": 1e400}',
)  # fmt: skip
IN_EACH_FIELD = (b"\x00", b"9" * 5000, b"\xff\xed\xa0\x80\x07")
MEMBERS = (
    "null", "true", "-1", "0", "0.5", "1e400", "NaN", "1" + "0" * 400, "9" * 5000, '""', '"\\u0000"', '"\\ud800"',
    '"A\\ud800A"', "[]", "{}", '{"step": "\\ud800"}', '{"step": ["counted"]}', '{"step": {"step": "counted"}}',
    "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP, f'"{"A" * 50_000}"', '"%s"', '"\u202e"',
)  # fmt: skip
BODIES = (
    b"", b"null", b"[]", b"7", b'"x"', b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * DEEP, b"[" * DEEP + b"]" * DEEP,
    b'{"a":' * DEEP + b"1" + b"}" * DEEP, b'{"\\ud800": 1}', b'{"\\u0000": 1}', '{"code": 1}'.encode("utf-16"),
    b"NaN", b"1" * 5000, b"\x00" * 1000, b'{"a":1}{"a":1}',
)  # fmt: skip
BIG = (2**63, 10**30)
"""Numbers that no database stores; SQLite refuses them even in a question."""
NUMBERS = (
    "based_on", "before", "count", "from", "goal", "issuing_days", "k", "months", "needed", "numbers", "paragraph",
    "pause_hours", "round", "theirs", "threshold", "version",
)  # fmt: skip
"""What forms take as a number, in a field of its own."""
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="token"; filename="\xff\x00\r\n\r\nrubbish\r\n--x'
KINDS = (
    "application/json", "application/json; charset=utf-7", "text/plain", "", "multipart/form-data",
    "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "x" * 1000,
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=\xff", "\x7f/;;=,",
)  # fmt: skip
HEADERS: tuple[dict[str, str], ...] = (
    {"Cookie": "organizer=\xff.x.y; organizer=" + "A" * 4000},
    {"Cookie": "organizer=eyJvcmdhbml6ZXIiOiJcdWQ4MDAifQ.aaaa.bbbb"},
    {"Accept": "\xff;q=x,*/*;q=9,,,;"},
    {"Accept-Encoding": "br;q=x, \xff, gzip;q=-1,,"},
    {"If-None-Match": '"\xff, W/"'},
    {"If-Modified-Since": "tomorrow"},
    {"Range": "bytes=9-1,-\xff"},
    {"Origin": "\xff://[", "Referer": "http://[::"},
    {"Host": "[::"},
    {"Host": "a" * 300 + ".example\x7f"},
    {"X-Forwarded-For": "\xff, 1", "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/x"},
    {"Content-Length": "x"},
    {"Content-Length": "-1"},
    {"Accept-Language": "\xff-" * 100},
)
FIELDS = {
    "write": (
        "title",
        "recipient",
        "employer",
        "body",
        "demands-0",
        "sources-0-url",
        "language",
        "note",
        "based_on",
        "do",
    ),
    "new": ("title", "recipient", "employer", "body", "demands-0", "sources-0-url", "language", "do"),
    "decide": ("mine", "based_on", "theirs", "part", "choice-0", "do"),
    "translations": ("language", "code"),
    "fr": ("title", "recipient", "body", "demands-0", "based_on", "do"),
    "rules": ("k", "goal", "threshold", "rolls", "timing", "issuing_days", "pause_hours"),
    "codes": ("count", "roll"),
    "rounds": ("roll",),
    "annul": ("reason",),
    "withdraw": ("reason",),
    "close": ("now", "destroy"),
    "sign-in": ("name", "passphrase", "language", "carry_to", "title"),
    "never-was": ("passphrase", "again"),
    "join": ("code", "seed", "roll"),
    "sign": ("token", "confirm"),
    "file": ("token",),
    "receipt": ("receipt", "do"),
    **dict.fromkeys(("open", "publish", "delete", "end", "void", "sign-out", *PROGRAMS), ()),
}
"""What each form takes, by the end of its address; a new one gets everything."""
ALL = tuple(sorted({name for names in FIELDS.values() for name in names} | {"name", "email", "url"}))
RIGHT = {
    "title": b"T", "recipient": b"R", "employer": b"E", "body": b"B", "demands-0": b"D", "language": b"en",
    "do": b"check", "based_on": b"1", "k": b"3", "timing": b"together", "rolls": b"Workers", "reason": b"Why.",
    "count": b"1",
}  # fmt: skip


class Prober:
    """Sends something and demands an answer that is no failure, soon."""

    def __init__(self, shared: Shared, caplog: pytest.LogCaptureFixture) -> None:
        self.shared = shared
        self._caplog = caplog
        self.sent = 0

    @cached_property
    def ana(self) -> Desk:
        """A sign-in of its own: signing out is one of the forms."""
        return self.shared.campaign.signed_in(self.shared.app)

    @cached_property
    def token(self) -> str:
        return self.ana.csrf("/organize/letters/new")

    def send(self, method: str, path: str, **how: Any) -> Any:
        limiter.counts.clear()
        begun = time.process_time()
        client = self.ana.client if path.startswith("/organize/") else self.shared.app.test_client()
        answer = client.open(path, method=method, base_url=SITE, **how)
        self.sent += 1
        said = f"{method} {path[:200]} {str(how)[:300]}: {answer.status_code} {self._why()}"
        assert answer.status_code < 500 or path == "/readyz", said  # updates of this site are overdue: no clock runs
        assert time.process_time() - begun < PATIENCE, said
        assert "X-Evil" not in answer.headers and "a=b" not in answer.headers.get("Set-Cookie", ""), said
        return answer

    def _why(self) -> str:
        return " ".join(f"{vars(record).get('kind')} at {vars(record).get('place')}" for record in self._caplog.records)

    def form(self, path: str, fields: dict[str, bytes]) -> Any:
        sent = {"csrf_token": self.token.encode(), **fields} if path.startswith("/organize/") else fields
        body = urlencode(sent).encode()
        answer = self.send("POST", path, data=body, content_type="application/x-www-form-urlencoded")
        if answer.headers.get("Location") == "/organize/sign-in":
            self._sign_in_anew()
        return answer

    def _sign_in_anew(self) -> None:
        """A form that signed out would have all that follow refused for want of a sign-in."""
        for kept in ("ana", "token"):
            vars(self).pop(kept, None)


@pytest.fixture
def prober(shared: Shared, caplog: pytest.LogCaptureFixture) -> Iterator[Prober]:
    """What is begun meanwhile is no letter that other tests find, and who was signed in signs in anew."""
    yield Prober(shared, caplog)
    shared.sign_in_anew()
    with Session(shared.campaign.databases.petition) as session:
        forget_working_copy(session, session.get_one(Organizer, shared.ids["Ana"]), None)
        session.commit()


def forms(shared: Shared, below: str = "/") -> Iterator[tuple[str, Place]]:
    """Each form's address and the letter behind it, in a state in which the form does something.

    Forms of organizers can change the letter for those that follow, so each of them has a letter of its own.
    """
    rules = {rule.rule for rule in shared.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    of_signers = shared.a_published_letter()
    for rule in sorted(rules):
        if rule.startswith(below):
            in_draft = rule.rsplit("/", 1)[-1] in ("write", "rules", "open", "delete")
            make = shared.a_draft if in_draft else shared.a_published_letter
            place = make() if "<slug>" in rule else of_signers
            yield filled(rule, slug=place.slug, address=f"letters/{place.slug}", secret="never-was"), place


def right(shared: Shared, path: str, place: Place) -> dict[str, bytes]:
    """What is right in a form; only those of signers take a code or a token."""
    return RIGHT if path.startswith("/organize/") else {**RIGHT, **holding(shared, place)}


def holding(shared: Shared, place: Place) -> dict[str, bytes]:
    """What only a person with codes of a letter can type."""
    token = shared.campaign.token(place.id, shared.code(place)).as_text()
    return {"token": token.encode(), "code": shared.code(place).encode()}


@STRICT
@pytest.mark.parametrize("chosen", [IN_PATHS[::8], pytest.param(IN_PATHS, marks=pytest.mark.long)], ids=["few", "all"])
def test_rubbish_in_paths_is_not_found(shared: Shared, prober: Prober, chosen: Sequence[bytes]) -> None:
    for what in chosen:
        rubbish = quote_from_bytes(what, safe="")
        given = dict.fromkeys(("slug", "secret", "name", "batch", "number"), rubbish)
        found = routes_of(shared.app, f"letters/{rubbish}", f"s/{rubbish}", **given)
        for path in {route.path for route in found if rubbish in route.path}:
            for method in ("GET", "POST"):
                prober.send(method, path)
    assert prober.sent > 200 * len(chosen)


def test_rubbish_numbers_in_paths_of_a_letter_that_is_there_are_not_found(shared: Shared, prober: Prober) -> None:
    place = shared.an_open_letter()
    for number in ("0", "9" * 12, "9" * 30, "9" * 5000, "%D9%A3", "-1"):
        given = {"slug": place.slug, "address": f"s/{place.code}", "secret": "x", "batch": number, "number": number}
        for route in routes(shared.app, **given):
            if number in route.path:
                prober.form(route.path, RIGHT)
    assert prober.sent >= 12


@ONCE
def test_rubbish_in_queries_changes_nothing(shared: Shared, prober: Prober) -> None:
    place = shared.an_open_letter()
    queries = [f"{name}={quote_from_bytes(what)}" for what in IN_PATHS for name in ("roll", "round")] + [
        "&" * 5000,
        "a=1&" * 2000,
        "%",
        "=" * 100,
        "\x7f",
    ]
    for query in queries:
        for path in (
            f"{place.hidden}round.json",
            f"{place.hidden}join",
            "/",
            "/organize/",
            f"{place.desk}codes",
        ):
            prober.send("GET", f"{path}?{query}")


@ONCE
def test_every_method_is_answered_everywhere(shared: Shared, prober: Prober) -> None:
    place = shared.a_published_letter()
    taken: dict[str, set[str]] = {}
    for route in routes(shared.app, slug=place.slug, address=f"letters/{place.slug}", secret="never-was"):
        taken.setdefault(route.path, {"HEAD", "OPTIONS"}).update(route.methods)
    for path, methods in taken.items():
        done = {method for method in METHODS if prober.send(method, path).status_code < 300}

        assert done <= methods, path


@ONCE
def test_rubbish_headers_are_answered(shared: Shared, prober: Prober) -> None:
    place = shared.a_published_letter()
    for headers in HEADERS:
        for path in ("/", place.public, f"{place.public}join", f"{place.public}counts.json", "/organize/", "/nowhere"):
            prober.send("GET", path, headers=headers)
        for path in (f"{place.public}tokens", f"{place.public}join", "/organize/sign-in"):
            prober.send("POST", path, headers=headers, data=b"code=x")


@ONCE
@pytest.mark.parametrize("name", PROGRAMS)
def test_rubbish_json_is_refused_with_problem_details(shared: Shared, prober: Prober, name: str) -> None:
    place = shared.an_open_letter()
    for body in BODIES:
        answer = prober.send("POST", place.hidden + name, data=body, content_type="application/json")

        assert answer.status_code == 400, body[:50]
        assert answer.content_type == "application/problem+json"


@STRICT
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_rubbish_member_is_refused_with_problem_details(shared: Shared, prober: Prober, name: str) -> None:
    place = shared.an_open_letter()
    held = envelope(shared.get(f"{place.hidden}round.json").get_json())
    good: dict[str, dict[str, Any]] = {
        "tokens": held.request("0123456789ABCDEF"),
        "signatures": held.signing(b"\x01" * 384),
        "withdrawals": held.opening(),
        "appearances": {"w_hash": held.w_hash, "a": held.opening()["a"], "appearance": {"step": "counted"}},
    }
    for member in good[name]:
        others = {key: value for key, value in good[name].items() if key != member}
        for what in MEMBERS:
            body = f'{{{json.dumps(others)[1:-1]}, "{member}": {what}}}'.encode("utf-8", "surrogatepass")
            answer = prober.send("POST", place.hidden + name, data=body, content_type="application/json")

            assert answer.status_code in (400, 409), (member, what[:50])
            assert answer.content_type == "application/problem+json"


@ONCE
@pytest.mark.parametrize("letter", ["\\ud800", "\\u0000", "\\u202e", "x" * 9000, "<b>"])
@pytest.mark.parametrize("path", ["sign", "join/file", "receipt", "receipt/file"])
def test_a_token_file_that_names_rubbish_is_no_failure(shared: Shared, prober: Prober, path: str, letter: str) -> None:
    place = shared.an_open_letter()
    members = json.loads(holding(shared, place)["token"])
    body = json.dumps({**members, "letter": "HERE", "pin": "HERE"}).replace("HERE", letter).encode()

    assert prober.form(place.hidden + path, {"token": body, "receipt": body, "confirm": b"yes"}).status_code in (
        200,
        400,
        404,
    )


@STRICT
@pytest.mark.parametrize("number", [0, -1, 2**40, *BIG])
@pytest.mark.parametrize("path", ["sign", "join/file", "receipt/file"])
def test_a_token_file_of_a_set_that_no_letter_can_have_is_refused(
    shared: Shared, prober: Prober, path: str, number: int
) -> None:
    place = shared.an_open_letter()
    body = json.dumps({**json.loads(holding(shared, place)["token"]), "round": number}).encode()

    assert prober.form(place.hidden + path, {"token": body, "confirm": b"yes"}).status_code == 400


@ONCE
@pytest.mark.parametrize("at_once", [True, pytest.param(False, marks=pytest.mark.long)], ids=["at once", "one by one"])
def test_a_number_that_no_database_takes_is_no_failure(shared: Shared, prober: Prober, at_once: bool) -> None:
    """All numbers of a form; or each by itself: all else is right then, so that it gets as far as it can."""
    numbers = cycle(str(number).encode() for number in BIG)
    for path, _ in forms(shared, below="/organize/"):
        taken = FIELDS.get(path.rsplit("/", 1)[-1], NUMBERS)
        wrong = {name: next(numbers) for name in filter(taken.__contains__, NUMBERS)}
        for sent in [wrong] if at_once and wrong else [{name: number} for name, number in wrong.items()]:
            prober.form(path, {**RIGHT, **sent})


@ONCE
def test_a_member_that_stands_twice_is_no_failure(shared: Shared, prober: Prober) -> None:
    place = shared.an_open_letter()
    body = b'{"w": "AA", "a": "AA", "w": 1, "a": null}'

    assert (
        prober.send("POST", f"{place.hidden}withdrawals", data=body, content_type="application/json").status_code == 400
    )


@STRICT
def test_rubbish_in_forms_is_answered(shared: Shared, prober: Prober) -> None:
    """Of bodies and of what is in all fields, each form gets some, and all of them get their turn."""
    kinds, fillings = cycle(KINDS), cycle(IN_FIELDS)
    for path, _ in forms(shared):
        for kind in islice(kinds, 1):
            body = MULTIPART if "multipart" in kind else b"\xff=\x00&token=%ff%00"
            prober.send("POST", path, data=body, content_type=kind)
        for what in islice(fillings, 2):
            prober.form(path, dict.fromkeys(_fields(path), what))


@ONCE
@pytest.mark.parametrize(
    ("typed", "shown"), [("no <b>link</b>", "no &lt;b&gt;link&lt;/b&gt;"), ("100%(x)d", "100%(x)d")]
)
def test_an_error_quotes_what_was_typed_as_text(shared: Shared, prober: Prober, typed: str, shown: str) -> None:
    answer = prober.form(f"{shared.a_draft().desk}write", {**RIGHT, "sources-0-url": typed.encode()})

    assert f"This is not a web address: {shown}." in answer.text


@pytest.mark.long
@STRICT
def test_rubbish_in_one_field_is_answered(shared: Shared, prober: Prober) -> None:
    """All else in the form is right."""
    for path, place in forms(shared):
        good = right(shared, path, place)
        for name in _fields(path):
            for what in IN_EACH_FIELD:
                prober.form(path, {**good, name: what})


def _fields(path: str) -> tuple[str, ...]:
    return FIELDS.get(path.rsplit("/", 1)[-1], ALL)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["code", "round", "blinded_message", "message", "signature", "appearance", "w", "a", "w_hash"])


@STRICT
@settings(max_examples=40)
@given(name=st.sampled_from(PROGRAMS), members=st.dictionaries(NAMES, JSON, max_size=4))
@example(name="signatures", members={"message": "", "signature": "", "appearance": {"step": "\ud800"}})
@example(name="tokens", members={"code": "\ud800" * 16, "round": 1, "blinded_message": "AA"})
@example(name="tokens", members={"code": "0" * 16, "round": 2**63, "blinded_message": "A" * 512})
def test_any_json_is_answered(shared: Shared, prober: Prober, name: str, members: dict[str, Any]) -> None:
    place = shared.an_open_letter() if not hasattr(prober, "place") else prober.place
    prober.place = place
    body = json.dumps(members).encode()

    assert prober.send("POST", place.hidden + name, data=body, content_type="application/json").status_code in (
        400,
        404,
        409,
    )


@STRICT
@settings(max_examples=40)
@given(
    path=st.sampled_from(["join", "join/file", "sign", "receipt", "receipt/file"]),
    fields=st.dictionaries(st.sampled_from(ALL), st.text(st.characters(codec="utf-8"), max_size=40), max_size=5),
)
@example(path="sign", fields={"token": '{"petition": 1, "letter": "\\ud800"}'})
def test_any_form_is_answered(shared: Shared, prober: Prober, path: str, fields: dict[str, str]) -> None:
    place = shared.an_open_letter() if not hasattr(prober, "place") else prober.place
    prober.place = place

    assert prober.form(place.hidden + path, {name: text.encode() for name, text in fields.items()}).status_code < 500


@STRICT
@settings(max_examples=100)
@given(
    method=st.sampled_from(METHODS),
    path=st.lists(
        st.text(max_size=12) | st.sampled_from(["letters", "organize", "en", "_site", "log", ""]), max_size=5
    ),
    query=st.text(max_size=20),
)
def test_any_address_is_answered(shared: Shared, prober: Prober, method: str, path: list[str], query: str) -> None:
    # the test client takes what follows two slashes for a host
    address = "/" + "/".join(quote(part.encode("utf-8", "replace"), safe="") for part in path).lstrip("/")

    assert prober.send(method, f"{address}?{quote(query.encode('utf-8', 'replace'))}").status_code < 500
