"""How to be seen, with scripts on: what the public would see follows each choice, and is what is sent."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from petition.crypto.encodings import b64url, from_b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import read_token
from petition.letters.fields import read_field
from petition.signing.appearances import Shown
from petition.signing.models import ArrivedName
from tests.browser.script.phones import Phone, Site
from tests.shared import Place

pytestmark = pytest.mark.thorough

ROLE = read_field("Role", [("Software", 300), ("Hardware", None)])
SITE = read_field("Site", [("North", None), ("South", None)])


@pytest.fixture
def asking(site: Site) -> Place:
    """An open letter that asks for role and site, and offers names."""
    return site.shared.an_open_letter(fields=(ROLE, SITE), names=("named", "named_at:50"))


@pytest.fixture
def choosing(phone: Phone, site: Site) -> Callable[[Place], Phone]:
    """A phone whose owner has exchanged a code, and may choose how to be seen."""

    def come(place: Place) -> Phone:
        phone.come(site.url(place, "join"))
        phone.exchange(site.code(place))
        return phone

    return come


def seen(phone: Phone) -> list[str]:
    return phone.page.locator("#seen").inner_text().split("\n\n")


def sent(arrived: list[str]) -> dict[str, object]:
    [one] = [line for line in arrived if "/signatures" in line]
    found: dict[str, object] = json.loads(one.partition("? ")[2])["appearance"]
    return found


def test_nothing_chosen_is_counted_and_shows_no_half_of_the_receipt(
    choosing: Callable[[Place], Phone], asking: Place, arrived: list[str]
) -> None:
    phone = choosing(asking)
    assert seen(phone) == ["One more in the count. No name, no group, no time of yours."]
    phone.sign()

    assert sent(arrived) == {"step": "counted"}


def test_a_group_that_is_picked_is_shown_and_sent(
    choosing: Callable[[Place], Phone], asking: Place, site: Site, arrived: list[str]
) -> None:
    phone = choosing(asking)
    phone.page.get_by_label("Role").select_option("Software")
    phone.page.get_by_label("Site").select_option("North")
    expect(phone.page.get_by_label("Counted, and in the groups")).to_be_checked()
    expect(phone.page.locator("#seen p")).to_have_text([
        "One more in the count.",
        "One more in “Software” (Role). About 300 people are in this group, the organizers say.",
        "One more in “North” (Site). It will be shown once enough have signed.",
    ])  # fmt: skip
    token = phone.in_hand()
    phone.sign()
    opened = opening(from_b64url(token["receipt"]))

    assert sent(arrived) == {
        "step": "grouped",
        "groups": [{"field": "role", "option": "software"}, {"field": "site", "option": "north"}],
        "a": b64url(opened.a),
        "w_hash": opened.w_hash,
    }


def test_company_is_that_of_the_published_table(choosing: Callable[[Place], Phone], site: Site, phone: Phone) -> None:
    place = site.shared.an_open_letter(fields=(ROLE,))
    site.campaign.sign_all(place.id, 12, role="software")
    site.campaign.sign_all(place.id, 12)
    site.campaign.seal(place.id)
    site.campaign.publish(place.id)
    phone.come(f"{phone.root}{place.public}join")
    phone.exchange(site.code(place))
    lines = phone.page.locator("#seen p")
    phone.page.get_by_label("Role").select_option("Software")
    expect(lines.nth(1)).to_have_text("One more in “Software” (Role). You would be one of about 10.")
    phone.page.get_by_label("Role").select_option("Hardware")

    expect(lines.nth(1)).to_have_text("One more in “Hardware” (Role). Too few yet to be shown; you count in the total.")


def test_a_name_is_locked_before_it_leaves_the_phone(
    choosing: Callable[[Place], Phone], asking: Place, site: Site, arrived: list[str]
) -> None:
    phone = choosing(asking)
    phone.page.get_by_label("With your name, once 50 have signed").check()
    phone.press("Sign the letter")
    phone.expect_told("Type your name")
    phone.page.get_by_label("Name, as you want it to be read").fill("Ana Muster")
    phone.page.get_by_label("Title").fill("Engineer")
    expect(phone.page.locator("#seen p").nth(1)).to_have_text(
        "Your name, as you typed it, once 50 have signed: Ana Muster, Engineer"
    )
    phone.sign()
    [row] = site.campaign.rows(ArrivedName, asking.id)

    assert (row.step, len(row.locked)) == ("named_at:50", 384)
    assert sent(arrived)["at"] == 50
    assert "Muster" not in "".join(arrived)


def test_a_name_whose_answer_got_lost_is_sent_again_as_it_was(
    choosing: Callable[[Place], Phone], asking: Place, site: Site
) -> None:
    phone = choosing(asking)
    phone.page.get_by_label("With your name.", exact=True).check()
    phone.page.get_by_label("Name, as you want it to be read").fill("Ana Muster")
    with site.answers_lost("POST signatures"):
        phone.press("Sign the letter")
        phone.expect_told("nothing is lost")
    phone.sign()

    assert len(site.campaign.rows(ArrivedName, asking.id)) == 1


def test_the_ladder_stands_where_a_saved_file_is_opened_too(
    new_phone: Callable[..., Phone], choosing: Callable[[Place], Phone], asking: Place, site: Site
) -> None:
    saved = choosing(asking).download("Save as a file")
    later = new_phone()
    later.come(site.url(asking, "sign"))
    later.choose("The file that you saved", saved)
    later.press("Go on")
    later.page.get_by_label("Role").select_option("Hardware")
    later.sign()

    assert site.campaign.look_up(asking.id, read_token(json.dumps(saved))).shown == Shown((("role", "hardware"),))
