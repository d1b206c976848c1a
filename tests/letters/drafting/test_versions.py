"""Versions, what merges when two save, and what was typed and not saved."""

from dataclasses import replace

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from petition.errors import NotFound, TextChanged
from petition.letters.drafting.drafts import delete_draft
from petition.letters.drafting.versions import PAGE_SIZE, newest_version, text_of, version_of, versions_of
from petition.letters.drafting.working_copies import forget_working_copy, keep_working_copy, working_copy
from petition.letters.models import Letter, Organizer, Version, WorkingCopy
from petition.letters.text.letter_text import Translation
from petition.letters.text.sources import Source
from tests.letters.drafting.test_drafts import at_desk, keep, newest
from tests.walks import WORDS, Campaign

BODY = ("Dear Jo,", "we ask you.", "Yours")


def body(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs)


def test_a_version_keeps_sources_and_translations(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    whole = replace(
        WORDS,
        sources=(Source("A report", "https://example.org/", "2018"),),
        translations=(Translation("es", "Nos negamos", "", "Hola", ("Basta.",)),),
    )
    keep(campaign, letter, whole, based_on=1)

    assert newest(campaign, letter) == whole


def test_what_two_changed_in_different_places_becomes_one_version(campaign: Campaign) -> None:
    begun = replace(WORDS, body=body(*BODY))
    letter = campaign.a_draft(words=begun)
    keep(campaign, letter, replace(begun, body=body("Dear Jo and board,", *BODY[1:])), based_on=1, name="Ben")
    keep(campaign, letter, replace(begun, body=body(*BODY, "PS"), title="Stop"), based_on=1)

    assert newest(campaign, letter) == replace(begun, title="Stop", body=body("Dear Jo and board,", *BODY[1:], "PS"))
    merged = max(campaign.rows(Version, letter), key=lambda row: row.number)
    assert (merged.number, merged.author, merged.merged_with) == (3, "Ana", 2)


def test_both_together_may_be_too_long_and_then_an_organizer_decides(campaign: Campaign) -> None:
    begun = replace(WORDS, body=body(*BODY))
    letter = campaign.a_draft(words=begun)
    keep(campaign, letter, replace(begun, body=body("x" * 40_000, *BODY)), based_on=1, name="Ben")

    with pytest.raises(TextChanged):
        keep(campaign, letter, replace(begun, body=body(*BODY, "y" * 40_000)), based_on=1)


def test_the_history_comes_in_pages_however_long_it_is(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    with Session(campaign.databases.petition) as session:
        row = {column.name: getattr(newest_version(session, session.get_one(Letter, letter)), column.name)
               for column in Version.__table__.columns}  # fmt: skip
        session.execute(insert(Version), [{**row, "number": number} for number in range(2, 10_001)])
        session.commit()
    with Session(campaign.databases.reading) as session:
        found = session.get_one(Letter, letter)
        page = versions_of(session, found)
        rest = versions_of(session, found, before=page[-1].number)

    assert [row.number for row in page] == list(range(10_000, 10_000 - PAGE_SIZE, -1))
    assert rest[0].number == 10_000 - PAGE_SIZE


@pytest.mark.parametrize("number", [0, -1, 2, 2**31, 10**30])
def test_a_version_that_never_was_is_not_found(campaign: Campaign, number: int) -> None:
    letter = campaign.a_draft()
    with Session(campaign.databases.reading) as session:
        found = session.get_one(Letter, letter)

        assert text_of(version_of(session, found, 1)) == WORDS
        with pytest.raises(NotFound):
            version_of(session, found, number)


# Working copies


def test_a_working_copy_is_its_typists_alone_and_no_version(campaign: Campaign) -> None:
    letter, other = campaign.a_draft(), campaign.organizer("Ben")
    with at_desk(campaign) as (session, ana):
        found, ben = session.get_one(Letter, letter), session.get_one(Organizer, other)
        keep_working_copy(session, ana, found, {"title": "Hal"})
        keep_working_copy(session, ana, found, {"title": "Half\0way"})
        keep_working_copy(session, ana, None, {"title": "Another"})

        assert working_copy(session, ana, found) == {"title": "Half\ufffdway"}
        assert working_copy(session, ana, None) == {"title": "Another"}
        assert working_copy(session, ben, found) is None
        assert len(versions_of(session, found)) == 1


def test_a_working_copy_goes_when_it_is_thrown_away_or_its_draft_is_deleted(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    with at_desk(campaign) as (session, ana):
        found = session.get_one(Letter, letter)
        keep_working_copy(session, ana, found, {"title": "x"})
        forget_working_copy(session, ana, found)
        assert working_copy(session, ana, found) is None
        keep_working_copy(session, ana, found, {"title": "x"}, part="es")
        delete_draft(session, found)

    assert campaign.rows(WorkingCopy, letter) == []


def test_more_than_could_ever_be_saved_is_not_kept(campaign: Campaign) -> None:
    with at_desk(campaign) as (session, ana):
        assert not keep_working_copy(session, ana, None, {"body": "x" * 1_000_001})
