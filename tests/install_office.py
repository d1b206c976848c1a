"""Finds LibreOffice for the tests that take minutes; as root on Debian without it, installs it."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("soffice", "libreoffice")
PACKAGES = ("libreoffice-calc-nogui", "libreoffice-writer-nogui")
PARTS = ("libsclo.so", "libswlo.so")
"""The spreadsheet's and the word processor's own libraries; Debian has each in a package of its own."""
MAC = Path("/Applications/LibreOffice.app/Contents/MacOS/soffice")


def find_office() -> str | None:
    """The path of LibreOffice, if it is installed with its spreadsheet and its word processor."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found and all((Path(found).resolve().parent / part).exists() for part in PARTS):
        return found
    return str(MAC) if platform.system() == "Darwin" and MAC.exists() else None


def main() -> int:
    """Say what is there; install what may be installed without asking."""
    if find_office():
        return 0
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES],
        ):
            subprocess.run(command, env=quiet, check=False, stdout=subprocess.DEVNULL)
    if not find_office():
        print(f"No LibreOffice found, so its tests are skipped. On Debian: apt install {' '.join(PACKAGES)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
