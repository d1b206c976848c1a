"""Comments, replies, suggestions that are taken over."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.errors import BadShape, Conflict, NotFound, TooLong
from petition.letters.drafting.comments import (
    MOST_COMMENTS,
    RESOLVED,
    TAKEN_OVER,
    TO_ANSWER,
    Thread,
    accept_suggestion,
    add_comment,
    remove_all_comments,
    remove_comment,
    reply,
    resolve,
    threads,
)
from petition.letters.drafting.drafts import save
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Comment, Letter, Organizer
from petition.letters.text.letter_text import LetterText
from tests.walks import WORDS, Campaign

pytestmark = pytest.mark.thorough


class Draft:
    """A draft of Ana's on which Ben comments."""

    def __init__(self, campaign: Campaign, words: LetterText = WORDS) -> None:
        self.campaign = campaign
        self.ids = {name: campaign.organizer(name) for name in ("Ana", "Ben")}
        self.letter_id = campaign.a_draft(words, organizer=self.ids["Ana"])
        self.session = Session(campaign.databases.petition)

    @property
    def letter(self) -> Letter:
        return self.session.get_one(Letter, self.letter_id)

    def person(self, name: str) -> Organizer:
        return self.session.get_one(Organizer, self.ids[name])

    def words(self) -> LetterText:
        return text_of(newest_version(self.session, self.letter))

    def comment(self, paragraph: int, quote: str = "", text: str = "Hm.", suggestion: str | None = None) -> Comment:
        said: dict[str, Any] = {"paragraph": paragraph, "quote": quote, "text": text, "suggestion": suggestion}
        version = newest_version(self.session, self.letter).number
        ben, moment = self.person("Ben"), self.campaign.clock()
        return add_comment(self.session, self.letter, ben, version=version, moment=moment, **said)

    def write(self, **changed: Any) -> None:
        newest = newest_version(self.session, self.letter).number
        words = replace(self.words(), **changed)
        save(self.session, self.letter, self.person("Ana"), words, based_on=newest, moment=self.campaign.clock())

    def threads(self) -> list[Thread]:
        return threads(self.session, self.letter, self.words())[1]

    def take(self, number: int) -> None:
        accept_suggestion(
            self.session, self.letter, self.person("Ana"), number, moment=self.campaign.clock(), note="Taken"
        )


@pytest.fixture
def a_draft(campaign: Campaign) -> Iterator[Draft]:
    made = Draft(campaign)
    yield made
    made.session.close()


def test_a_comment_follows_its_passage_through_edits(a_draft: Draft) -> None:
    a_draft.comment(2, "work here")
    a_draft.write(body="Good day.\n\nDear Jo,\n\nwe, all of us who **work here**, ask you kindly to stop.\n\nYours")

    (thread,) = a_draft.threads()
    assert thread.place is not None
    assert thread.place.paragraph == 3
    assert a_draft.words().body.split("\n\n")[2][thread.place.start :].startswith("work here")


def test_a_comment_whose_passage_is_gone_stays_and_says_so(a_draft: Draft) -> None:
    a_draft.comment(2, "work here")
    a_draft.write(body="Something else entirely.")

    assert [(one.comment.text, one.place) for one in a_draft.threads()] == [("Hm.", None)]


def test_comments_stand_in_the_order_of_the_text_and_replies_below_them(a_draft: Draft) -> None:
    late, early = a_draft.comment(4), a_draft.comment(0)
    ana, moment = a_draft.person("Ana"), a_draft.campaign.clock()
    first = reply(a_draft.session, a_draft.letter, ana, late.number, "Why?", moment=moment)
    reply(a_draft.session, a_draft.letter, ana, first.number, "And how?", moment=moment)

    assert [one.comment for one in a_draft.threads()] == [early, late]
    assert [one.text for one in a_draft.threads()[1].replies] == ["Why?", "And how?"]


def test_a_suggestion_is_taken_over_as_a_new_version(a_draft: Draft) -> None:
    said = a_draft.comment(2, "ask you to stop", suggestion="demand that you stop")
    a_draft.take(said.number)

    newest = newest_version(a_draft.session, a_draft.letter)
    assert (newest.number, newest.note) == (2, "Taken")
    assert newest.body == WORDS.body.replace("ask you to stop", "demand that you stop")
    assert said.state == TAKEN_OVER
    with pytest.raises(Conflict, match="isn't here anymore"):
        a_draft.take(said.number)


def test_a_suggestion_for_words_that_changed_changes_nothing(a_draft: Draft) -> None:
    said = a_draft.comment(2, "ask you to stop", suggestion="demand that you stop")
    a_draft.write(body=WORDS.body.replace("ask", "beg"))

    with pytest.raises(Conflict, match="by hand"):
        a_draft.take(said.number)
    assert newest_version(a_draft.session, a_draft.letter).number == 2
    assert said.state == TO_ANSWER


def test_a_comment_is_resolved_and_opened_again(a_draft: Draft) -> None:
    said = a_draft.comment(1)
    states = []
    for resolved in (True, False):
        resolve(a_draft.session, a_draft.letter, said.number, resolved=resolved)
        states.append(said.state)

    assert states == [RESOLVED, TO_ANSWER]


def test_authors_delete_their_own_comments_with_replies_and_editors_delete_any(a_draft: Draft) -> None:
    said, other = a_draft.comment(1), a_draft.comment(1)
    reply(a_draft.session, a_draft.letter, a_draft.person("Ana"), said.number, "Yes", moment=a_draft.campaign.clock())
    with pytest.raises(Conflict):
        remove_comment(a_draft.session, a_draft.letter, a_draft.person("Ana"), said.number, edits=False)
    remove_comment(a_draft.session, a_draft.letter, a_draft.person("Ben"), said.number, edits=False)
    assert [one.comment for one in a_draft.threads()] == [other]

    remove_comment(a_draft.session, a_draft.letter, a_draft.person("Ana"), other.number, edits=True)
    assert a_draft.threads() == []


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"paragraph": 99}, NotFound),
        ({"paragraph": -1}, NotFound),
        ({"paragraph": 1, "quote": "not there"}, BadShape),
        ({"paragraph": 1, "text": "  "}, BadShape),
        ({"paragraph": 1, "text": "x" * 4001}, TooLong),
        ({"paragraph": 1, "text": "a\u202eb"}, BadShape),
        ({"paragraph": 1, "suggestion": "x" * 4001}, TooLong),
    ],
)
def test_bad_comments_are_refused(a_draft: Draft, how: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        a_draft.comment(**how)


def test_nothing_is_said_about_a_text_that_is_fixed(a_draft: Draft) -> None:
    said = a_draft.comment(1)
    a_draft.session.commit()
    a_draft.campaign.open(a_draft.letter_id)
    a_draft.session.expire_all()

    for act in (lambda: a_draft.comment(1), lambda: resolve(a_draft.session, a_draft.letter, 1, resolved=True)):
        with pytest.raises(Conflict, match="locked"):
            act()
    assert [one.comment for one in a_draft.threads()] == [said]


def test_everything_that_was_said_can_be_forgotten(a_draft: Draft) -> None:
    a_draft.comment(1)
    remove_all_comments(a_draft.session, a_draft.letter)

    assert a_draft.threads() == []


def test_five_hundred_comments_whose_passages_all_changed_are_found(campaign: Campaign) -> None:
    texts = [f"Paragraph {number}, in which we say what we think of it, at length. " * 4 for number in range(60)]
    a_draft = Draft(campaign, replace(WORDS, body="\n\n".join(text.strip() for text in texts)))
    for number in range(500):
        place = 1 + number % 60
        a_draft.comment(place, f"Paragraph {place - 1}, in which", text=f"Comment {number}")
    a_draft.write(body=a_draft.words().body.replace("we say", "all of us say"))
    found = a_draft.threads()
    a_draft.session.close()

    assert [one.place.paragraph for one in found if one.place] == sorted(1 + number % 60 for number in range(500))
    assert MOST_COMMENTS >= 500
