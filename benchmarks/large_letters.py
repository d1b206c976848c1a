"""What signers and readers pay at a large letter, over a small one.

``python -m benchmarks.large_letters`` compares a letter of a million signatures with one of a thousand, and one with
2,000 hours of history with one of 10. CPU time, in turns, in this process. Fails above a limit.
"""

import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.__main__ import AT_ONCE, MOMENT, Act, a_site, accepted, asked, cpu, requested
from benchmarks.growth import in_turns
from benchmarks.limits import at_most
from petition.sealing.log import log_of
from petition.sealing.models import Sealing
from petition.signing.models import Sealed
from tests.walks import Campaign

SIGNED = 1_000, 1_000_000
HOURS = 10, 2_000
CHUNK = 50_000
LIMIT = 1.1
"""Nothing may grow; the rest is how far two medians of the same thing are apart."""
Pair = tuple[str, Act, Act]


def of_signatures(campaign: Campaign) -> Iterator[Pair]:
    """Signing, and the forms for it, where few and where many have signed."""
    letters = [signed(campaign, count) for count in SIGNED]
    app = campaign.app()
    paths = [campaign.address(letter) for letter in letters]
    acts = []
    for letter, path in zip(letters, paths, strict=True):
        bodies = [requested(token, {"step": "counted"}) for token in campaign.tokens(letter, 12 * AT_ONCE)]
        acts.append(accepted(app, f"{path}signatures", bodies))
    yield "a signature", acts[0], acts[1]
    for name in ("join", "sign", "receipt", ""):
        yield f"GET {name or 'the letter'}", *(reading(app, f"{path}{name}") for path in paths)


def signed(campaign: Campaign, count: int) -> str:
    """A published letter with this number of signatures, as far as its tables go."""
    letter = campaign.a_published_letter(slug=f"signed-{count}")
    with Session(campaign.databases.petition) as session:
        for start in range(0, count, CHUNK):
            rows = [
                {"letter_id": letter, "commit": os.urandom(32), "round": 1, "entry": start + place}
                for place in range(min(CHUNK, count - start))
            ]
            session.execute(insert(Sealed), rows)
            session.commit()
    return letter


def of_hours(campaign: Campaign) -> Iterator[Pair]:
    """Forms and records of letters with a short and with a long history."""
    paths = [campaign.address(old(campaign, count)) for count in HOURS]
    app = campaign.app()
    for name in ("round.json", "join", "sign", "counts.json", ""):
        yield f"GET {name or 'the letter'}", *(reading(app, f"{path}{name}") for path in paths)
    missing = [f"{path}nothing" for path in paths]
    yield "GET an unknown address", *(reading(app, path, b"404 ") for path in missing)


def old(campaign: Campaign, hours: int) -> str:
    """A published letter whose count was updated in this number of hours."""
    letter = campaign.a_published_letter(slug=f"old-{hours}")
    with Session(campaign.databases.petition) as session:
        size = log_of(session, letter).size
        rows = [
            {
                "letter_id": letter,
                "hour": MOMENT - timedelta(hours=hours - place),
                "signatures": 0,
                "withdrawals": 0,
                "size": size,
            }
            for place in range(hours)
        ]
        session.execute(insert(Sealing), rows)
        session.commit()
    return letter


def reading(app: object, path: str, expected: bytes = b"200 ") -> Act:
    """Asks for an address, which was asked for before."""

    def read() -> None:
        answer = asked(app, "GET", path)
        assert expected in answer[:20], answer[:200]

    read()
    return read


def main() -> int:
    """Print every ratio. Returns 1 if one is above its limit."""
    failed = 0
    kinds: tuple[tuple[str, Callable[[Campaign], Iterator[Pair]]], ...] = (
        ("1,000,000 signatures over 1,000", of_signatures),
        ("2,000 hours over 10", of_hours),
    )
    for title, pairs in kinds:
        print(title)
        with a_site() as campaign:
            for what, small, large in pairs(campaign):
                ratio = in_turns(lambda act=small: cpu(act), lambda act=large: cpu(act))  # type: ignore[misc]
                failed += ratio > LIMIT
                print(f"    {what:<30}{ratio:>6.2f}   {at_most(ratio, LIMIT)}", flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
