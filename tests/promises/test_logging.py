"""No log says who came, what they had, or where they looked: at every level, and when something breaks."""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from tests.visitors import SITE, Page, Visitor
from tests.walks import PASSPHRASE, WORDS, Campaign

pytestmark = pytest.mark.thorough

ADDRESS, AGENT = "203.0.113.77", "Nosy/7.7 (its own words)"


class Everything(logging.Handler):
    """All that any logger says, with everything that a formatter could make of it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(" ".join([self.format(record), *(f"{name}={value}" for name, value in vars(record).items())]))


@pytest.fixture
def everything() -> Iterator[Everything]:
    heard, root = Everything(), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(heard)
    yield heard
    root.removeHandler(heard)
    root.setLevel(before)


@pytest.fixture
def worker(app: Any) -> Visitor:
    found = Visitor(app)
    found.client.environ_base |= {"REMOTE_ADDR": ADDRESS, "HTTP_USER_AGENT": AGENT}
    return found


def test_a_whole_campaign_leaves_nothing_of_anyone_in_any_log(
    campaign: Campaign, app: Any, worker: Visitor, everything: Everything
) -> None:
    letter = campaign.an_open_letter()
    hidden = campaign.address(letter)
    ana = campaign.signed_in(app)
    secrets = {ADDRESS, AGENT, PASSPHRASE, hidden, letter[:16], WORDS.title}
    for _ in range(6):
        secrets |= a_signature(campaign, worker, letter, hidden)
    a_day_later(campaign)
    campaign.publish(letter)
    worker.open(f"{hidden}round.json?round=1")
    worker.open("/letters/never-was/?c=0123-4567")
    ana.get(f"/organize{hidden}")
    withdraw(worker, secrets, hidden)
    a_day_later(campaign)

    assert [line for line in everything.said if any(secret in line for secret in secrets)] == []


def a_day_later(campaign: Campaign) -> Mapping[str, str]:
    campaign.clock.pass_time(days=1)  # type: ignore[attr-defined]
    return campaign.tick()


def a_signature(campaign: Campaign, worker: Visitor, letter: str, hidden: str) -> set[str]:
    """A signer joins and signs on the pages; everything that must stay with them."""
    code = campaign.codes(letter, 1)[0]
    shown = "-".join(code[start : start + 4] for start in range(0, 16, 4))
    ready = worker.press(worker.open(f"{hidden}join"), "Continue", code=shown)
    token = json.loads(ready.form_with("Save the file").fields["token"])
    receipt = worker.press(ready, "Sign anonymously")
    words = receipt.text.split('class="receipt"><code>')[1].split("</code>")[0]
    assert receipt.heading == "You signed."
    return {code, shown, words, token["receipt"], token["signature"], token["message"], token["message"][-40:]}


def withdraw(worker: Visitor, secrets: set[str], hidden: str) -> None:
    """The first receipt among the secrets takes its signature back."""
    receipt = next(secret for secret in secrets if len(secret) == 33 and secret.count("-") == 6)
    asked = worker.press(worker.open(f"{hidden}remove"), "Continue", receipt=receipt)
    assert worker.press(asked, "Remove my signature").heading == "Your signature is removed"


@pytest.mark.parametrize("kind", ["sqlite"])
def test_asking_for_a_code_by_mail_leaves_the_address_in_no_log(campaign: Campaign, everything: Everything) -> None:
    campaign.settings = replace(campaign.settings, mail="folder:nowhere")
    campaign.services = replace(campaign.services, sends_mail=True)
    worker = Visitor(campaign.app())
    join = worker.open(f"{campaign.address(campaign.an_open_letter(mail={'workers': ['example.com']}))}join")
    answers = [
        worker.press(join, "Email me a code", address=f"very.rare@{host}") for host in ("example.com", "nowhere")
    ]
    with campaign.databases.issuer.begin() as connection:
        connection.execute(text("DROP TABLE outbox"))
    answers.append(worker.press(join, "Email me a code", address="very.rare@example.com"))

    assert [answer.status for answer in answers] == [200, 400, 500]
    assert [line for line in everything.said if line.startswith("failed")]
    assert [line for line in everything.said if "rare" in line] == []


@pytest.fixture
def broken(campaign: Campaign) -> str:
    """An open letter's hidden address, on a site that has just lost what it keeps signatures and codes in."""
    hidden = campaign.address(campaign.an_open_letter())
    for engine, table in ((campaign.databases.petition, "pending"), (campaign.databases.issuer, "code")):
        with engine.begin() as connection:
            connection.execute(text(f"DROP TABLE {table}"))
    return hidden


def broken_requests(campaign: Campaign, worker: Visitor, hidden: str) -> tuple[set[str], list[Any]]:
    """Requests that need what is gone: what they carry, and their answers."""
    code, secret = "0123456789ABCDEF", "A" * 43
    as_json = {"base_url": SITE, "headers": {"Authorization": AGENT}}
    token = {"code": code, "round": 1, "blinded_message": "A" * 510 + "AQ"}
    form = worker.open(f"{hidden}join")
    answers = [
        worker.press(form, "Continue", code=code).answer,
        worker.client.post(f"{hidden}withdrawals", json={"w": secret, "a": secret}, **as_json),
        worker.client.post(f"{hidden}tokens", json={**token, "blinded_message": f"{'A' * 508}AAAC"}, **as_json),
    ]
    return {code, secret, ADDRESS, AGENT, hidden, hidden.strip("/").removeprefix("s/")}, answers


def test_a_failure_says_where_in_the_program_and_nothing_of_the_visitor(
    campaign: Campaign, broken: str, worker: Visitor, everything: Everything
) -> None:
    secrets, answers = broken_requests(campaign, worker, broken)

    assert [answer.status_code for answer in answers] == [500, 500, 500]
    failures = [line for line in everything.said if line.startswith("failed")]
    assert len(failures) == 3
    assert all("place=petition/" in line and "endpoint=" in line for line in failures)
    assert [line for line in everything.said if any(secret in line for secret in secrets)] == []


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_failure_is_answered_in_plain_words_and_shows_nothing_of_the_inside(
    campaign: Campaign, broken: str, worker: Visitor
) -> None:
    page, *problems = broken_requests(campaign, worker, broken)[1]

    assert Page(page, broken).heading == "Something went wrong"
    assert "What you sent may not have been saved. Send it again" in page.text
    for problem in problems:
        assert problem.content_type == "application/problem+json"
        assert set(problem.get_json()) == {"type", "title", "status", "detail"}
        assert problem.get_json()["status"] == 500
    telling = ("Traceback", "sqlalchemy", "psycopg", "sqlite", "SELECT", "petition/", ".py", "no such table")
    assert not [
        word for word in telling for answer in (page, *problems) if word in answer.text.replace("client.py", "")
    ]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_failure_after_the_page_was_made_leaves_no_address_either(
    campaign: Campaign, app: Any, worker: Visitor, everything: Everything
) -> None:
    """The framework itself would log the path, and with it a hidden letter's address."""

    @app.after_request
    def break_down(_answer: Any) -> Any:
        raise RuntimeError("broken")

    hidden = campaign.address(campaign.an_open_letter())
    status = worker.client.get(f"{hidden}join", base_url=SITE).status_code

    assert status == 500
    assert [line for line in everything.said if "kind=RuntimeError" in line]
    assert [line for line in everything.said if hidden.strip("/") in line or ADDRESS in line] == []


@pytest.mark.parametrize("kind", ["postgresql"])  # whose errors quote rows
def test_a_failing_sealing_logs_nothing_of_what_waits(
    campaign: Campaign, app: Any, worker: Visitor, everything: Everything
) -> None:
    letter = campaign.an_open_letter()
    secrets = {secret for _ in range(5) for secret in a_signature(campaign, worker, letter, campaign.address(letter))}
    with campaign.databases.petition.begin() as connection:
        connection.execute(text("DROP TABLE sealed"))
    said = a_day_later(campaign)

    assert [what.split(":")[0] for what in said.values()] == ["failed"]
    assert [line for line in everything.said if any(secret in line for secret in secrets)] == []
