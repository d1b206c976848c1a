"""No page makes a browser ask another host for anything; only links in a letter's own text, and to laws, lead away."""

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest

from petition.publishing.pages.rights import RIGHTS
from tests.routes import routes_of_places
from tests.shared import ONCE, Place, Shared
from tests.visitors import SITE, Page
from tests.walks import LetterText

pytestmark = [ONCE, pytest.mark.thorough]
LAWS = {line.link for country in RIGHTS for line in country.lines}
WORDS = LetterText(
    "Title", "Jo", "Example Corp", "See [there](https://elsewhere.example/x).[^1]\n\n[^1]: A note.", ("Stop.",)
)


@pytest.fixture(scope="module")
def places(shared: Shared) -> list[Place]:
    """A letter in each state."""
    closed = shared.a_published_letter(words=WORDS)
    shared.campaign.close_letter(closed.id)
    return [
        shared.a_draft(words=WORDS),
        shared.an_open_letter(words=WORDS),
        shared.a_published_letter(words=WORDS),
        closed,
    ]


@pytest.fixture(scope="module")
def pages(shared: Shared, places: list[Place]) -> list[Page]:
    """Every page of the site as its visitors get it, and every form's answer to nothing typed."""
    return list(all_pages(shared, places))


def all_pages(shared: Shared, places: list[Place]) -> Iterator[Page]:
    ana = shared.desk()
    for route in routes_of_places(shared.app, places):
        organizes = route.path.startswith("/organize/")
        if "GET" in route.methods:
            answer = ana.get(route.path) if organizes else shared.get(route.path, Accept="text/html")
            yield Page(answer, route.path)
        elif not organizes:
            yield shared.visitor().post(route.path)


def test_no_page_names_another_host(pages: list[Page]) -> None:
    seen = set()
    for page in pages:
        for tag, attribute, address, in_letter in page.addresses:
            target = urlsplit(urljoin(SITE + page.path, address)) if attribute != "content" else urlsplit("")
            seen.add((tag, attribute))

            may_lead_away = tag == "a" and (in_letter or address in LAWS)

            assert target.hostname in (None, "letters.example.org") or may_lead_away, page.path
            assert target.scheme in ("", "https"), page.path
    assert {("a", "href"), ("link", "href"), ("form", "action")} <= seen


def test_links_out_of_a_letter_s_text_tell_nobody_where_they_stood(shared: Shared, places: list[Place]) -> None:
    page = shared.visitor().open(places[2].public)
    out = next(found for tag, found in page.tags if found.get("href", "").startswith("https://elsewhere"))

    assert {"noopener", "noreferrer", "nofollow"} <= set(out["rel"].split())


def test_no_page_carries_script_or_style_of_its_own(pages: list[Page]) -> None:
    for page in pages:
        for tag, found in page.tags:
            assert not [name for name in found if name.startswith("on") or name == "style"], page.path
            assert tag not in ("style", "iframe", "object", "embed", "base"), page.path
            assert tag != "script" or found.get("src"), page.path


def test_the_style_sheet_fetches_nothing(shared: Shared) -> None:
    style = shared.get("/_site/style.css").text

    assert "@import" not in style
    assert "url(" not in style


def test_every_page_has_one_heading_a_language_and_a_title(pages: list[Page]) -> None:
    html = [page for page in pages if page.answer.mimetype == "text/html" and page.status != 308]
    for page in html:
        assert [tag for tag, _ in page.tags].count("h1") == 1, page.path
        assert next(found for tag, found in page.tags if tag == "html")["lang"], page.path
        assert "<title></title>" not in page.text, page.path
    assert len(html) > 40


def test_no_fragment_query_or_link_carries_the_code_or_the_receipt(shared: Shared) -> None:
    place = shared.an_open_letter()
    code = shared.code(place)
    worker = shared.visitor()
    ready = worker.press(worker.open(f"{place.hidden}join"), "Continue", code=code)
    receipt = worker.press(ready, "Sign anonymously")

    words = receipt.text.split('class="receipt"><code>')[1].split("</code>")[0]
    for page in (ready, receipt):
        assert not [address for _, _, address, _ in page.addresses if code in address or words in address]
    assert code not in ready.text
