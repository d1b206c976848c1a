"""Where the pieces of a log lie (C2SP tlog-tiles), and how they are fetched."""

from collections.abc import Iterator
from typing import NamedTuple

from petition.crypto.merkle import WIDTH, tile_path
from petition.errors import BadShape, NotFound, Refusal
from petition.verifying.bundles import LONGEST, entries_of
from petition.verifying.sources import Source

ENTRIES = "entries"


class Piece(NamedTuple):
    """A tile of hashes, or a bundle of entries (level ``entries``), full or partial."""

    level: int | str
    number: int
    width: int

    @property
    def whole(self) -> str:
        """The path of the full one."""
        return f"log/tile/{self.level}/{tile_path(self.number)}"

    @property
    def path(self) -> str:
        """Its path."""
        return self.whole if self.width == WIDTH else f"{self.whole}.p/{self.width}"


def bundles_and_tiles(size: int) -> Iterator[Piece]:
    """For a log of this size, in turn every bundle and the lowest tile that belongs to it."""
    for number in range((size + WIDTH - 1) // WIDTH):
        width = min(WIDTH, size - WIDTH * number)
        yield Piece(ENTRIES, number, width)
        yield Piece(0, number, width)


def fetch(source: Source, piece: Piece) -> bytes | Refusal:
    """The bytes of a piece, or why there are none.

    A log that has grown meanwhile may have dropped a partial piece for the full one (tlog-tiles, "partial
    tiles"): then this is the beginning of that.
    """
    try:
        return source.read(piece.path, _longest(piece))
    except NotFound as missing:
        if not source.grows or piece.width == WIDTH:
            return missing
        return _beginning(source, piece, missing)
    except Refusal as refusal:
        return refusal


def _beginning(source: Source, piece: Piece, missing: NotFound) -> bytes | Refusal:
    full = piece._replace(width=WIDTH)
    try:
        data = source.read(full.path, _longest(full))
        if piece.level != ENTRIES:
            return data[: 32 * piece.width]
        return b"".join(len(e).to_bytes(2, "big") + e for e in entries_of(data, WIDTH)[: piece.width])
    except BadShape as flaw:
        return BadShape("%(path)s %(flaw)s", path=full.path, flaw=str(flaw))
    except NotFound:
        return missing
    except Refusal as refusal:
        return refusal


def _longest(piece: Piece) -> int:
    return LONGEST if piece.level == ENTRIES else 32 * piece.width
