"""Events of a letter after it is out, and what they may not contain."""

from datetime import date, timedelta

import pytest

from petition.errors import BadShape, Conflict, NotFound, Refusal
from petition.letters.events import add_event, events_of, read_event, remove_event, set_status, statuses_of
from tests.conftest import START

TODAY = START.date()
WORDS = {"who": "Jo Muster", "how": "by mail", "link": "https://paper.example/a", "text": "We read it."}


@pytest.fixture
def letter(campaign, session):
    return campaign.letter(session, campaign.a_published_letter())


def tell(session, letter, kind="update", day=TODAY, **words):
    return add_event(session, letter, read_event(kind, day, **(words or WORDS)), moment=START)


def test_events_are_told_newest_first(session, letter):
    tell(session, letter, "delivered", TODAY - timedelta(days=1))
    tell(session, letter, "answered")
    tell(session, letter, "press")

    assert [event.kind for event in events_of(session, letter)] == ["press", "answered", "delivered"]


def test_telling_changes_what_is_public(session, letter):
    before = letter.edition
    event = tell(session, letter)
    remove_event(session, letter, event.number)

    assert letter.edition == before + 2
    assert events_of(session, letter) == []


@pytest.mark.parametrize(
    ("kind", "missing"),
    [("delivered", "who"), ("delivered", "how"), ("answered", "text"), ("press", "link"), ("checked", "how")],
)
def test_an_event_says_what_its_kind_needs(kind, missing):
    with pytest.raises(BadShape):
        read_event(kind, TODAY, **{**WORDS, missing: " "})


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "paper", "https://", "https://a b/", "https://["]
)
def test_a_link_leads_to_the_web(link):
    with pytest.raises(BadShape):
        read_event("press", TODAY, **{**WORDS, "link": link})


@pytest.mark.parametrize("character", ["\ufffe", "\uffff"])
def test_a_link_has_no_character_that_a_feed_can_not_have(character):
    with pytest.raises(BadShape, match=rf"Delete the invisible character \(U\+{ord(character):X}\) in the link"):
        read_event("press", TODAY, **{**WORDS, "link": f"https://paper.example/a{character}"})


def test_a_link_may_leave_out_https():
    assert read_event("press", TODAY, **{**WORDS, "link": "example.org/article"}).link == "https://example.org/article"


@pytest.mark.parametrize("who", ["Jo\u202eretsuM", "Jo\x00", "J" * 201])
def test_invisible_characters_and_what_is_too_long_are_refused(who):
    with pytest.raises(Refusal):
        read_event("update", TODAY, who=who, text="So.")


@pytest.mark.parametrize("day", [TODAY + timedelta(days=2), TODAY - timedelta(days=2), date(1, 1, 1)])
def test_an_event_is_of_a_day_that_was(session, letter, day):
    with pytest.raises(BadShape):
        tell(session, letter, day=day)


def test_a_letter_that_is_not_out_has_no_events(campaign, session):
    hidden = campaign.letter(session, campaign.an_open_letter())

    with pytest.raises(Conflict):
        tell(session, hidden)


def test_an_event_is_deleted_once(session, letter):
    event = tell(session, letter)
    remove_event(session, letter, event.number)

    with pytest.raises(NotFound):
        remove_event(session, letter, event.number)


def test_a_demand_is_answered_and_answered_again(session, letter):
    set_status(session, letter, 2, "promised", TODAY, "In the town hall", demands=2, moment=START)
    set_status(session, letter, 2, "met", TODAY, "", demands=2, moment=START)

    assert {number: row.status for number, row in statuses_of(session, letter).items()} == {2: "met"}


@pytest.mark.parametrize(("demand", "status"), [(0, "met"), (3, "met"), (1, "forgotten")])
def test_only_a_demand_of_the_letter_has_a_status(session, letter, demand, status):
    with pytest.raises(Refusal):
        set_status(session, letter, demand, status, TODAY, "", demands=2, moment=START)
