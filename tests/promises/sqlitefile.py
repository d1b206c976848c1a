"""The raw bytes of an SQLite database, taken apart without SQLite (https://www.sqlite.org/fileformat2.html).

Finds every cell with its place, and every stretch of bytes that holds no live cell: free blocks, the unallocated
middle of a page, pages on the freelist, the tail of an overflow page, pages of no table (pointer maps).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

MAGIC = b"SQLite format 3\x00"
INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF = 2, 5, 10, 13
Value = None | int | float | bytes | str


@dataclass(frozen=True)
class Cell:
    """A row of a b-tree and where it lies: page from 1, place in the pointer array, byte offset in its page."""

    table: str
    page: int
    index: int
    offset: int
    turn: int
    """The how many-th cell of the tree, in the order of keys."""
    rowid: int | None
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Residue:
    """Bytes that belong to no live cell, and where in the file they begin."""

    kind: str
    offset: int
    data: bytes


@dataclass
class SQLiteFile:
    """All cells and residues of a database file."""

    raw: bytes
    cells: list[Cell] = field(default_factory=list)
    residues: list[Residue] = field(default_factory=list)
    seen: dict[int, str] = field(default_factory=dict)
    """What each page is used for."""

    def __post_init__(self) -> None:
        if not self.raw.startswith(MAGIC):
            raise ValueError("not an SQLite database")
        size = struct.unpack_from(">H", self.raw, 16)[0]
        self.page_size = 65536 if size == 1 else size
        self.usable = self.page_size - self.raw[20]
        self.pages = len(self.raw) // self.page_size
        self._walk_freelist()
        schema = list(self._tree("sqlite_schema", 1))
        self.cells += schema
        for cell in schema:
            kind, name, _, root = cell.values[:4]
            if kind in ("table", "index") and root:
                self.cells += self._tree(str(name), int(str(root)))
        for number in set(range(1, self.pages + 1)) - self.seen.keys():
            self._leftover("elsewhere", number, 0, self.page_size)

    def of(self, table: str) -> list[Cell]:
        """The cells of a table."""
        return [cell for cell in self.cells if cell.table == table]

    def page(self, number: int) -> bytes:
        return self.raw[(number - 1) * self.page_size : number * self.page_size]

    def _use(self, number: int, purpose: str) -> None:
        if not 1 <= number <= self.pages or number in self.seen:
            raise ValueError(f"page {number} is used twice or is not there")
        self.seen[number] = purpose

    def _leftover(self, kind: str, page: int, start: int, end: int) -> None:
        data = self.page(page)[start:end]
        if data.strip(b"\x00"):
            self.residues.append(Residue(kind, (page - 1) * self.page_size + start, data))

    def _walk_freelist(self) -> None:
        trunk = struct.unpack_from(">I", self.raw, 32)[0]
        self.freelist: list[int] = []
        while trunk:
            self._use(trunk, "freelist trunk")
            after, count = struct.unpack_from(">II", self.page(trunk))
            leaves = struct.unpack_from(f">{count}I", self.page(trunk), 8)
            self._leftover("freelist trunk", trunk, 8 + 4 * count, self.usable)
            for leaf in leaves:
                self._use(leaf, "freelist leaf")
                self._leftover("freelist leaf", leaf, 0, self.usable)
            self.freelist += [trunk, *leaves]
            trunk = after

    def _tree(self, name: str, root: int) -> Iterator[Cell]:
        self._turn = 0
        yield from self._node(name, root)

    def _node(self, name: str, number: int) -> Iterator[Cell]:
        self._use(number, name)
        page = self.page(number)
        start = 100 if number == 1 else 0
        kind, freeblock, count, content = struct.unpack_from(">BHHH", page, start)
        inner = kind in (INDEX_INTERIOR, TABLE_INTERIOR)
        pointers_at = start + (12 if inner else 8)
        pointers = struct.unpack_from(f">{count}H", page, pointers_at)
        self._leftover("unallocated", number, pointers_at + 2 * count, content or 65536)
        while freeblock:
            after, size = struct.unpack_from(">HH", page, freeblock)
            self._leftover("freeblock", number, freeblock + 4, freeblock + size)
            freeblock = after
        for index, offset in enumerate(pointers):
            if inner:
                yield from self._node(name, struct.unpack_from(">I", page, offset)[0])
            if kind != TABLE_INTERIOR:
                yield self._cell(name, number, index, offset, kind)
        if inner:
            yield from self._node(name, struct.unpack_from(">I", page, start + 8)[0])

    def _cell(self, name: str, number: int, index: int, offset: int, kind: int) -> Cell:
        page = self.page(number)
        at = offset + (4 if kind == INDEX_INTERIOR else 0)
        size, at = varint(page, at)
        rowid = None
        if kind == TABLE_LEAF:
            rowid, at = varint(page, at)
        payload = self._payload(page, at, size, kind)
        self._turn += 1
        return Cell(name, number, index, offset, self._turn, rowid, tuple(record(payload)))

    def _payload(self, page: bytes, at: int, size: int, kind: int) -> bytes:
        """A payload, with its overflow pages."""
        usable = self.usable
        most = usable - 35 if kind == TABLE_LEAF else (usable - 12) * 64 // 255 - 23
        if size <= most:
            return page[at : at + size]
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= most else least
        parts, missing = [page[at : at + local]], size - local
        following = struct.unpack_from(">I", page, at + local)[0]
        while missing:
            self._use(following, "overflow")
            number, length = following, min(missing, usable - 4)
            over = self.page(number)
            parts.append(over[4 : 4 + length])
            self._leftover("overflow tail", number, 4 + length, usable)
            missing -= length
            following = struct.unpack_from(">I", over)[0]
        return b"".join(parts)


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer and where it ends."""
    value = 0
    for place in range(9):
        byte = data[at + place]
        if place == 8:
            return (value << 8 | byte), at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, at + place + 1


def record(payload: bytes) -> Iterator[Value]:
    """The values of a record."""
    end, at = varint(payload, 0)
    body = end
    while at < end:
        kind, at = varint(payload, at)
        size = width(kind)
        yield value_of(kind, payload[body : body + size])
        body += size


def width(kind: int) -> int:
    """How many bytes a value of a serial type has."""
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind] if kind < 12 else (kind - 12) // 2


def value_of(kind: int, data: bytes) -> Value:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return float(struct.unpack(">d", data)[0])
    if kind < 7:
        return int.from_bytes(data, "big", signed=True)
    return data if kind % 2 == 0 else data.decode("utf-8", "replace")
