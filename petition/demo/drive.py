"""The demo's organizer and signers, who use what real ones use: the pages and the stand-alone client."""

import contextlib
import html
import os
import re
import secrets
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TextIO

from werkzeug.serving import WSGIRequestHandler, make_server

from petition import client, create_app
from petition.config import Settings
from petition.demo import sample

AT_ONCE = 4
WAVES = (0.16, 0.27, 0.22, 0.14, 0.10, 0.07, 0.04)
"""Which part of the signers comes before each sealing."""
HOURS_BETWEEN = (1, 1, 2, 9, 5, 21, 6)
PUBLISHED_AFTER = 2
WITHDRAWALS = 2
SPARE_CODES = 3
FEW = 60
"""With fewer codes the smallest group is 3, so that something is still counted."""


@dataclass
class DemoClock:
    """The demo's own time: it begins in the past and is moved by the demo, so a history can grow in seconds."""

    moment: datetime

    def __call__(self) -> datetime:
        """The moment."""
        return self.moment

    def pass_hours(self, hours: int) -> None:
        """Go on."""
        self.moment += timedelta(hours=hours)


class Browser:
    """Fills in forms as an organizer would: follows links, keeps the cookie, sends hidden fields back."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> str:
        """A page's HTML."""
        with self._opener.open(urllib.parse.urljoin(self._site, path), timeout=60) as answer:
            return str(answer.read().decode())

    def send(self, page: str, action: str, **typed: str) -> str:
        """Send a form of a page, with what was typed; returns the page that follows."""
        token = re.search(r'name="csrf_token" (?:type="hidden" )?value="([^"]+)"', self.get(page))
        if token is None:
            raise RuntimeError(f"{page} has no form")
        body = urllib.parse.urlencode({"csrf_token": token[1], **typed}).encode()
        request = urllib.request.Request(urllib.parse.urljoin(self._site, action), body)  # noqa: S310
        with self._opener.open(request, timeout=60) as answer:
            return str(answer.read().decode())


@dataclass
class Result:
    """What the demo made."""

    slug: str
    codes: list[str]
    passphrase: str
    """The organizer's."""


@contextlib.contextmanager
def served(settings: Settings, clock: Callable[[], datetime], port: int) -> Iterator[None]:
    """The real application on loopback, with the demo's clock."""

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
            """Nothing about visitors in any log."""

    app = create_app(settings, clock)
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["petition"].databases.dispose()


def write_and_open(browser: Browser, invitation: str, passphrase: str, codes: int) -> tuple[str, str, list[str]]:
    """The organizer's part up to the codes: the letter's desk, its unlisted address, the codes."""
    browser.send(invitation, invitation, passphrase=passphrase, again=passphrase)
    words = {
        "title": sample.TITLE,
        "recipient": sample.RECIPIENT,
        "employer": sample.EMPLOYER,
        "body": sample.BODY,
        **{f"demands-{place}": demand for place, demand in enumerate(sample.DEMANDS)},
        **{
            f"sources-{place}-{name}": text
            for place, source in enumerate(sample.SOURCES)
            for name, text in zip(("title", "url", "date"), source, strict=True)
        },
        "language": "en",
    }
    page = browser.send("/organize/letters/new", "/organize/letters/new", do="save", **words)
    found = re.search(r'href="(/organize/letters/(?!new)[^"/]+)/?"', browser.get("/organize/"))
    if found is None:
        raise RuntimeError(f"the letter was not kept: {page[:200]}")
    desk = found[1] + "/"
    asked: dict[str, str] = {}
    for place, (label, groups) in enumerate(sample.FIELDS):
        asked |= {f"label-{place}": label, f"groups-{place}": "\n".join(groups)}
    browser.send(desk + "fields", desk + "fields", **asked)
    k = "3" if codes < FEW else "10"
    browser.send(desk + "rules", desk + "rules", k=k, timing="together", updates="hourly")
    numbers = ", ".join(step.partition(":")[2] for step in sample.SHARES if ":" in step)
    browser.send(desk + "names", desk + "names", named="y", numbers=numbers, months="12")
    page = browser.send(desk + "open", desk + "open")
    address = re.search(r'href="(https?://[^"]+/s/[^"]+)"', page)
    if address is None:
        raise RuntimeError("the letter did not open")
    page = browser.send(desk + "codes", desk + "codes", count=str(codes))
    return desk, html.unescape(address[1]), re.findall(r'class="strip-code">([^<]+)<', page)


def publish(browser: Browser, desk: str, passphrase: str, today: date) -> None:
    """Publish the letter, with the names of those who want it, and add the events that followed."""
    browser.send(desk + "publish", desk + "publish", passphrase=passphrase)
    for event in sample.EVENTS:
        browser.send(desk + "after", desk + "events", day=today.isoformat(), **event)
    for number, told in enumerate(sample.STATUSES, 1):
        values = {f"demand-{number}-{name}": text for name, text in {**told, "day": today.isoformat()}.items()}
        browser.send(desk + "after", f"{desk}demands/{number}", **values)


def appearance() -> list[str]:
    """How one of the demo's signers appears, as words for the client."""
    chance = secrets.SystemRandom()
    step = chance.choices(list(sample.SHARES), list(sample.SHARES.values()))[0]
    words = ["--appear", step]
    if step == "counted":
        return words
    for label, groups in sample.FIELDS:
        if chance.random() < 0.9:
            names = [group.partition(" = ")[0] for group in groups]
            words += ["--group", f"{label}={chance.choices(names, range(len(names), 0, -1))[0]}"]
    if step.startswith("named"):
        words += ["--name", f"{chance.choice(sample.GIVEN)} {chance.choice(sample.FAMILY)}"]
        title = chance.choice(sample.TITLES)
        words += ["--title", title] if title else []
    return words if len(words) > 2 else ["--appear", "counted"]


def sign_all(address: str, codes: Sequence[str], folder: Path, tell: Callable[[int], None]) -> list[Path]:
    """Each code's holder signs with the stand-alone client; their receipts."""
    receipts = [folder / f"receipt-{secrets.token_hex(8)}.json" for _ in codes]

    def sign(pair: tuple[str, Path]) -> None:
        code, receipt = pair
        if client.main(["sign", address, "--code", code, "--receipt", str(receipt), *appearance()]) != 0:
            raise RuntimeError("a signature of the demo was refused")
        tell(1)

    with silence(), ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(sign, zip(codes, receipts, strict=True)))
    return receipts


def withdraw(address: str, receipts: Sequence[Path]) -> None:
    """Some signers change their minds."""
    with silence():
        for receipt in receipts:
            if client.main(["withdraw", address, "--receipt", str(receipt)]) != 0:
                raise RuntimeError("a withdrawal of the demo was refused")


@contextlib.contextmanager
def silence() -> Iterator[TextIO]:
    """Hide what the client prints for its user: hundreds of them would fill the screen."""
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield nowhere


def waves(signers: int) -> list[int]:
    """How many sign before each sealing; they add up to all."""
    sizes = [round(signers * part) for part in WAVES]
    sizes[1] += signers - sum(sizes)
    return [max(0, size) for size in sizes]
