"""Three organizers and their colleagues: names from the draft to months after the end, on pages without scripts."""

import pytest

from petition.operations.doctor.checks import WRONG
from petition.operations.doctor.closed import check_after_close
from tests.shared import ONCE, Place, Shared
from tests.visitors import Page, Visitor
from tests.web.desk.test_people import as_, come, link_to

pytestmark = [ONCE, pytest.mark.thorough]
PHRASE = "correct horse battery staple"
AT_ONCE = ["Zeno One", "Zeno Two", "Zeno Three", "Zeno Four", "Zeno Five", "Made Up"]
AT_SEVEN = ["Yara One", "Yara Two", "Yara Three", "Yara Four"]


def sign_by_name(shared: Shared, place: Place, name: str, appear: str, title: str = "") -> str:
    """A signer joins with a code and signs by name on plain pages; their receipt."""
    worker = shared.visitor()
    exchanged = worker.press(worker.open(f"{place.hidden}join"), "Continue", code=shared.code(place))
    signed = worker.press(exchanged, "Sign this letter", appear=appear, name=name, title=title)
    assert signed.heading == "You signed."
    return next(form.fields["token"] for form in signed.forms if "token" in form.fields)


def step_down(shared: Shared, place: Place, receipt: str) -> None:
    """Look what is stored under a receipt, and be only counted from now on."""
    worker = shared.visitor()
    stored = worker.press(worker.open(f"{place.public}receipt"), "Check", receipt=receipt)
    assert worker.press(stored, "Save", appear="counted").status == 200


def confirm(who: Visitor, place: Place, step: str, button: str, **typed: str) -> Page:
    return who.press(who.open(place.desk + step), button, **typed)


def test_three_organizers_and_their_colleagues_show_names_when_enough_have_signed(shared: Shared) -> None:
    # Ana drafts and offers names; Ben comes before the letter opens, Cleo after.
    place, ana = shared.a_draft(k=3), as_(shared)
    ana.press(ana.open(f"{place.desk}names"), "Save", named="y", numbers="7, 500", months="6")
    ben, _ = come(shared, link_to(shared, place), f"Ben of {place.slug}")
    confirm(ana, place, "open", "Lock the text and start collecting")
    cleo, _ = come(shared, link_to(shared, place), f"Cleo of {place.slug}")
    assert f"Ana, Ben of {place.slug}" in ana.open(f"{place.desk}names").text

    # Ten colleagues sign by name, one of them under a made-up one.
    receipts = {name: sign_by_name(shared, place, name, "named", "Operator") for name in AT_ONCE}
    receipts |= {name: sign_by_name(shared, place, name, "named_at:7") for name in AT_SEVEN}
    shared.campaign.seal(place.id)

    # Cleo does not hold the key. Ben grants it to her, and she publishes.
    assert "have the key to the names" not in cleo.open(f"{place.desk}names").text  # nothing is to be unlocked yet
    refused = confirm(cleo, place, "publish", "Publish now", passphrase=PHRASE)
    assert "Ask another editor to give it to you" in refused.text
    ben.press(
        ben.open(f"{place.desk}names"),
        "Give the key",
        passphrase=PHRASE,
        organizer=id_of(shared, f"Cleo of {place.slug}"),
    )
    confirm(cleo, place, "publish", "Publish now", passphrase=PHRASE)
    shared.campaign.seal(place.id)

    # The letter shows who wants to be shown, and about how many wait.
    letter = shared.visitor().open(place.public)
    shown = [name for name in AT_ONCE if name in letter.text]
    assert len(shown) >= 3
    assert not any(name in letter.text for name in AT_SEVEN)

    # One steps back by receipt; the made-up name is hidden with a reason; both are gone after the next update.
    step_down(shared, place, receipts["Zeno One"])
    hide(shared, ana, place, "Made Up")
    shared.campaign.seal(place.id)
    assert not {"Zeno One", "Made Up"} & set(shared.campaign.names(place.id))

    # More sign, so seven are counted; Ana announces, and a day later the names of that number are shown.
    for number in range(5):
        sign_by_name(shared, place, f"Xeno {number}", "named")
    shared.campaign.seal(place.id)
    announced = confirm(ana, place, "names/7/announce", "Announce the names", passphrase=PHRASE)
    assert "Announced: these names show after" in announced.text
    shared.clock.pass_time(days=1, hours=1)
    shared.campaign.seal(place.id)
    assert set(AT_SEVEN) <= set(shared.campaign.names(place.id))

    # The letter closes: what was promised to be forgotten is, and names can still be taken off.
    shared.campaign.close_letter(place.id)
    found = list(check_after_close(shared.campaign.settings, place.slug))
    assert [finding.what for finding in found if finding.level == WRONG and place.slug in finding.what] == []
    step_down(shared, place, receipts["Yara One"])
    shared.campaign.seal(place.id)
    assert "Yara One" not in shared.visitor().open(f"{place.public}signatures/").text


def id_of(shared: Shared, name: str) -> str:
    return shared.campaign.organizer(name)


def hide(shared: Shared, organizer: Visitor, place: Place, name: str) -> None:
    """Hide a name if it is shown by now: chance holds some back."""
    page = organizer.open(f"{place.desk}names/shown?q={name.replace(' ', '+')}")
    if name in shared.campaign.names(place.id):
        asked = organizer.follow(page, f"Hide: {name}")
        assert organizer.press(asked, "Hide this name", reason="Nobody of this name works here.").status == 200
