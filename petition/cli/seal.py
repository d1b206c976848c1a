"""``petition seal``: do what is due now, or stay and do it at each set time."""

import signal
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import click

from petition.cli.context import CliContext, cli_context, now, reading, refuse, say, say_json
from petition.cli.progress import Progress
from petition.cli.refusals import sentence_for
from petition.crypto.encodings import hour
from petition.jobs import mailer, scheduler
from petition.jobs.clock_guard import ClockGuard, seconds_passed
from petition.letters.access import hosted_letter, hosted_letters
from petition.letters.states import SIGNABLE
from petition.letters.update_times import next_update
from petition.logs import place_of
from petition.operations.copies import forget_copies
from petition.operations.lease import lease_for
from petition.scheduler_record import SchedulerRecord
from petition.sealing.log import LOG_ON_HOLD, held_letters
from petition.sealing.update_hours import newest_stored_hour


@click.command()
@click.argument("slug", required=False)
@click.option("--watch", is_flag=True, help="Stay, and do what is due at every set time (PETITION_SEAL_AT).")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def seal(slug: str | None, watch: bool, as_json: bool) -> None:
    """Do what is due now, for one letter or for all: count what waits if enough does, end rounds, publish, close.

    Between set times nothing is due, and the next one is named: if you could choose the moment, you could learn when
    someone signed. At least K + H signatures of a round must wait (H is half of K, rounded up); H of them wait on.

    Look at the machine's clock first: where the scheduler is in doubt about it, this says that it is right.
    """
    here = cli_context()
    with reading(here) as session:
        letters = [hosted_letter(session, slug)] if slug else hosted_letters(session)
        held = {known for _, known in held_letters(session)}
        times = {one.slug: next_update(one, here.settings.seal_at, now()) for one in letters if one.state in SIGNABLE}
    if slug and not times:
        refuse("This letter takes no signatures, so nothing waits to be counted.")
    if watch:
        stay(here, only=slug)
        return
    moment = now()
    if SchedulerRecord(here.settings.data).believe_clock():
        say(f"From now on the scheduler believes this machine's clock. It says {moment:%Y-%m-%d %H:%M} UTC.")
    found = scheduler.tick(
        here.services, here.settings.seal_at, moment, only=slug, tell=Progress(), before=_forgets_copies(here)
    )
    done = {**dict.fromkeys(held & times.keys(), scheduler.HELD), **found.done}
    _tell(times, done, as_json)
    for answer in found.answers if slug else ():
        click.echo(str(answer), err=True)
    if found.errors:
        told = dict.fromkeys(sentence_for(error) or _unknown(duty, error) for duty, error in found.errors)
        refuse(" ".join(told))
    if slug and done.get(slug, "").startswith("held"):
        refuse(LOG_ON_HOLD)


def _tell(times: Mapping[str, datetime], done: Mapping[str, str], as_json: bool) -> None:
    if as_json:
        say_json([{"slug": slug, "done": done.get(slug), "next": hour(time)} for slug, time in times.items()])
        return
    for slug, time in times.items():
        click.echo(f"{slug}: {done.get(slug, 'nothing is due')}; next update {time:%Y-%m-%d %H:%M} UTC")


def _unknown(duty: str, error: Exception) -> str:
    """The sentence for an error that only the program's authors can fix: its kind and place, none of its values."""
    return f"{duty} failed: {type(error).__name__} at {place_of(error)}. What waits goes on waiting; run this again."


def stay(here: CliContext, *, only: str | None = None) -> None:
    """Do what is due at each set time, for all letters or ``only`` the one of a slug, and send email, until told to
    stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    lease = lease_for(here.databases, here.settings.rounds_folder)
    lease.keep(stop)
    mailer.start(here.services, here.settings, now, stop, lease.is_mine)
    record = SchedulerRecord(here.settings.data)
    with reading(here) as session:
        clock = ClockGuard(now, seconds_passed, newest_stored_hour(session), record)
    try:
        hours, before = here.settings.seal_at, _forgets_copies(here)
        scheduler.watch(here.services, hours, clock, stop, record, before, lease.is_mine, only=only)
    finally:
        lease.release()


def _forgets_copies(here: CliContext) -> Callable[[], object]:
    """Copies from before an upgrade go before anything is sealed: they hold what this update forgets."""
    return partial(forget_copies, here.settings, here.databases)
