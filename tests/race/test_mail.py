"""Mailers are killed in the middle of their work: everyone gets their mail, and hardly anyone gets it twice."""

import time
from collections.abc import Iterator
from random import Random

import pytest

from petition.issuing.models import Code, Outbox
from tests.jobs.test_mailer import wish
from tests.mail_server import Inbox, a_mail_server
from tests.patience import SECONDS
from tests.race import children
from tests.walks import Campaign

pytestmark = pytest.mark.race
PEOPLE, KILLS = 30, 4


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with a_mail_server(Inbox(waits=0.02)) as found:
        yield found


@pytest.fixture
def environ(environ: dict[str, str], inbox: Inbox) -> dict[str, str]:
    return environ | {"PETITION_MAIL": inbox.address, "PETITION_MAIL_FROM": "post@letters.example.org"}


def wait_for(inbox: Inbox, count: int) -> None:
    """Wait until a number of emails have come."""
    deadline = time.monotonic() + SECONDS
    while len(inbox.raw) < count and time.monotonic() < deadline:
        time.sleep(0.005)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_whenever_a_mailer_is_killed_all_get_their_mail_and_at_most_one_gets_it_twice(
    campaign: Campaign, environ: dict[str, str], inbox: Inbox
) -> None:
    letter = campaign.an_open_letter(mail={"workers": ["example.com"]})
    everybody = [f"worker-{number}@example.com" for number in range(PEOPLE)]
    wish(campaign, letter, *everybody)
    random = Random(1)
    for kill in range(KILLS):
        mailer = children.started(children.send_mail, environ, campaign.clock())
        wait_for(inbox, len(inbox.raw) + 2)
        time.sleep(random.uniform(0, 0.05))
        mailer.kill()
        mailer.join()
        assert len(inbox.raw) >= 2 * (kill + 1)
    mailer = children.started(children.send_mail, environ, campaign.clock())
    deadline = time.monotonic() + SECONDS
    while campaign.rows(Outbox, letter) and time.monotonic() < deadline:
        time.sleep(0.05)
    mailer.kill()
    mailer.join()

    assert set(inbox.to) == set(everybody)
    assert PEOPLE <= len(inbox.raw) <= PEOPLE + KILLS
    assert len(set(inbox.codes())) == PEOPLE == len(campaign.rows(Code, letter))
