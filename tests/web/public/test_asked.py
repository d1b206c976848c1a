"""What signers can expect and say when their employer asks who signed."""

import re
from datetime import date
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from babel.dates import format_date
from sqlalchemy.orm import Session

import petition
from petition.publishing.folder import write_folder
from petition.publishing.pages.rights import RIGHTS, Line
from tests.shared import ONCE, Shared
from tests.visitors import SITE, Page
from tests.walks import Campaign

LINES = [line for country in RIGHTS for line in country.lines]
OFFICIAL = {
    "www.nlrb.gov", "www.flra.gov", "www.everycrsreport.com", "cirb-ccri.gc.ca", "laws-lois.justice.gc.ca",
    "www.legislation.gov.uk", "eur-lex.europa.eu", "www.gesetze-im-internet.de", "code.travail.gouv.fr", "www.boe.es",
    "www.fairwork.gov.au", "www.fwc.gov.au", "normlex.ilo.org",
}  # fmt: skip
"""Governments, parliaments, courts and what they publish."""
FIRST_READ = date(2026, 11, 27)
STYLE = Path(petition.__file__).parent / "static/style.css"


def words(page: Page) -> str:
    return " ".join(unescape(page.text).split())


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.source}: {line.workers}")
def test_each_line_of_law_has_an_official_source_and_the_date_on_which_it_was_read(line: Line) -> None:
    source = urlsplit(line.link)

    assert (source.scheme, source.hostname in OFFICIAL) == ("https", True)
    assert line.checked >= FIRST_READ
    assert line.says.endswith(".")
    assert line.workers
    assert line.source


def test_each_country_is_listed_once_with_several_kinds_of_workers() -> None:
    assert len({country.name for country in RIGHTS}) == len(RIGHTS)
    assert len({line.workers for line in LINES}) >= 5


@ONCE
def test_the_page_shows_every_line_beside_its_source_and_date(shared: Shared) -> None:
    page = words(shared.visitor().open("/asked/"))

    for country in RIGHTS:
        assert f">{country.name}</h3>" in page
        for line in country.lines:
            day = f'<time datetime="{line.checked.isoformat()}">{format_date(line.checked, "long", locale="en")}</time>'
            link = f'<a href="{line.link}" rel="nofollow noopener noreferrer">{line.source}</a>'
            assert f'<strong>{line.workers}:</strong> {line.says} <span class="source-line">{link} · {day}' in page


@ONCE
def test_the_page_says_what_it_is_not(shared: Shared) -> None:
    assert "This is not legal advice and not a promise." in words(shared.visitor().open("/asked/"))


@ONCE
def test_signers_find_it_from_each_page_on_their_way(shared: Shared) -> None:
    public, hidden = shared.a_published_letter(), shared.an_open_letter()
    visitor = shared.visitor()
    pages = [public.public, f"{public.public}before/", hidden.hidden, f"{hidden.hidden}before/", "/promises/"]

    for path in pages:
        assert visitor.follow(visitor.open(path), "If they ask you").heading == "If they ask you", path


@ONCE
def test_it_is_one_tap_from_the_receipt_which_stays_open(shared: Shared) -> None:
    place = shared.an_open_letter()
    worker = shared.visitor()
    ready = worker.press(worker.open(f"{place.hidden}join"), "Continue", code=shared.code(place))
    receipt = worker.press(ready, "Sign anonymously")

    assert worker.follow(receipt, "If they ask you (opens a new tab)").heading == "If they ask you"
    assert [found["target"] for tag, found in receipt.tags if tag == "a" and "target" in found] == ["_blank"]


@ONCE
def test_it_needs_no_script_and_no_cookie_and_names_no_letter(shared: Shared) -> None:
    shared.a_published_letter()
    page = shared.visitor().open("/asked/")

    assert not [tag for tag, _ in page.tags if tag == "script"]
    assert "Set-Cookie" not in page.answer.headers
    assert "/letters/" not in page.text


@ONCE
@pytest.mark.parametrize("path", ["/asked", "/promises", "/start", "/es/asked"])
def test_a_slash_too_few_leads_there_all_the_same(shared: Shared, path: str) -> None:
    answer = shared.get(path)

    assert (answer.status_code, answer.headers["Location"]) == (308, f"{path}/")


@ONCE
def test_on_paper_nothing_is_folded_and_links_are_spelled_out(shared: Shared) -> None:
    on_paper = STYLE.read_text().split("@media print")[1]

    assert "<details" not in shared.visitor().open("/asked/").text
    assert re.search(r'\.source-line a::after \{ content: " <" attr\(href\) ">"; \}', on_paper)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_letter_s_folder_carries_it_in_every_language(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter()
    with Session(campaign.databases.reading) as session:
        write_folder(session, campaign.letter(session, letter), campaign.figures(letter), tmp_path / "face", print)

    for place, language in (("", "en"), ("es/", "es")):
        page = (tmp_path / "face" / place / "_site/asked/index.html").read_text()
        assert f'<html lang="{language}"' in page
        assert LINES[0].link in page
    assert SITE not in page
