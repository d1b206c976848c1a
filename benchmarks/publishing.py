"""What ``petition publish`` costs when nothing changed, at a long log over a short one: CPU time, in turns.

``python -m benchmarks.publishing`` appends entries of the usual length, which nobody signed, to two letters. Fails
above a limit.
"""

import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from benchmarks.growth import in_turns
from benchmarks.limits import at_most
from benchmarks.million import the_campaign
from petition.crypto.encodings import b64url
from petition.operations.migration import migrate_both
from petition.sealing.log import append, log_of, log_seed
from tests.publishing.test_folder import publish
from tests.walks import Campaign

SIZES = 1_000, 100_000
AT_ONCE = 10_000
LIMIT = 1.6
"""Each tile is still linked, and looked for among what others put into the folder."""


def logged(campaign: Campaign, size: int) -> str:
    """A published letter with a log of this size."""
    letter = campaign.a_published_letter(slug=f"logged-{size}")
    for start in range(0, size, AT_ONCE):
        entries = [entry() for _ in range(min(AT_ONCE, size - start))]
        with Session(campaign.databases.petition) as session:
            log = log_of(session, letter)
            append(session, log, entries, log_seed(log, campaign.services.master))
            session.commit()
    return letter


def entry() -> dict[str, object]:
    message, signature = b64url(os.urandom(215)), b64url(os.urandom(384))
    return {"message": message, "round": 1, "signature": signature, "type": "signature"}


def main() -> int:
    """Print the ratio. Returns 1 if it is above its limit."""
    with tempfile.TemporaryDirectory() as folder:
        campaign = the_campaign(folder)
        migrate_both(campaign.databases, Path(folder))
        acts = []
        for size in SIZES:
            act = partial(publish, campaign, logged(campaign, size), Path(folder) / f"face-{size}")
            assert act() > 0
            assert act() == 0
            acts.append(act)
        ratio = in_turns(*acts)
        campaign.close()
    small, large = SIZES
    print(f"publishing {large:,} entries again, over {small:,}: {ratio:.2f}   {at_most(ratio, LIMIT)}")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
