"""Figures about a site's health, for its host's own monitoring: on a port of this machine only, and only if set up.

They say nothing about a letter or a visitor. Requests are neither counted nor timed: anyone who read the figures every
few seconds would see when people come. To learn how quickly the site answers, ask it.
"""

import contextlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from petition.config import Settings
from petition.database import engine_for
from petition.issuing.models import Outbox
from petition.operations.local_server import status_of
from petition.scheduler_record import SchedulerRecord

STEP = 5
"""Waiting email is rounded down to multiples of this: one more would show that someone asked just now."""
ANSWER_SECONDS = 5.0


class SiteHealth(Collector):
    """Looks at the site each time that it is asked."""

    def __init__(self, settings: Settings, address: str) -> None:
        self._issuer_url = settings.issuer_database_url
        self._address = address
        self._record = SchedulerRecord(settings.data)

    def collect(self) -> Iterable[Metric]:
        """The figures of this moment."""
        begun = time.monotonic()
        answers = status_of(f"{self._address}/healthz", ANSWER_SECONDS) == 200
        seconds = time.monotonic() - begun
        yield _gauge("petition_up", "Whether the server answers.", float(answers))
        if answers:
            yield _gauge("petition_answer_seconds", "How long the server took to answer this very question.", seconds)
        yield _gauge(
            "petition_ready",
            "Whether /readyz finds all well.",
            float(status_of(f"{self._address}/readyz", ANSWER_SECONDS) == 200),
        )
        run = self._record.read()
        if run is not None:
            age = (datetime.now(UTC) - run.hour).total_seconds()
            yield _gauge("petition_scheduler_age_seconds", "Since the hour in which the scheduler last looked.", age)
        with contextlib.suppress(SQLAlchemyError):
            yield _gauge("petition_mail_waiting", f"Mail that waits, rounded down to {STEP}s.", float(self._waiting()))

    def _waiting(self) -> int:
        engine = engine_for(self._issuer_url)
        try:
            with Session(engine.execution_options(petition_reads=True)) as issuer:
                count = issuer.scalar(select(func.count()).select_from(Outbox)) or 0
                return count - count % STEP
        finally:
            engine.dispose()


def serve(settings: Settings, address: str, host: str, port: int) -> None:
    """Serve the figures of the site at an address, with the errors that all its processes count, until told to stop."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(SiteHealth(settings, address))
    _server, thread = start_http_server(port, host, registry)
    thread.join()


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value)
