"""Letters at an address: a real server that behaves, is hostile, or just gets new signatures."""

import ssl
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from petition.errors import BadShape
from petition.verifying import NothingChecked, Saving, open_source, verify
from petition.verifying.website import Patience, Website
from tests.verifying.verdicts import failed, wrongs

pytestmark = pytest.mark.thorough


class Server(ThreadingHTTPServer):
    """Answers with ``answer(path)``: bytes, a status, (status, headers), or a function of the handler."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.asked = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.server.asked.append(self.path)
        answer = self.server.answer(self.path)
        if callable(answer):
            answer(self)
        elif isinstance(answer, bytes):
            self.say(200, {}, answer)
        elif isinstance(answer, int):
            self.say(answer, {}, b"sorry")
        else:
            self.say(*answer, b"")

    def say(self, status, headers, body):
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@contextmanager
def serving(answer, certificate=None):
    server = Server(answer)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def files_at(files, base="/letters/test/"):
    return lambda path: files.get(path.removeprefix(base) or "index.html", 404)


def self_signed(folder):
    """A file with a certificate for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "both.pem").write_bytes(private + made.public_bytes(Encoding.PEM))
    return folder / "both.pem"


BRIEF = Patience(silence=2.0, longest_pause=0.01, settling=0.01)


def verdict_at(address, patience=BRIEF, **options):
    with closing(Website(address, patience)) as source:
        return verify(source, **options)


@pytest.fixture
def log(build):
    f = build().begin(made=0)
    for made in range(520):
        f.codes(1, made)
    f.sign(1, 2, 3)
    return f.seal()


PAGES = ["/press/", "/how-we-verify/index.html", "/signatures/2", "/what-the-log-says/?x=1", "/before"]


@pytest.mark.parametrize("form", ["/", "", "/index.html", "/?x=1#count", *PAGES])
def test_a_letter_is_verified_at_its_address(log, form):
    with serving(files_at(log.files())) as server:
        assert wrongs(verdict_at(f"{server.address}/letters/test{form}")) == {}


@pytest.mark.parametrize("page", ["", "press/"])
def test_the_address_in_another_language_has_the_same_log(log, page):
    with serving(files_at(log.files())) as server:
        assert wrongs(verdict_at(f"{server.address}/pt-br/letters/test/{page}")) == {}


@pytest.mark.parametrize("base", ["/letters/press/", "/copies/press/"])
def test_a_letter_may_itself_be_called_like_a_page(log, base):
    with serving(files_at(log.files(), base)) as server:
        assert wrongs(verdict_at(server.address + base)) == {}


def test_an_https_address_of_an_http_site_is_told_in_a_sentence(log):
    with serving(files_at(log.files())) as server:
        told = nothing_checked_at(server.address.replace("http:", "https:") + "/letters/test/")

    assert "the server does not speak https there. If it should speak http, begin the address with http://." in told


def test_a_saved_copy_has_the_same_bytes_and_the_same_verdict(log, tmp_path):
    copy = tmp_path / "a" / "copy"
    with serving(files_at(log.files())) as server:
        address = f"{server.address}/letters/test/"
        with closing(Saving(Website(address, BRIEF), copy)) as source:
            verdict = verify(source)
    saved = {path.relative_to(copy).as_posix(): path.read_bytes() for path in copy.rglob("*") if path.is_file()}

    assert saved == log.files()
    assert verify(open_source(str(copy))) == verdict


def test_a_saved_copy_of_what_is_wrong_is_wrong_in_the_same_way(log, tmp_path):
    files = log.files() | {"counts.json": b"{}x", "log/tile/0/001": b"x"}
    with serving(files_at(files)) as server, closing(Saving(Website(f"{server.address}/letters/test/"), tmp_path)) as s:
        verdict = verify(s)

    assert failed(verdict) == {"counts", "tiles"}
    assert verify(open_source(str(tmp_path))) == verdict


def test_several_processes_and_threads_find_the_same(log):
    with serving(files_at(log.files())) as server:
        assert wrongs(verdict_at(f"{server.address}/letters/test/", processes=2)) == {}


@pytest.mark.parametrize(
    "path", ["letter.md", "counts.json", "log/checkpoint", "log/tile/0/001", "log/tile/entries/000"]
)
def test_a_missing_file_is_named(log, path):
    files = log.files()
    del files[path]
    with serving(files_at(files)) as server:
        assert any(path in sentence for sentence in wrongs(verdict_at(server.address + "/letters/test/")).values())


def nothing_checked_at(address, **options):
    """Why nothing was checked."""
    with pytest.raises(NothingChecked) as refused:
        verdict_at(address, **options)
    assert "could not be fetched, nothing was checked" in str(refused.value)
    return str(refused.value)


def test_where_no_server_answers_nothing_is_checked():
    with serving(lambda path: 404) as server:
        address = server.address

    assert "log/checkpoint cannot be fetched: Connection refused." in nothing_checked_at(address + "/letters/test/")


def test_where_no_host_has_the_name_nothing_is_checked():
    assert "log/checkpoint cannot be fetched" in nothing_checked_at("http://nobody.invalid/letters/test/")


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(log, tmp_path):
    with serving(files_at(log.files()), certificate=self_signed(tmp_path)) as server:
        told = nothing_checked_at(server.address.replace("http:", "https:") + "/letters/test/")

    assert "certificate verify failed" in told
    assert server.asked == []


def test_a_site_without_the_letter_is_not_checked():
    with serving(lambda path: 404) as server:
        told = nothing_checked_at(server.address + "/letters/test/")

    assert "log/checkpoint is missing: the server answers 404" in told
    assert "Give the letter's own address, like https://letters.example.org/letters/NAME/." in told


def test_a_server_that_only_fails_is_not_checked():
    with serving(lambda path: 500) as server:
        told = nothing_checked_at(server.address + "/letters/test/")

    assert told.endswith("the server answers 500.")


def test_a_redirect_within_the_host_is_followed(log):
    files = log.files()

    def moved(path):
        if path.startswith("/letters/test-secret/"):
            return 308, {"Location": path.replace("-secret", "")}
        return files_at(files)(path)

    with serving(moved) as server:
        assert wrongs(verdict_at(f"{server.address}/letters/test-secret/")) == {}


@pytest.mark.parametrize(
    "target", ["http://localhost:{port}{path}", "http://127.0.0.1:{other}{path}", "file:///etc/passwd"]
)
def test_a_redirect_to_another_host_is_not_followed(log, target):
    with serving(files_at(log.files())) as other:

        def moved(path):
            port = server.server_address[1]
            return 302, {"Location": target.format(port=port, other=other.server_address[1], path=path)}

        with serving(moved) as server:
            told = nothing_checked_at(f"{server.address}/letters/test/")

        assert "another host" in told
        assert other.asked == []


def test_a_circle_of_redirects_ends():
    with serving(lambda path: (302, {"Location": path})) as server:
        assert "redirected too often" in nothing_checked_at(server.address + "/letters/test/")


def test_a_busy_server_is_asked_again(log):
    seen = set()

    def busy(path):
        if path in seen:
            return files_at(log.files())(path)
        seen.add(path)
        return 503 if len(path) % 2 else (429, {"Retry-After": "1"})

    with serving(busy) as server:
        assert wrongs(verdict_at(server.address + "/letters/test/")) == {}


def test_a_server_that_stays_busy_is_given_up():
    with serving(lambda path: 503) as server:
        assert "the server is too busy" in nothing_checked_at(server.address + "/letters/test/")


def broken_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b"half")
    handler.close_connection = True


def never_ending(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(2**16))
    except OSError:
        handler.close_connection = True


def silent(handler):
    time.sleep(0.6)
    handler.close_connection = True


def no_http(handler):
    handler.wfile.write(b"hello\r\n\r\n")
    handler.close_connection = True


def compressed(handler):
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", "4")
    handler.end_headers()
    handler.wfile.write(b"abcd")


@pytest.mark.parametrize("behavior", [broken_off, never_ending, silent, no_http, compressed], ids=lambda b: b.__name__)
@pytest.mark.parametrize("path", ["log/vkey", "log/tile/0/001", "log/tile/entries/001"])
def test_a_server_that_misbehaves_fails_the_check_and_nothing_worse(log, behavior, path):
    files = log.files() | {path: behavior}
    with serving(files_at(files)) as server:
        verdict = verdict_at(server.address + "/letters/test/", replace(BRIEF, silence=0.3))

    assert any(path in sentence for sentence in wrongs(verdict).values())


def dripping(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "86")
    handler.end_headers()
    for _ in range(86):
        time.sleep(0.05)
        try:
            handler.wfile.write(b"x")
        except OSError:
            break
    handler.close_connection = True


def test_a_server_that_drips_is_given_up(log):
    with serving(files_at(log.files() | {"log/vkey": dripping})) as server:
        verdict = verdict_at(server.address + "/letters/test/", replace(BRIEF, one_file=0.2, tries=1))

    assert "it takes too long" in wrongs(verdict)["vkey"]


def test_a_connection_that_broke_once_is_made_again(log):
    broken = []

    def answer(path):
        if len(broken) < 3 and "entries" in path:
            broken.append(path)
            return broken_off
        return files_at(log.files())(path)

    with serving(answer) as server:
        assert wrongs(verdict_at(server.address + "/letters/test/")) == {}


def test_a_sealing_in_between_is_noticed_and_read_again(log, build):
    files = {"now": log.files()}
    asked = []

    def growing(path):
        asked.append(path)
        if len(asked) == 4:
            log.sign(4, 5, 6)
            files["now"] = log.seal().files()
        return files_at(files["now"])(path)

    with serving(growing) as server:
        verdict = verdict_at(server.address + "/letters/test/")

    assert wrongs(verdict) == {}
    assert verdict.count == 6


def test_a_server_that_hears_late_of_a_sealing_is_asked_again(log):
    old = log.files()
    log.sign(4, 5, 6)
    new, asked = log.seal().files(), []

    def halting(path):
        asked.append(path)
        return files_at(new | ({"counts.json": old["counts.json"]} if len(asked) < 9 else {}))(path)

    with serving(halting) as server:
        verdict = verdict_at(server.address + "/letters/test/")

    assert wrongs(verdict) == {}
    assert asked.count("/letters/test/counts.json") == 2


def test_counts_of_another_sealing_that_stay_are_wrong(log):
    old = log.files()["counts.json"]
    log.sign(4, 5, 6)
    with serving(files_at(log.seal().files() | {"counts.json": old})) as server:
        verdict = verdict_at(server.address + "/letters/test/")

    assert "counts" in failed(verdict)


def test_partial_tiles_that_were_dropped_for_full_ones_are_no_loss(log):
    files = log.files()
    while len(log.entries) < 780:
        log.codes(1, len(log.entries))
    grown = {path: data for path, data in log.files().items() if "tile" in path and ".p/" not in path}
    late = {path: data for path, data in files.items() if "tile/0" not in path and "entries" not in path} | grown
    with serving(files_at(late)) as server:
        verdict = verdict_at(server.address + "/letters/test/")

    assert wrongs(verdict) == {}
    assert verdict.size == 525


def test_full_tiles_of_another_log_do_not_stand_in_for_partial_ones(log, build):
    other = build().begin(made=0)
    for made in range(800):
        other.codes(1, made + 1)
    files = {path: data for path, data in log.files().items() if ".p/" not in path or "tile/1" in path}
    files |= {path: data for path, data in other.files().items() if path.endswith("002")}
    with serving(files_at(files)) as server:
        verdict = verdict_at(server.address + "/letters/test/")

    assert "root" in failed(verdict)


NO_ADDRESSES = ["http://", "http:///x", "http://[", "http://example.org/a b", "http://example.org:x/"]
NO_ADDRESSES += ["http://example.org/\x7f", "http://example.org/é", "http://example.org:0/"]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(BadShape):
        open_source(address)
