"""The client run as a person runs it, beside an honest server, in an empty folder."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from petition import client
from tests.client.issuing import PUBLIC, SHORT, Issuer
from tests.client.logs import log_of
from tests.client.serving import Web, serving


@dataclass(frozen=True)
class Ran:
    """What one run of the client said."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything on the screen, on one line."""
        return " ".join((self.out + " " + self.err).split())

    @property
    def result(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs a command in an empty folder; ``typed`` is what stands ready on the keyboard."""
    monkeypatch.chdir(tmp_path)

    def run(*argv: object, typed: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = client.main([str(word) for word in argv])
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def web(issuer: Issuer) -> Iterator[Web]:
    with serving(issuer) as web:
        issuer.host = f"127.0.0.1:{web.port}"
        yield web


@pytest.fixture
def letter(web: Web) -> str:
    """The letter's own address, where things are sent."""
    return web.url + SHORT


@pytest.fixture
def public(web: Web, issuer: Issuer) -> str:
    """The address of the letter's public page, where nothing is sent."""
    issuer.files |= log_of(issuer).files
    return web.url + PUBLIC


@pytest.fixture
def link(web: Web, issuer: Issuer) -> str:
    """The link on a sheet, with round, pin and code."""
    return issuer.link(web.url)
