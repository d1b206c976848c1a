"""Processes to be killed at any moment and started again at once: forked from one that has imported everything."""

import contextlib
import multiprocessing
import resource
import threading
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from werkzeug.serving import WSGIRequestHandler, make_server

from petition import config, create_app
from petition.coordination import updates
from petition.coordination.services import make_services
from petition.database import Databases
from petition.jobs import mailer, scheduler
from petition.operations import lease
from petition.operations.migration import migrate_both
from petition.operations.secrets_folder import SecretsFolder
from petition.operations.startup import open_secret

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])


class Quiet(WSGIRequestHandler):
    """Says nothing about visitors."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        pass


def serve(environ: dict[str, str], port: int) -> None:
    """The real application, on a port of this machine."""
    app = create_app(config.settings(environ))
    make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet).serve_forever()


def seal_on_and_on(environ: dict[str, str]) -> None:
    """A clock that ticks without rest."""
    found = config.settings(environ)
    databases = Databases(found.database_url, found.issuer_database_url)
    migrate_both(databases, found.data)
    ours = make_services(found, databases, config.master_secret(found))
    while True:
        now = datetime.now(UTC)
        scheduler.tick(ours, (now.hour,), now)


def started(what: object, *given: object) -> ForkServerProcess:
    """A process that does this; daemonic, so that none outlives the tests."""
    process = _forks.Process(target=what, args=given, daemon=True)  # type: ignore[arg-type]
    process.start()
    return process


def serve_on_a_full_disk(environ: dict[str, str], port: int) -> None:
    """The same where no file can be written beyond its first bytes, as on a disk that is full."""
    app = create_app(config.settings(environ))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet).serve_forever()


def send_mail(environ: dict[str, str], moment: datetime) -> None:
    """One that looks after the outbox without rest, at a moment that does not pass."""
    found = config.settings(environ)
    databases = Databases(found.database_url, found.issuer_database_url)
    mailer.EVERY = 0.01
    ours = make_services(found, databases, config.master_secret(found))
    mailer.carry(ours, found, lambda: moment, threading.Event())


def seal_under_lease(environ: dict[str, str], letter: str, told: str) -> None:
    """A host that seals a letter without rest while it has the lease, which the server ends after a second of silence.

    It writes into a file under which number it has the lease, and ``lost`` each time that it has it no longer. What
    fails meanwhile is tried again, as the scheduler does.
    """
    lease.PATIENCE["idle_session_timeout"] = 1
    lease.STUCK_SECONDS = 1
    found = config.settings(environ)
    databases = Databases(found.database_url, found.issuer_database_url)
    ours = make_services(found, databases, open_secret(found, databases))
    held = lease.SharedLease(databases, SecretsFolder(found.rounds_folder), 0.1)
    held.keep(threading.Event())
    known: int | None = None
    while True:
        if held.number != known:
            known = held.number
            with Path(told).open("a") as file:
                file.write("lost\n" if known is None else f"{known}\n")
        if known is not None:
            with contextlib.suppress(lease.LeaseLost, DBAPIError):
                updates.seal_letter(ours, letter, moment=datetime.now(UTC))
