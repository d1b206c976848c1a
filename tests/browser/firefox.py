"""Firefox ESR as it is found on the machine, spoken to over Marionette, the plain line that every Firefox has inside.

Playwright drives only builds of its own, and Debian packages no geckodriver. Marionette is JSON over a socket, each
message after its length in decimal and a colon, and its commands are those of WebDriver.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.browser.script.phones import Site
from tests.install_browser import find_firefox

WITHOUT_JIT = {f"javascript.options.{part}": False for part in ("ion", "baselinejit", "wasm", "asmjs")}
WITHOUT_SCRIPTS = {"javascript.enabled": False}
QUIET = {
    "marionette.port": 0,
    "remote.prefs.recommended": True,  # no updates, no first run, no one is asked anything
    "browser.shell.checkDefaultBrowser": False,
    "browser.download.folderList": 2,
    "browser.download.useDownloadDir": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
BUTTON = "//*[self::button or self::a][normalize-space()='{}']"
ASK = """
const probe = document.createElement("script");
probe.src = arguments[0];
delete document.body.dataset.answer;
document.body.append(probe);
"""
PROBE = """(async (given) => { %s })(%s).then((found) => [found], String)
.then((found) => { document.body.dataset.answer = JSON.stringify(found); });"""
LABELED = "//*[@id=//label[normalize-space()='{}']/@for]"


@dataclass
class Firefox:
    """A running Firefox with one window of a phone's size, or as narrow as Firefox gets."""

    wire: socket.socket
    downloads: Path
    process: "subprocess.Popen[bytes]"
    _numbers: Any = field(default_factory=lambda: count(1))
    _read: bytes = b""

    def ask(self, command: str, **given: Any) -> Any:
        """Give a command, and wait for what came of it; AssertionError with Firefox's words if it was refused."""
        self._send(f"WebDriver:{command}", given)
        _, _, error, result = self.hear()
        assert error is None, f"{command} {given}: {error['error']}: {error['message']}"
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def quit(self) -> None:
        """Leave as from the menu, so that Firefox writes down what it keeps."""
        self._send("Marionette:Quit", {"flags": ["eAttemptQuit"]})
        self.process.wait(30)

    def _send(self, command: str, given: dict[str, Any]) -> None:
        body = json.dumps([0, next(self._numbers), command, given]).encode()
        self.wire.sendall(b"%d:%s" % (len(body), body))

    def hear(self) -> Any:
        """The next message."""
        while b":" not in self._read:
            self._receive()
        size, _, self._read = self._read.partition(b":")
        while len(self._read) < int(size):
            self._receive()
        message, self._read = self._read[: int(size)], self._read[int(size) :]
        return json.loads(message)

    def _receive(self) -> None:
        more = self.wire.recv(1 << 16)
        assert more, "Firefox has gone."
        self._read += more

    # what a person does

    def come(self, url: str) -> None:
        self.ask("Navigate", url=url)

    def back(self) -> None:
        self.ask("Back")

    def press(self, name: str) -> None:
        """Press what is called so and can be seen."""
        self.ask("ElementClick", id=self.find(BUTTON.format(name)))

    def fill(self, label: str, text: str) -> None:
        """Type into a field, or name a file to a field for files."""
        self.ask("ElementSendKeys", id=self.find(LABELED.format(label)), text=text)

    def find(self, path: str, patience: float = 15) -> str:
        """The first element on an XPath that can be seen, as soon as there is one."""
        for _ in tries(patience):
            for found in self.ask("FindElements", using="xpath", value=path):
                if self.ask("IsElementDisplayed", id=found[ELEMENT]):
                    return str(found[ELEMENT])
        raise AssertionError(f"not there: {path}\n{self.text()}")

    def text(self, path: str = "//main") -> str:
        """What can be read in the first element on an XPath."""
        [first, *_] = self.ask("FindElements", using="xpath", value=path)
        return str(self.ask("GetElementText", id=first[ELEMENT]))

    def expect_heading(self, text: str) -> None:
        self.find(f"//h1[normalize-space()='{text}']")

    def call(self, site: Site, body: str, *given: Any) -> Any:
        """What the body of an async function answers, among the script's own functions and variables."""
        site.probes.append(PROBE % (body, json.dumps(given)))
        self.ask("ExecuteScript", script=ASK, args=[f"/probe/{len(site.probes) - 1}"])
        for _ in tries(15):
            answer = self.ask("ExecuteScript", script="return document.body.dataset.answer", args=[])
            if answer is not None:
                [found] = json.loads(answer)
                return found
        raise AssertionError(f"no answer: {body}")

    def saved(self, name: str, patience: float = 15) -> Path:
        """A file that was saved under a name, as soon as all of it is there."""
        path = self.downloads / name
        for _ in tries(patience):
            if path.exists() and path.stat().st_size and not list(self.downloads.glob("*.part")):
                return path
        raise AssertionError(f"not saved: {name}, but {list(self.downloads.iterdir())}")


def tries(seconds: float) -> Iterator[None]:
    """One more try each tenth of a second, for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.1)


@contextlib.contextmanager
def firefox(folder: Path, *, is_kept: bool = False, **prefs: Any) -> Iterator[Firefox]:
    """A Firefox of its own, with a fresh profile in a folder, which stays afterwards if it is to be kept."""
    profile, downloads = folder / "profile", folder / "downloads"
    profile.mkdir(parents=True)
    downloads.mkdir()
    wanted = {**QUIET, "browser.download.dir": str(downloads), **prefs}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in wanted.items()]
    (profile / "user.js").write_text("\n".join(lines) + "\n", "utf-8")
    command = [str(find_firefox()), "--headless", "--no-remote", "--marionette", "--profile", str(profile)]
    environ = {**os.environ, "HOME": str(folder), "MOZ_HEADLESS_WIDTH": "390", "MOZ_HEADLESS_HEIGHT": "844"}
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, env=environ, stdout=said, stderr=said)
    try:
        with socket.create_connection(("127.0.0.1", port_of(profile)), timeout=30) as wire:
            made = Firefox(wire, downloads, process)
            made.hear()
            made.ask("NewSession")
            made.ask("SetTimeouts", script=20_000, pageLoad=20_000)
            made.ask("SetWindowRect", width=390, height=844)
            yield made
    finally:
        process.terminate()
        process.wait(30)
        if not is_kept:
            shutil.rmtree(profile, ignore_errors=True)


def port_of(profile: Path, patience: float = 60) -> int:
    """Where this Firefox listens; it writes that into its profile."""
    for _ in tries(patience):
        with contextlib.suppress(OSError, ValueError):
            return int((profile / "MarionetteActivePort").read_text())
    raise AssertionError("Firefox has not started.")
