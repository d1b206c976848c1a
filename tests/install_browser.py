"""Finds a browser for the tests; as root on Debian without one, installs it from the system's packages."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Chromium.app/Contents/MacOS/Chromium")


def find_browser() -> str | None:
    """The path of a Chromium that is installed."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (str(MAC) if platform.system() == "Darwin" and MAC.exists() else None)


def main() -> int:
    """Say what is there; install what may be installed without asking."""
    if find_browser():
        return 0
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
        ):
            subprocess.run(command, env=quiet, check=False, stdout=subprocess.DEVNULL)
    if not find_browser():
        print("No browser found, so its tests are skipped. Install Chromium, on Debian: apt install chromium")
    return 0


if __name__ == "__main__":
    sys.exit(main())
