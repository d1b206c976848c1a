"""Finds LibreOffice for the tests that take minutes; as root on Debian without it, installs its spreadsheet."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("soffice", "libreoffice")
MAC = Path("/Applications/LibreOffice.app/Contents/MacOS/soffice")


def find_office() -> str | None:
    """The path of LibreOffice, if it is installed."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (str(MAC) if platform.system() == "Darwin" and MAC.exists() else None)


def main() -> int:
    """Say what is there; install what may be installed without asking."""
    if find_office():
        return 0
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "libreoffice-calc-nogui"],
        ):
            subprocess.run(command, env=quiet, check=False, stdout=subprocess.DEVNULL)
    if not find_office():
        print("No LibreOffice found, so its tests are skipped. On Debian: apt install libreoffice-calc-nogui")
    return 0


if __name__ == "__main__":
    sys.exit(main())
