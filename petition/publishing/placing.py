"""Replaces a folder with a new version in one step, and keeps everything that others put there.

The new folder is made beside the old one. Unchanged files, and other people's, are linked into it. So after any
interruption, one of the two folders is whole, and the other can be deleted.
"""

import contextlib
import ctypes
import fcntl
import os
import platform
import re
import secrets
import shutil
import stat
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from petition.database import HOUR_NS

FOLDER_MARK = "petition-folder"
"""A file in each folder that this program wrote, so that no other folder is replaced. It lists what was written."""
HEADLINE = "Written by: petition publish. The next one replaces these files and keeps all others:"
KEPT_WITHOUT_LIST = re.compile(r"\..+|CNAME")
"""Release 0.1.0 did not name what it wrote. In its folders, only names of this form were put there by others."""
AT_FDCWD, RENAME_EXCHANGE = -100, 2


@contextlib.contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder to write to, which takes the place of ``folder`` at the end, with what others put into that.

    One program at a time. What an interrupted one left beside the folder is deleted first.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        _clean_up(folder)
        fresh = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
        fresh.mkdir()
        try:
            yield fresh
            if folder.is_dir():
                _carry_over(folder, fresh)
            _take_place(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def mark_text(names: Collection[str]) -> bytes:
    """The text of the file that marks a folder."""
    return "\n".join([HEADLINE, *sorted(names), ""]).encode()


def written_here(folder: Path) -> set[str] | None:
    """The files that were written into a folder; None for a folder of release 0.1.0, which did not name them."""
    lines = (folder / FOLDER_MARK).read_text("utf-8", "replace").splitlines()
    return set(lines[1:]) if lines[:1] == [HEADLINE] else None


def put(path: Path, old: Path, body: bytes, moment: datetime) -> int:
    """The file as it was if its bytes are the same, else written, as of a sealing; says whether it was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if _is_same(old, body) and _link(old, path):
        return 0
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    return 1


def keep(path: Path, old: Path) -> bool:
    """Put a file there that no one has touched since ``put`` wrote it, unread; says whether that could be done.

    What ``put`` writes is as of a full hour; a file that was changed since is not.
    """
    try:
        found = old.lstat()
    except OSError:
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_mtime_ns % HOUR_NS:
        return False
    if _link(old, path):
        return True
    path.parent.mkdir(parents=True, exist_ok=True)  # the first file of its folder, or a disk that can't link
    return _link(old, path)


def remove_folder(folder: Path) -> bool:
    """Delete what was written into a folder, and the folder unless others put something there; says whether it did."""
    if not (folder / FOLDER_MARK).is_file():
        return False
    with _alone(folder):
        others = {path.relative_to(folder) for path in others_of(folder)}
        for path in sorted(folder.rglob("*"), reverse=True):
            name = path.relative_to(folder)
            if path.is_dir() and not path.is_symlink():
                if name not in others and not any(path.iterdir()):
                    path.rmdir()
            elif name not in others:
                path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
    return True


def others_of(folder: Path) -> Iterator[Path]:
    """Files, links and folders that others put into a folder that was written here."""
    ours = written_here(folder)
    if ours is None:
        for path in folder.iterdir():
            if KEPT_WITHOUT_LIST.fullmatch(path.name):
                yield path
                yield from path.rglob("*") if path.is_dir() and not path.is_symlink() else ()
        return
    above = {name[:place] for name in ours for place, sign in enumerate(name) if sign == "/"}
    for place, folders, files in os.walk(folder):
        below = Path(place).relative_to(folder).as_posix()
        for name in (*folders, *files):
            found = name if below == "." else f"{below}/{name}"
            if found not in ours and found not in above and found != FOLDER_MARK:
                yield folder / found


def _carry_over(old: Path, fresh: Path) -> None:
    for path in others_of(old):
        target = fresh / path.relative_to(old)
        if target.exists() or target.is_symlink():
            continue
        if path.is_dir() and not path.is_symlink():
            target.mkdir(parents=True)
            shutil.copystat(path, target)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or not _link(path, target):
            shutil.copy2(path, target, follow_symlinks=False)


def _is_same(old: Path, body: bytes) -> bool:
    return old.is_file() and not old.is_symlink() and old.stat().st_size == len(body) and old.read_bytes() == body


def _link(old: Path, new: Path) -> bool:
    """Whether the same file could be put there too: not on every kind of disk, such as that of a USB stick."""
    try:
        os.link(old, new)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other program writes beside this folder."""
    descriptor = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _clean_up(folder: Path) -> None:
    """Deal with what an interrupted program left beside a folder. Others' files in it are linked, not moved."""
    old = _set_aside(folder)
    if old.is_dir() and not folder.exists():
        old.rename(folder)
    name = re.compile(rf"\.{re.escape(folder.name)}\.(?:[0-9a-f]{{8}}|old)")
    for path in folder.parent.iterdir():
        is_ours = name.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
        if is_ours and ((path / FOLDER_MARK).is_file() or not any(path.iterdir())):
            shutil.rmtree(path)


def _set_aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _take_place(fresh: Path, folder: Path) -> None:
    """Put the new folder where the old one is, in one step where the system can (Linux), else in two."""
    if not folder.exists():
        fresh.rename(folder)
        return
    if not _exchange(fresh, folder):
        folder.rename(_set_aside(folder))
        fresh.rename(folder)
        shutil.rmtree(_set_aside(folder), ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """renameat2(2) with RENAME_EXCHANGE; False where it does not exist."""
    if platform.system() != "Linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    paths = (os.fsencode(one), os.fsencode(other))
    return rename is not None and rename(AT_FDCWD, paths[0], AT_FDCWD, paths[1], RENAME_EXCHANGE) == 0
