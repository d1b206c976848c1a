"""What a receipt can do: look, and take back."""

import os
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import rounds, updates
from petition.crypto.encodings import b64url
from petition.crypto.receipts import Opening, commit_of, opening
from petition.crypto.tokens import Token
from petition.errors import BadShape, NotFound
from petition.letters.models import Letter
from petition.signing.models import Pending, Sealed, Tombstone, Withdrawal
from petition.signing.signatures import ReceiptState, Signed, look_up, withdraw
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

ENOUGH = 5
"""K + H for K = 3."""


def with_state(campaign: Campaign, letter: str, tokens: list[Token], state: str) -> list[Token]:
    return [token for token in tokens if campaign.look_up(letter, token).state == state]


# Before sealing


def test_a_waiting_signature_is_deleted_and_its_commit_stays_spent(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    token = campaign.sign_all(letter, 1)[0]

    assert campaign.withdraw(letter, token) is False
    assert campaign.rows(Pending, letter) == []
    assert [row.commit.hex() for row in campaign.rows(Tombstone, letter)] == [opening(token.receipt).commit]
    assert campaign.look_up(letter, token) == ReceiptState("withdrawn")


def test_withdrawing_again_before_sealing_is_the_same_answer(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    token = campaign.sign_all(letter, 1)[0]

    assert {campaign.withdraw(letter, token) for _ in range(3)} == {False}
    assert len(campaign.rows(Tombstone, letter)) == 1


def test_what_was_withdrawn_while_it_waited_is_never_in_the_log(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.withdraw(letter, tokens[0])
    campaign.close_letter(letter)

    entries = campaign.entries(letter)
    assert b64url(tokens[0].message) not in {entry.get("message") for entry in entries}
    assert [entry["type"] for entry in entries].count("signature") == ENOUGH - 1
    assert "withdrawal" not in campaign.types(letter)


# After sealing


def test_a_sealed_signature_is_withdrawn_in_the_log_at_the_next_set_time(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)
    token = with_state(campaign, letter, tokens, "sealed")[0]

    assert campaign.withdraw(letter, token) is True
    assert "withdrawal" not in campaign.types(letter)
    campaign.seal(letter)
    both = opening(token.receipt)
    assert campaign.entries(letter)[-1] == {
        "type": "withdrawal",
        "commit": both.commit,
        "w": b64url(both.w),
        "a_hash": both.a_hash,
    }


def test_withdrawing_again_after_sealing_is_the_same_answer_and_one_entry(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)
    token = with_state(campaign, letter, tokens, "sealed")[0]
    answers = set()
    for _ in range(2):
        answers |= {campaign.withdraw(letter, token), campaign.withdraw(letter, token)}
        campaign.seal(letter)

    assert answers == {True}
    assert campaign.types(letter).count("withdrawal") == 1
    assert (campaign.figures(letter).signatures, campaign.figures(letter).withdrawals) == (3, 1)


def test_a_closed_letter_still_takes_a_withdrawal(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.close_letter(letter)

    assert campaign.withdraw(letter, tokens[0]) is True
    campaign.seal(letter)
    assert campaign.types(letter)[-2:] == ["closed", "withdrawal"]
    assert campaign.figures(letter).count == ENOUGH - 1


def test_a_sealed_signature_of_an_annulled_round_can_still_be_withdrawn(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)
    token = with_state(campaign, letter, tokens, "sealed")[0]
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    campaign.seal(letter)

    assert campaign.withdraw(letter, token) is True
    campaign.seal(letter)
    assert campaign.types(letter)[-2:] == ["annulled", "withdrawal"]
    assert (campaign.figures(letter).signatures, campaign.figures(letter).withdrawals) == (0, 0)


def test_a_withdrawal_keeps_only_what_the_log_will_say(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)
    token = with_state(campaign, letter, tokens, "sealed")[0]
    campaign.withdraw(letter, token)
    both, row = opening(token.receipt), campaign.rows(Withdrawal, letter)[0]

    assert (row.commit.hex(), row.round, row.w, row.a_hash.hex()) == (both.commit, 1, both.w, both.a_hash)
    assert {column.key for column in Withdrawal.__table__.columns} == {"letter_id", "commit", "round", "w", "a_hash"}


@pytest.mark.parametrize("verb", ["withdraw", "sign"])
def test_who_comes_while_a_sealing_works_is_answered_by_what_it_left(campaign: Campaign, verb: str) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    asked: list[Future[Any]] = []

    def come_meanwhile(size: int) -> bytes:
        """Chance, which the sealing asks when it has taken up all who wait."""
        if not asked:
            asked.extend(people.submit(getattr(campaign, verb), letter, token) for token in tokens)
            wait(asked, timeout=0.3)
        return os.urandom(size)

    with ThreadPoolExecutor() as people:
        updates.seal_letter(replace(campaign.services, random=come_meanwhile), letter, moment=campaign.clock())
        answers = Counter(one.result() for one in asked)

    sealed, held = (True, False) if verb == "withdraw" else (Signed(True), Signed(False))
    assert answers == {sealed: 3, held: 2}
    assert len(campaign.rows(Pending, letter)) == (0 if verb == "withdraw" else 2)


# Who may


@pytest.mark.parametrize("is_sealed", [False, True], ids=["waiting", "sealed"])
def test_only_the_receipt_withdraws(campaign: Campaign, is_sealed: bool) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    if is_sealed:
        campaign.seal(letter)
    both = opening(with_state(campaign, letter, tokens, "sealed" if is_sealed else "kept")[0].receipt)
    wrong = {
        "another receipt": opening(os.urandom(16)),
        "both swapped": Opening(both.a, both.w),
        "W alone": Opening(both.w, bytes(32)),
        "A alone": Opening(bytes(32), both.a),
        "the hashes that the log shows": Opening(bytes.fromhex(both.w_hash), bytes.fromhex(both.a_hash)),
    }

    with Session(campaign.databases.petition) as session:
        found = session.get_one(Letter, letter)
        for opened in wrong.values():
            for verb in (withdraw, look_up):
                with pytest.raises(NotFound):
                    verb(session, found, opened)


def test_a_receipt_of_another_letter_withdraws_nothing(campaign: Campaign) -> None:
    letter, other = campaign.an_open_letter(), campaign.an_open_letter()
    token = campaign.sign_all(other, 1)[0]

    with pytest.raises(NotFound):
        campaign.withdraw(letter, token)
    assert campaign.look_up(other, token).state == "kept"


def test_a_token_that_never_signed_has_nothing_to_take_back_and_can_sign_still(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    token = campaign.tokens(letter, 1)[0]

    with pytest.raises(NotFound, match="you haven't signed"):
        campaign.withdraw(letter, token)
    assert campaign.rows(Tombstone, letter) == []
    assert campaign.sign(letter, token).sealed is False


@pytest.mark.parametrize("size", [0, 31, 33])
def test_half_an_opening_is_refused(size: int) -> None:
    for w, a in ((bytes(size), bytes(32)), (bytes(32), bytes(size))):
        with pytest.raises(BadShape):
            Opening(w, a)
    with pytest.raises(BadShape):
        commit_of(bytes(size), bytes(32))


# Looking


def test_before_publication_a_receipt_is_answered_kept_or_sealed_and_no_more(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    assert {campaign.look_up(letter, token) for token in tokens} == {ReceiptState("kept")}
    campaign.seal(letter)

    assert {campaign.look_up(letter, token) for token in tokens} == {
        ReceiptState("kept"),
        ReceiptState("sealed", entry=None),
    }


@pytest.mark.parametrize("is_closed", [False, True], ids=["published", "closed"])
def test_after_publication_a_receipt_shows_its_entry(campaign: Campaign, is_closed: bool) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)
    campaign.publish(letter)
    if is_closed:
        campaign.close_letter(letter)
    entries = campaign.entries(letter)

    for token in with_state(campaign, letter, tokens, "sealed"):
        entry = campaign.look_up(letter, token).entry
        assert entry is not None
        assert entries[entry]["message"] == b64url(token.message)


def test_looking_changes_nothing(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)
    before = [len(campaign.rows(table, letter)) for table in (Pending, Sealed, Tombstone, Withdrawal)]
    for token in tokens:
        campaign.look_up(letter, token)

    assert [len(campaign.rows(table, letter)) for table in (Pending, Sealed, Tombstone, Withdrawal)] == before
