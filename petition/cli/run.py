"""``petition run``: upgrades, then watches over its children, the server and the one scheduler."""

import gc
import multiprocessing
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from importlib import import_module
from typing import Any

import click

from petition import create_app, logs
from petition.cli import main
from petition.cli.context import cli_context, open_settings
from petition.cli.seal import stay
from petition.cli.starting import (
    Announcement,
    local_address,
    require_free_port,
    wait_for_databases,
)
from petition.i18n import languages
from petition.jobs.supervisor import FORKS, Work, end_with_parent, watch_over
from petition.logs import errors_counted_together
from petition.operations.locks import PARTS, SCHEDULER, SERVER, only_one
from petition.outages import forget_outage

HEADER_SECONDS = 10
"""How long the head of a request may take to arrive."""
REQUEST_SECONDS = 8
"""How long running requests may take to end when the server has to stop."""
LOADED = ("granian", "petition.web.ahead", "petition.web.app")
HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
PORT = click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
WORKERS = click.option("--workers", type=click.IntRange(1, 64), default=lambda: os.cpu_count() or 1, help="One a core.")


@click.command()
@HOST
@PORT
@WORKERS
@click.option("--only", type=click.Choice(PARTS), help="Start this part alone.")
def run(host: str, port: int, workers: int, only: str | None) -> None:
    """Serve the site, and do what is due by itself: seal, send email, close on schedule.

    Put a web server with a certificate in front of it, or an onion service; set PETITION_URL to the public address.
    """
    settings = open_settings()
    with only_one(settings.data, [_part(only, port)] if only else PARTS):
        if only != SCHEDULER:
            require_free_port(host, port)
        wait_for_databases(settings)
        forget_outage(settings.data)
        address = local_address(host, port)

        def tell() -> None:
            if only != SCHEDULER:
                click.echo(f"Serving on {address}/ – public address: {settings.url or 'not set (PETITION_URL)'}")
                sys.stdout.flush()

        asked = None if only == SCHEDULER else f"{address}/healthz"
        figures = None if only == SCHEDULER else settings.metrics
        if figures:
            require_free_port(*figures, setting="PETITION_METRICS=")
        with errors_counted_together() if figures else nullcontext():
            keep_running(site_works(host, port, workers, only, counts=bool(figures)), Announcement(asked, tell))


def _part(only: str, port: int) -> str:
    """What only one process may be at a time: the scheduler, or a server at this port.

    A site may have several servers that are started alone, one for the web and one for its onion service.
    """
    return SCHEDULER if only == SCHEDULER else f"{only}-{port}"


def site_works(host: str, port: int, workers: int, only: str | None = None, *, counts: bool = False) -> list[Work]:
    """What the processes of a site do: the server and the scheduler, or one of them, and figures for its host."""
    place = ("--host", host, "--port", str(port))
    works = {SERVER: _work("serve", *place, "--workers", str(workers)), SCHEDULER: _work("scheduler")}
    chosen = [works[only]] if only else [*works.values()]
    return [*chosen, _work("metrics", *place)] if counts else chosen


def _work(command: str, *options: str) -> Work:
    return Work(f"petition-{command}", partial(_do, command, *options))


def _do(*command: str) -> None:
    """Be another command of this program."""
    main(command, prog_name="petition")


def keep_running(works: Sequence[Work], announcement: Announcement) -> None:
    """Load once what all processes need, where they are forks of this one, and keep them running. Nothing is opened
    before."""
    if FORKS:
        for name in LOADED:
            import_module(name)
        languages()  # reads what Unicode's locale data says of each: ten megabytes
        gc.collect()
        gc.freeze()  # what was loaded stays in memory that they share
    watch_over(works, announcement)


def application() -> Any:
    """The web application of one worker of the server."""
    from petition.web.ahead import keep_ready
    from petition.web.app import make_front

    logs.configure()
    end_with_parent()
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise SystemExit("The server that this worker belongs to is gone.")
    app = create_app()
    front = make_front(app)
    keep_ready(app)
    return front


@click.command(hidden=True)
@HOST
@PORT
@WORKERS
def serve(host: str, port: int, workers: int) -> None:
    """The server alone, without an access log."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    Granian(
        "petition.cli.run:application",
        factory=True,
        interface=Interfaces.RSGI,
        address=host,
        port=port,
        workers=workers,
        websockets=False,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
        log_access=False,
        log_level=LogLevels.warning,
        log_dictconfig=logs.granian_config(),
        respawn_failed_workers=True,
        workers_kill_timeout=REQUEST_SECONDS,
    ).serve()


@click.command(hidden=True)
def scheduler() -> None:
    """The scheduler alone."""
    logs.configure()
    stay(cli_context())


@click.command(hidden=True)
@HOST
@PORT
def metrics(host: str, port: int) -> None:
    """The figures of the site that is served at an address and port."""
    from petition.operations.metrics import serve as serve_figures

    logs.configure()
    settings = open_settings()
    if settings.metrics is not None:
        serve_figures(settings, local_address(host, port), *settings.metrics)
