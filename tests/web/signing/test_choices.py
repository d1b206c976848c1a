"""How to be seen, chosen and changed on pages without scripts."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from petition.letters.fields import read_field
from petition.letters.models import Letter
from petition.signing.appearances import Shown
from petition.signing.models import ArrivedAnswer
from tests.shared import ONCE, Place, Shared
from tests.visitors import Page, Visitor

ROLE = read_field("Role", [("Software", 300), ("Hardware", None)])
SITE = read_field("Site", [("North", None), ("South", None)])
Ready = Callable[[Place], tuple[Visitor, Page]]


@pytest.fixture
def place(shared: Shared) -> Place:
    return shared.an_open_letter(fields=(ROLE, SITE))


@pytest.fixture
def ready(shared: Shared) -> Ready:
    """A signer who has exchanged a code, and sees the choices of appearance."""

    def come(place: Place) -> tuple[Visitor, Page]:
        visitor = shared.visitor()
        joined = visitor.open(f"{place.hidden}join")
        return visitor, visitor.press(joined, "Continue", code=shared.code(place))

    return come


def test_the_lists_begin_with_prefer_not_to_say_and_the_steps_with_counted(place: Place, ready: Ready) -> None:
    _, page = ready(place)
    form = page.form_with("Sign this letter")

    assert page.heading == "Check and sign"
    assert {name: value for name, value in form.fields.items() if name != "token"} == {
        "unstored": "-", "appear": "counted", "group-role": "", "group-site": "",
    }  # fmt: skip
    assert page.text.index("Prefer not to say") < page.text.index("Software")
    assert "Show my name" not in page.text


def test_a_signer_sees_the_exact_line_and_its_company_before_anything_is_sent(
    shared: Shared, place: Place, ready: Ready
) -> None:
    visitor, page = ready(place)
    chosen = {"appear": "grouped", "group-role": "software", "group-site": "north"}
    page = visitor.press(page, "Preview what people will see", **chosen)

    assert "“Software” (Role) goes up by one. The organizers say that about 300 people are in this group." in page.text
    assert "“North” (Site) goes up by one. It shows once enough people have signed." in page.text
    assert {name: page.form_with("Sign this letter").fields[name] for name in chosen} == chosen
    assert shared.campaign.rows(ArrivedAnswer, place.id) == []


def test_a_signer_chooses_and_signs(shared: Shared, place: Place, ready: Ready) -> None:
    visitor, page = ready(place)
    page = visitor.press(page, "Sign this letter", **{"appear": "grouped", "group-role": "software"})

    assert page.heading == "You signed."
    assert "Bring in a coworker: ask the person who gave you your code for one more." in page.text
    assert [(row.field, row.option) for row in shared.campaign.rows(ArrivedAnswer, place.id)] == [("role", "software")]


@ONCE
def test_after_a_preview_what_was_chosen_is_still_there(place: Place, ready: Ready) -> None:
    visitor, page = ready(place)
    page = visitor.press(page, "Preview what people will see", **{"appear": "grouped", "group-role": "hardware"})

    assert page.heading == "Check and sign"
    assert page.form_with("Sign this letter").fields["group-role"] == "hardware"


@ONCE
def test_groups_of_a_signer_who_is_only_counted_are_left_out(shared: Shared, place: Place, ready: Ready) -> None:
    visitor, page = ready(place)
    chosen = {"appear": "counted", "group-role": "hardware"}
    page = visitor.press(page, "Preview what people will see", **chosen)
    assert "Nothing about you is shown." in page.text
    visitor.press(page, "Sign this letter", **chosen)

    assert shared.campaign.rows(ArrivedAnswer, place.id) == []


@ONCE
@pytest.mark.parametrize(
    "wrong", [{"appear": "grouped", "group-role": "cook"}, {"appear": "named", "name": "Ana"}, {"appear": "loud"}]
)
def test_what_the_letter_does_not_offer_is_refused_and_nothing_is_lost(
    shared: Shared, place: Place, ready: Ready, wrong: dict[str, str]
) -> None:
    visitor, page = ready(place)
    token = page.form_with("Sign this letter").fields["token"]
    for more in ({"do": "show"}, {"confirm": "yes"}):
        page = visitor.post(f"{place.hidden}sign", token=token, **wrong, **more)

        assert 400 <= page.status < 500
        assert page.form_with("Sign this letter").fields["token"] == token
        assert "<title>Error: Check and sign" in page.text
    assert shared.campaign.seal(place.id).waiting == 0


def test_a_letter_with_nothing_to_choose_asks_nothing(shared: Shared, ready: Ready) -> None:
    _, page = ready(shared.an_open_letter())

    assert page.heading == "Check and sign"
    assert 'name="appear"' not in page.text


@pytest.mark.thorough
def test_the_published_table_says_in_whose_company(shared: Shared, ready: Ready) -> None:
    place = shared.an_open_letter(fields=(ROLE,))
    shared.campaign.sign_all(place.id, 12, role="software")
    shared.campaign.sign_all(place.id, 12)
    shared.campaign.seal(place.id)
    shared.campaign.publish(place.id)
    visitor, page = ready(place)
    texts = [
        visitor.press(page, "Preview what people will see", **{"appear": "grouped", "group-role": role}).text
        for role in ("software", "hardware")
    ]

    assert "“Software” (Role) goes up by one. You would be one of about 10." in texts[0]
    assert "“Hardware” (Role) goes up by one. Too few to be shown yet; you count in the total." in texts[1]


# Names


def test_a_name_is_locked_at_once_and_shown_to_its_signer_alone(shared: Shared, ready: Ready) -> None:
    place = shared.an_open_letter(names=("named", "named_at:50"))
    visitor, page = ready(place)
    chosen = {"appear": "named_at:50", "name": "Ana Muster", "title": "Engineer"}
    page = visitor.press(page, "Preview what people will see", **chosen)
    assert "Your name, once 50 people have signed: Ana Muster, Engineer" in page.text
    page = visitor.press(page, "Sign this letter", **chosen)
    receipt = json.loads(page.form_with("Save").fields["token"])
    looked = visitor.post(f"{place.hidden}receipt", receipt=json.dumps(receipt), do="check")

    assert "Your name, locked until it shows" in looked.text
    assert "Ana Muster" not in looked.text


@ONCE
@pytest.mark.parametrize("name", ["", "  ", "www.example.com", "A\u202eB"])
def test_a_name_that_cannot_be_shown_is_refused_with_what_was_typed(shared: Shared, ready: Ready, name: str) -> None:
    visitor, page = ready(shared.an_open_letter(names=("named",)))
    page = visitor.press(page, "Sign this letter", appear="named", name=name)

    assert page.status == 400
    assert page.form_with("Sign this letter").fields["name"] == name
    assert page.form_with("Sign this letter").fields["appear"] == "named"
    assert next(found for tag, found in page.tags if found.get("id") == "name")["aria-invalid"] == "true"


@pytest.mark.parametrize("name", ["", "  "])
def test_without_a_name_the_signer_is_asked_for_one_or_for_another_choice(
    shared: Shared, ready: Ready, name: str
) -> None:
    place = shared.an_open_letter(names=("named",))
    visitor, page = ready(place)
    signing = visitor.press(page, "Sign this letter", appear="named", name=name)
    receipt = shared.campaign.sign_all(place.id, 1)[0].as_text()
    held = visitor.post(f"{place.hidden}receipt", receipt=receipt, do="check")
    changing = visitor.press(held, "Save", appear="named", name=name)

    for refused in (signing, changing):
        assert refused.status == 400
        assert "Type your name, or choose “Anonymous.”" in refused.text
        assert "has no letters" not in refused.text


# By receipt


@pytest.fixture
def held(shared: Shared, place: Place) -> str:
    """The receipt file of a signer who signed in two groups."""
    return shared.campaign.sign_all(place.id, 1, role="software", site="south")[0].as_text()


def shown(shared: Shared, place: Place, held: str) -> Shown:
    from petition.crypto.tokens import read_token

    return shared.campaign.look_up(place.id, read_token(held)).shown


def test_a_receipt_shows_everything_under_it_and_changes_it_down_and_up(
    shared: Shared, place: Place, held: str
) -> None:
    visitor = shared.visitor()
    page = visitor.post(f"{place.hidden}receipt", receipt=held, do="check")
    assert "Role: Software" in page.text
    assert "Site: South" in page.text
    page = visitor.press(page, "Save", **{"group-role": "", "group-site": "north"})
    assert page.status == 200
    assert "<p>Saved</p>" in page.text
    assert shown(shared, place, held) == Shown((("site", "north"),))
    page = visitor.press(page, "Save", appear="counted")
    assert "Nothing else: no answers, no name." in page.text
    assert shown(shared, place, held) == Shown()
    visitor.press(page, "Save", **{"appear": "grouped", "group-role": "hardware"})

    assert shown(shared, place, held) == Shown((("role", "hardware"),))


@ONCE
def test_a_name_that_is_shown_stays_when_another_answer_is_chosen(shared: Shared) -> None:
    place, campaign = shared.an_open_letter(names=("named",), fields=(ROLE,)), shared.campaign
    tokens = campaign.sign_by_name(place.id, [f"Ana {letter}" for letter in "ABCDEFGH"])
    campaign.seal(place.id)
    campaign.publish(place.id, unlocks="Ana")
    campaign.seal(place.id)
    name = campaign.names(place.id)[0]
    visitor = shared.visitor()
    page = visitor.post(f"{place.public}receipt", receipt=tokens[name].as_text(), do="check")
    visitor.press(page, "Save", **{"group-role": "software"})
    campaign.seal(place.id)

    assert name in campaign.names(place.id)
    assert shown(shared, place, tokens[name].as_text()) == Shown((("role", "software"),), "named", name)


@ONCE
def test_a_change_that_is_refused_keeps_what_was_stored(shared: Shared, place: Place, held: str) -> None:
    visitor = shared.visitor()
    page = visitor.post(f"{place.hidden}receipt", receipt=held, do="check")
    refused = visitor.press(page, "Save", **{"group-role": "cook"})

    assert refused.status == 400
    assert shown(shared, place, held) == Shown((("role", "software"), ("site", "south")))


@ONCE
def test_looking_without_changing_writes_nothing(shared: Shared, place: Place, held: str) -> None:
    before = shown(shared, place, held)
    shared.visitor().post(f"{place.hidden}receipt", receipt=held, do="check")

    assert shown(shared, place, held) == before
    with Session(shared.campaign.databases.reading) as session:
        assert session.get_one(Letter, place.id).edition >= 0


def test_a_name_signs_once_with_a_receipt_however_often_the_form_is_sent(shared: Shared) -> None:
    place, campaign = shared.an_open_letter(names=("named",)), shared.campaign
    first = campaign.tokens(place.id, 1)[0]
    other = campaign.token(place.id, shared.code(place), receipt=first.receipt)
    typed = {"appear": "named", "name": "Ana Muster", "confirm": "yes"}

    tokens = [token.as_text() for token in (first, first, other)]
    signed = [shared.post_form(f"{place.hidden}sign", token=token, **typed) for token in tokens]
    assert [answer.status_code for answer in signed] == [200, 200, 409]
