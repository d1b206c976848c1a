"""Data for other sites: stable, readable from anywhere, with the hour of its sealing; pages stay our own."""

import re
from base64 import b64encode
from datetime import datetime
from hashlib import sha256

import pytest
from werkzeug.http import http_date

from petition.publishing.data.columns import COUNTS, COUNTS_JSON, GROUPS, HISTORY
from petition.publishing.public_files import FROM_FIGURES, LETTER_PAGES
from tests.shared import ONCE, Place, Shared
from tests.visitors import SITE

pytestmark = [ONCE, pytest.mark.thorough]
DATA = [*FROM_FIGURES, "log/issuer.pem", "log/tile/0/000.p/1"]


@pytest.fixture(scope="module")
def place(shared: Shared) -> Place:
    found = shared.a_published_letter(contact="press@letters.example", goal=5)
    shared.campaign.sign_all(found.id, 6)
    shared.campaign.seal(found.id)
    return found


@pytest.mark.parametrize("name", DATA)
def test_other_sites_may_read_data_and_show_pictures(shared: Shared, place: Place, name: str) -> None:
    answer = shared.get(place.public + name, Origin="https://news.example")

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("name", [*LETTER_PAGES, "join", "sign", "receipt", "round.json"])
def test_no_other_site_may_read_pages_or_what_signers_use(shared: Shared, place: Place, name: str) -> None:
    answer = shared.get(place.public + name, Origin="https://news.example")

    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("name", ["", "counts.json", "letter.pdf", "card.png"])
def test_a_file_was_modified_in_the_hour_of_its_sealing(shared: Shared, place: Place, name: str) -> None:
    answers = [shared.get(place.public + name) for _ in range(2)]
    another = shared.campaign.app().test_client()  # as another worker finds it on the disk
    answers.append(another.get(place.public + name, base_url=SITE))

    as_of = datetime.fromisoformat(shared.get(f"{place.public}counts.json").get_json()["as_of"])
    assert {answer.headers["Last-Modified"] for answer in answers} == {http_date(as_of)}
    assert len({answer.headers["ETag"] for answer in answers}) == 1


def test_a_time_alone_gets_the_whole_file_because_two_sealings_may_share_an_hour(shared: Shared, place: Place) -> None:
    answer = shared.get(f"{place.public}counts.json", If_Modified_Since="Mon, 02 Nov 2099 09:00:00 GMT")

    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["chart.svg", "groups.svg", "badge.svg"])
def test_a_picture_s_policy_allows_exactly_its_own_style_sheet(shared: Shared, place: Place, name: str) -> None:
    answer = shared.get(place.public + name)
    inside = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)

    digest = b64encode(sha256(inside[0].encode()).digest()).decode()
    assert len(inside) == 1
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_pictures_speak_the_language_of_the_page_that_shows_them(shared: Shared, place: Place) -> None:
    assert "How the count grew" in shared.get(f"{place.public}chart.svg").text
    assert "Cómo creció el recuento" in shared.get(f"/es{place.public}chart.svg").text


@pytest.mark.parametrize("name", ["", "press/"])
@pytest.mark.parametrize("language", ["", "/es"])
def test_each_picture_of_a_page_lies_beside_it(shared: Shared, place: Place, language: str, name: str) -> None:
    page = shared.visitor().open(f"{language}{place.public}{name}")
    pictures = [names for tag, names in page.tags if tag == "img"]

    assert pictures
    for names in pictures:
        assert names["alt"]
        base = f"{language}{place.public}"
        assert shared.get(base + names["src"].removeprefix("../")).mimetype == "image/svg+xml"


def test_what_is_shown_where_the_address_is_shared_is_whole(shared: Shared, place: Place) -> None:
    page = shared.visitor().open(place.public)
    told = {names["property"]: names["content"] for tag, names in page.tags if tag == "meta" and "property" in names}

    assert told["og:title"] == "We refuse to build it"
    assert told["og:image"] == f"https://letters.example.org{place.public}card.png"
    assert told["og:description"].startswith("4 verified workers have signed this open letter to Jo Muster, CEO")
    assert shared.get(f"{place.public}card.png").mimetype == "image/png"


def test_the_contact_stands_on_the_press_page_alone(shared: Shared, place: Place) -> None:
    with_it = [
        name for name in [*LETTER_PAGES, *DATA] if b"press@letters.example" in shared.get(place.public + name).data
    ]

    assert with_it == ["press/"]


def test_every_column_is_explained_on_the_promises_page(shared: Shared) -> None:
    page = shared.get("/promises/").text

    for column in (*COUNTS, *HISTORY, *COUNTS_JSON, *GROUPS):
        assert f"<code>{column.name}</code>" in page, column


def test_every_member_of_the_schema_says_what_it_means(shared: Shared) -> None:
    schema = shared.get("/counts.schema.json").get_json(force=True)
    letter, verification = (schema["properties"][name]["properties"] for name in ("letter", "verification"))
    plain = {name: member for name, member in schema["properties"].items() if name not in ("letter", "verification")}

    assert all("description" in member for member in [*letter.values(), *verification.values(), *plain.values()])
    assert schema["version"] == "2"


def test_the_columns_are_explained_in_everyday_words(shared: Shared) -> None:
    tables = re.findall('<table class="columns">(.*?)</table>', shared.get("/promises/").text, re.DOTALL)
    meanings = re.findall("<td>(.*?)</td>", "".join(tables))
    engineers = re.compile(r"\b(K|fields?|rounds?|annulled|withdrawn|withdrawals|exchanged|entries)\b")

    assert len(meanings) > 30
    assert [meaning for meaning in meanings if engineers.search(meaning)] == []
