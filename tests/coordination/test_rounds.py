"""Rounds in both databases: the issuer first, and a repeated request finishes what a crash left half done."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petition.coordination import closing, opening, rounds
from petition.coordination.services import Services
from petition.crypto.blind_rsa import PrivateKey
from petition.database import IssuerBase, PetitionBase
from petition.errors import BadShape, Conflict, NotFound, Obstructed
from petition.issuing.models import Batch, Code, IssuingRound
from petition.issuing.rounds import begin_round, end_issuing
from petition.letters.drafting.settings import Rules, set_rules
from petition.letters.models import Letter, Organizer
from petition.letters.text.letter_text import LetterText
from petition.signing.models import Pending, Round, Tombstone, Withdrawal
from tests.walks import Campaign

REASON = "Somebody sold codes."


def everything(campaign: Campaign, letter: str) -> dict[str, int]:
    """How many rows of a letter each table of both databases has."""
    found = {}
    for base, engine in ((PetitionBase, campaign.databases.reading), (IssuerBase, campaign.databases.issuer)):
        with engine.connect() as connection:
            for table in base.metadata.sorted_tables:
                key = table.columns.get("letter_id", table.columns.get("id"))
                if key is not None and table.name != Organizer.__tablename__:
                    counted = select(func.count()).select_from(table).where(key == letter)
                    found[table.name] = connection.scalar(counted) or 0
    return found


def secrets_left(campaign: Campaign, letter: str) -> list[str]:
    """The numbers of the letter's rounds whose secrets are still there."""
    return sorted(path.name.removeprefix(letter + "-") for path in campaign.settings.rounds_folder.glob(f"{letter}*"))


def state(campaign: Campaign, letter: str) -> str:
    with Session(campaign.databases.reading) as session:
        return session.get_one(Letter, letter).state


def begin_at_the_issuer(campaign: Campaign, letter: str) -> bytes:
    """The first half of an opening; the machine stops after it."""
    with Session(campaign.databases.issuer) as issuer:
        make, random = campaign.services.make_key, campaign.services.random
        key = begin_round(issuer, campaign.services.secrets, letter, 1, "workers", random, make)
        issuer.commit()
        return key


def annul_at_the_issuer(campaign: Campaign, letter: str) -> None:
    """The first half of annulling; the machine stops after it."""
    with Session(campaign.databases.issuer) as issuer:
        end_issuing(issuer, letter, 1, annulled=REASON)
        issuer.commit()


# Opening


def test_an_open_letter_has_its_round_on_both_sides_with_one_key(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    issuing, signing = campaign.rows(IssuingRound, letter), campaign.rows(Round, letter)

    assert [(row.number, row.roll, row.public_key) for row in issuing] == [
        (row.number, row.roll, row.public_key) for row in signing
    ]
    assert len(issuing) == 1


def test_a_letter_that_may_not_open_gets_no_round(campaign: Campaign) -> None:
    letter = campaign.a_draft(words=LetterText(title="A title alone"))

    with pytest.raises(Obstructed):
        opening.open_letter(campaign.services, letter, moment=campaign.clock())
    assert (campaign.rows(IssuingRound, letter), secrets_left(campaign, letter)) == ([], [])


def test_an_opening_that_a_crash_cut_off_is_finished_by_opening_again(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    key = begin_at_the_issuer(campaign, letter)
    assert state(campaign, letter) == "draft"
    opening.open_letter(campaign.services, letter, moment=campaign.clock())

    assert [row.public_key for row in campaign.rows(Round, letter)] == [key]
    assert campaign.types(letter) == ["letter", "round"]
    assert campaign.sign(letter, campaign.tokens(letter, 1)[0]).sealed is False


def test_a_letter_opens_once(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    before = everything(campaign, letter)

    with pytest.raises(Obstructed, match="can't do this now"):
        opening.open_letter(campaign.services, letter, moment=campaign.clock())
    assert everything(campaign, letter) == before


def test_each_roll_gets_a_key_of_its_own(campaign: Campaign, keys: list[PrivateKey]) -> None:
    letter = campaign.an_open_letter(rolls=("A", "B", "C"))

    assert [row.public_key for row in campaign.rows(Round, letter)] == [key.public.spki() for key in keys[:3]]
    assert secrets_left(campaign, letter) == ["1", "2", "3"]


def slowly(campaign: Campaign, meanwhile: Callable[[], object]) -> Services:
    """Services whose keys take so long that something else happens first."""
    left = [meanwhile]

    def make_key() -> PrivateKey:
        if left:
            left.pop()()
        return campaign.services.make_key()

    return replace(campaign.services, make_key=make_key)


@pytest.mark.parametrize("rolls", [("Staff", "Contractors"), ("Staff",)], ids=["one more", "one less"])
def test_who_changes_the_rolls_while_a_letter_opens_is_not_run_over(campaign: Campaign, rolls: tuple[str, ...]) -> None:
    letter = campaign.a_draft(rolls=("Staff", "Contractors") if len(rolls) == 1 else ("Staff",))

    def change() -> None:
        with Session(campaign.databases.petition) as session:
            set_rules(session, session.get_one(Letter, letter), Rules(k=campaign.letter_row(letter).k, rolls=rolls))
            session.commit()

    with pytest.raises(Conflict, match="just changed this letter"):
        opening.open_letter(slowly(campaign, change), letter, moment=campaign.clock())
    assert state(campaign, letter) == "draft"
    opening.open_letter(campaign.services, letter, moment=campaign.clock())
    named = [roll["id"] for roll in campaign.entries(letter)[0]["rolls"]]

    assert [row.roll for row in campaign.rows(Round, letter)] == named
    assert len(named) == len(rolls)
    campaign.sign_all(letter, 20)
    assert campaign.seal(letter).signatures > 0


# Deleting


def test_a_draft_that_is_deleted_while_it_opens_is_gone_on_both_sides(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    services = slowly(campaign, lambda: closing.delete_draft(campaign.services, letter))

    with pytest.raises(NotFound):
        opening.open_letter(services, letter, moment=campaign.clock())
    assert sum(everything(campaign, letter).values()) == 0
    assert secrets_left(campaign, letter) == []


@pytest.mark.parametrize("was_cut_off", [False, True], ids=["never opened", "opening cut off"])
def test_a_deleted_draft_leaves_nothing_anywhere(campaign: Campaign, was_cut_off: bool) -> None:
    letter = campaign.a_draft()
    if was_cut_off:
        begin_at_the_issuer(campaign, letter)
    before = everything(campaign, letter)
    closing.delete_draft(campaign.services, letter)

    assert (sum(before.values()), sum(everything(campaign, letter).values())) == (5 if was_cut_off else 4, 0)
    assert secrets_left(campaign, letter) == []


def test_an_open_letter_is_not_deleted_and_keeps_its_secrets(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    before = everything(campaign, letter)

    with pytest.raises(Conflict):
        closing.delete_draft(campaign.services, letter)
    assert (everything(campaign, letter), secrets_left(campaign, letter)) == (before, ["1"])


# Annulling


def test_annulling_takes_codes_tokens_and_waiting_signatures_along(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 2)
    campaign.codes(letter, 2)
    rounds.annul_round(campaign.services, letter, 1, REASON)

    assert (campaign.rows(Pending, letter), campaign.rows(Code, letter), secrets_left(campaign, letter)) == ([], [], [])
    assert campaign.rows(Round, letter)[0].annulled == campaign.rows(IssuingRound, letter)[0].annulled == REASON


def test_an_annulment_that_a_crash_cut_off_is_finished_by_the_next_sealing(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 6)
    annul_at_the_issuer(campaign, letter)
    campaign.seal(letter)

    assert campaign.types(letter) == ["letter", "round", "codes", "issued", "annulled"]
    assert campaign.entries(letter)[-1]["reason"] == REASON
    assert (campaign.rows(Pending, letter), campaign.rows(Round, letter)[0].annulled) == ([], REASON)


def test_an_annulment_that_a_crash_cut_off_can_be_given_again(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    annul_at_the_issuer(campaign, letter)
    rounds.annul_round(campaign.services, letter, 1, REASON)
    campaign.seal(letter)

    assert campaign.types(letter).count("annulled") == 1
    assert secrets_left(campaign, letter) == []


@pytest.mark.parametrize("reason", ["", " \n "])
def test_annulling_needs_a_reason(campaign: Campaign, reason: str) -> None:
    letter = campaign.an_open_letter()

    with pytest.raises(BadShape, match="Give a reason"):
        rounds.annul_round(campaign.services, letter, 1, reason)
    assert secrets_left(campaign, letter) == ["1"]


def test_a_round_is_annulled_once_and_only_while_the_letter_lives(campaign: Campaign) -> None:
    living, closed = campaign.an_open_letter(), campaign.a_published_letter()
    rounds.annul_round(campaign.services, living, 1, REASON)
    campaign.close_letter(closed)

    for letter in (living, closed):
        with pytest.raises(Conflict, match="already canceled"):
            rounds.annul_round(campaign.services, letter, 1, "Another reason.")
    with pytest.raises(NotFound, match="no set of codes 2"):
        rounds.annul_round(campaign.services, living, 2, REASON)


# Closing


def test_closing_destroys_what_it_must(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3, rolls=("A", "B"))
    campaign.sign_all(letter, 4)
    campaign.codes(letter, 3, number=2)
    campaign.close_letter(letter)

    assert secrets_left(campaign, letter) == []
    assert [row.private_key for row in campaign.rows(IssuingRound, letter)] == [None, None]
    assert [(row.is_ended, row.issued) for row in campaign.rows(Round, letter)] == [(True, 4), (True, None)]
    assert (campaign.rows(Code, letter), campaign.rows(Pending, letter)) == ([], [])
    assert sum(batch.made for batch in campaign.rows(Batch, letter)) == 7


def test_a_closed_letter_closes_no_second_time(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 2)
    campaign.close_letter(letter)
    before = campaign.entries(letter)

    with pytest.raises(Obstructed, match="can't do this now"):
        closing.close_letter(campaign.services, letter, moment=campaign.clock() + timedelta(days=9))
    assert campaign.entries(letter) == before


def test_a_closing_that_a_crash_cut_off_is_finished_by_closing_again(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 3)
    with Session(campaign.databases.issuer) as issuer:
        end_issuing(issuer, letter, 1)
        issuer.commit()
    campaign.close_letter(letter)

    assert campaign.types(letter)[-5:] == ["issued", *["signature"] * 3, "closed"]
    assert secrets_left(campaign, letter) == []


def test_nothing_is_destroyed_by_a_closing_that_was_not_announced(campaign: Campaign) -> None:
    published, opened = campaign.a_published_letter(k=3), campaign.an_open_letter()
    for letter in (published, opened):
        with pytest.raises(Conflict):
            closing.close_letter(campaign.services, letter, moment=campaign.clock())

    assert [secrets_left(campaign, letter) for letter in (published, opened)] == [["1"], ["1"]]


def test_a_letter_does_not_close_before_the_announced_hour(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    token = campaign.sign_all(letter, 1)[0]
    campaign.announce_close(letter)

    with pytest.raises(Conflict, match="a day ahead"):
        closing.close_letter(campaign.services, letter, moment=campaign.clock() + timedelta(hours=23, minutes=59))
    assert campaign.look_up(letter, token).state == "kept"
    assert campaign.tokens(letter, 1)


def test_only_the_demo_closes_at_once(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    with pytest.raises(Conflict, match="a day ahead"):
        campaign.announce_close(letter, now=True)

    campaign.services = replace(campaign.services, is_demo=True)
    campaign.announce_close(letter, now=True)
    closing.close_letter(campaign.services, letter, moment=campaign.clock())
    assert campaign.types(letter) == ["letter", "round", "issued", "closed"]


# Withdrawing a letter


@pytest.mark.parametrize("was", ["open", "published", "closed"])
def test_a_withdrawn_letter_keeps_no_secret_and_no_waiting_signature(campaign: Campaign, was: str) -> None:
    letter = campaign.an_open_letter(k=3) if was == "open" else campaign.a_published_letter(k=3)
    tokens = campaign.sign_all(letter, 6)
    campaign.seal(letter)
    for place in ("kept", "sealed"):
        campaign.withdraw(letter, next(token for token in tokens if campaign.look_up(letter, token).state == place))
    if was == "closed":
        campaign.close_letter(letter)
    closing.withdraw_letter(campaign.services, letter, "We were heard.")

    assert state(campaign, letter) == "withdrawn"
    assert secrets_left(campaign, letter) == []
    assert [campaign.rows(table, letter) for table in (Pending, Tombstone, Withdrawal, Code)] == [[]] * 4


def test_a_letter_that_was_public_is_withdrawn_with_a_reason(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()

    with pytest.raises(BadShape, match="Give a reason"):
        closing.withdraw_letter(campaign.services, letter, " ")
    assert (state(campaign, letter), secrets_left(campaign, letter)) == ("published", ["1"])


def test_a_letter_that_nobody_saw_needs_no_reason(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    closing.withdraw_letter(campaign.services, letter, "")

    assert state(campaign, letter) == "withdrawn"


def test_a_draft_is_deleted_and_not_withdrawn(campaign: Campaign) -> None:
    letter = campaign.a_draft()

    with pytest.raises(Obstructed):
        closing.withdraw_letter(campaign.services, letter, "Why not.")


# Destroying


def test_a_deed_cut_off_between_database_and_file_is_finished_by_the_next_one(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    annul_at_the_issuer(campaign, letter)
    assert secrets_left(campaign, letter) == ["1"]
    campaign.close_letter(letter)

    assert secrets_left(campaign, letter) == []
