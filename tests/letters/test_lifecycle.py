"""Where a letter stands, what may come next, and to whom it is given."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import closing, opening
from petition.errors import Conflict, NotFound, Obstructed, Over
from petition.letters.access import (
    NO_SUCH_LETTER,
    hosted_letter,
    letter_at,
    own_letter,
    path_of,
    public_letter,
    published_letters,
)
from petition.letters.drafting.versions import newest_version
from petition.letters.lifecycle import Facts, announce_close, full_hour_after, move, obstacles, require_step
from petition.letters.models import Letter, Organizer
from petition.letters.states import CLOSED, DRAFT, OPEN, PUBLISHED, STATE_CHANGES, WITHDRAWN, steps_from
from petition.letters.text.letter_text import LetterText, Translation
from tests.walks import WORDS, Campaign

STATES = (DRAFT, OPEN, PUBLISHED, CLOSED, WITHDRAWN)
REASON = "We were heard."


def a_letter(campaign: Campaign, state: str) -> str:
    """A letter that came to its state as letters do."""
    if state == DRAFT:
        return campaign.a_draft()
    letter = campaign.an_open_letter()
    if state in (PUBLISHED, CLOSED, WITHDRAWN):
        campaign.publish(letter)
    if state == CLOSED:
        campaign.close_letter(letter)
    if state == WITHDRAWN:
        closing.withdraw_letter(campaign.services, letter, REASON)
    return letter


# Steps


@pytest.mark.parametrize("state", STATES)
def test_a_letter_takes_the_steps_that_are_listed_and_no_others(campaign: Campaign, state: str) -> None:
    letter = a_letter(campaign, state)

    for step in STATES:
        with Session(campaign.databases.petition) as session:
            found = session.get_one(Letter, letter)
            assert found.state == state
            if (state, step) in STATE_CHANGES:
                move(session, found, step)
                assert found.state == step
            else:
                with pytest.raises(Conflict, match="can't do this now"):
                    move(session, found, step)


def test_the_steps_are_these() -> None:
    assert {start: steps_from(start) for start in STATES} == {
        DRAFT: [OPEN],
        OPEN: [CLOSED, PUBLISHED, WITHDRAWN],
        PUBLISHED: [CLOSED, WITHDRAWN],
        CLOSED: [WITHDRAWN],
        WITHDRAWN: [],
    }


@pytest.mark.parametrize("shared", ["postgresql"], indirect=True)
def test_of_two_who_try_the_same_step_one_wins(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    with Session(campaign.databases.petition) as session:
        found = session.get_one(Letter, letter)
        campaign.publish(letter)

        with pytest.raises(Conflict, match="just changed this letter"):
            move(session, found, PUBLISHED)


def test_every_step_makes_a_new_edition(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    before = edition(campaign, letter)
    campaign.publish(letter)

    assert edition(campaign, letter) > before


def edition(campaign: Campaign, letter: str) -> int:
    with Session(campaign.databases.reading) as session:
        return session.get_one(Letter, letter).edition


# Obstacles


@pytest.mark.parametrize(("state", "step"), list(product(STATES, STATES)))
def test_the_page_lists_what_the_step_refuses_with(state: str, step: str) -> None:
    letter = Letter(id="x", slug="x", state=state, k=2, threshold=10, log_version=2)

    found = obstacles(letter, None, step, Facts(site_url=None, sealed=9))
    if not found:
        require_step(letter, None, step, Facts(site_url=None, sealed=9))
        return
    with pytest.raises(Obstructed) as refused:
        require_step(letter, None, step, Facts(site_url=None, sealed=9))
    assert [str(one) for one in refused.value.obstacles] == [str(one) for one in found]
    assert all(str(one) in str(refused.value) for one in found)


@pytest.mark.parametrize("field", ["title", "recipient", "employer", "body"])
def test_a_letter_opens_only_with_all_its_words(campaign: Campaign, field: str) -> None:
    letter = campaign.a_draft(words=replace(WORDS, **{field: ""}))

    with pytest.raises(Obstructed) as refused:
        opening.open_letter(campaign.services, letter, moment=campaign.clock())
    assert [one.place for one in refused.value.obstacles] == [field]


def test_a_letter_that_is_nested_too_deep_does_not_open(campaign: Campaign) -> None:
    deep = Translation("es", "T", "", "> " * 9 + "x", WORDS.demands)
    letter = campaign.a_draft(words=replace(WORDS, body="> " * 9 + "x", translations=(deep,)))

    with pytest.raises(Obstructed, match="at most 8 levels deep") as refused:
        opening.open_letter(campaign.services, letter, moment=campaign.clock())
    assert [one.place for one in refused.value.obstacles] == ["body", "es"]


def test_an_empty_letter_hears_of_everything_that_is_missing_at_once(campaign: Campaign) -> None:
    letter = campaign.a_draft(words=LetterText())
    services = replace(campaign.services, url=None)

    with pytest.raises(Obstructed) as refused:
        opening.open_letter(services, letter, moment=campaign.clock())
    assert len(refused.value.obstacles) == 5


def test_a_letter_does_not_open_on_a_site_without_an_address(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    services = replace(campaign.services, url=None, host=None)

    with pytest.raises(Obstructed, match="PETITION_URL"):
        opening.open_letter(services, letter, moment=campaign.clock())


@pytest.mark.parametrize(("sealed", "may"), [(0, False), (19, False), (20, True), (21, True)])
def test_a_letter_is_published_once_its_own_threshold_is_reached(sealed: int, may: bool) -> None:
    letter = Letter(id="x", slug="x", state=OPEN, k=10, threshold=20, log_version=2)

    found = obstacles(letter, None, PUBLISHED, Facts(site_url="https://x.example", sealed=sealed, has_k_counted=True))
    assert [one.values for one in found] == ([] if may else [{"threshold": 20, "sealed": sealed}])


def test_only_sealed_signatures_that_were_not_withdrawn_reach_a_threshold(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(threshold=3)
    tokens = campaign.sign_all(letter, 5)
    campaign.seal(letter)
    campaign.withdraw(letter, next(token for token in tokens if campaign.look_up(letter, token).state == "sealed"))
    campaign.seal(letter)

    with pytest.raises(Obstructed, match="So far: 2"):
        campaign.publish(letter)


# Closing


def test_an_announced_hour_stands_whatever_is_pressed(campaign: Campaign, clock: Any) -> None:
    letter = campaign.a_published_letter()
    campaign.announce_close(letter)
    announced = campaign.letter_row(letter).closes
    clock.pass_time(hours=3)
    for now in (False, True):
        with pytest.raises(Conflict):
            campaign.announce_close(letter, now=now)

    assert campaign.letter_row(letter).closes == announced


def test_closing_is_announced_a_day_ahead_at_a_full_hour(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    campaign.clock.moment = datetime(2026, 11, 2, 9, 1, tzinfo=UTC)  # type: ignore[attr-defined]
    campaign.announce_close(letter)

    with Session(campaign.databases.reading) as session:
        assert session.get_one(Letter, letter).closes == datetime(2026, 11, 3, 10, 0, tzinfo=UTC)


def test_a_full_hour_is_not_pushed_on() -> None:
    full = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

    assert full_hour_after(full) == full
    assert full_hour_after(full + timedelta(microseconds=1)) == full + timedelta(hours=1)


@pytest.mark.parametrize("state", [OPEN, CLOSED, WITHDRAWN])
def test_only_a_living_letter_with_enough_signatures_can_be_announced_to_close(campaign: Campaign, state: str) -> None:
    letter = a_letter(campaign, state)

    with Session(campaign.databases.petition) as session:
        found = session.get_one(Letter, letter)
        with pytest.raises(Obstructed):
            announce_close(session, found, moment=campaign.clock(), now=False, facts=Facts())


# Loading is permission


def refusal(load: Callable[[], Letter]) -> tuple[type[Exception], str]:
    """What a loader says when it gives nothing."""
    with pytest.raises((NotFound, Over)) as refused:
        load()
    return type(refused.value), str(refused.value)


def test_what_may_not_be_seen_answers_like_what_never_was(campaign: Campaign) -> None:
    draft, opened = campaign.a_draft(), campaign.an_open_letter()
    with Session(campaign.databases.reading) as session:
        ben = session.get_one(Organizer, campaign.organizer("Ben"))
        slugs = [session.get_one(Letter, one).slug for one in (draft, opened)]
        never = ("never-was", "", "\0", "A/b", "a" * 200)
        wrong = (f"s/{draft[:16]}", f"s/{opened[:15]}", f"s/{opened[:17]}", f"s/{opened}", "s/" + "0" * 16, "s/", "x/y")
        twisted = (
            f"letters/{opened[:16]}",
            f"letters/{slugs[1]}-{opened[:16]}",
            f"S/{opened[:16]}",
            opened[:16],
            "s/%",
        )

        found = {refusal(lambda slug=slug: public_letter(session, slug)) for slug in (*slugs, *never)}
        for path in (*(f"letters/{slug}" for slug in (*slugs, *never)), *wrong, *twisted):
            found.add(refusal(lambda path=path: letter_at(session, path)))
        found |= {refusal(lambda slug=slug: own_letter(session, slug, ben)) for slug in (*slugs, *never)}
    assert found == {(NotFound, NO_SUCH_LETTER)}


@pytest.mark.parametrize(
    "typed",
    [
        str.lower,
        lambda code: "-".join(code[place : place + 4] for place in range(0, 16, 4)),
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: f" {code.lower().replace('1', 'I')} ",
    ],
    ids=["small letters", "hyphens", "O and l", "spaces and I"],
)
def test_an_unlisted_address_is_read_like_a_code(campaign: Campaign, typed: Callable[[str], str]) -> None:
    letter = campaign.an_open_letter()

    with Session(campaign.databases.reading) as session:
        assert letter_at(session, f"s/{typed(letter[:16])}").id == letter


def test_an_organizer_finds_their_own_letters_in_every_state(campaign: Campaign) -> None:
    ana = campaign.organizer("Ana")

    for state in STATES:
        letter = a_letter(campaign, state)
        with Session(campaign.databases.reading) as session:
            slug = session.get_one(Letter, letter).slug
            assert own_letter(session, slug, session.get_one(Organizer, ana)).id == letter


def test_the_unlisted_address_works_before_and_after_publication(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    unlisted = path_of(campaign.letter_row(letter))
    with Session(campaign.databases.reading) as session:
        assert unlisted == f"s/{letter[:16]}"
        assert letter_at(session, unlisted).id == letter
    campaign.publish(letter)

    public = path_of(campaign.letter_row(letter))
    with Session(campaign.databases.reading) as session:
        assert public.startswith("letters/")
        assert letter_at(session, unlisted).id == letter_at(session, public).id == letter
    campaign.close_letter(letter)
    with Session(campaign.databases.reading) as session:
        assert letter_at(session, unlisted).id == letter_at(session, public).id == letter


def test_a_withdrawn_letter_that_was_public_says_why_at_both_addresses(campaign: Campaign) -> None:
    letter = a_letter(campaign, WITHDRAWN)
    slug = campaign.letter_row(letter).slug

    with Session(campaign.databases.reading) as session:
        said = {refusal(lambda path=path: letter_at(session, path)) for path in (f"letters/{slug}", f"s/{letter[:16]}")}
    assert said == {(Over, f"The organizers took this letter down. Their reason: {REASON}")}


@pytest.mark.parametrize(("reason", "told"), [(REASON, f" Their reason: {REASON}"), ("", "")])
def test_a_letter_withdrawn_before_it_was_public_says_so_to_its_holders_alone(
    campaign: Campaign, reason: str, told: str
) -> None:
    letter = campaign.an_open_letter()
    closing.withdraw_letter(campaign.services, letter, reason)
    slug = campaign.letter_row(letter).slug

    with Session(campaign.databases.reading) as session:
        holders = refusal(lambda: letter_at(session, f"s/{letter[:16]}"))
        others = refusal(lambda: letter_at(session, f"letters/{slug}"))
    assert holders == (Over, f"The organizers took this letter down.{told}")
    assert others == (NotFound, NO_SUCH_LETTER)


def test_the_list_of_letters_holds_the_public_ones_newest_first(campaign: Campaign) -> None:
    older = campaign.a_published_letter()
    campaign.clock.pass_time(days=400)  # type: ignore[attr-defined]
    newer, hidden = campaign.a_published_letter(), campaign.an_open_letter()

    with Session(campaign.databases.reading) as session:
        listed = [letter.id for letter in published_letters(session)]
    assert listed.index(newer) < listed.index(older)
    assert hidden not in listed


def test_the_host_finds_any_letter(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    with Session(campaign.databases.reading) as session:
        slug = session.get_one(Letter, letter).slug

        assert hosted_letter(session, slug).id == letter
        with pytest.raises(NotFound, match="petition letter list"):
            hosted_letter(session, "never-was")


def test_no_time_of_a_letter_is_finer_than_an_hour(campaign: Campaign) -> None:
    campaign.clock.pass_time(minutes=17, seconds=3)  # type: ignore[attr-defined]
    letter = campaign.a_published_letter()
    campaign.close_letter(letter)

    with Session(campaign.databases.reading) as session:
        found = session.get_one(Letter, letter)
        times = [found.opened, found.published, found.closes, found.closed, newest_version(session, found).saved]
    assert all(time is not None and (time.minute, time.second, time.microsecond) == (0, 0, 0) for time in times)
    assert {entry["opens"] for entry in campaign.entries(letter) if entry["type"] == "round"} == {"2026-11-02T09:00Z"}
