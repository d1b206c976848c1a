"""What both web servers promise, seen from a visitor's side and from the program's."""

import re
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.deploy.backend import Backend, backend
from tests.deploy.fronts import Front, front, read_all, request
from tests.deploy.tools import NAME

pytestmark = pytest.mark.long
MILLION = 1024 * 1024
SECRET = "/s/0123456789ABCDEF/join?code=SECRET"


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def web(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A web server without a program behind it."""
    with front(request.param, tmp_path_factory.mktemp(request.param)) as found:
        yield found


@pytest.fixture
def behind(web: Front) -> Iterator[Backend]:
    """A program behind it."""
    with backend(web.server) as found:
        yield found


@pytest.fixture
def behind_tor(web: Front) -> Iterator[Backend]:
    """The program that Tor's requests reach."""
    with backend(web.onion_server) as found:
        yield found


def head_of(answer: bytes) -> str:
    return answer.partition(b"\r\n\r\n")[0].decode()


def status_of(answer: bytes) -> int:
    match = re.match(r"HTTP/[0-9.]+ (\d+)", head_of(answer))
    assert match is not None, answer[:200]
    return int(match[1])


def test_an_answer_of_the_program_passes_with_its_headers(web: Front, behind: Backend) -> None:
    answer = web.call("GET /letters/ HTTP/1.1")

    assert status_of(answer) == 200
    assert "content-security-policy: default-src 'none'" in head_of(answer).lower()
    assert not re.search(r"(?im)^server: .*\d", head_of(answer))
    assert answer.endswith(b"hello\n")


def test_plain_http_leads_to_https_with_the_same_method(web: Front) -> None:
    answer = web.call(f"POST {SECRET} HTTP/1.1", b"x=1", port=web.http)

    assert status_of(answer) == 308
    assert re.search(rf"(?im)^location: https://{NAME}(:{web.https})?{re.escape(SECRET)}\r?$", head_of(answer))
    assert not re.search(r"(?im)^server: .*\d", head_of(answer))


@pytest.mark.parametrize("host", ["Host: other.example", "Host: 127.0.0.1", "Host: 203.0.113.7:80"])
def test_another_name_on_port_80_gets_no_answer(web: Front, host: str) -> None:
    assert web.call(f"GET {SECRET} HTTP/1.1\n{host}", port=web.http) == b""


@pytest.mark.parametrize("name", ["other.example", None])
def test_another_name_gets_no_certificate(web: Front, name: str | None) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        web.connect(name).close()


def test_a_name_in_the_greeting_and_another_in_the_request_reach_nothing(web: Front, behind: Backend) -> None:
    web.call("GET /letters/ HTTP/1.1\nHost: other.example")

    assert behind.begun == []


def test_nobody_chooses_their_address(web: Front, behind: Backend) -> None:
    forged = (
        "X-Forwarded-For: 198.51.100.1\nX-Forwarded-Proto: http\nX-Forwarded-Host: evil.example\nX-Real-IP: 1.2.3.4"
    )
    web.call(f"GET / HTTP/1.1\n{forged}")

    [arrived] = behind.requests
    assert arrived.headers["x-forwarded-for"] == "127.0.0.1"
    assert arrived.headers["x-forwarded-proto"] == "https"
    assert arrived.headers["host"] == NAME
    assert "x-forwarded-host" not in arrived.headers


def test_over_tor_no_address_arrives_at_all(web: Front, behind_tor: Backend) -> None:
    forged = (
        "X-Forwarded-For: 198.51.100.1\nX-Forwarded-Proto: https\nX-Forwarded-Host: evil.example\nX-Real-IP: 1.2.3.4"
    )
    answer = web.call(f"GET / HTTP/1.1\nHost: example.onion\n{forged}", port=web.onion)

    [arrived] = behind_tor.requests
    assert status_of(answer) == 200
    assert arrived.headers["host"] == "example.onion"
    assert not {name for name in arrived.headers if name.startswith("x-forwarded")}


@pytest.mark.parametrize("way", ["https", "onion"])
def test_a_slow_line_holds_no_worker(web: Front, behind: Backend, behind_tor: Backend, way: str) -> None:
    with web.connect(port=web.onion if way == "onion" else None) as line:
        whole = request(f"POST {SECRET} HTTP/1.1", b"x" * 1000)
        line.sendall(whole[:-500])
        time.sleep(1)
        begun = [*behind.begun, *behind_tor.begun]
        line.sendall(whole[-500:])
        answer = read_all(line)

    [arrived] = [*behind.requests, *behind_tor.requests]
    assert begun == []
    assert status_of(answer) == 200
    assert arrived.size == 1000


@pytest.mark.parametrize("way", ["https", "onion"])
def test_organizers_may_paste_8_megabytes(web: Front, behind: Backend, behind_tor: Backend, way: str) -> None:
    body = b"x" * (8 * MILLION)
    answer = web.call("POST /organize/new HTTP/1.1", body, port=web.onion if way == "onion" else None)

    [arrived] = [*behind.requests, *behind_tor.requests]
    assert status_of(answer) == 200
    assert arrived.size == len(body)


@pytest.mark.parametrize(("path", "size"), [("/organize/new", 10 * MILLION), (SECRET, 2 * MILLION)])
def test_what_is_too_long_is_refused_with_a_page_of_ours(web: Front, behind: Backend, path: str, size: int) -> None:
    with web.connect() as line:
        whole = request(f"POST {path} HTTP/1.1", b"x" * size)
        line.sendall(whole[:4096])  # a server refuses by what the headers say, or once too much came
        with suppress(OSError):  # it may hang up on the rest
            line.sendall(whole[4096:])
        answer = read_all(line)

    assert status_of(answer) == 413
    assert b"Too long to send" in answer
    assert "cache-control: no-store" in head_of(answer).lower()
    assert behind.requests == []


@pytest.mark.parametrize("way", ["https", "onion"])
def test_while_the_program_is_away_a_page_says_so(web: Front, way: str) -> None:
    answer = web.call("GET /letters/ HTTP/1.1", port=web.onion if way == "onion" else None)

    assert status_of(answer) == 502
    assert b"Back in a minute" in answer
    assert "cache-control: no-store" in head_of(answer).lower()
    assert "retry-after: 60" in head_of(answer).lower()


def test_old_encryption_is_refused(web: Front) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1

    with web.connect(port=web.https) as line, pytest.raises((ssl.SSLError, ConnectionError)):
        old.wrap_socket(line, server_hostname=NAME)


def test_nothing_is_written_about_a_visitor(web: Front, behind: Backend) -> None:
    """Good requests, wrong names, broken ones, and a program that is away: each is what some server logs."""
    web.call(f"GET {SECRET} HTTP/1.1")
    web.call(f"GET {SECRET} HTTP/1.1", port=web.http)
    web.call(f"GET {SECRET} HTTP/1.1\nHost: other.example", port=web.http)
    web.call(f"GET {SECRET} HTTP/1.1\nHost: bad name", port=web.http)
    web.call(f"GET {SECRET} HTTP/1.1", port=web.onion)  # nothing is behind it: a 502
    with web.connect(port=web.http) as line:
        line.sendall(b"\x16\x03nonsense SECRET\r\n\r\n")
        read_all(line)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        web.connect("other.example").close()

    written = web.written()
    assert b"SECRET" not in written
    assert b"/s/" not in written
    assert b"127.0.0.1:" not in written.replace(f"127.0.0.1:{web.onion}".encode(), b"")
    assert b"other.example" not in written
