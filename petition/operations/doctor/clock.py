"""The machine's clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from petition.letters.models import Letter
from petition.operations.doctor.findings import OK, WRONG, Finding
from petition.operations.doctor.view import View
from petition.scheduler_record import SchedulerRecord
from petition.sealing.models import Sealing
from petition.sealing.update_hours import newest_of

BUILT = datetime(2026, 11, 1, tzinfo=UTC)
"""No honest clock shows an earlier time to this program."""
SET = "Set the clock, for example with: timedatectl set-ntp true."


def check_clock(view: View) -> Iterator[Finding]:
    """Whether the clock went back, or the scheduler waits because it may be ahead."""
    known = max(newest_of(view.session, Sealing.hour, Letter.opened) or BUILT, BUILT)
    if view.now + timedelta(hours=1) < known:
        what = f"This machine's clock says {view.now:%Y-%m-%d %H:%M} UTC, but it was {known:%Y-%m-%d %H:%M} before."
        yield Finding("clock", WRONG, what, f"{SET} If it is right now, it was ahead then; letters go on all the same.")
    elif SchedulerRecord(view.settings.data).is_clock_in_doubt:
        what = (
            f"This machine's clock says {view.now:%Y-%m-%d %H:%M} UTC. It jumped ahead, or the site was off for more "
            "than a day. Until that is clear, the scheduler counts and closes nothing."
        )
        mend = f"Compare it with another clock. If it is right: petition seal, or wait for six hours. If not: {SET}"
        yield Finding("clock", WRONG, what, mend)
    else:
        yield Finding("clock", OK, f"This machine's clock says {view.now:%Y-%m-%d %H:%M} UTC.")
