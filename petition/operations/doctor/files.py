"""Folders, the master secret, the disk: who may read what, and whether there is enough space."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from petition.config import SECRET_BYTES, Settings
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding
from petition.operations.lost_files import sqlite_file

LITTLE, TOO_LITTLE = 2**30, 200 * 2**20
"""Free bytes on the disk: soon too few; a sealing may fail."""


def database_files(settings: Settings) -> list[Path]:
    """The files of SQLite databases."""
    files = (sqlite_file(settings.database_url), sqlite_file(settings.issuer_database_url))
    return [path for path in files if path is not None]


def check_folders(settings: Settings) -> Iterator[Finding]:
    """Whether each folder and database file is there, for its owner alone."""
    for folder in dict.fromkeys((settings.data, settings.secrets, settings.rounds_folder)):
        if not folder.is_dir():
            yield Finding("folders", WRONG, f"There is no folder {folder}.", "petition run makes it.")
            continue
        yield from permissions("folders", folder, "700")
    for path in database_files(settings):
        if path.is_file() and not path.is_relative_to(settings.data):
            yield from permissions("folders", path, "600")


def permissions(area: str, path: Path, wanted: str) -> Iterator[Finding]:
    """Whether a path is its owner's alone, and ours."""
    status = path.stat()
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        yield Finding(area, WRONG, f"{path} is open to others (mode {mode:o}).", f"chmod {wanted} {path}")
    elif status.st_uid != os.geteuid():
        yield Finding(area, WRONG, f"{path} belongs to another user.", "Run petition as the user that serves the site.")
    elif not os.access(path, os.W_OK):
        yield Finding(area, WRONG, f"{path} can't be written.", "Is its disk read-only? See: dmesg, mount")
    else:
        yield Finding(area, OK, f"{path} is for its owner alone.")


def check_secret(settings: Settings) -> Iterator[Finding]:
    """Whether the master secret is there, whole, for its owner alone."""
    path = settings.secret_file
    restore = "Put the right file back (every backup has it: petition restore into an empty folder gives it)."
    if not path.is_file():
        what = f"There is no master secret {path}: the logs' keys cannot be opened, and nobody stays signed in."
        yield Finding("secret", WRONG, what, f"{restore} A new site makes one with: petition run.")
    elif path.stat().st_mode & 0o077:
        yield from permissions("secret", path, "600")
    elif not os.access(path, os.R_OK) or len(path.read_bytes()) < SECRET_BYTES:
        yield Finding("secret", WRONG, f"{path} cannot be read, or is shorter than {SECRET_BYTES} bytes.", restore)
    else:
        yield Finding("secret", OK, f"The master secret is in {path}, for its owner alone.")


def check_disk(settings: Settings) -> Iterator[Finding]:
    """Whether there is enough space on the disk."""
    if not settings.data.is_dir():
        return
    free = shutil.disk_usage(settings.data).free
    level = WRONG if free < TOO_LITTLE else NOTE if free < LITTLE else OK
    mend = "" if level == OK else "Free some, or move the data folder to a larger disk."
    yield Finding("disk", level, f"{free // 2**20} MB are free where {settings.data} is.", mend)
