"""The organizers' page of names: choosing steps, unlocking with a passphrase, granting, announcing, hiding."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.letters.models import Authorship, Letter, NamesKey, NamesKeyCopy
from petition.letters.organizers.names_keys import forget_names_key, key_holders
from petition.signing.models import HiddenName
from tests.shared import ONCE, Place, Shared
from tests.walks import PASSPHRASE

PEOPLE = ["Ana", "Bea", "Carl", "Dora", "Eva", "<i>Finn</i>"]
pytestmark = [ONCE, pytest.mark.thorough]


def letter(shared: Shared, place: Place) -> Letter:
    with Session(shared.campaign.databases.reading) as session:
        return session.get_one(Letter, place.id)


def is_open(shared: Shared, place: Place, step: str = "named") -> bool:
    return next(row.is_open for row in shared.campaign.rows(NamesKey, place.id) if row.step == step)


def act(shared: Shared, place: Place, path: str, name: str = "Ana", page: str = "names", **typed: Any) -> Any:
    return shared.desk(name).send(f"{place.desk}{path}", f"{place.desk}{page}", **typed)


def by_name(shared: Shared, *steps: str, at: int | None = None) -> Place:
    """A published letter with six names that wait, sealed."""
    place = shared.an_open_letter(names=steps)
    shared.campaign.sign_by_name(place.id, PEOPLE, at)
    shared.campaign.publish(place.id)
    shared.campaign.seal(place.id)
    return place


def test_steps_are_chosen_in_a_draft(shared: Shared) -> None:
    place = shared.a_draft()
    answer = act(shared, place, "names", named="y", numbers="200, 50", months="6")

    assert answer.status_code == 303
    assert letter(shared, place).name_steps == ["named", "named_at:50", "named_at:200"]
    assert letter(shared, place).names_months == 6
    assert 'value="50, 200"' in shared.desk().get(f"{place.desk}names").text


@pytest.mark.parametrize("typed", [{"numbers": "many"}, {"numbers": "1"}, {"months": "0"}, {"months": "x"}])
def test_what_cannot_be_kept_is_said_and_nothing_typed_is_lost(shared: Shared, typed: dict[str, str]) -> None:
    place = shared.a_draft()
    answer = act(shared, place, "names", **{"named": "y", "numbers": "20, 30", "months": "7", **typed})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert all(f'value="{value}"' in answer.text for value in typed.values())
    assert letter(shared, place).name_steps == []


def test_the_page_says_beforehand_that_lost_passphrases_lose_the_names(shared: Shared) -> None:
    page = shared.desk().get(f"{shared.a_draft().desk}names").text

    assert "If all of you forget them, the names are lost for good." in page


def a_counted_letter(shared: Shared) -> Place:
    """One that may be published."""
    place = shared.an_open_letter(names=("named",))
    shared.campaign.sign_all(place.id, 5)
    shared.campaign.seal(place.id)
    return place


def test_publishing_with_the_passphrase_unlocks_names(shared: Shared) -> None:
    place = a_counted_letter(shared)
    answer = act(shared, place, "publish", page="publish", passphrase=PASSPHRASE)

    assert answer.status_code == 303
    assert is_open(shared, place)


def test_publishing_with_another_passphrase_publishes_nothing(shared: Shared) -> None:
    place = a_counted_letter(shared)
    answer = act(shared, place, "publish", page="publish", passphrase="something else")

    assert (answer.status_code, letter(shared, place).state) == (403, "open")
    assert "your password. Nothing was changed." in answer.text


def test_a_letter_published_without_it_says_so_until_names_are_unlocked(shared: Shared) -> None:
    place = by_name(shared, "named")
    assert "The names are still hidden." in shared.desk().get(place.desk).text

    assert act(shared, place, "names/unlock", page="names/unlock", passphrase="something else").status_code == 403
    assert act(shared, place, "names/unlock", page="names/unlock", passphrase="").status_code == 400
    assert not is_open(shared, place)
    assert act(shared, place, "names/unlock", page="names/unlock", passphrase=PASSPHRASE).status_code == 303
    shared.campaign.seal(place.id)

    assert "The names are still hidden." not in shared.desk().get(place.desk).text
    assert len(shared.campaign.names(place.id)) == 4


def test_names_cannot_be_unlocked_before_the_letter_is_public(shared: Shared) -> None:
    place = shared.an_open_letter(names=("named",))
    token = shared.desk().csrf(f"{place.desk}codes")
    answer = shared.desk().post(f"{place.desk}names/unlock", csrf_token=token, passphrase=PASSPHRASE)

    assert answer.status_code == 400
    assert not is_open(shared, place)


def test_organizers_see_only_about_how_many_wait(shared: Shared) -> None:
    place = by_name(shared, "named", "named_at:50", at=50)
    page = shared.desk().get(f"{place.desk}names").text

    assert "About 5 hidden names are waiting." in page
    assert "46 more must sign" in page
    assert not any(name in page for name in ("Bea", "Carl", "Dora"))


def test_an_n_is_announced_and_taken_back(shared: Shared) -> None:
    place = by_name(shared, "named_at:4", at=4)
    assert act(shared, place, "names/4/announce", page="names/4/announce", passphrase=PASSPHRASE).status_code == 303
    assert "Announced: these names show after" in shared.desk().get(f"{place.desk}names").text
    assert "signatures will be shown after" in shared.get(place.public).text

    assert act(shared, place, "names/4/void").status_code == 303
    assert "signatures will be shown after" not in shared.get(place.public).text
    assert all(row.private_key is None for row in shared.campaign.rows(NamesKey, place.id))


def test_the_key_is_granted_to_a_second_organizer_by_name(shared: Shared) -> None:
    place = by_name(shared, "named")
    with Session(shared.campaign.databases.petition) as session:
        session.add(Authorship(letter_id=place.id, organizer_id=shared.ids["Ben"]))
        session.commit()
    assert "Ask an editor who has the key to the names: Ana" in shared.desk("Ben").get(f"{place.desk}names").text
    wrong = act(shared, place, "names/grant", organizer=shared.ids["Ben"], passphrase="something else")
    assert wrong.status_code == 403

    assert act(shared, place, "names/grant", organizer=shared.ids["Ben"], passphrase=PASSPHRASE).status_code == 303
    assert act(shared, place, "names/unlock", name="Ben", page="names/unlock", passphrase=PASSPHRASE).status_code == 303
    assert {row.organizer_id for row in shared.campaign.rows(NamesKeyCopy, place.id)} == set(shared.ids.values())


def test_a_shown_name_is_found_and_hidden_with_a_reason(shared: Shared) -> None:
    place = shared.an_open_letter(names=("named",))
    tokens = shared.campaign.sign_by_name(place.id, PEOPLE)
    shared.campaign.publish(place.id, unlocks="Ana")
    shared.campaign.seal(place.id)
    name = shared.campaign.names(place.id)[-1]
    key = shared.campaign.opening(tokens[name]).name_key().hex()

    found = shared.desk().get(f"{place.desk}names/shown?q={name[:2]}").text
    assert key in found and "<i>Finn" not in found
    assert '</bdi> <a class="danger"' in found.replace("\n", "")
    without = act(shared, place, "names/hide", page="codes", key=key, reason="")
    assert without.status_code == 400 and "Give a reason" in without.text

    assert act(shared, place, "names/hide", page="codes", key=key, reason="Made up.").status_code == 303
    shared.campaign.seal(place.id)
    assert [row.reason for row in shared.campaign.rows(HiddenName, place.id)] == ["Made up."]
    assert name not in shared.campaign.names(place.id)


@pytest.mark.parametrize(("key", "status"), [("", 400), ("xyz", 400), ("00" * 32, 404)])
def test_a_name_that_is_not_there_cannot_be_hidden(shared: Shared, key: str, status: int) -> None:
    place = by_name(shared, "named")
    answer = act(shared, place, "names/hide", page="codes", key=key, reason="Made up.")

    assert answer.status_code == status


def test_pages_of_names_are_served_and_further_ones_refused(shared: Shared) -> None:
    place = by_name(shared, "named")

    assert shared.get(f"{place.public}signatures/").status_code == 200
    assert shared.get(f"/es{place.public}signatures/").status_code == 200
    assert shared.get(f"{place.public}names.csv").mimetype == "text/csv"
    assert [shared.get(f"{place.public}signatures/{wrong}").status_code for wrong in ("2/", "1/", "x/")] == [404] * 3


def test_before_publication_nothing_tells_of_names(shared: Shared) -> None:
    place = shared.an_open_letter(names=("named",))

    assert shared.get(f"{place.hidden}signatures/").status_code == 404
    assert shared.get(f"{place.hidden}names.csv").status_code == 404


def test_names_that_no_one_can_reveal_any_more_are_said_to_editors_and_readers(shared: Shared) -> None:
    """The last editor who held the key got a new password."""
    place = by_name(shared, "named")
    before = shared.get(place.public).text
    with Session(shared.campaign.databases.petition) as session:
        for holder in key_holders(session, place.id):
            forget_names_key(session, place.id, holder.id)
        session.commit()
    after = shared.campaign.app().test_client().get(place.public).text

    assert "No one can reveal" not in before
    assert "No one can reveal" in after
    assert "No one can reveal" in shared.desk().get(place.desk).text
