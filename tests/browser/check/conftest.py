"""Published letters at addresses of their own, and a page of theirs that has the modules of the verification."""

import base64
import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import Browser, Page

from tests.verifying.log_builder import LogBuilder

STATIC = Path(__file__).parents[3] / "petition" / "static"
VERIFY = """async (addresses) => {
    const { verify } = await import("/_site/verify.js");
    const { Website } = await import("/_site/verify-source.js");
    const verdictOf = async (address) => {
        try {
            return await verify(new Website(new URL(address, location.origin)));
        } catch (no) {
            return no.why ? { nothing: no.why } : { broken: String(no.stack) };
        }
    };
    const verdicts = {};
    const waiting = [...addresses];
    const next = async () => {
        for (let address; (address = waiting.pop()) !== undefined;) verdicts[address] = await verdictOf(address);
    };
    await Promise.all([next(), next(), next(), next()]);
    return verdicts;
}"""
"""Verifies the letters at some addresses, a few at a time, as the worker does."""
VERIFY_FILES = """async ([addresses, files]) => {
    const really = window.fetch;
    window.fetch = async ({ pathname }) => {
        if (!(pathname in files)) return new Response("", { status: 404 });
        return new Response(Uint8Array.from(atob(files[pathname]), (byte) => byte.charCodeAt(0)));
    };
    const verdicts = await (VERIFY)(addresses);
    window.fetch = really;
    return verdicts;
}""".replace("VERIFY", VERIFY)
"""The same for letters whose files come along with the question: a server would be asked for thousands."""


@dataclass
class Mirror:
    """A plain web server of files in memory, by path; of the verification's modules, too."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refusing: dict[str, int] = field(default_factory=dict)
    """What the server answers for some paths instead, by their ends."""
    address: str = ""

    def publish(self, name: str, files: Mapping[str, bytes]) -> str:
        """Put files below a folder; its path."""
        self.files |= {f"/{name}/{path}": data for path, data in files.items()}
        return f"/{name}/"

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        self.asked.append(path)
        for end, status in self.refusing.items():
            if path.endswith(end):
                return status, b""
        if path.startswith("/_site/"):
            return 200, (STATIC / path.removeprefix("/_site/")).read_bytes()
        path = f"{path}index.html" if path.endswith("/") else path
        return (200, self.files[path]) if path in self.files else (404, b"")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body go out together
    mirror: Mirror

    def do_GET(self) -> None:
        status, body = self.mirror.answer(self.path.partition("?")[0])
        kinds = {".js": "text/javascript", ".html": "text/html; charset=utf-8", ".css": "text/css"}
        self.send_response(status)
        self.send_header("Content-Type", kinds.get(Path(self.path).suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


@contextlib.contextmanager
def mirrored() -> Iterator[Mirror]:
    """A mirror, on a port of its own."""
    made = Mirror({"/empty.html": b"<!doctype html><title>Empty</title>"})
    handler = type("Handler", (_Handler,), {"mirror": made})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield made
        server.shutdown()


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    with mirrored() as made:
        yield made


@pytest.fixture(scope="module")
def page(chromium: Browser, mirror: Mirror) -> Iterator[Page]:
    """A page of the mirror, from which its files can be asked for."""
    context = chromium.new_context(base_url=mirror.address)
    made = context.new_page()
    made.goto("/empty.html")
    yield made
    context.close()


@pytest.fixture(scope="module")
def rsa_keys() -> list[rsa.RSAPrivateKey]:
    return [rsa.generate_private_key(65537, 3072) for _ in range(3)]


@pytest.fixture
def build(rsa_keys: list[rsa.RSAPrivateKey]) -> Callable[..., LogBuilder]:
    """Starts a new log; takes whatever ``LogBuilder`` takes."""
    return lambda **changes: LogBuilder(rsa_keys, **changes)


def verdicts_of(page: Page, letters: Mapping[str, Mapping[str, bytes]]) -> dict[str, Any]:
    """What the browser finds in each letter, by its name."""
    sent = {
        f"/{name}/{'' if path == 'index.html' else path}": base64.b64encode(data).decode()
        for name, files in letters.items()
        for path, data in files.items()
    }
    found = page.evaluate(VERIFY_FILES, [[f"/{name}/" for name in letters], sent])
    return {name: found[f"/{name}/"] for name in letters}


@pytest.fixture
def verdict_of(mirror: Mirror, page: Page, request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Publishes a built log, or files, and lets the browser verify it."""

    def verdict(published: LogBuilder | Mapping[str, bytes], name: str = "letter") -> dict[str, Any]:
        files = published.files() if isinstance(published, LogBuilder) else published
        folder = f"{name}-{len(mirror.files)}"
        address = mirror.publish(folder, files)
        found: dict[str, Any] = page.evaluate(VERIFY, [address])[address]
        return found

    return verdict


def failed(verdict: Mapping[str, Any]) -> set[str]:
    """The checks that failed; if the script itself broke, how."""
    assert "failed" in verdict, json.dumps(verdict)
    return {check["name"] for check in verdict["failed"]}
