"""Each letter's log: its key, its tree, its name, its witnesses."""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petition.crypto.merkle import Tiles, leaf_hash
from petition.crypto.notes import public_of, read_checkpoint
from petition.errors import Refusal
from petition.letters.models import Letter
from petition.letters.states import CLOSED, PUBLIC, SIGNABLE
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding, is_well
from petition.operations.doctor.view import View
from petition.sealing.log import LOG_ON_HOLD, log_seed, root_of_edge
from petition.sealing.models import Cosigned, Entry, Log, Tile
from petition.sealing.witnesses import all_witnesses


def check_log(view: View, letter: Letter, log: Log) -> Iterator[Finding]:
    """Whether a letter's log is whole, signed, free and at its address."""
    found = [*_log_key(view, letter, log), *_tree(view, letter, log)]
    if log.is_held and letter.state in {*SIGNABLE, CLOSED}:
        mend = (
            "petition restore --since FOLDER-or-URL. Only if it was never published since the backup: petition restore "
            f"--nothing-newer --letter {letter.slug}. A second log of the same letter can't be undone."
        )
        found.append(Finding("log", WRONG, f"{letter.slug}: {LOG_ON_HOLD}", mend))
    host = log.origin.partition("/")[0]
    if view.settings.host != host and letter.state in {*SIGNABLE, CLOSED}:
        what = f"{letter.slug}: its log was begun at {host}, but PETITION_URL says {view.settings.host or 'nothing'}."
        mend = f"A log's name is fixed at opening. Serve the site at {host} again, or redirect from there for good."
        found.append(Finding("address", WRONG, what, mend))
    found += _witnesses(view, letter, log)
    yield from found
    if is_well(found):
        yield Finding("log", OK, f"{letter.slug}: its log of {log.size} entries is whole and signed.")


def _log_key(view: View, letter: Letter, log: Log) -> Iterator[Finding]:
    try:
        seed = log_seed(log, view.master)
    except ValueError:
        yield Finding(
            "log",
            WRONG,
            f"{letter.slug}: the key of its log does not open with this master secret. Nothing can be sealed or closed "
            "any more; what is published stays valid and can be verified for good.",
            f"Put the master secret that it was made with into {view.settings.secret_file} (every backup has it). If "
            "it is lost, say so under the letter: it cannot go on, and a new letter has to be opened.",
        )
        return
    if public_of(seed) != log.public_key:
        yield Finding(
            "log",
            WRONG,
            f"{letter.slug}: its log has another key than it began with. Whoever verifies it is told that it was "
            "replaced.",
            "Restore the newest backup into an empty folder, and take over the newest published log.",
        )


def _tree(view: View, letter: Letter, log: Log) -> Iterator[Finding]:
    mend = "Restore the newest backup into an empty folder, and take over the newest published log."
    try:
        signed = read_checkpoint(log.checkpoint, log.origin, log.public_key)
    except Refusal as flaw:
        yield Finding("log", WRONG, f"{letter.slug}: {flaw}", mend)
        return
    try:
        root = root_of_edge(view.session, log)
    except ValueError:
        yield Finding("log", WRONG, f"{letter.slug}: the tiles of its log are not those of {log.size} entries.", mend)
        return
    of_letter = (Entry.letter_id == letter.id) & (Entry.number < log.size)
    count, last = view.session.execute(select(func.count(), func.max(Entry.number)).where(of_letter)).one()
    if (count, last) != (log.size, log.size - 1):
        what = f"{letter.slug}: {count} entries of its log are stored, {log.size} are counted."
        yield Finding("log", WRONG, what, mend)
    if (signed.size, signed.root) != (log.size, root):
        yield Finding("log", WRONG, f"{letter.slug}: its checkpoint is signed over another tree.", mend)
    elif view.deep and not _is_recomputed(view.session, log):
        yield Finding("log", WRONG, f"{letter.slug}: an entry or a tile of its log was changed.", mend)


def _is_recomputed(session: Session, log: Log) -> bool:
    """Whether all tiles and the root follow from the entries."""
    tree, tiles = Tiles(0, {}), dict[tuple[int, int], bytes]()
    datas = select(Entry.data).where(Entry.letter_id == log.letter_id, Entry.number < log.size).order_by(Entry.number)
    for part in session.scalars(datas.execution_options(yield_per=4096)).partitions():
        tiles |= tree.append(leaf_hash(data) for data in part)
    query = select(Tile.level, Tile.number, Tile.hashes).where(Tile.letter_id == log.letter_id)
    stored = {(row.level, row.number): row.hashes for row in session.execute(query)}
    if log.preparing is not None:  # an update is at work, and writes behind what is public
        stored = {place: stored[place][: len(hashes)] for place, hashes in tiles.items() if place in stored}
    return stored == tiles and tree.root() == read_checkpoint(log.checkpoint, log.origin, log.public_key).root


def _witnesses(view: View, letter: Letter, log: Log) -> Iterator[Finding]:
    if letter.state not in PUBLIC:
        return
    for witness in all_witnesses(view.session):
        cosigned = view.session.get(Cosigned, (letter.id, witness.name))
        if witness.url is not None and (cosigned is None or cosigned.size < log.size):
            what = f"{letter.slug}: {witness.name} has not cosigned the newest checkpoint."
            yield Finding("witnesses", NOTE, what, f"petition seal {letter.slug} asks again, and says why not.")
