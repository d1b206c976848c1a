"""Figures for the host's own watch: of the site's health, of no letter and no visitor, and for this machine alone."""

import contextlib
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from petition.cli import main
from petition.scheduler_record import LastRun, SchedulerRecord
from tests.patience import SECONDS
from tests.ports import free_port
from tests.race.test_starting import get, running
from tests.walks import Campaign

pytestmark = [pytest.mark.race, pytest.mark.parametrize("kind", ["sqlite"])]
MARKER = "a-very-rare-word"


def scraped_soon(port: int) -> str:
    """As soon as the process that serves them is there."""
    while True:
        with contextlib.suppress(urllib.error.URLError):
            return scraped(port)
        time.sleep(0.1)


def scraped(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS) as answer:
        return str(answer.read().decode())


def values(said: str) -> dict[str, float]:
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(said)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_errors_are_counted_by_kind_for_all_processes_never_at_the_site_and_nothing_else_of_a_request(
    environ: dict[str, str], campaign: Campaign
) -> None:
    letter = campaign.an_open_letter(slug="rare-slug")
    path, port, figures = campaign.address(letter), free_port(), free_port()
    petition_seal = CliRunner().invoke(main, ["seal"], env=environ)  # so that no update is overdue
    assert petition_seal.exit_code == 0
    SchedulerRecord(campaign.settings.data).write(LastRun(datetime.now(UTC), ()))
    with running(
        {**environ, "PETITION_METRICS": str(figures)}, "--only", "server", "--port", str(port), "--workers", "2"
    ) as program:
        program.line()
        well = values(scraped_soon(figures))
        with campaign.databases.issuer.begin() as connection:
            connection.execute(text("DROP TABLE code"))
        for number in range(4):
            body = f'{{"code": "0123456789ABCDEF", "round": 1, "blinded_message": "{"A" * 510}AQ"}}'.encode()
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}{path}tokens?{MARKER}", body, {"Content-Type": "application/json"}
            )
            with pytest.raises(urllib.error.HTTPError) as failed:
                urllib.request.urlopen(request, timeout=SECONDS)
            failed.value.close()
            assert failed.value.code == 500, number
        said = scraped(figures)
        with pytest.raises(urllib.error.HTTPError) as at_the_site:
            get(port, "/metrics")
        at_the_site.value.close()
        program.end()

    assert at_the_site.value.code == 404
    ill = values(said)
    assert well.keys() == {
        "petition_up",
        "petition_answer_seconds",
        "petition_ready",
        "petition_mail_waiting",
        "petition_scheduler_age_seconds",
    }
    assert 0 <= well["petition_scheduler_age_seconds"] < 3700
    assert (well["petition_up"], well["petition_ready"], well["petition_mail_waiting"]) == (1, 1, 0)
    assert ill.pop("petition_errors_total OperationalError") == 1
    assert ill.keys() <= well.keys()
    assert not [word for word in (MARKER, "rare-slug", letter, "tokens", path) if word in said]


def test_they_are_not_served_unless_asked_for(environ: dict[str, str]) -> None:
    port, figures = free_port(), free_port()
    with running(environ, "--only", "server", "--port", str(port)) as program:
        program.line()
        with pytest.raises(urllib.error.URLError):
            scraped(figures)
        program.end()
