"""Many who act at the same moment, and what must hold afterwards, no matter who came first."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from petition.crypto.tokens import Token
from petition.errors import Refusal
from petition.signing.models import Pending, Sealed, Tombstone
from petition.verifying import open_source, verify
from petition.verifying.verdict import Verdict
from tests.patience import SECONDS
from tests.walks import Campaign


def together(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do things at the same moment, each in a thread of its own; what each gave, or the refusal that it met."""
    gate = threading.Barrier(len(acts))

    def act(one: Callable[[], Any]) -> Any:
        gate.wait(SECONDS)
        try:
            return one()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def commit_of(token: Token) -> bytes:
    return bytes.fromhex(Campaign.opening(token).commit)


def standing(campaign: Campaign, letter_id: str, tokens: Iterable[Token]) -> list[str]:
    """Where each token's signature stands: waits, sealed, taken back; nowhere; or in two places, which is an error."""
    waiting = Counter(bytes(row.commit) for row in campaign.rows(Pending, letter_id))
    sealed = Counter(bytes(row.commit) for row in campaign.rows(Sealed, letter_id))
    dead = Counter(bytes(row.commit) for row in campaign.rows(Tombstone, letter_id))
    names = {"waits": waiting, "sealed": sealed, "taken back": dead}
    commits = [commit_of(token) for token in tokens]
    return [" and ".join(name for name, rows in names.items() if rows[commit]) or "nowhere" for commit in commits]


def verdict_of(campaign: Campaign, letter_id: str, folder: Path) -> Verdict:
    """What outsiders find in a published letter's files, all of which must verify."""
    for name, body in campaign.public_files(letter_id).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    verdict = verify(open_source(str(folder)))
    assert verdict.ok, [check for check in verdict.checks if not check.ok]
    return verdict


def recount(campaign: Campaign, letter_id: str, folder: Path) -> int:
    """How many signatures outsiders count."""
    return verdict_of(campaign, letter_id, folder).signatures
