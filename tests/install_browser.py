"""Finds browsers for the tests; as root on Debian without them, installs them from the system's packages.

Firefox is for the tests that take minutes: it is asked for with ``--firefox``.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SHELL = "chromium-headless-shell"
"""Chromium without its window: a page costs a third of the time."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Chromium.app/Contents/MacOS/Chromium")
MAC_FIREFOX = Path("/Applications/Firefox.app/Contents/MacOS/firefox")


def find_shell() -> str | None:
    """The path of the quickest Chromium that is installed."""
    return shutil.which(SHELL) or find_browser()


def find_browser() -> str | None:
    """The path of a Chromium that is installed, with windows and with all that it writes into its profile."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (str(MAC) if platform.system() == "Darwin" and MAC.exists() else None)


def find_firefox() -> str | None:
    """The path of a Firefox that is installed."""
    found = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
    return found or (str(MAC_FIREFOX) if platform.system() == "Darwin" and MAC_FIREFOX.exists() else None)


def main(wanted: list[str]) -> int:
    """Say what is there; install what may be installed without asking."""
    demand("Chromium", "chromium", find_browser)
    if shutil.which(SHELL) is None:
        install(SHELL)
    if "--firefox" in wanted:
        demand("Firefox", "firefox-esr", find_firefox)
    return 0


def demand(name: str, package: str, find: Callable[[], str | None]) -> None:
    """Find a browser, else install its package, else say what to do."""
    if not find():
        install(package)
    if not find():
        print(f"No {name} found, so its tests are skipped. Install it, on Debian: apt install {package}")


def install(package: str) -> None:
    """Install a package, as root on Debian; elsewhere nothing happens."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
        ):
            subprocess.run(command, env=quiet, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
