"""The host's side: reports without a cookie, takedowns with a public reason, who is behind a letter, many letters."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.coordination import closing
from petition.letters.models import Letter, Organizer, Report
from petition.letters.organizers.members import show_as
from petition.letters.reports import MOST_OF_A_LETTER, reports
from petition.letters.text.letter_text import LetterText
from petition.web.shared.limits import RARELY_BY_HOUR
from tests.shared import ONCE, Place, Shared
from tests.walks import WORDS

pytestmark = ONCE


def kept(shared: Shared, place: Place) -> list[str]:
    with Session(shared.campaign.databases.reading) as session:
        return [one.text for one in reports(session, place.slug)]


def test_anyone_reports_a_letter_without_a_cookie_and_only_words_and_hour_are_stored(shared: Shared) -> None:
    place = shared.a_published_letter()
    visitor = shared.visitor()
    form = visitor.follow(visitor.open(place.public), "Report this letter")
    page = visitor.press(form, "Send the report", text="It names my\r\nneighbor.")

    assert (page.status, page.heading) == (200, "Your report was sent")
    assert kept(shared, place) == ["It names my\nneighbor."]
    assert not visitor.client._cookies
    assert [column.key for column in Report.__table__.columns] == ["key", "letter_id", "hour", "text"]
    with Session(shared.campaign.databases.reading) as session:
        assert {row.hour.minute for row in session.scalars(select(Report))} == {0}


def test_what_cannot_be_kept_is_refused_and_stays_in_the_form(shared: Shared) -> None:
    place = shared.a_published_letter()
    visitor = shared.visitor()
    form = visitor.open(f"{place.public}report")
    pages = [visitor.press(form, "Send the report", text=text) for text in ("  ", "x" * 2001, "a\u202eb")]

    assert [page.status for page in pages] == [400, 413, 400]
    assert pages[1].form_with("Send the report").fields["text"] == "x" * 2001
    assert kept(shared, place) == []


def test_a_visitor_who_reports_again_and_again_is_slowed_down(shared: Shared) -> None:
    place = shared.a_published_letter()
    visitor = shared.visitor()
    visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.9"
    form = visitor.open(f"{place.public}report")
    tries = range(RARELY_BY_HOUR.most + 1)
    pages = [visitor.press(form, "Send the report", text=f"Again {number}") for number in tries]

    assert {page.status for page in pages[: RARELY_BY_HOUR.least]} == {200}
    assert pages[-1].status == 429


def test_reports_never_fill_the_disk(shared: Shared) -> None:
    place = shared.a_published_letter()
    with Session(shared.campaign.databases.petition) as session:
        hour = shared.clock()
        session.add_all(
            Report(key=f"{number:016x}", letter_id=place.id, hour=hour, text="x") for number in range(MOST_OF_A_LETTER)
        )
        session.commit()
    visitor = shared.visitor()
    page = visitor.press(visitor.open(f"{place.public}report"), "Send the report", text="One more")

    assert page.status == 409
    assert len(kept(shared, place)) == MOST_OF_A_LETTER
    with Session(shared.campaign.databases.petition) as session:
        session.query(Report).filter(Report.letter_id == place.id).delete()
        session.commit()


def test_a_letter_taken_down_says_that_the_host_did_it_and_why(shared: Shared) -> None:
    place = shared.a_published_letter()
    closing.withdraw_letter(shared.campaign.services, place.id, "It names a private person.", taken_down=True)
    page = shared.visitor().open(place.public)

    assert page.status == 410
    assert "This site&#39;s host took this letter down. Their reason: It names a private person." in page.text


def test_a_letter_that_its_organizers_withdrew_says_that_they_did(shared: Shared) -> None:
    place = shared.a_published_letter()
    closing.withdraw_letter(shared.campaign.services, place.id, "We were wrong.")

    assert "The organizers took this letter down." in shared.visitor().open(place.public).text


def test_the_letter_s_page_shows_the_names_that_organizers_chose_and_no_other(shared: Shared) -> None:
    place = shared.a_published_letter()
    before = shared.visitor().open(place.public).text
    with Session(shared.campaign.databases.petition) as session:
        ana = session.get_one(Organizer, shared.ids["Ana"])
        show_as(session, session.get_one(Letter, place.id), ana, "The <b>committee</b>")
        session.commit()
    after = shared.visitor().open(place.public).text

    assert "None of them chose to show a name." in before
    assert "<bdi>The &lt;b&gt;committee&lt;/b&gt;</bdi>" in after
    assert "Ana" not in after


def test_the_home_page_groups_letters_by_employer_however_it_is_written(shared: Shared) -> None:
    for employer, title in (("Zeta Works", "Third"), ("alpha Ltd", "First"), ("Alpha Ltd", "Second")):
        shared.a_published_letter(words=LetterText(**{**WORDS.__dict__, "employer": employer, "title": title}))
    text = shared.visitor().open("/").text

    assert text.lower().count(">alpha ltd</h3>") == 1
    assert text.lower().index("alpha ltd</h3>") < text.index("First</a>") < text.index("Zeta Works</h3>")
    assert text.index("Zeta Works</h3>") < text.index("Third</a>")
