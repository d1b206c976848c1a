"""The pictures of the documentation, taken of a real demo: ``python -m tests.browser.screenshots [FOLDER]``."""

import json
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from petition.demo.sample import ORGANIZER_NAME
from tests.browser.conftest import OPTIONS
from tests.install_browser import find_shell

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PHONE: Any = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 1.5}
DESK: Any = {"viewport": {"width": 1000, "height": 760}}


def main(folder: Path) -> None:
    """Take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with a_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_shell(), args=OPTIONS)
        for take in (the_letter, signing, the_organizers_home):
            take(browser, demo, folder)
        browser.close()


@contextmanager
def a_demo() -> Iterator[dict[str, Any]]:
    """A demo that is served, and what its folder says of it."""
    with tempfile.TemporaryDirectory() as folder:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "petition", "demo", "--keep", folder, "--port", str(port)]
        subprocess.run([*command, "--no-serve"], check=True)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            next(line for line in process.stdout if line.startswith("The letter, public:"))
            yield {"site": f"http://127.0.0.1:{port}", **json.loads((Path(folder) / "demo.json").read_text())}
        finally:
            process.terminate()
            process.wait(60)


def the_letter(browser: Browser, demo: dict[str, Any], folder: Path) -> None:
    """What a reader sees first."""
    page = browser.new_page(**PHONE)
    page.goto(f"{demo['site']}/letters/{demo['slug']}/")
    picture(page, folder, "letter")


def signing(browser: Browser, demo: dict[str, Any], folder: Path) -> None:
    """What a signer sees with a code from a strip, and after one tap."""
    page = browser.new_page(**PHONE)
    page.goto(f"{demo['site']}/letters/{demo['slug']}/join")
    page.get_by_label("Your signing code").fill(demo["codes"][0])
    button = page.get_by_role("button", name=re.compile("^Sign"))
    page.get_by_label("Your signing code").evaluate("field => field.closest('form').scrollIntoView()")
    picture(page, folder, "signing")
    button.click()
    page.get_by_role("button", name="Show as image").wait_for()
    picture(page, folder, "receipt")


def the_organizers_home(browser: Browser, demo: dict[str, Any], folder: Path) -> None:
    """A letter's home, with its steps."""
    page = browser.new_page(**DESK)
    page.goto(f"{demo['site']}/organize/sign-in")
    page.get_by_label("Name").fill(ORGANIZER_NAME)
    page.locator("input[type=password]").fill(demo["passphrase"])
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{demo['site']}/organize/letters/{demo['slug']}/")
    picture(page, folder, "organizers-home")


def picture(page: Page, folder: Path, name: str) -> None:
    """What the window shows."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=folder / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
