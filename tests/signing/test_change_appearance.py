"""Showing more or less, by receipt: for as long as the signature stands and isn't withdrawn."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import rounds
from petition.crypto.tokens import Token
from petition.errors import BadShape, Conflict, NotFound, Over, Refusal
from petition.letters.models import Letter
from petition.signing.appearances import TABLES, Shown
from petition.signing.change_appearance import change
from petition.signing.models import Answer, ArrivedAnswer, ArrivedName
from tests.signing.test_appearances import ENOUGH, FIELDS, LOCKED, offering_names, rows, shown, stored, word
from tests.walks import Campaign, appearing

pytestmark = pytest.mark.thorough

SOFTWARE = (("role", "software"),)


def sealed_among(campaign: Campaign, letter: str, tokens: list[Token]) -> Token:
    return next(token for token in tokens if campaign.look_up(letter, token).state == "sealed")


@pytest.mark.parametrize("is_sealed", [False, True], ids=["waiting", "sealed"])
def test_a_signer_shows_more_and_less(campaign: Campaign, is_sealed: bool) -> None:
    letter = offering_names(campaign, "named", "named_at:50")
    tokens = campaign.sign_all(letter, ENOUGH)
    if is_sealed:
        campaign.seal(letter)
    token = sealed_among(campaign, letter, tokens) if is_sealed else tokens[0]
    steps: list[tuple[dict[str, Any], Shown]] = [
        ({"role": "software"}, Shown(SOFTWARE)),
        ({"role": "hardware", "site": "north"}, Shown((("role", "hardware"), ("site", "north")))),
        ({"role": "hardware", "name": LOCKED, "at": 50}, Shown((("role", "hardware"),), "named_at:50")),
        ({"name": LOCKED[::-1]}, Shown((), "named")),
        ({"site": "south"}, Shown((("site", "south"),))),
        ({}, Shown()),
    ]
    for how, expected in steps:
        assert campaign.change(letter, token, **how) == expected
        assert shown(campaign, letter, token) == expected
        campaign.seal(letter)
        assert shown(campaign, letter, token) == expected

    assert stored(campaign, letter) == []


def test_the_same_change_again_changes_nothing(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(fields=FIELDS)
    token = campaign.sign_all(letter, 3, role="software")[0]
    campaign.seal(letter)
    for _ in range(2):
        assert campaign.change(letter, token, role="software") == Shown(SOFTWARE)

    assert (len(campaign.rows(Answer, letter)), campaign.rows(ArrivedAnswer, letter)) == (3, [])


def test_a_changed_answer_arrives_again_and_is_stored_once(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(fields=FIELDS)
    token = campaign.sign_all(letter, 3, role="software", site="north")[0]
    campaign.seal(letter)
    campaign.change(letter, token, role="hardware", site="north")

    assert [row.option for row in campaign.rows(ArrivedAnswer, letter)] == ["hardware"]
    assert sorted(row.option for row in campaign.rows(Answer, letter)) == [""] + ["north"] * 3 + ["software"] * 2
    campaign.seal(letter)
    assert [row.option for row in campaign.rows(ArrivedAnswer, letter)] == ["hardware"]
    assert sorted(row.option for row in campaign.rows(Answer, letter)) == ["north"] * 3 + ["software"] * 2


@pytest.mark.parametrize("between", [0, 1, 2], ids=["at once", "sealed before", "sealed twice"])
def test_after_many_changes_only_the_last_is_stored(campaign: Campaign, between: int) -> None:
    letter = offering_names(campaign, "named")
    tokens = campaign.sign_all(letter, ENOUGH, role="software", name=LOCKED)
    campaign.seal(letter)
    walks: list[list[dict[str, Any]]] = [
        [{}, {"role": "software", "name": LOCKED}],
        [{"role": "hardware"}, {}],
        [{"role": "hardware"}, {"role": "software"}, {"name": LOCKED[::-1]}, {"name": LOCKED}],
        [{}, {"name": LOCKED}, {}],
    ]
    for token, walk in zip(tokens, walks, strict=False):
        for how in walk:
            campaign.change(letter, token, **how)
            assert campaign.change(letter, token, **how) == shown(campaign, letter, token)
            for _ in range(between):
                campaign.seal(letter)
        last = appearing(token, **walk[-1])
        assert shown(campaign, letter, token) == Shown(last.groups, last.name_step)
    campaign.seal(letter)

    unchanged = ENOUGH - len(walks)
    assert sorted(map(word, rows(campaign, letter))) == ["named"] * (unchanged + 2) + ["software"] * (unchanged + 1)


def test_a_changed_step_is_a_newly_locked_name(campaign: Campaign) -> None:
    letter = offering_names(campaign, "named", "named_at:50")
    token = campaign.sign_all(letter, 1, name=LOCKED, at=50)[0]
    campaign.change(letter, token, name=LOCKED[::-1])

    assert [(row.step, row.locked) for row in campaign.rows(ArrivedName, letter)] == [("named", LOCKED[::-1])]


def test_a_receipt_that_never_signed_is_not_found(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(fields=FIELDS)
    token, never = campaign.tokens(letter, 2)
    campaign.sign(letter, token, role="software")
    strangers = (never, replace(token, receipt=os.urandom(16)))

    for stranger in strangers:
        for how in ({}, {"role": "software"}):
            with pytest.raises(NotFound):
                campaign.change(letter, stranger, **how)
    assert len(stored(campaign, letter)) == 1


def test_half_a_receipt_changes_nothing(campaign: Campaign, session: Session) -> None:
    letter = campaign.an_open_letter(fields=FIELDS)
    token = campaign.sign_all(letter, 1, role="software")[0]
    mine = appearing(token, role="hardware")
    wrong = (replace(mine, w_hash=bytes(32)), replace(mine, a=mine.w_hash), replace(mine, a=bytes(32)))

    for half in wrong:
        with pytest.raises(NotFound):
            change(session, session.get_one(Letter, letter), half)


@pytest.mark.parametrize("is_sealed", [False, True], ids=["waiting", "sealed"])
def test_after_a_withdrawal_changing_is_over(campaign: Campaign, is_sealed: bool) -> None:
    letter = campaign.an_open_letter(fields=FIELDS)
    tokens = campaign.sign_all(letter, ENOUGH, role="software")
    if is_sealed:
        campaign.seal(letter)
    token = sealed_among(campaign, letter, tokens) if is_sealed else tokens[0]
    campaign.withdraw(letter, token)

    for how in ({}, {"role": "software"}):
        with pytest.raises(Over):
            campaign.change(letter, token, **how)
    assert len(stored(campaign, letter)) == ENOUGH - 1


def test_in_an_annulled_round_changing_is_over(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(fields=FIELDS)
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)
    token = sealed_among(campaign, letter, tokens)
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")

    with pytest.raises(Over):
        campaign.change(letter, token, role="software")


@pytest.mark.parametrize(("how", "refusal"), [({"role": "cook"}, BadShape), ({"name": LOCKED}, Conflict)])
def test_what_is_not_offered_cannot_be_changed_to(
    campaign: Campaign, how: dict[str, Any], refusal: type[Refusal]
) -> None:
    letter = campaign.an_open_letter(fields=FIELDS)
    token = campaign.sign_all(letter, 1, role="software")[0]

    with pytest.raises(refusal):
        campaign.change(letter, token, **how)
    assert shown(campaign, letter, token) == Shown(SOFTWARE)


def test_a_closed_letter_lets_people_show_less_and_not_more(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(fields=FIELDS)
    token = campaign.sign_all(letter, 3, role="software")[0]
    campaign.close_letter(letter)

    for more in ({"role": "hardware"}, {"role": "software", "site": "north"}):
        with pytest.raises(Over):
            campaign.change(letter, token, **more)
    assert campaign.change(letter, token, role="software") == Shown(SOFTWARE)
    assert campaign.change(letter, token) == Shown()
    assert len(stored(campaign, letter)) == 2
    campaign.seal(letter)
    assert len(rows(campaign, letter)) == 2


def test_a_change_and_a_withdrawal_at_the_same_moment_leave_nothing_behind(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(fields=FIELDS)
    tokens = campaign.sign_all(letter, 12, role="software")
    campaign.seal(letter)
    verbs: list[tuple[Callable[..., Any], Token, dict[str, Any]]] = []
    for token in tokens:
        verbs += [(campaign.withdraw, token, {}), (campaign.change, token, {"role": "hardware", "site": "south"})]
    Random(1).shuffle(verbs)
    with ThreadPoolExecutor(6) as people:
        done = [people.submit(verb, letter, token, **how) for verb, token, how in verbs]

    refusals = {type(one.exception()) for one in done}
    assert refusals <= {type(None), Over}
    assert stored(campaign, letter) == []
    campaign.seal(letter)
    assert rows(campaign, letter) == []


def test_a_receipt_of_another_letter_changes_nothing(campaign: Campaign) -> None:
    letter, other = campaign.an_open_letter(fields=FIELDS), campaign.an_open_letter(fields=FIELDS)
    token = campaign.sign_all(other, 1)[0]

    with pytest.raises(NotFound):
        campaign.change(letter, token, role="software")
    assert not any(campaign.rows(table, letter) for table in TABLES)
