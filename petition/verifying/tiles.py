"""Where the tiles and bundles of a log are (C2SP tlog-tiles), and how they are fetched."""

from collections.abc import Iterator
from typing import NamedTuple

from petition.crypto.merkle import TILE_WIDTH, tile_path
from petition.errors import NotFound, Refusal
from petition.verifying.bundles import LONGEST_BUNDLE, entries_of
from petition.verifying.source import Source
from petition.verifying.verdict import Invalid

ENTRIES = "entries"


class Tile(NamedTuple):
    """A tile of hashes, or a bundle of entries (level ``entries``), full or partial."""

    level: int | str
    number: int
    width: int

    @property
    def full_path(self) -> str:
        """The path of the full one."""
        return f"log/tile/{self.level}/{tile_path(self.number)}"

    @property
    def path(self) -> str:
        """Its path."""
        return self.full_path if self.width == TILE_WIDTH else f"{self.full_path}.p/{self.width}"


def bundle(number: int, size: int) -> Tile:
    """A bundle of a log of this size, as wide as it is there."""
    return Tile(ENTRIES, number, min(TILE_WIDTH, size - TILE_WIDTH * number))


def bundles_and_tiles(size: int) -> Iterator[Tile]:
    """For a log of this size, in turn every bundle and the lowest tile that belongs to it."""
    for number in range((size + TILE_WIDTH - 1) // TILE_WIDTH):
        entries = bundle(number, size)
        yield entries
        yield entries._replace(level=0)


def fetch_tile(source: Source, tile: Tile) -> bytes | Refusal:
    """The bytes of a tile, or why there are none.

    A log that has grown meanwhile may have replaced a partial tile by the full one (tlog-tiles, "partial tiles");
    the answer is then the beginning of that.
    """
    try:
        return source.read(tile.path, _longest(tile))
    except NotFound as missing:
        if not source.grows or tile.width == TILE_WIDTH:
            return missing
        return _beginning(source, tile, missing)
    except Refusal as refusal:
        return refusal


def _beginning(source: Source, tile: Tile, missing: NotFound) -> bytes | Refusal:
    full = tile._replace(width=TILE_WIDTH)
    try:
        data = source.read(full.path, _longest(full))
        if tile.level != ENTRIES:
            return data[: 32 * tile.width]
        return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries_of(data, TILE_WIDTH)[: tile.width])
    except Invalid as flaw:
        return Invalid(f"{full.path} {flaw}")
    except NotFound:
        return missing
    except Refusal as refusal:
        return refusal


def _longest(tile: Tile) -> int:
    return LONGEST_BUNDLE if tile.level == ENTRIES else 32 * tile.width
