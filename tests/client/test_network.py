"""Whom the client talks to, and how: proxies, names, moves, certificates, answers without end."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from petition import client
from tests.client.conftest import Run
from tests.client.hostile import slow_body
from tests.client.issuing import CODE, SHORT, Issuer
from tests.client.logs import BASE, SAMPLE, sample
from tests.client.serving import Reply, Seen, Socks, Web, running, serving

pytestmark = pytest.mark.thorough

ONION = "http://abcdefghijklmnop.onion/s/0123456789ABCDEF/"
NAME = b"abcdefghijklmnop.onion"
WORDS = (SAMPLE / "receipt.txt").read_text().strip()


@contextmanager
def proxy_to(port: int, password: tuple[str, str] | None = None) -> Iterator[Socks]:
    proxy = Socks(port, password)
    with running(proxy):
        yield proxy


@pytest.fixture
def onion(web: Web, issuer: Issuer) -> Issuer:
    """A letter that also has an onion address."""
    issuer.record = {"hosts": [issuer.host, NAME.decode()]}
    return issuer


def test_the_proxy_gets_the_name_and_looks_it_up(run: Run, web: Web, onion: Issuer) -> None:
    with proxy_to(web.port) as proxy:
        ran = run("sign", ONION, "--code", CODE, "--proxy", f"socks5://{proxy.address}")

    assert (ran.status, len(onion.signatures)) == (0, 1)
    assert proxy.asked == [(3, NAME, 80)] * 3
    assert {seen.headers["Host"] for seen in web.seen} == {NAME.decode()}


def test_each_step_takes_a_path_of_its_own_through_tor(run: Run, web: Web, onion: Issuer) -> None:
    with proxy_to(web.port) as proxy:
        run("sign", ONION, "--code", CODE, "--proxy", f"socks5h://{proxy.address}")

    assert len(set(proxy.logins)) == 3


def test_a_password_for_the_proxy_is_used(run: Run, web: Web, onion: Issuer) -> None:
    with proxy_to(web.port, ("ana", "s3cret")) as proxy:
        ran = run("sign", ONION, "--code", CODE, "--proxy", f"socks5://ana:s3cret@{proxy.address}")

    assert ran.status == 0
    assert set(proxy.logins) == {("ana", "s3cret")}


def test_a_wrong_password_for_the_proxy_is_said(run: Run, web: Web) -> None:
    with proxy_to(web.port, ("ana", "s3cret")) as proxy:
        ran = run("sign", ONION, "--code", CODE, "--proxy", f"socks5://ana:wrong@{proxy.address}")

    assert (ran.status, web.seen) == (1, [])
    assert "does not accept this user name and password" in ran.said


def test_a_proxy_that_cannot_connect_says_why(run: Run) -> None:
    with proxy_to(0) as proxy:
        ran = run("check", ONION, "--receipt", WORDS, "--proxy", f"socks5://{proxy.address}")

    assert ran.status == 3
    assert "the host cannot be reached" in ran.said


def test_an_address_in_figures_goes_to_the_proxy_as_it_is(run: Run, web: Web) -> None:
    with proxy_to(web.port) as proxy:
        run("check", f"http://127.0.0.1:81{BASE}", "--receipt", WORDS, "--proxy", f"socks5://{proxy.address}")

    assert proxy.asked[0] == (1, bytes([127, 0, 0, 1]), 81)


def test_without_its_proxy_nothing_is_ever_asked_directly(run: Run, web: Web) -> None:
    ran = run("sign", web.url + SHORT, "--code", CODE, "--proxy", "socks5://127.0.0.1:1")

    assert (ran.status, web.seen) == (1, [])
    assert "through the proxy 127.0.0.1:1" in ran.said


def test_a_server_that_hangs_up_is_asked_again_through_the_proxy(run: Run) -> None:
    folder = sample()
    with (
        serving(lambda seen: Reply(200, folder(seen).body, {"Connection": "close"})) as web,
        proxy_to(web.port) as proxy,
    ):
        address = ONION.replace(SHORT, BASE)
        ran = run("check", address, "--receipt", WORDS, "--proxy", f"socks5://{proxy.address}")

    assert ran.status == 0
    assert len(proxy.asked) == 4


def test_a_connection_that_was_dropped_between_two_questions_is_opened_again(run: Run) -> None:
    folder = sample()
    dropped: list[Seen] = []

    def answer(seen: Seen) -> Reply:
        if seen.path.endswith("vkey") and not dropped:
            dropped.append(seen)
            return Reply(cut=True)
        return folder(seen)

    with serving(answer) as web:
        assert run("check", web.url + BASE, "--receipt", WORDS).status == 0


def test_an_onion_address_is_never_looked_up_here(run: Run) -> None:
    ran = run("sign", ONION, "--code", CODE)

    assert ran.status == 2
    assert "--proxy socks5://127.0.0.1:9050" in ran.said


def test_an_unprotected_address_is_refused(run: Run, web: Web) -> None:
    with proxy_to(web.port) as proxy:
        ran = run("sign", f"http://example.org{SHORT}", "--code", CODE, "--proxy", f"socks5://{proxy.address}")

    assert (ran.status, web.seen) == (2, [])
    assert "starts with https" in ran.said


def test_an_answer_that_is_cut_off_is_noticed(run: Run, letter: str, issuer: Issuer) -> None:
    issuer.fault = lambda _: Reply(200, b'{"round": 1}', {"Content-Length": "5000", "Connection": "close"})

    ran = run("sign", letter, "--code", CODE)

    assert ran.status == 1
    assert "cut off" in ran.said


def test_what_is_not_http_is_said(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        thread = threading.Thread(target=greet, args=(other,))
        thread.start()
        ran = run("check", f"http://127.0.0.1:{other.getsockname()[1]}/letters/cameras/", "--receipt", WORDS)
        thread.join()

    assert ran.status == 3
    assert "220 mail.example" in ran.said


def greet(server: socket.socket) -> None:
    """Speak another protocol."""
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"220 mail.example\r\n")


def test_what_comes_drop_by_drop_over_tls_is_cut_as_well(
    run: Run, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.late_fault = lambda _, reply: slow_body(reply)
    with serving(issuer, certificate("127.0.0.1")) as web:
        monkeypatch.setenv("SSL_CERT_FILE", str(Path("cert.pem").resolve()))
        ran = run("sign", web.url + SHORT, "--code", CODE, "--timeout", "1")

    assert (ran.status, web.posts()) == (1, [])
    assert "did not answer in time" in ran.said


def certificate(name: str) -> ssl.SSLContext:
    """A server's certificate that signs itself, also in ``name``.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    Path("cert.pem").write_bytes(built.public_bytes(Encoding.PEM))
    Path("key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert.pem", "key.pem")
    return context


def test_an_unproved_server_learns_nothing(run: Run, issuer: Issuer) -> None:
    with serving(issuer, certificate("somebody")) as web:
        ran = run("sign", web.url + SHORT, "--code", CODE)

    assert (ran.status, web.seen) == (1, [])
    assert "could not prove that it is 127.0.0.1" in ran.said


def test_a_proved_server_is_spoken_to(run: Run, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(issuer, certificate("127.0.0.1")) as web, proxy_to(web.port) as proxy:
        monkeypatch.setenv("SSL_CERT_FILE", str(Path("cert.pem").resolve()))
        issuer.host = f"127.0.0.1:{web.port}"
        direct = run("sign", web.url + SHORT, "--code", CODE, "--token-only", "later.json")
        around = run("sign", web.url + SHORT, "--token", "later.json", "--proxy", f"socks5://{proxy.address}")

    assert (direct.status, around.status) == (0, 0)
    assert client.load("later.json").message in issuer.signatures
