"""When names are shown, when they go, and what becomes of those that never were to be shown."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from petition.coordination import closing, opening, rounds, updates
from petition.crypto.receipts import opening as opening_of
from petition.errors import Conflict, NotFound, Over
from petition.letters.models import Letter, NamesKey, NamesKeyCopy
from petition.letters.organizers.names_keys import forget_names_key
from petition.sealing.naming import begin, names_until
from petition.sealing.sealer import seal
from petition.signing.models import ArrivedName, HiddenName, LockedName, ShownName
from petition.signing.names import UNREADABLE, find_shown
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

PEOPLE = ["Ana", "Bea", "Carl", "Dora", "Eva", "Finn"]
# With K = 3, two are held back, and at least five must wait.


def a_letter_by_name(campaign: Campaign, *names: str, at: int | None = None) -> str:
    """A published letter whose signers gave their names; ``named`` is unlocked, and nothing sealed yet."""
    steps = ("named",) if at is None else ("named", f"named_at:{at}")
    letter_id = campaign.an_open_letter(names=steps)
    campaign.sign_by_name(letter_id, names or PEOPLE, at)
    campaign.unlock_named(letter_id)
    campaign.publish(letter_id)
    return letter_id


def letter(campaign: Campaign, letter_id: str) -> Letter:
    with Session(campaign.databases.reading) as session:
        return session.get_one(Letter, letter_id)


def key_of(campaign: Campaign, letter_id: str, step: str) -> NamesKey:
    return next(row for row in campaign.rows(NamesKey, letter_id) if row.step == step)


def pass_a_day(campaign: Campaign) -> None:
    campaign.clock.pass_time(days=1)  # type: ignore[attr-defined]


# Showing


def test_names_are_shown_by_a_sealing_after_they_are_unlocked(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign)
    assert campaign.names(letter_id) == []

    campaign.seal(letter_id)
    shown = campaign.names(letter_id)
    assert len(shown) == letter(campaign, letter_id).names_shown == 4
    assert set(shown) < set(PEOPLE)


def test_there_are_never_more_names_than_counted_signatures(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign)

    for _ in range(3):
        campaign.seal(letter_id)
        assert len(campaign.names(letter_id)) == campaign.figures(letter_id).count == 4


def test_nothing_is_shown_of_a_letter_whose_names_nobody_unlocked(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    campaign.sign_by_name(letter_id, PEOPLE)
    campaign.publish(letter_id)
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == []
    assert len(campaign.rows(LockedName, letter_id)) == len(PEOPLE)


def test_the_locked_form_goes_when_the_name_is_shown(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign)
    campaign.seal(letter_id)
    left = {row.key for row in campaign.rows(LockedName, letter_id)}

    assert len(left) == 2
    assert left.isdisjoint({row.key for row in campaign.rows(ShownName, letter_id)})


def test_publishing_unlocks_named_with_a_passphrase_or_not_at_all(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    ana = campaign.organizer("Ana")
    campaign.sign_all(letter_id, 5)
    campaign.seal(letter_id)
    with pytest.raises(Exception, match="n't your password"):
        opening.publish_letter(campaign.services, letter_id, moment=campaign.clock(), unlocks=ana, passphrase="wrong")
    assert letter(campaign, letter_id).state == "open"

    campaign.publish(letter_id, unlocks="Ana")
    assert letter(campaign, letter_id).state == "published"
    assert key_of(campaign, letter_id, "named").is_open


@pytest.mark.parametrize("number", [1, 2])
def test_fewer_than_k_names_wait_for_others(campaign: Campaign, number: int) -> None:
    letter_id = a_letter_by_name(campaign, *PEOPLE[:number])
    campaign.sign_all(letter_id, 5)
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == []


def test_the_same_name_may_stand_twice(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    for token in campaign.tokens(letter_id, 6):
        campaign.sign(letter_id, token, name=campaign.locked(letter_id, token, "Ana", "Operator"))
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == ["Ana"] * 4


def test_what_is_no_name_is_never_shown(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    for token in campaign.tokens(letter_id, 6):
        with Session(campaign.databases.reading) as session:
            key = session.get_one(NamesKey, (letter_id, "named")).public_key
        bad = campaign.lock_bytes(key or b"", letter_id, "named", token, b"see www.example.com")
        campaign.sign(letter_id, token, name=bad)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == []
    assert {row.state for row in campaign.rows(ShownName, letter_id)} == {UNREADABLE}


def test_a_name_copied_from_another_signature_step_or_letter_is_never_shown(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named", "named_at:5"))
    other = campaign.an_open_letter(names=("named",))
    tokens = campaign.tokens(letter_id, 6)
    stranger = campaign.tokens(other, 1)[0]
    copied = campaign.locked(letter_id, tokens[0], "Ana")
    elsewhere = [copied, campaign.locked(letter_id, tokens[2], "Bea", at=5), campaign.locked(other, stranger, "Eva")]
    for token, locked in zip(tokens, [copied, elsewhere[0], elsewhere[1], elsewhere[2], copied, copied], strict=True):
        campaign.sign(letter_id, token, name=locked)
    campaign.publish(letter_id, unlocks="Ana")
    for _ in range(2):
        campaign.seal(letter_id)
        assert set(campaign.names(letter_id)) <= {"Ana"}
    campaign.close_letter(letter_id)

    assert campaign.names(letter_id) == ["Ana"]


# Waiting for N


def test_names_at_n_wait_and_only_how_many_is_told(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign, at=20)
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == []
    assert key_of(campaign, letter_id, "named_at:20").waiting == len(PEOPLE)


def test_fewer_than_k_who_wait_are_not_told(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named", "named_at:20"))
    campaign.sign_by_name(letter_id, PEOPLE[:2], at=20)
    campaign.sign_by_name(letter_id, PEOPLE)
    campaign.seal(letter_id)

    assert key_of(campaign, letter_id, "named_at:20").waiting == 0
    assert key_of(campaign, letter_id, "named").waiting == len(PEOPLE)


def test_one_more_or_less_does_not_change_what_is_told(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named_at:20",))
    tokens = campaign.sign_by_name(letter_id, PEOPLE, at=20)
    campaign.seal(letter_id)
    edition = letter(campaign, letter_id).edition
    campaign.change(letter_id, tokens["Ana"])
    campaign.seal(letter_id)

    assert key_of(campaign, letter_id, "named_at:20").waiting == len(PEOPLE)
    assert letter(campaign, letter_id).edition == edition


def test_they_are_shown_a_day_after_the_announcement(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign, at=5)
    campaign.sign_all(letter_id, 5)
    campaign.seal(letter_id)
    campaign.announce_names(letter_id, 5)
    campaign.seal(letter_id)
    assert campaign.names(letter_id) == []

    pass_a_day(campaign)
    campaign.seal(letter_id)
    assert campaign.names(letter_id) == PEOPLE


def test_a_count_that_falls_below_n_shows_nobody(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign, at=9)
    tokens = campaign.sign_all(letter_id, 5)
    campaign.seal(letter_id)
    campaign.announce_names(letter_id, 9)
    for token in tokens:
        campaign.withdraw(letter_id, token)
    pass_a_day(campaign)
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == []
    assert key_of(campaign, letter_id, "named_at:9").private_key is None


# Changing and taking back


def test_a_withdrawn_name_goes_at_the_next_set_time_and_not_before(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign)
    tokens = campaign.sign_by_name(letter_id, ["Gus", "Hal", "Ida", "Jan", "Kai"])
    campaign.seal(letter_id)
    name = next(name for name in tokens if name in campaign.names(letter_id))
    edition = letter(campaign, letter_id).edition
    campaign.withdraw(letter_id, tokens[name])
    assert name in campaign.names(letter_id)
    assert letter(campaign, letter_id).edition == edition

    campaign.seal(letter_id)
    assert name not in campaign.names(letter_id)
    assert letter(campaign, letter_id).edition > edition
    key = opening_of(tokens[name].receipt).name_key()
    assert all(row.key != key for row in campaign.rows(ShownName, letter_id))


def test_stepping_down_takes_the_name_off(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    tokens = campaign.sign_by_name(letter_id, PEOPLE)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    name = campaign.names(letter_id)[0]
    assert campaign.look_up(letter_id, tokens[name]).shown.name == name
    campaign.change(letter_id, tokens[name])
    assert campaign.look_up(letter_id, tokens[name]).shown.step == "counted"
    campaign.seal(letter_id)

    assert name not in campaign.names(letter_id)
    assert campaign.figures(letter_id).count == 4


def test_stepping_up_shows_a_name_together_with_others(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    tokens = campaign.sign_all(letter_id, 9)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    for token, name in zip(tokens, PEOPLE[:3], strict=False):
        campaign.change(letter_id, token, name=campaign.locked(letter_id, token, name))
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == PEOPLE[:3]


def test_another_name_takes_the_place_of_the_first(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",), k=3)
    tokens = campaign.sign_by_name(letter_id, PEOPLE)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    shown = campaign.names(letter_id)
    for name in shown:
        again = campaign.locked(letter_id, tokens[name], f"{name} Muster")
        campaign.change(letter_id, tokens[name], name=again)
        campaign.change(letter_id, tokens[name], name=again)
    campaign.seal(letter_id)

    assert set(campaign.names(letter_id)) & {f"{name} Muster" for name in shown}
    assert set(campaign.names(letter_id)).isdisjoint(shown)


def test_the_same_request_again_changes_nothing_even_when_the_name_is_shown(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    tokens = campaign.tokens(letter_id, 6)
    locked = [campaign.locked(letter_id, token, name) for token, name in zip(tokens, PEOPLE, strict=True)]
    for token, name in zip(tokens, locked, strict=True):
        campaign.sign(letter_id, token, name=name)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    before = campaign.names(letter_id)
    for token, name in zip(tokens, locked, strict=True):
        campaign.sign(letter_id, token, name=name)
        campaign.change(letter_id, token, name=name)
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == before
    with pytest.raises(Conflict, match="use your receipt"):
        campaign.sign(letter_id, tokens[0], name=campaign.locked(letter_id, tokens[0], "Zoe"))


# Hiding


def test_a_hidden_name_goes_with_a_public_reason_and_still_counts(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    tokens = campaign.sign_by_name(letter_id, PEOPLE)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    name = campaign.names(letter_id)[0]
    campaign.hide_name(letter_id, tokens[name], "Nobody of this name works here.")
    assert name in campaign.names(letter_id)
    campaign.seal(letter_id)

    assert name not in campaign.names(letter_id)
    assert campaign.figures(letter_id).count == 4
    hidden = campaign.rows(HiddenName, letter_id)
    assert [(row.number, row.reason, row.is_public) for row in hidden] == [(1, "Nobody of this name works here.", True)]
    assert name not in {row.name for row in campaign.rows(ShownName, letter_id)}


def test_a_signer_whose_name_was_hidden_cannot_give_another(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    tokens = campaign.sign_by_name(letter_id, PEOPLE)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    token = tokens[campaign.names(letter_id)[0]]
    campaign.hide_name(letter_id, token, "Made up.")
    campaign.seal(letter_id)
    campaign.change(letter_id, token)

    with pytest.raises(Conflict, match="hid your name. Their reason: Made up"):
        campaign.change(letter_id, token, name=campaign.locked(letter_id, token, "Zoe"))


def test_only_what_is_shown_can_be_hidden_and_not_without_a_reason(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign)
    stranger = campaign.tokens(letter_id, 1)[0]

    with pytest.raises(NotFound, match="isn't here anymore"):
        campaign.hide_name(letter_id, stranger, "Made up.")
    with pytest.raises(Exception, match="Give a reason"):
        campaign.hide_name(letter_id, stranger, " ")


@pytest.mark.parametrize("withdraws", [True, False])
def test_organizers_cannot_learn_between_updates_that_a_name_is_leaving(campaign: Campaign, withdraws: bool) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    tokens = campaign.sign_by_name(letter_id, PEOPLE)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    name = campaign.names(letter_id)[0]
    (campaign.withdraw if withdraws else campaign.change)(letter_id, tokens[name])

    with Session(campaign.databases.reading) as session:
        assert name in [row.name for row in find_shown(session, letter_id, "", 99)]
    campaign.hide_name(letter_id, tokens[name], "Made up.")
    campaign.seal(letter_id)
    assert name not in campaign.names(letter_id)
    assert name not in {row.name for row in campaign.rows(ShownName, letter_id)}


# The end


def test_at_the_end_all_that_may_be_shown_is_and_the_rest_is_deleted_with_its_keys(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named", "named_at:50"))
    campaign.sign_by_name(letter_id, PEOPLE)
    campaign.sign_by_name(letter_id, ["Zoe", "Yan", "Xia"], at=50)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.close_letter(letter_id)

    assert campaign.names(letter_id) == PEOPLE
    assert [campaign.rows(table, letter_id) for table in (ArrivedName, LockedName, NamesKeyCopy)] == [[], [], []]
    keys = campaign.rows(NamesKey, letter_id)
    assert all((row.is_over, row.private_key, row.opens) == (True, None, None) for row in keys)
    assert {row.step: row.waiting for row in keys} == {"named": 0, "named_at:50": 3}


def test_what_a_crash_left_at_the_end_is_finished_at_the_next_set_time(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign)
    campaign.seal(letter_id)
    campaign.announce_close(letter_id)
    pass_a_day(campaign)
    with Session(campaign.databases.petition) as session:  # the sealing of the end, and nothing after it
        row = session.get_one(Letter, letter_id)
        seal(
            session,
            row,
            [],
            moment=campaign.clock(),
            random=campaign.services.random,
            master=campaign.master,
            closing=True,
        )
        session.commit()
    assert campaign.rows(NamesKeyCopy, letter_id) != []
    campaign.seal(letter_id)

    assert campaign.rows(NamesKeyCopy, letter_id) == campaign.rows(LockedName, letter_id) == []
    assert len(campaign.names(letter_id)) == campaign.figures(letter_id).count


def test_nothing_is_shown_while_a_closing_is_announced_but_names_still_go(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    tokens = campaign.sign_by_name(letter_id, PEOPLE)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    before = campaign.names(letter_id)
    campaign.sign_by_name(letter_id, ["Gus", "Hal", "Ida", "Jan", "Kai"])
    campaign.announce_close(letter_id)
    campaign.change(letter_id, tokens[before[0]])
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == before[1:]


def test_after_the_end_a_name_can_be_taken_off_and_none_put_on(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    tokens = campaign.sign_by_name(letter_id, PEOPLE)
    campaign.publish(letter_id, unlocks="Ana")
    locked = campaign.locked(letter_id, tokens["Ana"], "Zoe")
    campaign.close_letter(letter_id)
    with pytest.raises(Over, match="closed"):
        campaign.change(letter_id, tokens["Ana"], name=locked)
    campaign.change(letter_id, tokens["Ana"])
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == PEOPLE[1:]


def test_names_leave_the_pages_months_after_the_end(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign)
    campaign.close_letter(letter_id)
    until = names_until(letter(campaign, letter_id))
    updates.seal_letter(campaign.services, letter_id, moment=until - timedelta(hours=1))
    assert campaign.names(letter_id) == PEOPLE
    updates.seal_letter(campaign.services, letter_id, moment=until)

    assert campaign.rows(ShownName, letter_id) == []
    found = letter(campaign, letter_id)
    assert (found.names_shown, found.names_gone) == (0, True)


def test_a_withdrawn_letter_keeps_no_name_and_no_key(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign)
    campaign.seal(letter_id)
    closing.withdraw_letter(campaign.services, letter_id, "We were wrong.")

    tables = (ShownName, HiddenName, LockedName, ArrivedName, NamesKeyCopy)
    assert [campaign.rows(table, letter_id) for table in tables] == [[]] * len(tables)
    assert all(row.private_key is None for row in campaign.rows(NamesKey, letter_id))


def test_an_annulled_round_takes_its_names_along_at_the_next_set_time(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign)
    campaign.seal(letter_id)
    rounds.annul_round(campaign.services, letter_id, 1, "Flooded.")
    assert len(campaign.names(letter_id)) == 4
    campaign.seal(letter_id)

    assert campaign.names(letter_id) == []
    assert campaign.rows(LockedName, letter_id) == campaign.rows(ShownName, letter_id) == []


def test_names_go_on_even_if_no_organizer_is_left(campaign: Campaign) -> None:
    letter_id = a_letter_by_name(campaign)
    with Session(campaign.databases.petition) as session:
        forget_names_key(session, letter_id, campaign.organizer("Ana"))
        session.commit()
    campaign.seal(letter_id)

    assert len(campaign.names(letter_id)) == 4


def test_what_changed_while_names_were_read_is_not_shown(campaign: Campaign) -> None:
    letter_id = campaign.an_open_letter(names=("named",))
    tokens = campaign.sign_by_name(letter_id, PEOPLE)
    campaign.sign_all(letter_id, 5)
    campaign.unlock_named(letter_id)
    campaign.seal_without_names(letter_id)
    campaign.publish(letter_id)
    with Session(campaign.databases.petition) as session:
        row = session.get_one(Letter, letter_id)
        chance = campaign.services.random
        work = begin(session, row, moment=campaign.clock(), random=chance, master=campaign.master)
        session.commit()
    assert work is not None
    campaign.change(letter_id, tokens["Ana"])
    campaign.finish_names(letter_id, work)

    assert campaign.names(letter_id) == PEOPLE[1:]


def test_names_left_over_from_a_crowd_wait_for_others(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(names=("named",))
    campaign.unlock_named(letter)
    campaign.sign_by_name(letter, ["Ann", "Ben", "Cid", "Dot", "Eva"])
    campaign.seal(letter)
    first = campaign.names(letter)
    campaign.sign_all(letter, 3)
    campaign.seal(letter)
    meanwhile = campaign.names(letter)
    campaign.sign_by_name(letter, ["Fay", "Gil", "Hal"])
    campaign.seal(letter)

    assert (len(first), meanwhile) == (3, first)
    assert len(campaign.names(letter)) >= 6


def test_names_that_show_later_are_no_crowd_for_those_that_show_at_once(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(names=("named", "named_at:50"))
    campaign.unlock_named(letter)
    campaign.sign_by_name(letter, ["Ann", "Ben"])
    campaign.sign_by_name(letter, ["Cid", "Dot", "Eva"], at=50)
    campaign.seal(letter)
    alone = campaign.names(letter)
    campaign.sign_by_name(letter, ["Fay"])
    campaign.sign_all(letter, 4)
    campaign.seal(letter)

    assert (alone, campaign.names(letter)) == ([], ["Ann", "Ben", "Fay"])
