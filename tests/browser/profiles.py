"""What a browser left on the disk: every file of its profile, as it lies there and unpacked, searched for some words.

Unpacked are SQLite tables (a value may lie in pieces on several pages) and what is compressed with gzip or zlib (the
cache) or with Mozilla's LZ4 (the session). Words are found in UTF-8 and in UTF-16, whatever their case.
"""

import re
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

MOZILLA_LZ4 = b"mozLz40\0"


def found_in(profile: Path, words: Mapping[str, tuple[str, ...]]) -> dict[str, set[str]]:
    """For each name the files in which one of its words lies, by their place in the profile."""
    found: dict[str, set[str]] = {name: set() for name in words}
    for path in (path for path in profile.rglob("*") if path.is_file() and not path.is_symlink()):
        texts = [text.lower() for text in layers(path)]
        for name, some in words.items():
            if any(shape in text for word in some for shape in shapes(word) for text in texts):
                found[name].add(str(path.relative_to(profile)))
    return found


def shapes(word: str) -> tuple[bytes, bytes]:
    """A word in UTF-8 and in UTF-16: the big-endian one without its first byte is inside the little-endian one."""
    return word.lower().encode(), word.lower().encode("utf-16-be")[1:]


def layers(path: Path) -> Iterator[bytes]:
    """A file's bytes, and what they unpack to."""
    raw = path.read_bytes()
    yield raw
    yield from unzipped(raw)
    if raw.startswith(b"SQLite format 3\0"):
        yield from cells(path)
    if raw.startswith(MOZILLA_LZ4):
        yield lz4(raw[len(MOZILLA_LZ4) + 4 :])


def unzipped(raw: bytes) -> Iterator[bytes]:
    """Whatever gzip or zlib packed, from wherever it begins."""
    for start in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", raw):
        try:
            yield zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(raw[start.start() :])
        except zlib.error:
            continue


def cells(path: Path) -> Iterator[bytes]:
    """All values of all tables, those of a write-ahead log among them."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                yield from (value if isinstance(value, bytes) else str(value).encode() for value in row)


def lz4(packed: bytes) -> bytes:
    """One block of LZ4: runs of plain bytes, each followed by a copy of what came before."""
    out, at = bytearray(), 0

    def length(short: int) -> int:
        nonlocal at
        more = 255 if short == 15 else 0
        while more == 255:
            more, at = packed[at], at + 1
            short += more
        return short

    while at < len(packed):
        token, at = packed[at], at + 1
        plain = length(token >> 4)
        out += packed[at : at + plain]
        at += plain
        if at < len(packed):  # the last run stands alone
            back, at = int.from_bytes(packed[at : at + 2], "little"), at + 2
            for _ in range(length(token & 15) + 4):
                out.append(out[-back])
    return bytes(out)
