"""Saves what a verification reads, so that the same can be verified again without the network."""

from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import TypeVar

from petition.errors import BadShape
from petition.verifying.source import Source

T = TypeVar("T")
U = TypeVar("U")


class Saving:
    """Another source, each of whose files is also written below a folder, byte for byte, under its own path."""

    def __init__(self, source: Source, folder: Path) -> None:
        """Makes the folder. Refuses with ``BadShape`` one that holds something, and one that can't be made."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            holds_something = any(folder.iterdir())
        except OSError as error:
            raise BadShape(
                "The folder %(folder)s cannot be made: %(why)s.", folder=folder, why=error.strerror
            ) from None
        if holds_something:
            raise BadShape("The folder %(folder)s is not empty. Name a new one for the copy.", folder=folder)
        self.grows = source.grows
        self.settles_after = source.settles_after
        self._source = source
        self._folder = folder

    def read(self, path: str, longest: int) -> bytes:
        """As ``Source`` says. A file that is read again replaces the one that was saved."""
        data = self._source.read(path, longest)
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return data

    def ahead(self, fetch: Callable[[T], U], items: Iterable[T]) -> Generator[U]:
        """As ``Source`` says."""
        return self._source.ahead(fetch, items)

    def close(self) -> None:
        """As ``Source`` says."""
        self._source.close()
