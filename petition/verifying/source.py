"""The files of a published letter, from a folder or an address."""

from collections.abc import Callable, Generator, Iterable
from typing import Protocol, TypeVar

from petition.errors import Refusal
from petition.verifying.verdict import Invalid

T = TypeVar("T")
U = TypeVar("U")


class Unreachable(Refusal):
    """No server answers, or none that can be trusted."""


class Source(Protocol):
    """The files of one published letter, by their paths, like ``log/checkpoint``."""

    grows: bool
    """Whether newer files may replace those that are being read."""

    settles_after: float
    """Seconds after an update in which files of before and after may be mixed."""

    def read(self, path: str, longest: int) -> bytes:
        """The bytes of a file.

        Refuses with ``NotFound`` a file that does not exist, with ``Unreachable`` if no server answers, and with
        ``Refusal`` a file that cannot be read or has more than ``longest`` bytes. The sentence names the file.
        """

    def ahead(self, fetch: Callable[[T], U], items: Iterable[T]) -> Generator[U]:
        """``map(fetch, items)``, in order. Fetches ahead where that saves time, but never far."""

    def close(self) -> None:
        """Release what is held open."""


def require_short(path: str, data: bytes, longest: int) -> bytes:
    """The bytes of a file; refuses more than ``longest``."""
    if len(data) > longest:
        raise Invalid(f"{path} is longer than the {longest} bytes that it may have.")
    return data
