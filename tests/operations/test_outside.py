"""The doctor from outside: each thing that is wrong is seen, on a real web server that has one thing wrong."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from petition.cli import main
from petition.operations.doctor.outside import OWN_PORTS, check_from_outside
from petition.operations.doctor.visitor import Place

pytestmark = pytest.mark.thorough
NAME = "localhost"
ONION = "http://2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion/"
PAGE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "ETag": '"1"',
    "Cache-Control": "public, max-age=60",
    "Content-Encoding": "br",
    "Onion-Location": ONION,
    "Server": "nginx",
}


@dataclass(frozen=True)
class Site:
    """How a web server behaves; as it stands here, nothing is wrong."""

    headers: tuple[tuple[str, str], ...] = tuple(PAGE.items())
    desk: str = "no-store"
    plain: tuple[int, str] = (308, f"https://{NAME}")
    drops: bool = True
    only_own_name: bool = True
    knows_tag: bool = True
    ready: int = 200
    takes: int = 9 * 2**20
    public: tuple[str, ...] = ()
    minutes: int = 0
    days: int = 60
    old: bool = False

    def having(self, name: str, *values: str) -> "Site":
        """With other values of a header; with none, without it."""
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=(*kept, *((name, value) for value in values)))


GOOD = Site()
ELSEWHERE: dict[str, tuple[Site, str, str, str]] = {
    "not ready": (replace(GOOD, ready=503), "answer", "wrong", "is not ready"),
    "a certificate that ends soon": (replace(GOOD, days=9), "certificate", "note", "valid for 8 more days"),
    "a certificate that ends now": (replace(GOOD, days=2), "certificate", "wrong", "valid for 1 more day"),
    "old encryption": (replace(GOOD, old=True), "certificate", "wrong", "TLS 1.1 or older"),
    "a default site": (replace(GOOD, drops=False), "names", "wrong", "answers to any name"),
    "any name in the greeting": (replace(GOOD, only_own_name=False), "names", "note", "a certificate to any name"),
    "a page at port 80": (replace(GOOD, plain=(200, "")), "port 80", "wrong", "instead of leading to https"),
    "301 at port 80": (replace(GOOD, plain=(301, f"https://{NAME}")), "port 80", "note", "may arrive empty"),
    "308 to another site": (
        replace(GOOD, plain=(308, "https://evil.example")),
        "port 80",
        "wrong",
        "instead of leading",
    ),
    "no policy": (GOOD.having("Content-Security-Policy"), "headers", "wrong", "content-security-policy is missing"),
    "another policy": (
        GOOD.having("X-Frame-Options", "SAMEORIGIN"),
        "headers",
        "wrong",
        "x-frame-options is SAMEORIGIN",
    ),
    "a header twice": (GOOD.having("Referrer-Policy", "same-origin", "same-origin"), "headers", "wrong", "comes twice"),
    "no HSTS": (GOOD.having("Strict-Transport-Security"), "headers", "wrong", "strict-transport-security is missing"),
    "a cookie": (GOOD.having("Set-Cookie", "id=1"), "headers", "wrong", "sets a cookie"),
    "a version": (GOOD.having("Server", "nginx/1.22.1"), "headers", "note", "its version: nginx/1.22.1"),
    "a service in between": (GOOD.having("CF-RAY", "1"), "headers", "wrong", "ends the encryption"),
    "no caching": (GOOD.having("Cache-Control", "no-store"), "caching", "wrong", "cannot be kept"),
    "no tag": (GOOD.having("ETag"), "caching", "wrong", "cannot be kept"),
    "sent again": (replace(GOOD, knows_tag=False), "caching", "note", "is sent again"),
    "uncompressed": (GOOD.having("Content-Encoding"), "caching", "note", "uncompressed"),
    "desk kept": (replace(GOOD, desk="max-age=60"), "caching", "wrong", "Organizers' pages may be kept"),
    "no onion": (GOOD.having("Onion-Location"), "onion", "note", "No onion service is announced"),
    "another onion": (GOOD.having("Onion-Location", "http://x.onion/"), "onion", "wrong", "is no onion address"),
    "a clock that is wrong": (replace(GOOD, minutes=30), "clock", "wrong", "30 minutes apart"),
    "too small": (replace(GOOD, takes=2**20), "size", "wrong", "refuses what organizers paste"),
    "a log in public": (replace(GOOD, public=("/access.log",)), "logs", "wrong", "/access.log is public"),
    "a repository in public": (replace(GOOD, public=("/.git/HEAD",)), "logs", "wrong", "/.git/HEAD is public"),
}


@dataclass
class Certificates:
    """A folder with keys and certificates, one file for each number of days."""

    folder: Path
    made: dict[int, Path] = field(default_factory=dict)

    def of(self, days: int) -> Path:
        """Key and certificate for the name, valid for some days."""
        if days not in self.made:
            self.made[days] = self._make(days)
        return self.made[days]

    def _make(self, days: int) -> Path:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
        built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        built = built.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=90))
        built = built.not_valid_after(now + timedelta(days=days))
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self.folder / f"{days}.pem"
        path.write_bytes(private + built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def handler(site: Site, *, is_plain: bool) -> type[BaseHTTPRequestHandler]:
    """What a web server does with a request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if is_plain and self.headers["Host"].partition(":")[0] != NAME and site.drops:
                return
            if is_plain:
                self._send(site.plain[0], (("Location", f"{site.plain[1]}{self.path}"),))
            elif self.path == "/readyz":
                self._send(site.ready, ())
            elif self.path == "/organize/sign-in":
                self._send(200, (("Cache-Control", site.desk),))
            elif self.path == "/":
                has_it = site.knows_tag and self.headers.get("If-None-Match") is not None
                self._send(304 if has_it else 200, site.headers)
            else:
                self._send(200 if self.path in site.public else 404, ())

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            self.rfile.read(size)
            self._send(413 if size > site.takes else 400, () if size > site.takes else site.headers)

        def _send(self, status: int, headers: tuple[tuple[str, str], ...]) -> None:
            self.send_response_only(status)
            self.send_header("Date", format_datetime(datetime.now(UTC) + timedelta(minutes=site.minutes), usegmt=True))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    return Handler


@contextmanager
def serving(site: Site, certificate: Path) -> Iterator[Place]:
    """The site at two free ports."""
    with ExitStack() as running:
        servers = [ThreadingHTTPServer((NAME, 0), handler(site, is_plain=plain)) for plain in (False, True)]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        if site.old:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with pytest.warns(DeprecationWarning):
                context.minimum_version = ssl.TLSVersion.TLSv1
        context.sni_callback = lambda _, name, __: (  # type: ignore[assignment]
            ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME if name != NAME and site.only_own_name else None
        )
        servers[0].handle_error = lambda *_: None  # type: ignore[method-assign]
        servers[0].socket = context.wrap_socket(servers[0].socket, server_side=True, do_handshake_on_connect=False)
        for server in servers:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            running.callback(thread.join)
            running.callback(server.server_close)
            running.callback(server.shutdown)
        yield Place(NAME, servers[0].server_address[1], servers[1].server_address[1])


@pytest.fixture
def trust(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Path]:
    """A certificate for some days that this machine trusts, as others trust an authority's."""

    def one(days: int) -> Path:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.of(days)))
        return certificates.of(days)

    return one


def test_a_site_with_nothing_wrong_is_well(trust: Callable[[int], Path]) -> None:
    with serving(GOOD, trust(GOOD.days)) as place:
        found = check_from_outside(place, datetime.now(UTC))

    remarks = [finding for finding in found if finding.level != "ok"]
    assert [finding.what for finding in remarks if "This check asked for pages" not in finding.what] == []
    assert {finding.area for finding in found} == {
        "answer", "certificate", "names", "port 80", "headers", "caching", "onion", "clock", "size", "ports", "logs",
    }  # fmt: skip


@pytest.mark.parametrize("case", ELSEWHERE.values(), ids=ELSEWHERE)
def test_one_thing_that_is_wrong_is_found_with_its_remedy(
    trust: Callable[[int], Path], case: tuple[Site, str, str, str]
) -> None:
    site, area, level, what = case
    with serving(site, trust(site.days)) as place:
        found = check_from_outside(place, datetime.now(UTC))

    [remark] = [finding for finding in found if finding.area == area and what in finding.what]
    assert remark.level == level
    assert remark.mend


def test_a_certificate_that_nobody_signed_is_found(certificates: Certificates) -> None:
    with serving(GOOD, certificates.of(GOOD.days)) as place:
        found = check_from_outside(place, datetime.now(UTC))

    [remark] = [finding for finding in found if finding.area == "certificate" and finding.level == "wrong"]
    assert "Browsers warn of the certificate: self-signed" in remark.what


def test_where_nothing_answers_it_says_so_and_stops() -> None:
    [finding] = check_from_outside(Place(NAME, 9, 9), datetime.now(UTC))

    assert (finding.area, finding.level) == ("answer", "wrong")


def test_a_port_of_the_program_that_everybody_reaches_is_found(trust: Callable[[int], Path]) -> None:
    with serving(GOOD, trust(GOOD.days)) as place, ExitStack() as open_ports:
        try:
            server = ThreadingHTTPServer((NAME, OWN_PORTS[-1]), handler(GOOD, is_plain=True))
        except OSError:
            pytest.skip("Something else of this machine has the port.")
        open_ports.callback(server.server_close)
        found = check_from_outside(place, datetime.now(UTC))

    assert [finding.level for finding in found if f"Port {OWN_PORTS[-1]} is open" in finding.what] == ["wrong"]


def test_the_command_says_it_for_people_and_for_programs(certificates: Certificates) -> None:
    with serving(GOOD, certificates.of(GOOD.days)) as place:
        url = f"https://{NAME}:{place.https}"
        said = CliRunner().invoke(main, ["doctor", "--from-outside", url])
        as_json = CliRunner().invoke(main, ["doctor", "--from-outside", url, "--json"])

    assert said.exit_code == as_json.exit_code == 1
    assert "WRONG  certificate" in said.output
    assert not json.loads(as_json.output)["ok"]


@pytest.mark.parametrize(
    "url", ["letters.example.org", "http://x.onion", "https://x.example/letters/", "https://x:99999"]
)
def test_what_is_no_address_of_a_site_is_refused(url: str) -> None:
    ran = CliRunner().invoke(main, ["doctor", "--from-outside", url])

    assert ran.exit_code == 2
    assert "--from-outside" in ran.output
