"""A letter's life on its home page: its obstacles, and each step."""

import re
from dataclasses import asdict
from datetime import timedelta
from urllib.parse import urljoin

import pytest
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from petition.issuing.models import Batch
from petition.letters.drafting.settings import rules_of
from petition.letters.models import Letter
from petition.web.desk.obstacles import PAGES
from tests.routes import organizers_routes
from tests.shared import ONCE, Place, Shared
from tests.visitors import SITE, Page, Visitor
from tests.walks import RARE, LetterText

STEPS = ("open", "publish", "close", "take-down", "delete", "emergency")


@pytest.fixture
def ana(shared: Shared) -> Visitor:
    visitor = shared.visitor()
    visitor.client = shared.desk().client
    return visitor


def buttons(page: Page) -> set[str]:
    return {button for form in page.forms for button in form.buttons} - {"Sign out, Ana"}


def act(shared: Shared, ana: Visitor, place: Place, step: str, **typed: str) -> Page:
    """Press the button of a confirm page."""
    page = ana.open(f"{place.desk}{step}")
    form = next(form for form in page.forms if "sign-out" not in form.action)
    return ana.post(f"{place.desk}{step}", **{**form.fields, **typed})


def current(page: Page) -> list[str]:
    """The step of the path that is open."""
    return re.findall(r'aria-current="step">\s*<h2 id="step-([a-z-]+)"', page.text)


@ONCE
def test_an_unfinished_letter_shows_everything_that_is_to_be_done_with_the_way_to_it(
    shared: Shared, ana: Visitor
) -> None:
    place = shared.a_draft(words=LetterText(title="Begun"))
    page = ana.open(place.desk)

    for field in ("recipient", "employer", "body"):
        assert f'href="write#{field}"' in page.text
    assert current(page) == ["write"]


@ONCE
@pytest.mark.parametrize(
    ("page", "title"), [("", "Two &amp; two"), ("preview", "Two &amp; two"), ("codes", "Signing codes – Two &amp; two")]
)
def test_a_pages_title_says_the_letters_title_once(shared: Shared, ana: Visitor, page: str, title: str) -> None:
    place = shared.a_draft(words=LetterText(title="Two & two"))

    assert f"<title>{title}</title>" in ana.open(f"{place.desk}{page}").text


@ONCE
@pytest.mark.parametrize("page", ["", "open"])
def test_characters_without_a_font_are_named_before_opening(shared: Shared, ana: Visitor, page: str) -> None:
    plain, rare = shared.a_draft(), shared.a_draft(words=RARE)

    assert "would show boxes" not in ana.open(f"{plain.desk}{page}").text
    told = " ".join(ana.open(f"{rare.desk}{page}").text.split())
    assert "would show boxes for some characters, such as \U00030001." in told
    assert "fonts-noto-cjk" in told


@ONCE
def test_a_step_with_obstacles_is_refused_with_the_same_sentences(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft(words=LetterText(title="Begun"))
    token = shared.desk().csrf(place.desk)
    refused = ana.post(f"{place.desk}open", csrf_token=token)

    assert refused.status == 409
    assert refused.text.count("Write the text of the letter.") >= 2
    assert buttons(refused) == set()


@pytest.mark.thorough
@ONCE
@pytest.mark.parametrize("is_draft", [True, False])
def test_every_button_and_link_of_a_refused_page_leads_somewhere(shared: Shared, ana: Visitor, is_draft: bool) -> None:
    place = shared.a_draft(names=("named",)) if is_draft else shared.a_published_letter()
    if is_draft:
        ana.press(ana.open(f"{place.desk}comments?paragraph=2"), "Post comment", text="Hello.")
    token = shared.desk().csrf(place.desk)
    paths = [route.path for route in organizers_routes(shared.app, place.slug, "POST") if place.desk in route.path]
    pages = [ana.post(path, csrf_token=token) for path in paths if not path.endswith("/delete")]
    refused = [page for page in pages if page.status >= 400]

    assert len(refused) >= 20
    assert [(page.path, to) for page in refused for to in addresses_on(page) if not leads(shared, *to)] == []


def addresses_on(page: Page) -> set[tuple[str, str]]:
    """Where the buttons and links of an organizers' page lead, each with its method."""
    forms = {(urljoin(page.path, form.action or page.path), form.method.upper()) for form in page.forms}
    links = {(urljoin(page.path, link).partition("?")[0].partition("#")[0], "GET") for link in page.links.values()}
    return {(path, method) for path, method in forms | links if path.startswith("/organize/") and path != page.path}


def leads(shared: Shared, path: str, method: str) -> bool:
    try:
        shared.app.url_map.bind("").match(path, method)
    except HTTPException:
        return False
    return True


@ONCE
@pytest.mark.parametrize("obstacle", PAGES)
def test_each_obstacle_leads_to_the_place_where_it_is_mended(shared: Shared, ana: Visitor, obstacle: str) -> None:
    place = shared.an_open_letter() if obstacle in ("threshold", "codes") else shared.a_draft()
    path, _, field = PAGES[obstacle].partition("#")
    shown = ana.open(place.desk + path)

    assert (shown.status, shown.path) == (200, place.desk + path)
    assert not field or f'id="{field}"' in shown.text


@ONCE
@pytest.mark.parametrize(
    ("state", "step", "offered"),
    [
        ("draft", "review", {"open", "delete"}),
        ("open", "publish", {"publish", "take-down", "emergency"}),
        ("published", "follow-up", {"close", "take-down", "emergency"}),
        ("closed", "follow-up", {"take-down"}),
    ],
)
def test_each_state_has_one_current_step_and_offers_what_may_come_next(
    shared: Shared, ana: Visitor, state: str, step: str, offered: set[str]
) -> None:
    make = {"draft": shared.a_draft, "open": shared.an_open_letter}.get(state, shared.a_published_letter)
    place = make()
    if state == "open":
        shared.campaign.sign_all(place.id, 5)
        shared.campaign.seal(place.id)
    if state == "closed":
        shared.campaign.close_letter(place.id)
    page = ana.open(place.desk)

    assert current(page) == [step]
    assert {link for link in page.links.values() if link in STEPS} == offered
    assert page.text.count('class="button"') == 1


def test_opening_shows_the_address_that_only_its_holders_know(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    opened = act(shared, ana, place, "open")

    assert opened.links[f"{SITE}{place.hidden}"] == f"{SITE}{place.hidden}"
    assert shared.get(place.hidden).status_code == 200


def test_opening_twice_is_refused(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    form = ana.open(f"{place.desk}open").forms[-1]
    ana.post(f"{place.desk}open", **form.fields)

    assert ana.post(f"{place.desk}open", **form.fields).status == 409


def test_codes_are_shown_once_with_the_address_to_join(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    sheet = ana.press(ana.open(f"{place.desk}codes"), "Make codes", count="3")
    codes = re.findall(r'class="strip-code">([^<]+)<', sheet.text)
    worker = shared.visitor()
    joined = worker.press(worker.open(f"{place.hidden}join"), "Continue", code=codes[0])

    assert len(set(codes)) == 3
    assert sheet.text.count(f"{SITE.partition('://')[2]}{place.hidden}join</span>") == 3
    assert sheet.text.count(f"{SITE}{place.hidden}join#r=1&amp;p=") == 3
    assert sheet.text.count("<svg") == 3
    assert joined.heading == "Check and sign"
    again = ana.open(f"{place.desk}codes").text
    assert not [code for code in codes if code in again]
    assert f"Codes made: {len(codes)}" in again


@ONCE
@pytest.mark.parametrize("count", ["0", "10001", "x", "", "-3", "9" * 5000])
def test_a_wrong_number_of_codes_is_refused_with_a_sentence(shared: Shared, ana: Visitor, count: str) -> None:
    refused = ana.press(ana.open(f"{shared.an_open_letter().desk}codes"), "Make codes", count=count)

    assert refused.status == 400
    assert re.search("Enter a number from [01] to 10,000.", refused.text)


@ONCE
def test_a_draft_has_no_codes(shared: Shared, ana: Visitor) -> None:
    refused = ana.press(ana.open(f"{shared.a_draft().desk}codes"), "Make codes", count="3")

    assert refused.status == 409


@ONCE
def test_the_number_of_used_codes_is_shown_rounded_and_never_under_k(shared: Shared, ana: Visitor) -> None:
    few, many = shared.an_open_letter(k=10), shared.an_open_letter(k=10)
    shared.campaign.sign_all(few.id, 9)
    shared.campaign.sign_all(many.id, 17)
    for place in (few, many):
        shared.campaign.seal(place.id)

    assert "fewer than 10 used" in ana.open(f"{few.desk}codes").text
    assert "about 15 used" in ana.open(f"{many.desk}codes").text


def test_publishing_shows_the_letter_to_everybody(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    shared.campaign.sign_all(place.id, 5)
    shared.campaign.seal(place.id)
    before = shared.get(place.public).status_code
    published = act(shared, ana, place, "publish")

    assert (before, shared.get(place.public).status_code) == (404, 200)
    assert published.links[f"{SITE}{place.public}"] == f"{SITE}{place.public}"


@ONCE
def test_publishing_waits_for_the_threshold_that_was_chosen(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter(threshold=500)
    page = ana.open(f"{place.desk}publish")

    assert "You set a minimum of 500 signatures. So far: 0." in page.text
    assert buttons(page) == set()


def test_closing_is_announced_a_day_ahead(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    assert "The letter closes on <time" in ana.open(f"{place.desk}close").text
    closing = act(shared, ana, place, "close")
    counts = shared.get(f"{place.public}counts.json").get_json()

    assert f'announced for <time datetime="{counts["closes"]}"' in closing.text
    assert (counts["state"], counts["closes"][-4:]) == ("published", ":00Z"[-4:])


@ONCE
@pytest.mark.parametrize("path", ["close", "dates"])
def test_closing_says_that_it_makes_a_private_letter_public(shared: Shared, ana: Visitor, path: str) -> None:
    sentences = "goes public at that time", "Closing also makes the letter public"
    private, public = shared.an_open_letter(), shared.a_published_letter()
    shared.campaign.sign_all(private.id, 8)
    shared.campaign.seal(private.id)

    assert any(sentence in ana.open(f"{private.desk}{path}").text for sentence in sentences)
    assert not any(sentence in ana.open(f"{public.desk}{path}").text for sentence in sentences)


@ONCE
def test_pressing_close_again_does_not_move_the_announced_hour(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    form = ana.open(f"{place.desk}close").forms[-1]
    ana.post(f"{place.desk}close", **form.fields)
    announced = shared.campaign.letter_row(place.id).closes
    shared.clock.pass_time(hours=3)
    again = ana.post(f"{place.desk}close", **form.fields)

    assert again.status == 409
    assert shared.campaign.letter_row(place.id).closes == announced


@ONCE
def test_a_planned_closing_is_canceled_and_an_announced_one_is_not(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    ends = f"{shared.clock.moment + timedelta(days=9):%Y-%m-%dT%H:00}"
    ana.press(ana.open(f"{place.desk}dates"), "Save", ends=ends)
    canceled = ana.press(ana.open(place.desk), "Cancel the planned closing")
    after = shared.campaign.letter_row(place.id).ends
    act(shared, ana, place, "close")

    assert canceled.status == 200
    assert after is None
    assert "Cancel the planned closing" not in buttons(ana.open(place.desk))


def test_a_public_letter_is_withdrawn_with_a_reason_and_not_without(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    refused = act(shared, ana, place, "take-down", reason=" ")
    taken = act(shared, ana, place, "take-down", reason="They have stopped.")

    assert refused.status == 400
    assert "\n<bdi>They have stopped.</bdi>" in taken.text
    assert shared.get(place.public).status_code == 410


@ONCE
def test_a_reason_that_can_not_be_shown_is_refused(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    refused = [act(shared, ana, place, "take-down", reason=reason) for reason in ("x" * 301, "a\u202eb")]

    assert [page.status for page in refused] == [400, 400]
    assert all('id="reason-error"' in page.text and "<title>Error: " in page.text for page in refused)
    assert shared.get(place.public).status_code == 200


def test_deleting_a_draft_leaves_nothing(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    home = act(shared, ana, place, "delete")

    assert home.path == "/organize/"
    assert ana.open(place.desk).status == 404
    with Session(shared.campaign.databases.reading) as session:
        assert session.get(Letter, place.id) is None


@ONCE
def test_an_open_letter_can_not_be_deleted(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    form = ana.open(f"{place.desk}delete").forms[-1]
    act(shared, ana, place, "open")

    assert ana.post(f"{place.desk}delete", **form.fields).status == 409
    assert shared.get(place.hidden).status_code == 200


@ONCE
def test_looking_at_a_step_does_nothing(shared: Shared, ana: Visitor) -> None:
    """Mail scanners and browsers that look ahead follow links."""
    place = shared.a_draft()
    looked = [ana.open(f"{place.desk}{step}").status for step in STEPS]

    assert looked == [200] * len(STEPS)
    assert shared.campaign.letter_row(place.id).state == "draft"


def test_strips_to_hand_on_come_from_one_pool_and_are_canceled_together(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    pages = [ana.press(ana.open(f"{place.desk}codes"), "Make ten to pass on") for _ in range(2)]
    codes = [code for page in pages for code in re.findall(r'class="strip-code">([^<]+)<', page.text)]
    batches = shared.campaign.rows(Batch, place.id)
    act(shared, ana, place, "codes/handed-on/1/void")
    worker = shared.visitor()

    assert len(set(codes)) == 20
    assert [(batch.made, batch.number < 0) for batch in batches] == [(20, True)]
    assert all('id="handing-on"' in page.text for page in pages)
    assert worker.press(worker.open(f"{place.hidden}join"), "Continue", code=codes[-1]).status == 410


def test_a_strip_may_name_neither_the_letter_nor_hold_its_code_in_the_square(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter(words=LetterText(title="Secret plans", recipient="R", employer="E", body="B"))
    page = ana.press(ana.open(f"{place.desk}codes"), "Make codes", count="1", neutral="y", typed="y")
    strip = page.text.partition('class="strips"')[2]

    assert "Secret plans" not in strip.partition("</ul>")[0]
    assert "&c=" not in strip and "&amp;c=" not in strip


# Rounds and batches


def test_the_rounds_page_shows_each_round_and_annuls_one_with_a_reason(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter(rolls=("Workers", "Former workers"))
    page = ana.open(f"{place.desk}rounds")
    annulled = act(shared, ana, place, "rounds/1/annul", reason="Someone copied the sheet.")

    assert 'id="set-2"' in page.text and "Former workers" in page.text
    assert "Someone copied the sheet." in annulled.text
    assert f"{place.desk}rounds/2/annul" in annulled.links.values()


def test_all_see_how_many_codes_must_be_used_before_that_ends(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter(timing="apart", k=10)

    assert "fewer than 15" in ana.open(f"{place.desk}rounds").text
    assert "fewer than 15" in ana.open(place.hidden).text


@ONCE
def test_annulling_without_a_reason_is_refused(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    refused = act(shared, ana, place, "rounds/1/annul", reason=" ")

    assert refused.status == 400
    assert f"{place.desk}rounds/1/annul" in ana.open(f"{place.desk}rounds").links.values()


@pytest.mark.thorough
@ONCE
def test_another_set_starts_with_its_codes_once_k_of_the_first_are_counted_and_never_small(
    shared: Shared, ana: Visitor
) -> None:
    place = shared.an_open_letter()
    early = make_another_set(ana, place, 6)
    shared.campaign.sign_all(place.id, 5)
    waiting = make_another_set(ana, place, 6)
    shared.campaign.seal(place.id)
    small, made = make_another_set(ana, place, 5), make_another_set(ana, place, 6)
    again = make_another_set(ana, place, 6)

    assert (early.status, waiting.status, small.status, made.status, again.status) == (409, 409, 400, 200, 409)
    assert made.text.count("join#r=2&amp;p=") == 6
    assert "Make" in ana.open(f"{place.desk}codes").text
    assert 'id="set-2"' in ana.open(f"{place.desk}rounds").text


def make_another_set(ana: Visitor, place: Place, count: int) -> Page:
    return ana.press(ana.open(f"{place.desk}codes"), "Make codes", count=str(count), new_round="y")


@ONCE
def test_a_letter_of_version_0_1_0_says_why_it_takes_no_codes(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    with Session(shared.campaign.databases.petition) as session:
        letter = session.get_one(Letter, place.id)
        letter.log_version, letter.pinned = 1, None
        session.commit()
    pages = [ana.open(place.desk), ana.open(f"{place.desk}codes")]

    assert [page.status for page in pages] == [200, 200]
    assert all("began with version 0.1.0" in page.text for page in pages)
    assert ana.press(pages[1], "Make codes", count="3").status == 410 if "Make codes" in buttons(pages[1]) else True


def test_a_batch_is_recalled_and_the_page_says_so(shared: Shared, ana: Visitor) -> None:
    place = shared.an_open_letter()
    code = shared.code(place)
    recalled = act(shared, ana, place, "codes/1/void")
    worker = shared.visitor()

    assert 'class="done" role="status"' in recalled.text
    assert worker.press(worker.open(f"{place.hidden}join"), "Continue", code=code).status == 410


def test_recalling_looks_the_same_whether_codes_were_used_or_not(shared: Shared, ana: Visitor) -> None:
    """Otherwise, a batch of one code for one person would show whether they used it."""
    seen = []
    for is_used in (False, True):
        place = shared.an_open_letter()
        code = shared.code(place)
        if is_used:
            shared.campaign.sign(place.id, shared.campaign.token(place.id, code))
        recalled = act(shared, ana, place, "codes/1/void")
        worker = shared.visitor()
        tried = worker.press(worker.open(f"{place.hidden}join"), "Continue", code=code)
        shared.campaign.seal(place.id)
        pages = [recalled, tried, *(ana.open(place.desk + name) for name in ("", "codes", "rounds"))]
        texts = [neutral(page.text.replace(code.replace("-", ""), ""), place) for page in pages]
        entries = [{**one, "public_key": "", "roll": ""} for one in shared.campaign.entries(place.id)[2:]]
        seen.append((texts, [page.status for page in pages], entries))

    assert seen[0] == seen[1]
    assert [one["type"] for one in seen[0][2]] == ["codes"]
    assert seen[0][2][0]["voided"] == 1


def neutral(text: str, place: Place) -> str:
    """A page without what differs between any two letters and any two visits."""
    for pattern in (
        place.id,
        place.code,
        place.slug,
        "[0-9a-f]{64}",
        r"[A-Za-z0-9_.-]{40,}",
        r"(?:[0-9A-Z]{4}-){3,}[0-9A-Z]{4}",
        r'name="once" value="[^"]*"',
    ):
        text = re.sub(pattern, "", text)
    return text


@ONCE
def test_organizers_in_danger_destroy_the_keys_while_closing(shared: Shared, ana: Visitor) -> None:
    place = shared.a_published_letter()
    code = shared.code(place)
    act(shared, ana, place, "emergency")
    worker = shared.visitor()

    assert worker.press(worker.open(f"{place.public}join"), "Continue", code=code).status == 410
    assert not shared.campaign.services.secrets.exists(place.id, 1)


def test_each_form_of_settings_leaves_those_of_the_other_as_they_are(shared: Shared, ana: Visitor) -> None:
    place = shared.a_draft()
    chosen = {"k": 7, "timing": "apart", "updates": "hourly", "issuing_days": 3, "pause_hours": 30}
    aims = {"goal": 400, "threshold": 90, "contact": "press@example.org"}
    for path, typed in (("rules", chosen), ("goal", aims), ("rules", {}), ("goal", {})):
        form = ana.open(f"{place.desk}{path}").form_with("Save").fields
        ana.post(f"{place.desk}{path}", **{**form, **{name: str(value) for name, value in typed.items()}})

    kept = asdict(rules_of(shared.campaign.letter_row(place.id)))
    assert kept == {**chosen, **aims, "rolls": ()}


def test_updates_are_daily_unless_editors_choose_hourly_beside_its_warning(shared: Shared) -> None:
    """An hourly history shows how many signed during working hours."""
    page = shared.desk().get(f"{shared.a_draft().desk}rules").text
    inputs = [part for part in page.split("<input") if 'name="updates"' in part.partition(">")[0]]
    daily, hourly = inputs

    assert 'value="daily"' in daily and "checked" in daily.partition(">")[0]
    assert 'value="hourly"' in hourly and "checked" not in hourly.partition(">")[0]
    assert "Employers have used that." in hourly and "Employers have used that." not in daily
