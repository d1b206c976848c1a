"""The append-only public log of a letter: entries, tiles, checkpoint (protocol 8; RFC 9162; C2SP tlog-tiles)."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import and_, insert, or_, select
from sqlalchemy.orm import Session

from petition.crypto.boxes import derive, lock, unlock
from petition.crypto.encodings import canonical_json
from petition.crypto.merkle import TILE_WIDTH, Tiles, leaf_hash, node_hash
from petition.crypto.merkle import root as root_over
from petition.crypto.notes import checkpoint, public_of, vkey
from petition.database import insert_once
from petition.errors import NOTHING_HERE, Conflict, NotFound
from petition.letters.models import Letter
from petition.sealing.models import Entry, Log, Tile

HASH = 32
"""Bytes."""
LOG_KEY_LABEL = "petition-log-key-v1"
LOG_ON_HOLD = (
    "This letter's log may be older than the one that was published: it came out of a backup, or a witness saw more "
    "entries of it. Appending to it would make two logs of one. First the host must run: petition restore "
    "--since FOLDER-or-URL (a copy of the newest published log), or petition restore --nothing-newer."
)


def begin_log(session: Session, letter: Letter, origin: str, seed: bytes, master: bytes) -> Log:
    """An empty log with its own Ed25519 key; the origin is fixed from now on."""
    locked = lock(derive(master, LOG_KEY_LABEL), seed, LOG_KEY_LABEL + letter.id)
    log = Log(letter_id=letter.id, origin=origin, public_key=public_of(seed), private_key=locked)
    session.add(log)
    session.flush()
    return log


def log_of(session: Session, letter_id: str, *, alone: bool = False) -> Log:
    """A letter's log; ``alone`` holds it against other processes until the transaction ends."""
    query = select(Log).where(Log.letter_id == letter_id)
    log = session.scalar(query.with_for_update() if alone else query)
    if log is None:
        raise NotFound("This letter has no public record yet. It begins when the letter opens.")
    return log


def require_free(session: Session, letter_id: str) -> None:
    """Refuse while the log is held after a restore."""
    if log_of(session, letter_id).is_held:
        raise Conflict(
            "Counting is on hold, because an older copy of this site may have been restored. This site's host must "
            "first run: petition restore."
        )


def held_letters(session: Session) -> list[tuple[str, str]]:
    """Ids and slugs of the letters whose logs are held."""
    rows = select(Letter.id, Letter.slug).join(Log, Log.letter_id == Letter.id).where(Log.is_held)
    return [(row.id, row.slug) for row in session.execute(rows.order_by(Letter.slug))]


def log_seed(log: Log, master: bytes) -> bytes:
    """The log's Ed25519 seed, unlocked with the master secret."""
    return unlock(derive(master, LOG_KEY_LABEL), log.private_key, LOG_KEY_LABEL + log.letter_id)


def append(session: Session, log: Log, entries: list[Mapping[str, Any]], seed: bytes) -> int:
    """Append entries and sign a new checkpoint; returns the number of the first one."""
    first, tree = log.size, tree_of(session, log)
    write_entries(session, log.letter_id, tree, [canonical_json(entry) for entry in entries])
    publish(session, log, tree, seed)
    return first


def tree_of(session: Session, log: Log) -> Tiles:
    """The log's tree, to grow. Reads only its right edge: at most one tile a level."""
    return Tiles(log.size, _edge(session, log))


def write_entries(session: Session, letter_id: str, tree: Tiles, datas: list[bytes]) -> None:
    """Write entries behind those that a tree has. No one sees them before the log's size includes them."""
    first = tree.size
    touched = tree.append(leaf_hash(data) for data in datas)
    rows = [{"letter_id": letter_id, "number": first + place, "data": data} for place, data in enumerate(datas)]
    if rows:
        session.execute(insert(Entry), rows)
    for (level, number), hashes in touched.items():
        _write_tile(session, letter_id, level, number, hashes)


def publish(session: Session, log: Log, tree: Tiles, seed: bytes) -> None:
    """Let the log have the entries that a tree has, and sign a new checkpoint."""
    log.size = tree.size
    log.checkpoint = checkpoint(log.origin, log.size, tree.root(), seed)
    session.flush()


def _edge(session: Session, log: Log) -> dict[int, bytes]:
    wanted = {(level, number): width for level, number, width in widths(log.size) if width}
    if not wanted:
        return {}
    tiles = session.scalars(
        select(Tile).where(
            Tile.letter_id == log.letter_id,
            or_(*(and_(Tile.level == level, Tile.number == number) for level, number in wanted)),
        )
    )
    return {tile.level: tile.hashes[: HASH * wanted[tile.level, tile.number]] for tile in tiles}


def widths(size: int) -> Iterator[tuple[int, int, int]]:
    """For each level of a tree: the number of its rightmost partial tile, and how many hashes that one has."""
    level = 0
    while size >> (8 * level):
        hashes = size >> (8 * level)
        yield level, hashes // TILE_WIDTH, hashes % TILE_WIDTH
        level += 1


def _write_tile(session: Session, letter_id: str, level: int, number: int, hashes: bytes) -> None:
    tile = session.get(Tile, (letter_id, level, number))
    if tile is not None:
        tile.hashes = hashes
    else:
        insert_once(session, Tile, {"letter_id": letter_id, "level": level, "number": number, "hashes": hashes})


def tile(session: Session, log: Log, level: int, number: int, width: int) -> bytes:
    """The hashes of a tile, whole (``width`` 256) or as far as a partial one goes."""
    if not 1 <= width <= TILE_WIDTH or (log.size >> (8 * level)) < number * TILE_WIDTH + width:
        raise NotFound(NOTHING_HERE)
    stored = session.scalar(
        select(Tile.hashes).where(Tile.letter_id == log.letter_id, Tile.level == level, Tile.number == number)
    )
    if stored is None:
        raise NotFound(NOTHING_HERE)
    return stored[: HASH * width]


def bundle(session: Session, log: Log, number: int, width: int) -> bytes:
    """Up to 256 entries, each after its length as a big-endian uint16."""
    if not 1 <= width <= TILE_WIDTH or log.size < number * TILE_WIDTH + width:
        raise NotFound(NOTHING_HERE)
    datas = session.scalars(
        select(Entry.data)
        .where(
            Entry.letter_id == log.letter_id, Entry.number.between(number * TILE_WIDTH, number * TILE_WIDTH + width - 1)
        )
        .order_by(Entry.number)
    )
    return b"".join(len(data).to_bytes(2, "big") + data for data in datas)


def verifier_key(log: Log) -> str:
    """The C2SP verifier key of the log, a line."""
    return vkey(log.origin, log.public_key)


def root_of(log: Log) -> bytes:
    """The root that the newest checkpoint names."""
    return b64decode(log.checkpoint.split("\n")[2])


def root_of_edge(session: Session, log: Log) -> bytes:
    """The root over the stored right edge of the tree; ``ValueError`` if the stored tiles are not an edge of its size.

    The checkpoint must name the same.
    """
    return Tiles(log.size, _edge(session, log)).root()


def root_at(session: Session, log: Log, size: int) -> bytes:
    """The root that the log had when it had this many entries, 1 or more; computed from stored tiles."""
    return _Subtrees(session, log).over(0, size)


def consistency(session: Session, log: Log, old: int) -> list[bytes]:
    """The hashes that show that the log extends its first ``old`` entries (RFC 9162, section 2.1.4.1).

    Computed from stored tiles: about two for each doubling of the log's size, however many entries it has.
    """
    if not 0 < old < log.size:
        return []
    over = _Subtrees(session, log).over

    def proof(start: int, middle: int, end: int, whole: bool) -> list[bytes]:
        if middle == end:
            return [] if whole else [over(start, end)]
        split = _split(start, end)
        if middle <= split:
            return [*proof(start, middle, split, whole), over(split, end)]
        return [*proof(split, middle, end, False), over(start, split)]

    return proof(0, old, log.size, True)


def _split(start: int, end: int) -> int:
    """Where the tree over the entries from ``start`` up to ``end`` divides."""
    return start + (1 << (end - start - 1).bit_length() - 1)


class _Subtrees:
    """Roots of parts of the tree, read from stored tiles; each tile once."""

    def __init__(self, session: Session, log: Log) -> None:
        self._session = session
        self._log = log
        self._tiles: dict[tuple[int, int], bytes] = {}

    def over(self, start: int, end: int) -> bytes:
        """The root over the entries from ``start`` up to ``end``."""
        count = end - start
        if count & (count - 1) == 0:
            return self._whole(count.bit_length() - 1, start // count)
        split = _split(start, end)
        return node_hash(self.over(start, split), self.over(split, end))

    def _whole(self, height: int, index: int) -> bytes:
        """The root of a whole subtree over 2^height entries."""
        level, within = divmod(height, 8)
        first, count = index << within, 1 << within
        hashes = self._tile(level, first // TILE_WIDTH)
        start = first % TILE_WIDTH
        return root_over([hashes[HASH * place : HASH * (place + 1)] for place in range(start, start + count)])

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._tiles:
            width = min(TILE_WIDTH, (self._log.size >> (8 * level)) - number * TILE_WIDTH)
            self._tiles[level, number] = tile(self._session, self._log, level, number, width)
        return self._tiles[level, number]
