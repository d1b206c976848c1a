"""A million signatures in one log: what sealing and verifying cost as it grows, as ratios within one run.

``python -m benchmarks.million [SIZE]`` makes SIZE true signatures (a while: each is an RSA private operation), seals
them a tenth at a time, and verifies the published folder after the first tenth and at the end. Sealing and
verifying run in processes of their own, so that the peak of memory is theirs.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_private_key
from sqlalchemy import insert
from sqlalchemy.orm import Session

from petition import config
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.tokens import statement_bytes
from petition.letters.models import Letter
from petition.operations.migration import migrate_both
from petition.publishing.figures.counts import figures
from petition.publishing.folder import write_folder
from petition.signing.models import Pending
from petition.verifying import open_source, verify
from tests.walks import Campaign

MOMENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CHUNK = 1_000
SPAWN = get_context("spawn")
Row = dict[str, Any]
Cost = dict[str, float]


def the_campaign(folder: str, key: PrivateKey | None = None) -> Campaign:
    found = config.settings({"PETITION_DATA": folder, "PETITION_URL": "https://letters.example.org"})
    config.prepare_folders(found)
    return Campaign(found, lambda: MOMENT, lambda: key or PrivateKey.generate())


def begin(folder: str, key: PrivateKey) -> tuple[str, str]:
    """A published letter in a folder: its id and its text's digest."""
    campaign = the_campaign(folder, key)
    migrate_both(campaign.databases, Path(folder))
    letter = campaign.a_published_letter(slug="million", k=10)
    with Session(campaign.databases.reading) as session:
        digest = session.get_one(Letter, letter).text_sha256 or ""
    campaign.close()
    return letter, digest


def signed(der: bytes, letter: str, digest: str, count: int) -> list[Row]:
    """Rows as they wait for a sealing, with real signatures."""
    key: Any = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    pss = padding.PSS(padding.MGF1(hashes.SHA384()), 48)
    rows = []
    for _ in range(count):
        commit = os.urandom(32)
        message = os.urandom(32) + statement_bytes(letter, 1, digest, commit.hex())
        signature = key.sign(message, pss, hashes.SHA384())
        rows.append({"letter_id": letter, "commit": commit, "round": 1, "message": message, "signature": signature})
    return rows


def all_signed(der: bytes, letter: str, digest: str, count: int) -> Iterator[list[Row]]:
    """``count`` rows in chunks, signed on all cores."""
    sizes = [min(CHUNK, count - start) for start in range(0, count, CHUNK)]
    with ProcessPoolExecutor(os.cpu_count(), SPAWN) as pool:
        yield from pool.map(signed, [der] * len(sizes), [letter] * len(sizes), [digest] * len(sizes), sizes)


def wait(folder: str, letter: str, der: bytes, digest: str, count: int) -> None:
    """Let a number of signatures wait, with codes for them."""
    campaign = the_campaign(folder)
    campaign.codes(letter, count)
    for rows in all_signed(der, letter, digest, count):
        with Session(campaign.databases.petition) as session:
            session.execute(insert(Pending), rows)
            session.commit()
    campaign.close()


def seal(folder: str, letter: str) -> Cost:
    campaign = the_campaign(folder)
    cost = measured(lambda: campaign.seal(letter).signatures)
    campaign.close()
    return cost


def check(folder: str, letter: str) -> Cost:
    campaign = the_campaign(folder)
    place = Path(folder) / "published"
    with Session(campaign.databases.reading) as session:
        found = session.get_one(Letter, letter)
        write_folder(session, found, figures(session, found, campaign.settings.url), place, lambda _done: None)
    campaign.close()
    return alone(recount, str(place))


def recount(place: str) -> Cost:
    return measured(lambda: verified(place))


def verified(place: str) -> int:
    verdict = verify(open_source(place))
    assert verdict.ok, [check for check in verdict.checks if not check.ok]
    return verdict.count


def measured(act: Any) -> Cost:
    """What an act counted, its elapsed and CPU seconds, and the peak of this process's memory in MB."""
    begun, used = time.monotonic(), cpu()
    count = act()
    peak = max(resource.getrusage(kind).ru_maxrss for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return {"count": count, "wall": time.monotonic() - begun, "cpu": cpu() - used, "MB": peak / unit}


def cpu() -> float:
    return sum(sum(resource.getrusage(kind)[:2]) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def alone(act: Any, *given: Any) -> Cost:
    """Run in a process of its own."""
    with ProcessPoolExecutor(1, SPAWN) as pool:
        return dict(pool.submit(act, *given).result())


def tell(what: str, cost: Cost, first: Cost | None = None) -> None:
    ratio = (
        "" if first is None else f"   CPU × {cost['cpu'] / first['cpu']:.2f}, memory × {cost['MB'] / first['MB']:.2f}"
    )
    print(f"{what:<34}{cost['cpu']:>8.1f} s CPU{cost['wall']:>8.1f} s wall{cost['MB']:>7.0f} MB{ratio}", flush=True)


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    key = PrivateKey.generate()
    with tempfile.TemporaryDirectory() as folder:
        letter, digest = begin(folder, key)
        sealings: list[Cost] = []
        for tenth in range(10):
            wait(folder, letter, key.der(), digest, size // 10)
            sealings.append(alone(seal, folder, letter))
            what = f"sealing {sealings[-1]['count']:,.0f} onto {tenth * (size // 10):,}"
            tell(what, sealings[-1], sealings[0] if tenth else None)
            if tenth == 0:
                first = alone(check, folder, letter)
                tell(f"verifying {first['count']:,.0f}", first)
        last = alone(check, folder, letter)
        tell(f"verifying {last['count']:,.0f}", last, first)
        print(json.dumps({"sealings": sealings, "verifying": [first, last]}))


if __name__ == "__main__":
    main()
