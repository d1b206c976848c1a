"""Reads a published letter from a folder."""

import stat
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import TypeVar

from petition.errors import NotFound
from petition.verifying.source import require_short
from petition.verifying.verdict import Invalid

T = TypeVar("T")
U = TypeVar("U")


class Folder:
    """A folder that ``petition publish`` wrote."""

    grows = False
    settles_after = 0.0

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, path: str, longest: int) -> bytes:
        """As ``Source`` says; anything but a regular file is refused."""
        try:
            # A pipe would let the verifier wait forever, so look before opening.
            if not stat.S_ISREG((self._path / path).stat().st_mode):
                raise Invalid(f"{path} is not a file.")
            with (self._path / path).open("rb") as file:
                data = file.read(longest + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound("%(path)s is missing.", path=path) from None
        except OSError as error:
            raise Invalid(f"{path} cannot be read: {error.strerror}.") from None
        return require_short(path, data, longest)

    def ahead(self, fetch: Callable[[T], U], items: Iterable[T]) -> Generator[U]:
        """As ``Source`` says; one by one."""
        yield from map(fetch, items)

    def close(self) -> None:
        """Nothing is held open."""
