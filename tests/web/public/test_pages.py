"""What everyone may read of a published letter, over HTTP."""

import csv
import hashlib
import io
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

import petition
from petition.i18n import desk_languages, languages
from petition.letters.fields import read_field
from petition.publishing.site_files import versioned
from tests.shared import ONCE, Place, Shared
from tests.visitors import SITE
from tests.walks import LetterText

CLIENT = Path(petition.__file__).parent / "client.py"


@pytest.fixture(scope="module")
def place(shared: Shared) -> Place:
    """A published letter with six signatures, four of them sealed. A test that adds to it makes another one."""
    return counted(shared)


def counted(shared: Shared) -> Place:
    found = shared.an_open_letter()
    shared.campaign.sign_all(found.id, 6)
    shared.campaign.seal(found.id)
    shared.campaign.publish(found.id)
    return found


@ONCE
def test_the_letter_s_page_shows_the_letter_its_count_and_the_way_to_sign(shared: Shared, place: Place) -> None:
    page = shared.visitor().open(place.public)

    assert page.heading == "We refuse to build it"
    assert "Open letter to Jo Muster, CEO, Example Corp" in page.text
    assert "<strong>work here</strong>" in page.text
    assert "<li>Say so in public.</li>" in page.text
    assert re.search(r'<h2 id="count"><strong>4</strong>\s+verified workers</h2>', page.text)
    assert page.links["Sign this letter"] == "before/index.html"


@ONCE
def test_the_count_and_where_each_demand_stands_come_before_the_letter(shared: Shared) -> None:
    place = counted(shared)
    shared.campaign.answer(place.id, 2, "refused")
    first, _, rest = shared.get(place.public).text.partition('<article class="letter"')
    stands = re.findall(r'<li><span[^>]*>(.*?)</span>\s<strong class="status">(.*?)</strong></li>', first)

    assert stands == [("Stop.", "No answer yet"), ("Say so in public.", "Refused")]
    assert first.index("verified workers") < first.index("How do you know?") < first.index("Stop.")
    assert "Check or remove my signature" in rest


@ONCE
def test_home_leads_to_what_an_employer_can_find_out_and_to_checking(shared: Shared) -> None:
    visitor = shared.visitor()
    home = visitor.open("/")

    for link, anchor in (("Can my employer find out?", "limits"), ("Check a count", "check")):
        assert home.links[link] == f"promises/index.html#{anchor}"
        assert f'<h2 id="{anchor}">' in visitor.open("/promises/").text


@ONCE
def test_markup_in_a_letter_stays_text(shared: Shared) -> None:
    words = LetterText(
        "<script>1</script>", "<b>", "&amp;", '<img src="https://evil.example/x"> [x](javascript:1)', ("<i>",)
    )
    page = shared.visitor().open(shared.a_published_letter(words=words).public)

    assert page.heading == "<script>1</script>"
    assert not [tag for tag, _ in page.tags if tag in ("i", "b")]
    assert [found for tag, found in page.tags if tag == "script"] == [
        {"src": f"_site/{versioned(f'{name}.js')}", "defer": ""} for name in ("check-count", "share")
    ]
    assert [names["src"] for tag, names in page.tags if tag == "img"] == ["badge.svg", "chart.svg"]
    assert "javascript:" not in [address.split(":")[0] + ":" for _, _, address, _ in page.addresses]


@ONCE
def test_the_letter_s_page_leads_to_the_method_and_the_files_and_each_is_there(shared: Shared, place: Place) -> None:
    page = shared.visitor().open(place.public)
    near = {address for tag, _, address, _ in page.addresses if tag == "a" and not address.startswith(("#", "http"))}

    assert {"letter.md", "counts.json", "counts.csv", "history.csv"} <= near
    assert any(address.startswith("how-we-verify/") for address in near)
    assert {shared.visitor().open(urljoin(SITE + place.public, address)).status for address in near} == {200}


def test_counts_json_says_what_is_sealed(shared: Shared, place: Place) -> None:
    answer = shared.get(f"{place.public}counts.json")
    found = answer.get_json()

    assert answer.mimetype == "application/json"
    assert (found["count"], found["signatures"], found["withdrawals"]) == (4, 4, 0)
    assert found["rolls"] == [{"id": "workers", "roll": "Workers of Example Corp", "count": 4}]
    assert found["letter"]["url"] == f"{SITE}{place.public}"
    assert (found["state"], found["closes"], found["threshold"]) == ("published", None, None)
    assert found["verification"]["codes_made"] == 6


@ONCE
def test_counts_json_has_the_members_that_are_promised(shared: Shared, place: Place) -> None:
    found = shared.get(f"{place.public}counts.json").get_json()

    assert {
        "letter", "count", "as_of", "signatures", "withdrawals", "rolls", "names_shown", "threshold", "closes", "state",
        "groups", "verification",
    } <= set(found)  # fmt: skip
    assert {"title", "url", "recipient", "employer", "text_sha256", "published"} <= set(found["letter"])
    assert {"routes", "codes_made", "issued", "log"} <= set(found["verification"])
    assert set(found["verification"]["log"]) == {"size", "root", "checkpoint"}


@ONCE
def test_counts_csv_has_the_total_first(shared: Shared, place: Place) -> None:
    rows = list(csv.DictReader(io.StringIO(shared.get(f"{place.public}counts.csv").text, newline="")))

    assert (rows[0]["field"], rows[0]["option"], rows[0]["count"]) == ("total", "", "4")


@ONCE
def test_a_title_that_a_spreadsheet_would_run_is_defused(shared: Shared) -> None:
    words = LetterText("=HYPERLINK(1)", "Jo", "Example Corp", "Text.", ())
    place = shared.a_published_letter(words=words)

    assert "\r\n'=HYPERLINK(1)," in shared.get(f"{place.public}counts.csv").text


def test_history_csv_is_rfc_4180_with_a_row_for_the_hour(shared: Shared, place: Place) -> None:
    answer = shared.get(f"{place.public}history.csv")
    hour = shared.clock().strftime("%Y-%m-%dT%H:00Z")
    size = shared.get(f"{place.public}log/checkpoint").text.split("\n")[1]

    assert answer.text == f"sealed_at,signatures,withdrawals,count,size\r\n{hour},4,0,4,{size}\r\n"


@ONCE
def test_letter_md_is_what_its_digest_says(shared: Shared, place: Place) -> None:
    text = shared.get(f"{place.public}letter.md")

    assert text.data.startswith(b"# We refuse to build it\n")
    digest = hashlib.sha256(text.data).hexdigest()
    assert digest == shared.get(f"{place.public}counts.json").get_json()["letter"]["text_sha256"]


def test_the_log_s_files_are_served_and_no_others(shared: Shared, place: Place) -> None:
    size = int(shared.get(f"{place.public}log/checkpoint").text.split("\n")[1])
    there = ["vkey", "issuer.pem", f"tile/0/000.p/{size}", f"tile/entries/000.p/{size}", "tile/0/000.p/1"]
    absent = ["tile/0/000", f"tile/0/000.p/{size + 1}", "tile/0/001.p/1", "tile/0/0.p/1", "tile/1/000.p/1", "x", ""]

    assert {shared.get(f"{place.public}log/{name}").status_code for name in there} == {200}
    assert {shared.get(f"{place.public}log/{name}").status_code for name in absent} == {404}


@ONCE
def test_the_stand_alone_client_is_served_byte_for_byte(shared: Shared, place: Place) -> None:
    found = [shared.get(path).data for path in ("/client.py", "/_site/client.py", f"{place.public}_site/client.py")]

    assert found == [CLIENT.read_bytes()] * 3


def test_home_lists_published_letters_and_no_others(shared: Shared, place: Place) -> None:
    draft, hidden = shared.a_draft(), shared.an_open_letter()
    page = shared.visitor().open("/")

    listed = {address for _, _, address, _ in page.addresses}
    assert f"letters/{place.slug}/" in listed
    assert not {f"letters/{draft.slug}/", f"letters/{hidden.slug}/"} & listed
    assert hidden.code not in page.text


@ONCE
def test_a_table_of_groups_says_why_it_may_count_fewer_people_than_signed(shared: Shared) -> None:
    place = shared.a_published_letter(fields=(read_field("Role", [("Software", None), ("Hardware", None)]),))
    shared.campaign.sign_all(place.id, 15, role="software")
    shared.campaign.sign_all(place.id, 15)
    shared.campaign.seal(place.id)
    page = shared.visitor().open(place.public)

    assert "Role" in page.text
    assert "A new table comes when about twice as many have signed. Numbers are rounded down to fives." in page.text


@ONCE
def test_promises_and_the_method_are_explained(shared: Shared, place: Place) -> None:
    promises = shared.visitor().open("/promises/")
    method = shared.visitor().open(f"{place.public}how-we-verify/")

    assert promises.heading == "Privacy and risks"
    assert "letter.md" in promises.text
    assert method.heading == "How we verify"
    assert f"petition verify {SITE}{place.public}" in method.text
    assert "docs/check-by-hand.sh" in method.text


@ONCE
def test_the_press_page_says_how_to_save_a_copy_and_how_to_check_next_week(shared: Shared, place: Place) -> None:
    page = shared.visitor().open(f"{place.public}press/")

    assert f"petition verify {SITE}{place.public} --save FOLDER" in page.text
    assert f"petition verify {SITE}{place.public} --since checkpoint" in page.text


@ONCE
@pytest.mark.parametrize("name", ["", "counts.json", "letter.md", "log/checkpoint"])
def test_a_client_with_the_newest_bytes_gets_304(shared: Shared, place: Place, name: str) -> None:
    first = shared.get(place.public + name)
    again = shared.get(place.public + name, If_None_Match=first.headers["ETag"])

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


@ONCE
def test_an_etag_changes_with_the_count_and_not_before(shared: Shared) -> None:
    place = counted(shared)
    before = shared.get(f"{place.public}counts.json").headers["ETag"]
    shared.campaign.sign_all(place.id, 3)
    waiting = shared.get(f"{place.public}counts.json").headers["ETag"]
    shared.campaign.seal(place.id)

    assert waiting == before
    assert shared.get(f"{place.public}counts.json").headers["ETag"] != before


@ONCE
def test_a_head_request_has_the_headers_and_no_body(shared: Shared, place: Place) -> None:
    answer = shared.app.test_client().head(place.public)

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["ETag"] == shared.get(place.public).headers["ETag"]


@ONCE
@pytest.mark.parametrize("language", languages())
def test_every_shipped_language_has_a_prefix(shared: Shared, place: Place, language: str) -> None:
    page = shared.visitor().open(f"/{language}{place.public}")

    assert page.status == 200
    assert f'<html lang="{language}"' in page.text


@pytest.mark.thorough
@ONCE
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("path", ["", "promises/", "asked/"])
def test_the_site_s_own_pages_have_it_too(shared: Shared, language: str, path: str) -> None:
    assert f'<html lang="{language}"' in shared.visitor().open(f"/{language}/{path}").text


@ONCE
def test_a_language_that_is_not_shipped_is_no_prefix(shared: Shared, place: Place) -> None:
    assert "tlh" not in languages()
    assert shared.get(f"/tlh{place.public}").status_code == 404


@ONCE
@pytest.mark.parametrize("language", languages())
def test_a_prefix_stays_on_the_whole_way(shared: Shared, place: Place, language: str) -> None:
    visitor = shared.visitor()
    join = visitor.open(f"/{language}{place.public}join")
    form = join.forms[0]
    wrong = visitor.post(urljoin(SITE + join.path, form.action), **{**form.fields, "code": "?"})
    links = [urljoin(SITE + join.path, address) for address in ("sign", "receipt", "remove")]

    assert f'<html lang="{language}"' in wrong.text
    assert [f'<html lang="{language}"' in visitor.open(address).text for address in links] == [True] * 3


@ONCE
@pytest.mark.parametrize("language", languages())
def test_home_leads_to_the_desk_in_the_same_language_or_in_english(shared: Shared, language: str) -> None:
    home = shared.visitor().open(f"/{language}/")
    desk = next(address for _, _, address, _ in home.addresses if "organize" in address)

    page = shared.visitor().open(urljoin(f"{SITE}/{language}/", desk))
    spoken = language if language in desk_languages() else "en"
    assert (page.path.partition("?")[0], f'<html lang="{spoken}"' in page.text) == ("/organize/", True)


@ONCE
def test_no_language_is_chosen_by_what_the_browser_says(shared: Shared, place: Place) -> None:
    plain = shared.get(place.public)

    assert shared.get(place.public, Accept_Language="es").data == plain.data
    assert "Accept-Language" not in plain.headers.get("Vary", "")


@ONCE
@pytest.mark.parametrize("name", ["", "join", "sign", "receipt", "remove", "counts.json", "press/", "chart.svg"])
def test_the_unlisted_address_sends_readers_to_the_public_one_once_there_is_one(
    shared: Shared, place: Place, name: str
) -> None:
    for code in (place.code, place.code.lower()):
        answer = shared.get(f"/s/{code}/{name}")

        assert (answer.status_code, answer.headers["Location"]) == (308, place.public + name)
        assert answer.headers["Cache-Control"] == "no-store"


@ONCE
@pytest.mark.parametrize("name", ["round.json", "letter.md", "log/checkpoint", "log/vkey", "log/tile/0/000.p/1"])
def test_what_clients_use_is_served_at_the_unlisted_address_too(shared: Shared, place: Place, name: str) -> None:
    there, here = shared.get(place.hidden + name), shared.get(place.public + name)

    assert (there.status_code, there.mimetype, there.data) == (200, here.mimetype, here.data)


@ONCE
def test_the_redirection_keeps_language_and_query(shared: Shared, place: Place) -> None:
    answer = shared.get(f"/en{place.hidden}join?round=1")

    assert answer.headers["Location"] == f"/en{place.public}join?round=1"


@ONCE
def test_an_address_without_its_last_slash_is_sent_on_within_the_site(shared: Shared, place: Place) -> None:
    answers = [shared.get(address.rstrip("/")) for address in (place.public, f"/en{place.public}")]

    assert [answer.status_code for answer in answers] == [308, 308]
    assert [answer.headers["Location"] for answer in answers] == [place.public, f"/en{place.public}"]


@ONCE
@pytest.mark.parametrize("path", ["//evil.example/", "//evil.example/letters//x", "/letters//evil.example//", "///"])
def test_slashes_too_many_lead_to_no_other_site(shared: Shared, path: str) -> None:
    answer = shared.app.test_client().get("/", base_url=SITE, environ_overrides={"PATH_INFO": path})

    assert answer.status_code in (200, 308, 404)
    assert re.match(r"/(?!/)|$", answer.headers.get("Location", ""))


@ONCE
def test_no_public_byte_names_the_unlisted_address(shared: Shared, place: Place) -> None:
    size = int(shared.get(f"{place.public}log/checkpoint").text.split("\n")[1])
    names = ["", "how-we-verify/", "counts.json", "counts.csv", "history.csv", "letter.md", "round.json", "join",
             "log/checkpoint", "log/vkey", "log/issuer.pem", f"log/tile/entries/000.p/{size}"]  # fmt: skip

    found = {name for name in names if f"/s/{place.code}".encode() in shared.get(place.public + name).data}
    assert found == set()
    assert place.code not in shared.get("/").text


@ONCE
def test_the_timeline_says_that_it_leaves_out_signatures_and_removals(shared: Shared, place: Place) -> None:
    page = shared.get(f"{place.public}what-the-log-says/").text

    assert "This page shows all but signatures and removals." in page
