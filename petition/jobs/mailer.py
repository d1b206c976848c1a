"""Email goes out beside the scheduler: the mailer looks into the outbox every few seconds, even during a sealing.

A lock on a file lets one process of a host do it, and a lease one host, so that no email is sent twice and limits hold.
When that process is gone, another one takes over.
"""

import fcntl
import logging
import os
import threading
from collections.abc import Callable
from datetime import datetime

from petition.config import Settings
from petition.coordination import email_domains
from petition.coordination.services import Services
from petition.issuing.delivery import Mailer
from petition.issuing.message import sender_of
from petition.issuing.transports import transport_for
from petition.logs import Hourly

EVERY = 5.0
"""Seconds."""
LOCK = "mail.lock"
log = logging.getLogger("petition.mailer")


def carry(
    services: Services,
    settings: Settings,
    now: Callable[[], datetime],
    stop: threading.Event,
    is_mine: Callable[[], bool] = lambda: True,
) -> None:
    """Send what waits until ``stop`` is set; nothing at all if the site sends no email."""
    if settings.mail is None:
        return
    sender = sender_of(settings)
    outbox_mailer = Mailer(
        services.databases.issuer, services.secrets, transport_for(settings.mail, sender), sender, services.random
    )
    descriptor = os.open(settings.data / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    hourly = Hourly()
    try:
        while not stop.is_set():
            if is_mine() and _has_lock(descriptor):
                _look(services, outbox_mailer, now, hourly)
            else:
                outbox_mailer.forget()
            stop.wait(EVERY)
    finally:
        os.close(descriptor)


def _has_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _look(services: Services, outbox_mailer: Mailer, now: Callable[[], datetime], hourly: Hourly) -> None:
    try:
        outbox_mailer.look(email_domains.mail_domains(services), now)
    except Exception as error:  # a busy database, a full disk: the next time may go better
        kind = type(error).__name__
        if hourly.is_due(kind, now()):
            log.error("mail could not be looked after", extra={"kind": kind})


def start(
    services: Services,
    settings: Settings,
    now: Callable[[], datetime],
    stop: threading.Event,
    is_mine: Callable[[], bool] = lambda: True,
) -> None:
    """Send email in a separate thread, so that a slow mail server holds up no sealing."""
    threading.Thread(target=carry, args=(services, settings, now, stop, is_mine), name="post", daemon=True).start()
