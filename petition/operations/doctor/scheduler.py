"""The scheduler: what it last did, and whether an update is overdue."""

from collections.abc import Iterator
from datetime import timedelta

from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding
from petition.operations.doctor.view import View
from petition.operations.secrets_folder import is_led
from petition.scheduler_record import LastRun, SchedulerRecord
from petition.sealing.update_hours import letters_that_go_on, newest_update, overdue_letters

CHECK_SCHEDULER = "Is it running? systemctl status petition-scheduler, or: petition run"

RECENT = timedelta(hours=3)
"""The host that has the lease looks each hour."""


def check_scheduler(view: View) -> Iterator[Finding]:
    """Whether what happens by itself happens."""
    run = _newest_run(view)
    overdue = overdue_letters(view.session, view.settings.seal_at, view.now)
    for slug in overdue:
        yield Finding(
            "scheduler", WRONG, f"{slug}: its count update is overdue.", f"{CHECK_SCHEDULER}. What does its log say?"
        )
    if run is not None and run.failed:
        what = f"At {run.hour:%Y-%m-%d %H:%M} UTC the scheduler failed at: {', '.join(run.failed)}."
        yield Finding("scheduler", WRONG, what, "It tries again each hour. Its log says where in the program.")
    elif not overdue:
        yield _well(view, run)


def _newest_run(view: View) -> LastRun | None:
    """The last run of this host; None if another host has had the lease since."""
    run = SchedulerRecord(view.settings.data).read()
    is_old = run is not None and view.now - run.hour > RECENT
    return None if is_old and is_led(view.session.get_bind().engine) else run


def _well(view: View, run: LastRun | None) -> Finding:
    if run is None and is_led(view.session.get_bind().engine):
        return Finding("scheduler", OK, "The scheduler runs on another host, which has the lease.")
    if run is None:
        level = NOTE if letters_that_go_on(view.session) else OK
        return Finding(
            "scheduler", level, "The scheduler has not run here yet.", CHECK_SCHEDULER if level == NOTE else ""
        )
    newest = newest_update(view.session)
    updated = f"; the newest count update is of {newest:%Y-%m-%d %H:%M}" if newest is not None else ""
    return Finding("scheduler", OK, f"The scheduler last looked at {run.hour:%Y-%m-%d %H:%M} UTC{updated}.")
