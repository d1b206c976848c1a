"""Each round's secret: 32 random bytes in a file of its own, from which everything of the round derives.

Destroying a round's secrets means deleting this file and the key row. The file is in no backup.
"""

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from petition.crypto.boxes import derive
from petition.database import blur_times, read_unnoticed

SECRET_SIZE = 32


class RoundSecrets:
    """The folder of round secrets, and the master secret that each is combined with."""

    def __init__(self, folder: Path, master: bytes) -> None:
        self._folder = folder
        self._master = master

    def make(self, letter_id: str, number: int, random: Callable[[int], bytes]) -> None:
        """Make the round's secret file (0600, on disk when this returns); one that is there already stays."""
        path = self._path(letter_id, number)
        part = path.with_suffix(f".{socket.gethostname()}-{os.getpid()}")  # hosts that share a folder share numbers
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, random(SECRET_SIZE))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
        blur_times(path)
        self._sync_folder()

    def pepper(self, letter_id: str, number: int) -> bytes | None:
        """The key under which codes are hashed; None once destroyed."""
        return self._derive(letter_id, number, "petition-pepper-v1")

    def key_lock(self, letter_id: str, number: int) -> bytes | None:
        """The key under which the round's private key is locked; None once destroyed."""
        return self._derive(letter_id, number, "petition-round-key-v1")

    def mail_key(self, letter_id: str, number: int) -> bytes | None:
        """The key from which mailed codes derive; None once destroyed."""
        return self._derive(letter_id, number, "petition-mail-v1")

    def outbox_lock(self, letter_id: str, number: int) -> bytes | None:
        """The key under which waiting email is locked; None once destroyed."""
        return self._derive(letter_id, number, "petition-outbox-v1")

    def chance_key(self, letter_id: str, number: int) -> bytes | None:
        """The key that all chance in a form without scripts is drawn under; None once destroyed."""
        return self._derive(letter_id, number, "petition-form-chance-v1")

    def exists(self, letter_id: str, number: int) -> bool:
        """Whether the round's secret has not been destroyed."""
        return self._path(letter_id, number).exists()

    def destroy(self, letter_id: str, number: int) -> None:
        """Overwrite and delete the file; does nothing if it is gone already."""
        path = self._path(letter_id, number)
        with contextlib.suppress(FileNotFoundError):
            with path.open("r+b") as file:
                file.write(bytes(SECRET_SIZE))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        self._sync_folder()

    def _derive(self, letter_id: str, number: int, label: str) -> bytes | None:
        try:
            secret = read_unnoticed(self._path(letter_id, number))  # else the file would show when someone came
        except FileNotFoundError:
            return None
        return derive(secret + self._master, label) if len(secret) == SECRET_SIZE else None

    def _path(self, letter_id: str, number: int) -> Path:
        return self._folder / f"{letter_id}-{number}"

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
