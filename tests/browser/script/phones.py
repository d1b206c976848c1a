"""A site on a port of its own for the script, and a phone that looks at it."""

import contextlib
import io
import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.http import http_date
from werkzeug.serving import WSGIRequestHandler, make_server

from petition.config import prepare_folders, settings
from petition.coordination import rounds
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.codes import show
from petition.crypto.encodings import from_b64url
from petition.crypto.pins import write_pin
from petition.crypto.tokens import Token
from petition.issuing.models import UNSPENT, Code
from petition.letters.models import Letter
from petition.letters.pinned import pin_of_round
from petition.signing.models import Round
from tests.patience import MILLISECONDS
from tests.shared import Place, Shared, an_app
from tests.walks import DATABASES, Campaign

PHONE = {"width": 390, "height": 844}
SIGN = re.compile("^Sign (anonymously|this letter)$")
HARMLESS = "Failed to load resource"
"""How the browser puts a refusal."""

OF_A_PROCESS = "Cross-Origin-Opener-Policy"
"""A header that browsers are spared: for each page that comes with it, Chromium starts a process more."""


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Nothing on the screen."""


@dataclass(frozen=True)
class Site:
    """A real application on a real port."""

    shared: Shared
    root: str
    arrived: list[str] = field(default_factory=list)
    """What came in, request by request: the path, and what was posted."""
    lost: list[str] = field(default_factory=list)
    """Requests to carry out, and then to cut the line instead of answering: the method and the page."""
    probes: list[str] = field(default_factory=list)
    """Scripts of the tests, to be had at ``/probe/0`` and so on: a page's own rules let in no script from elsewhere."""
    days_off: list[int] = field(default_factory=list)
    """By how many days the site's clock and the visitors' differ, as the answers' dates show them."""

    @property
    def campaign(self) -> Campaign:
        return self.shared.campaign

    def open_letter(self, **how: Any) -> Place:
        return self.shared.an_open_letter(**how)

    def link(self, place: Place) -> str:
        """What a strip's QR code leads to: a code of the first round, and its pin."""
        with Session(self.campaign.databases.petition) as session:
            letter = session.get_one(Letter, place.id)
            row = session.get_one(Round, (place.id, 1))
            pin = write_pin(pin_of_round(letter, row.number, row.roll, row.public_key))
        return self.url(place, f"join#r=1&p={pin}&c={self.code(place)}")

    def url(self, place: Place, page: str = "") -> str:
        """A page of a letter, by the address that works before and after publication."""
        return f"{self.root}{place.hidden}{page}"

    def code(self, place: Place) -> str:
        """A code as it stands on paper."""
        return show(self.shared.code(place))

    def record(self, place: Place, query: str = "") -> dict[str, Any]:
        """The letter's round.json."""
        found: dict[str, Any] = self.shared.get(f"{place.hidden}round.json{query}").get_json()
        return found

    def key(self, place: Place) -> bytes:
        """The first round's public key."""
        return from_b64url(self.record(place)["public_key"])

    def spent(self, place: Place) -> int:
        """How many codes have been exchanged."""
        with Session(self.campaign.databases.issuer) as issuer:
            spent = select(func.count()).select_from(Code).where(Code.letter_id == place.id, Code.request != UNSPENT)
            return issuer.scalars(spent).one()

    @contextlib.contextmanager
    def answers_lost(self, asked: str) -> Iterator[None]:
        """Meanwhile the site does what is asked, such as ``POST join``, and no answer arrives."""
        self.lost.append(asked)
        yield
        self.lost.remove(asked)

    def seal(self, place: Place, token: Token) -> None:
        """Let others sign and seal, until this token's signature is sealed."""
        while self.campaign.look_up(place.id, token).state == "kept":
            self.campaign.sign_all(place.id, 3)
            self.campaign.seal(place.id)

    def annul(self, place: Place, reason: str) -> None:
        """Take the first round out of the count, and log it."""
        rounds.annul_round(self.campaign.services, place.id, 1, reason)
        self.campaign.seal(place.id)


@contextlib.contextmanager
def served(data: Path, templates: Path, keys: list[PrivateKey], clock: Any) -> Iterator[Site]:
    """A site on fresh databases, on loopback, which browsers trust like https."""
    for name in DATABASES:
        shutil.copy(templates / name, data / name)
    server = make_server("127.0.0.1", 0, _not_yet, threaded=True, request_handler=Quiet)
    root = f"http://127.0.0.1:{server.server_port}"
    environ = {"PETITION_DATA": str(data), "PETITION_URL": root, "PETITION_MAIL": f"folder:{data / 'mail'}"}
    found, left = settings(environ), cycle(keys)
    prepare_folders(found)
    campaign = Campaign(found, clock, lambda: next(left))
    site = Site(Shared(campaign, an_app(campaign), clock), root)
    server.app = noting(site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        campaign.close()


def noting(site: Site) -> Callable[..., Any]:
    """The application, with a note of everything that arrives."""

    def answer(environ: dict[str, Any], start: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if environ["PATH_INFO"].startswith("/probe/"):
            start("200 OK", [("Content-Type", "text/javascript")])
            return [site.probes[int(environ["PATH_INFO"].removeprefix("/probe/"))].encode()]
        path = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        site.arrived.append(f"{environ['REQUEST_METHOD']} {path} {body.decode('utf-8', 'replace')}")
        start = spared(start)
        answered = site.shared.app(environ, dated(start, site.days_off[0]) if site.days_off else start)
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO'].rpartition('/')[2]}"
        return cut(environ, answered) if asked in site.lost else answered

    return answer


def spared(start: Any) -> Callable[..., Any]:
    """Begins answers without the header that costs a process."""
    return lambda status, headers, *more: start(status, [one for one in headers if one[0] != OF_A_PROCESS], *more)


def dated(start: Any, days: int) -> Callable[..., Any]:
    """Begins answers with a date a number of days from now."""
    date = http_date(time.time() + days * 86400)
    return lambda status, headers, *more: start(status, [*headers, ("Date", date)], *more)


def cut(environ: dict[str, Any], answered: Iterable[bytes]) -> list[bytes]:
    """End the connection without a word, after all is done; there is no one to write to any more."""
    for _ in answered:
        pass
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return [b"lost"]


def _not_yet(_environ: Any, _start: Any) -> list[bytes]:
    raise RuntimeError("asked before it was ready")


@dataclass
class Phone:
    """A browser of phone width that never met the site, and everything that it asked for."""

    context: BrowserContext
    root: str
    page: Page = field(init=False)
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("request", lambda request: self.requests.append(request))
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("console", lambda line: self._hear(line.type, line.text))
        self.page = self.context.new_page()

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and not text.startswith(HARMLESS):
            self.complaints.append(text)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def told(self) -> Locator:
        """Where the script says what happened."""
        return self.page.locator("#told")

    def expect_told(self, *words: str) -> None:
        for part in words:
            expect(self.told()).to_contain_text(part)

    def expect_heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def posts(self) -> list[str]:
        """What was posted: the last part of each address."""
        return [urlsplit(request.url).path.rsplit("/", 1)[1] for request in self.requests if request.method == "POST"]

    def download(self, name: str) -> dict[str, Any]:
        """Save a file, and read it."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("link", name=name, exact=True).click()
        found: dict[str, Any] = json.loads(Path(waiting.value.path()).read_text("utf-8"))
        return found

    def choose(self, label: str, members: dict[str, Any]) -> None:
        """Give a file to a field."""
        file = {"name": "saved.json", "mimeType": "application/json", "buffer": json.dumps(members).encode()}
        self.page.get_by_label(label).set_input_files([file])  # type: ignore[list-item]

    # the steps of signing

    def come(self, url: str) -> None:
        self.page.goto(url)

    def type_code(self, code: str) -> None:
        self.page.get_by_label("Your signing code").first.fill(code)

    def sign(self) -> str:
        """Sign in one tap; the receipt's words."""
        self.page.get_by_role("button", name=SIGN).click()
        self.expect_heading("You signed.")
        return self.page.locator("[data-fill=words]").inner_text()

    def stored(self) -> dict[str, Any]:
        """All that a page of the site could leave behind here."""
        found: dict[str, Any] = self.page.evaluate(
            """async () => ({local: {...localStorage}, session: {...sessionStorage}, cookie: document.cookie,
            databases: await indexedDB.databases(), caches: await caches.keys(),
            workers: (await navigator.serviceWorker.getRegistrations()).length})"""
        )
        return {**found, "cookies": self.context.cookies()}


NOTHING_STORED = {"local": {}, "session": {}, "cookie": "", "databases": [], "caches": [], "workers": 0, "cookies": []}


def a_phone(browser: Browser, root: str, **options: Any) -> Phone:
    """A new phone."""
    made = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, **options)  # type: ignore[arg-type]
    made.set_default_timeout(MILLISECONDS)
    return Phone(made, root)
