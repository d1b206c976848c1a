"""The feed of a letter: read back as other programs read it."""

from xml.etree import ElementTree

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from petition.letters.events import remove_event, set_status
from petition.letters.models import Event
from petition.publishing.data.feed import ATOM, feed_atom
from petition.publishing.figures.counts import figures
from tests.conftest import START
from tests.publishing.sample_figures import FIRST, some_figures
from tests.walks import LetterText

URL = "https://letters.example.org"

NEWS = ("First.", "Second.", "Third.")


def feed(campaign, letter_id):
    with Session(campaign.databases.reading) as session:
        made = feed_atom(figures(session, campaign.letter(session, letter_id), URL))
    return ElementTree.fromstring(made)


def told(root, tag):
    return [entry.findtext(f"{{{ATOM}}}{tag}") for entry in root.iter(f"{{{ATOM}}}entry")]


def test_the_feed_tells_everything_that_happened(campaign):
    letter = campaign.a_published_letter()
    campaign.tell(letter, "delivered", who="Jo Muster", how="on paper")
    with Session(campaign.databases.petition) as session:
        row = campaign.letter(session, letter)
        set_status(session, row, 1, "met", START.date(), "At last", demands=2, moment=START)
        session.commit()

    root = feed(campaign, letter)

    assert sorted(told(root, "title")) == ["Delivered: Jo Muster", "Demand 1: Met", "We refuse to build it"]
    assert len(set(told(root, "id"))) == 3
    assert root.findtext(f"{{{ATOM}}}subtitle").startswith("0 verified workers")


def test_what_happened_on_one_day_has_times_of_its_own_after_the_publication(campaign):
    letter = campaign.a_published_letter()
    for text in NEWS:
        campaign.tell(letter, "update", text=text)
    with Session(campaign.databases.petition) as session:
        set_status(session, campaign.letter(session, letter), 1, "met", START.date(), "", demands=2, moment=START)
        session.commit()

    root = feed(campaign, letter)
    times = told(root, "updated")

    assert len(set(times)) == 5
    assert [text for text in told(root, "content") if text in NEWS] == list(reversed(NEWS))
    assert min(times) == times[told(root, "title").index("We refuse to build it")]
    assert root.findtext(f"{{{ATOM}}}updated") == max(times)


def test_the_same_facts_give_the_same_bytes(campaign):
    letter = campaign.a_published_letter()
    campaign.tell(letter, "update", text="Thank you.")

    assert ElementTree.tostring(feed(campaign, letter)) == ElementTree.tostring(feed(campaign, letter))


def test_news_that_takes_the_number_of_what_was_deleted_is_new_to_readers(campaign):
    letter = campaign.a_published_letter()
    campaign.tell(letter, "update", text="First.")
    first = told(feed(campaign, letter), "id")
    with Session(campaign.databases.petition) as session:
        remove_event(session, campaign.letter(session, letter), 1)
        session.commit()
    campaign.tell(letter, "update", text="Second.")
    second = told(feed(campaign, letter), "id")

    assert set(first) & set(second) == {f"{URL}/letters/{campaign.letter_row(letter).slug}/#published"}


@pytest.mark.parametrize("text", ["<script>&amp;]]>", "‏עברית", "half \uffff a character"])
def test_whatever_was_typed_the_feed_can_be_read(campaign, text):
    letter = campaign.a_published_letter()
    campaign.tell(letter, "update", text=text)

    assert text.replace("\uffff", "\ufffd") in told(feed(campaign, letter), "content")


def test_whatever_is_stored_as_a_link_the_feed_can_be_read(campaign):
    letter = campaign.a_published_letter()
    campaign.tell(letter, "press", who="Paper", link="https://paper.example/a")
    with Session(campaign.databases.petition) as session:
        session.execute(update(Event).where(Event.letter_id == letter).values(link="https://paper.example/a\ufffe"))
        session.commit()

    links = [link.get("href") for link in feed(campaign, letter).iter(f"{{{ATOM}}}link")]
    assert "https://paper.example/a\ufffd" in links


def test_the_feed_speaks_the_letters_language(campaign):
    letter = campaign.a_published_letter(words=LetterText("Carta", "Jo", "Ejemplo", "Querida Jo", ("Basta.",), "es"))
    campaign.tell(letter, "delivered", who="Jo", how="en papel")

    assert "Entregada: Jo" in told(feed(campaign, letter), "title")


@pytest.mark.parametrize(("k", "to"), [(1, "Letter to Jo Muster"), (3, "Open letter to Jo Muster")])
def test_the_feed_counts_one_person_as_one(k, to):
    root = ElementTree.fromstring(feed_atom(some_figures(1, k=k, state="closed", closed=FIRST)))
    texts = [root.findtext(f"{{{ATOM}}}subtitle"), *told(root, "content")]

    assert sum("one verified worker" in text or "1 verified worker " in text for text in texts) == 2
    assert sum(text.startswith(to) for text in texts) == 1
