"""``petition seal``: seal now if enough wait, or stay and be the clock."""

import signal
import threading

import click

from petition.cli.context import CliContext, ground, letter_id, now, refuse
from petition.cli.progress import Progress
from petition.coordination import updates
from petition.jobs import mailer, scheduler
from petition.sealing.log import HELD
from petition.sealing.witnesses import collect


@click.command()
@click.argument("slug", required=False)
@click.option("--watch", is_flag=True, help="Stay, and seal at every set time (PETITION_SEAL_AT).")
def seal(slug: str | None, watch: bool) -> None:
    """Add what waits to the public log, if enough waits; for one letter or for all.

    At least K + H signatures must wait (H is half of K, rounded up); H of them are held back.
    """
    here = ground()
    if watch:
        stay(here)
        return
    if slug is None:
        done = scheduler.tick(here.services, now())
        for name, what in done.items():
            click.echo(f"{name}: {what}")
        if any(what.startswith("failed") for what in done.values()):
            refuse("Not every letter could be sealed. What waits goes on waiting; run the command again.")
        return
    mine = letter_id(here, slug)
    result = updates.seal_letter(here.services, mine, moment=now(), tell=Progress())
    if result.is_held:
        refuse(HELD)
    for answer in collect(here.databases.petition, [mine], now()):
        click.echo(str(answer), err=True)
    if result.entries:
        click.echo(f"{result.signatures} signatures sealed, {result.entries} entries appended.")
    else:
        click.echo("Nothing sealed: too few signatures wait, and nothing else is new.")


def stay(here: CliContext) -> None:
    """Be the clock, and send mail, until somebody says stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    mailer.start(here.services, here.settings, now, stop)
    scheduler.watch(here.services, here.settings.seal_at, now, stop)
