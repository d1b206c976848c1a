"""Asking for a code by email: the same page and the same work for every address, and no word of it anywhere."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import pytest

from petition.coordination import rounds
from petition.issuing.models import Outbox
from tests.jobs.test_mailer import fresh, look
from tests.mail_server import Inbox, a_mail_server
from tests.visitors import Page, Visitor
from tests.walks import Campaign, asked

pytestmark = pytest.mark.thorough

DOMAINS = {"workers": ["example.com"]}
ANA = "ana@example.com"
ADDRESSES = (ANA, ANA, "Ana+x@example.com", "ben@elsewhere.example", "ben@eu.example.com", f"{'c' * 64}@example.com")
"""Allowed, asked before, asked before in another way, refused, refused, allowed and long."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with a_mail_server() as found:
        yield found


@pytest.fixture
def environ(environ: dict[str, str], inbox: Inbox) -> dict[str, str]:
    return environ | {"PETITION_MAIL": inbox.address, "PETITION_MAIL_FROM": "post@letters.example.org"}


@pytest.fixture
def letter(campaign: Campaign) -> str:
    return campaign.an_open_letter(mail=DOMAINS)


@pytest.fixture
def hidden(campaign: Campaign, letter: str) -> str:
    return campaign.address(letter)


@pytest.fixture
def worker(app: Any) -> Visitor:
    return Visitor(app)


def ask(worker: Visitor, hidden: str, address: str) -> Page:
    return worker.press(worker.open(f"{hidden}join"), "Email me a code", address=address)


def test_a_worker_asks_for_a_code_gets_the_email_and_signs(
    campaign: Campaign, letter: str, hidden: str, worker: Visitor, inbox: Inbox
) -> None:
    answer = ask(worker, hidden, ANA)
    look(campaign, fresh(campaign))
    join = worker.follow(answer, "I have a signing code")
    receipt = worker.press(worker.press(join, "Continue", code=inbox.codes()[0]), "Sign anonymously")

    assert (answer.status, answer.heading) == (200, "Check your work email")
    assert receipt.heading == "You signed."


def test_what_the_employer_will_see_stands_before_the_field(worker: Visitor, hidden: str) -> None:
    text = worker.open(f"{hidden}join").text

    warning = unescape(text).index("Your employer's email system will see that an email came from this site.")
    assert warning < unescape(text).index('id="address"')
    assert "example.com" in text


def test_the_answer_is_the_same_for_every_address(worker: Visitor, hidden: str) -> None:
    answers = [worker.post(f"{hidden}join/mail", address=address).answer for address in ADDRESSES]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1


@contextmanager
def statements(campaign: Campaign, app: Any) -> Iterator[list[str]]:
    """Every statement that the site sends to either database."""
    databases = app.extensions["petition"].databases
    with asked(databases.petition, databases.issuer) as found:
        yield found


def test_the_databases_do_the_same_work_for_every_address(
    campaign: Campaign, app: Any, worker: Visitor, letter: str, hidden: str
) -> None:
    worker.post(f"{hidden}join/mail", address="first@example.com")
    work = []
    for address in ADDRESSES:
        with statements(campaign, app) as found:
            worker.post(f"{hidden}join/mail", address=address)
        work.append(tuple(found))

    assert len(set(work)) == 1
    assert len(campaign.rows(Outbox, letter)) == 1 + len(ADDRESSES)


def test_no_email_leaves_while_a_visitor_waits_for_the_page(worker: Visitor, hidden: str, inbox: Inbox) -> None:
    ask(worker, hidden, ANA)

    assert inbox.raw == []


def test_an_address_that_is_none_is_given_back_with_what_to_do(worker: Visitor, hidden: str) -> None:
    answer = ask(worker, hidden, "ana at example.com")

    assert answer.status == 400
    assert "Type it like name@example.com." in answer.text
    assert answer.form_with("Email me a code").fields["address"] == "ana at example.com"
    assert worker.press(answer, "Email me a code", address=ANA).heading == "Check your work email"
    assert worker.follow(answer, "I have a signing code").heading == "We refuse to build it"


def test_no_cookie_is_set_and_nothing_is_kept_in_the_browser(worker: Visitor, hidden: str) -> None:
    answer = ask(worker, hidden, ANA).answer

    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_names_no_address_and_says_where_the_code_is_used(
    campaign: Campaign, worker: Visitor, hidden: str, letter: str
) -> None:
    text = ask(worker, hidden, ANA).text

    assert ANA not in text
    assert f">https://letters.example.org{hidden}join<" in text


def test_the_bare_address_leads_back_to_the_form(worker: Visitor, hidden: str) -> None:
    assert worker.open(f"{hidden}join/mail").path == f"{hidden}join"


def test_after_publication_the_secret_address_still_takes_the_form(
    campaign: Campaign, worker: Visitor, hidden: str, letter: str
) -> None:
    campaign.publish(letter)
    answer = worker.post(f"{hidden}join/mail", address=ANA)

    assert answer.status == 200
    assert f">https://letters.example.org{campaign.address(letter)}join<" in answer.text


def test_each_group_of_signers_is_asked_for_by_name(campaign: Campaign, worker: Visitor) -> None:
    domains = {"workers": ["example.com"], "workers-2": ["example.org"]}
    letter = campaign.an_open_letter(rolls=("Example Corp", "Example Org"), mail=domains)
    hidden = campaign.address(letter)
    page = worker.open(f"{hidden}join")
    assert '<option value="workers-2">Example Org</option>' in page.text
    answer = worker.press(page, "Email me a code", address="ana@example.org", roll="workers-2")

    assert f">https://letters.example.org{hidden}join?roll=workers-2<" in answer.text
    assert "workers-2" not in worker.open(f"{hidden}join?roll=workers").form_with("Email me a code").action
    assert worker.post(f"{hidden}join/mail", address=ANA, roll="nobody").status == 404


def test_codes_on_paper_alone_have_no_field_for_an_address(campaign: Campaign, worker: Visitor) -> None:
    hidden = campaign.address(campaign.an_open_letter())

    assert "work email" not in worker.open(f"{hidden}join").text
    assert worker.post(f"{hidden}join/mail", address=ANA).status == 404


def test_once_codes_are_exchanged_no_more_the_page_says_so(
    campaign: Campaign, worker: Visitor, hidden: str, letter: str
) -> None:
    rounds.destroy_now(campaign.services, letter)
    answers = [ask(worker, hidden, address) for address in (ANA, "ben@elsewhere.example")]

    assert [answer.status for answer in answers] == [410, 410]
    assert all("go out by email. Ask the organizers" in answer.text for answer in answers)


def test_the_record_and_the_counts_name_the_routes(
    campaign: Campaign, worker: Visitor, letter: str, hidden: str
) -> None:
    both = campaign.an_open_letter(mail=DOMAINS, routes=("code", "mail"))
    campaign.publish(letter)

    assert worker.open(f"{campaign.address(both)}round.json").answer.get_json()["routes"] == ["code", "mail"]
    assert worker.open(f"{campaign.address(letter)}round.json").answer.get_json()["routes"] == ["mail"]
    assert worker.open(f"{campaign.address(letter)}counts.json").answer.get_json()["verification"]["routes"] == ["mail"]


def test_a_further_round_has_codes_on_paper_only(campaign: Campaign, worker: Visitor, letter: str, hidden: str) -> None:
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    campaign.further_round(letter)

    assert worker.open(f"{hidden}round.json").answer.get_json()["routes"] == ["code"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_visitor_who_asks_again_and_again_is_slowed_down(worker: Visitor, hidden: str) -> None:
    worker.client.environ_base["REMOTE_ADDR"] = "203.0.113.77"
    answers = [worker.post(f"{hidden}join/mail", address=f"worker-{number}@example.com") for number in range(15)]
    statuses = [answer.status for answer in answers]

    assert statuses[:5] == [200] * 5
    assert 429 in statuses


# The organizers' page


def test_organizers_choose_the_ways_while_they_draft(campaign: Campaign, app: Any) -> None:
    draft = campaign.a_draft(slug="ours")
    desk = campaign.signed_in(app)
    path = "/organize/letters/ours/routes"
    answer = desk.send(path, mail="y", **{"domains-workers": "Example.com\n*.bücher.example"})
    shown = desk.get(path).text

    assert answer.status_code == 303
    assert "*.bücher.example\nexample.com</textarea>" in shown
    assert re.search(r'<input [^>]*checked id="mail"', shown) and not re.search(r'checked id="code"', shown)
    assert campaign.letter_row(draft).mail_domains == {"workers": ["*.xn--bcher-kva.example", "example.com"]}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"mail": "y", "domains-workers": "example"}, "isn&#39;t a domain"),
        ({"domains-workers": "example.com"}, "Choose at least one way"),
    ],
)
def test_what_can_not_be_kept_is_given_back(campaign: Campaign, app: Any, typed: dict[str, str], says: str) -> None:
    campaign.a_draft(slug="ours")
    answer = campaign.signed_in(app).send("/organize/letters/ours/routes", **typed)

    assert answer.status_code == 400
    assert says in answer.text and f"{typed['domains-workers']}</textarea>" in answer.text


def test_a_domain_that_serves_anyone_is_pointed_out(campaign: Campaign, app: Any) -> None:
    campaign.a_draft(slug="ours")
    typed = {"mail": "y", "domains-workers": "gmail.com"}
    desk = campaign.signed_in(app)
    desk.send("/organize/letters/ours/routes", **typed)

    assert "Anyone can get an address at gmail.com." in desk.get("/organize/letters/ours/routes").text


def test_once_the_letter_is_open_the_ways_are_fixed(campaign: Campaign, app: Any) -> None:
    campaign.an_open_letter(slug="ours")
    desk = campaign.signed_in(app)
    answer = desk.send("/organize/letters/ours/routes", page="/organize/letters/ours/codes", code="y", mail="y")

    assert answer.status_code == 409
    assert 'class="fixed"' in answer.text


def test_codes_on_paper_are_refused_where_codes_go_by_mail(campaign: Campaign, app: Any, letter: str) -> None:
    desk = campaign.signed_in(app)
    path = f"/organize/letters/{campaign.letter_row(letter).slug}/codes"

    assert "go out only by email" in desk.send(path, count="3").text


def test_a_site_without_mail_cannot_open_such_a_letter_and_says_why(campaign: Campaign, app: Any) -> None:
    campaign.a_draft(slug="ours", mail={})
    shown = campaign.signed_in(app).get("/organize/letters/ours/").text

    assert shown.count('href="routes"') >= 1
