"""Forms and records that the server keeps ready are the same as made for each visitor, whatever has happened."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from petition.coordination.closing import withdraw_letter
from petition.coordination.rounds import annul_round, open_further_round
from petition.i18n import languages
from petition.web.app import CachedPages
from petition.web.kept_answers import KeptAnswers
from tests.conftest import Clock
from tests.walks import Campaign

FORMS = ("join", "sign", "receipt", "remove")
SEED = re.compile(rb'name="seed" value="([A-Za-z0-9_-]{43})"')


class Server:
    """What a server's process has: the application, what it keeps ready, and its timer."""

    def __init__(self, campaign: Campaign) -> None:
        self.app = campaign.app()
        kept = self.app.extensions["petition.kept_answers"]
        self.pages = CachedPages(self.app.extensions["petition.cache_middleware"], kept, None)

    def tick(self) -> None:
        """The part of the timer's work that answers come from."""
        found = self.app.extensions
        moment = found["petition"].clock()
        found["petition.cache"].prepare_records(moment)
        found["petition.kept_answers"].prepare(moment)

    def ready(self, address: str) -> tuple[str, dict[str, str], bytes] | None:
        parts = urlsplit(address)
        answer = self.pages.ready({"REQUEST_METHOD": "GET", "PATH_INFO": parts.path, "QUERY_STRING": parts.query})
        return None if answer is None else (answer[0], dict(answer[1]), answer[2])

    def fresh(self, address: str) -> tuple[str, dict[str, str], bytes]:
        answer = self.app.test_client().get(address)
        return answer.status, dict(answer.headers), answer.data


@pytest.fixture
def server(campaign: Campaign) -> Server:
    return Server(campaign)


def addresses(campaign: Campaign, letter: str) -> list[str]:
    here = campaign.address(letter)
    hidden = ("", "before/") if here.startswith("/s/") else ()
    pages = [f"{prefix}{here}{name}" for name in (*hidden, *FORMS) for prefix in ("", "/es", "/ar")]
    return [*pages, f"{here}es/join", f"{here}round.json", f"{here}round.json?round=1"]


def without_seed(answer: tuple[str, dict[str, str], bytes] | None) -> Any:
    assert answer is not None
    return answer[0], answer[1], SEED.sub(b"", answer[2])


@pytest.mark.parametrize("timing", ["together", "apart"])
@pytest.mark.parametrize("state", ["open", "published"])
def test_what_is_kept_is_what_the_application_answers(
    campaign: Campaign, server: Server, state: str, timing: str
) -> None:
    how: dict[str, Any] = {"timing": timing, "names": ("named",)}
    letter = campaign.an_open_letter(**how) if state == "open" else campaign.a_published_letter(**how)
    server.tick()

    for address in addresses(campaign, letter):
        assert without_seed(server.ready(address)) == without_seed(server.fresh(address)), address


def test_a_published_letter_s_records_stay_where_programs_ask_for_them(campaign: Campaign, server: Server) -> None:
    letter = campaign.an_open_letter()
    printed = f"{campaign.address(letter)}round.json?round=1"
    campaign.publish(letter)
    server.tick()

    assert without_seed(server.ready(printed)) == without_seed(server.fresh(printed))


def test_each_visitor_gets_a_seed_of_their_own(campaign: Campaign, server: Server) -> None:
    address = campaign.address(campaign.an_open_letter()) + "join"
    server.tick()
    answers = [server.ready(address) for _ in range(20)]
    seeds = {SEED.findall(answer[2])[0] for answer in answers if answer}

    assert len(seeds) == 20
    assert all(answer and len(answer[2]) == int(answer[1]["Content-Length"]) for answer in answers)


def _annul(campaign: Campaign, letter: str, _clock: Clock) -> None:
    annul_round(campaign.services, letter, 1, "Someone copied the codes.")


def _another_round(campaign: Campaign, letter: str, clock: Clock) -> None:
    _update(campaign, letter, clock)
    soon = clock().replace(hour=clock().hour + 1)
    open_further_round(campaign.services, letter, None, 2 * campaign.letter_row(letter).k, opens=soon)
    clock.pass_time(hours=1)


def _publish(campaign: Campaign, letter: str, _clock: Clock) -> None:
    campaign.publish(letter)


def _close(campaign: Campaign, letter: str, _clock: Clock) -> None:
    campaign.publish(letter)
    campaign.close_letter(letter)


def _end_codes(campaign: Campaign, letter: str, _clock: Clock) -> None:
    for code in campaign.codes(letter, 6):
        campaign.token(letter, code)
    campaign.seal(letter)
    campaign.end_round(letter)


def _update(campaign: Campaign, letter: str, _clock: Clock) -> None:
    campaign.sign_all(letter, 6)
    campaign.seal(letter)


@pytest.mark.parametrize(
    ("timing", "happens"),
    [
        ("together", _annul),
        ("together", _another_round),
        ("together", _update),
        ("together", _close),
        ("apart", _publish),
        ("apart", _end_codes),
    ],
)
def test_whatever_happens_to_a_letter_its_forms_are_those_of_now(
    campaign: Campaign, clock: Clock, server: Server, timing: str, happens: Callable[[Campaign, str, Clock], None]
) -> None:
    letter = campaign.an_open_letter(timing=timing)
    server.tick()
    happens(campaign, letter, clock)
    server.tick()

    for address in addresses(campaign, letter):
        assert without_seed(server.ready(address)) == without_seed(server.fresh(address)), address


def test_nothing_is_left_of_a_letter_that_was_taken_down(campaign: Campaign, server: Server) -> None:
    letter = campaign.an_open_letter()
    asked = addresses(campaign, letter)
    server.tick()
    withdraw_letter(campaign.services, letter, "It names a colleague.", taken_down=True)
    server.tick()

    assert [address for address in asked if server.ready(address) is not None] == []


def test_a_draft_and_an_address_that_asks_for_something_are_left_to_the_application(
    campaign: Campaign, server: Server
) -> None:
    draft, letter = campaign.a_draft(slug="draft"), campaign.an_open_letter()
    short, here = f"/s/{draft[:16]}/", campaign.address(letter)
    server.tick()
    others = [f"{short}join", "/letters/draft/join", f"{here}join?roll=x", f"{here}round.json?round=2", f"{here}when"]

    assert [address for address in others if server.ready(address) is not None] == []


def test_letters_without_room_are_answered_by_the_application(campaign: Campaign, server: Server) -> None:
    letters = [campaign.an_open_letter(slug=f"letter-{number}") for number in range(3)]
    server.tick()
    found = server.app.extensions
    few = KeptAnswers(server.app.wsgi_app, found["petition.cache"], found["petition"].random, most=1)
    few.prepare(campaign.clock())
    asked = [{"PATH_INFO": f"{campaign.address(each)}join", "QUERY_STRING": ""} for each in letters]

    assert sum(few.ready(each) is not None for each in asked) == 1


def test_while_the_database_is_away_nothing_is_kept_and_it_is_asked_again(campaign: Campaign, server: Server) -> None:
    here = {"PATH_INFO": campaign.address(campaign.an_open_letter()) + "join", "QUERY_STRING": ""}
    away = [True]

    def application(environ: Any, start_response: Any) -> Any:
        if away[0]:
            start_response("503 Service Unavailable", [])
            return [b""]
        return server.app.wsgi_app(environ, start_response)

    found = server.app.extensions
    answers = KeptAnswers(application, found["petition.cache"], found["petition"].random)
    found["petition.cache"].prepare_records(campaign.clock())
    answers.prepare(campaign.clock())
    while_away = answers.ready(here)
    away[0] = False
    answers.prepare(campaign.clock())

    assert while_away is None
    assert answers.ready(here) is not None


def test_every_language_of_the_site_is_kept(campaign: Campaign, server: Server) -> None:
    address = campaign.address(campaign.an_open_letter()) + "join"
    server.tick()

    assert all(server.ready(f"/{language}{address}") is not None for language in languages())
