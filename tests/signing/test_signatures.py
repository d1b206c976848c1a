"""Who may sign, how often, and until when."""

import os
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from petition.coordination import rounds
from petition.crypto.blind_rsa import PrivateKey, blind, finalize, prepare
from petition.crypto.encodings import b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import Token, statement_bytes
from petition.errors import Forbidden, NotFound, Over, Refusal, TextChanged, TokenUsed
from petition.letters.models import Letter
from petition.signing.models import Pending, Round, Sealed
from petition.signing.signatures import Signed, sign
from tests.walks import Campaign, asked

ENOUGH = 5
"""K + H for K = 3."""


def made_with(key: PrivateKey, token: Token, statement: bytes) -> Token:
    """A token for any statement, by a person who has the round's key."""
    message = prepare(statement, os.urandom)
    blinded = blind(key.public, message, os.urandom)
    signature = finalize(key.public, message, key.blind_sign(blinded.message), blinded.inverse)
    return replace(token, message=message, signature=signature)


@pytest.fixture
def key(keys: list[PrivateKey]) -> PrivateKey:
    """The private key of a campaign's first round."""
    return keys[0]


def text_of(campaign: Campaign, letter: str) -> str:
    with Session(campaign.databases.reading) as session:
        return session.get_one(Letter, letter).text_sha256 or ""


def test_a_token_signs_once_and_again_is_the_same_answer(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    token = campaign.tokens(letter, 1)[0]
    first = campaign.sign(letter, token)

    assert campaign.sign(letter, token) == first == Signed(sealed=False)
    assert len(campaign.rows(Pending, letter)) == 1


def test_a_token_sent_again_after_sealing_gets_an_answer_and_waits_no_second_time(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)
    sealed = [token for token in tokens if campaign.look_up(letter, token).state == "sealed"]
    waiting = len(campaign.rows(Pending, letter))

    assert {campaign.sign(letter, token) for token in sealed} == {Signed(sealed=True)}
    assert len(campaign.rows(Pending, letter)) == waiting


def test_tokens_sent_again_and_again_are_in_the_log_once(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    for _ in range(3):
        campaign.seal(letter)
        for token in tokens:
            campaign.sign(letter, token)
    campaign.close_letter(letter)

    messages = [entry["message"] for entry in campaign.entries(letter) if entry["type"] == "signature"]
    assert len(messages) == len(set(messages)) == ENOUGH


def test_a_token_of_another_letter_is_refused(campaign: Campaign) -> None:
    letter, other = campaign.an_open_letter(), campaign.an_open_letter()
    token = campaign.tokens(other, 1)[0]

    with pytest.raises(Forbidden, match="another letter"):
        campaign.sign(letter, token)


def test_a_token_for_another_text_is_refused(campaign: Campaign, key: PrivateKey) -> None:
    letter = campaign.an_open_letter()
    token = campaign.tokens(letter, 1)[0]
    forged = made_with(key, token, statement_bytes(letter, 1, "00" * 32, opening(token.receipt).commit))

    with pytest.raises(TextChanged):
        campaign.sign(letter, forged)


def test_a_token_of_a_round_that_never_was_is_refused(campaign: Campaign, key: PrivateKey) -> None:
    letter = campaign.an_open_letter()
    token = campaign.tokens(letter, 1)[0]
    statement = statement_bytes(letter, 2, text_of(campaign, letter), opening(token.receipt).commit)

    with pytest.raises(NotFound, match="no such set of codes"):
        campaign.sign(letter, made_with(key, token, statement))


def test_a_token_of_one_round_is_refused_under_the_number_of_another(campaign: Campaign, key: PrivateKey) -> None:
    letter = campaign.an_open_letter(rolls=("Workers", "Contractors"))
    token = campaign.tokens(letter, 1)[0]
    statement = statement_bytes(letter, 2, text_of(campaign, letter), opening(token.receipt).commit)

    with pytest.raises(Forbidden, match="isn't valid"):
        campaign.sign(letter, made_with(key, token, statement))


def test_every_changed_byte_of_message_or_signature_is_refused(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    token = campaign.tokens(letter, 1)[0]
    changed = [
        *(replace(token, message=flipped(token.message, place)) for place in range(len(token.message))),
        *(replace(token, signature=flipped(token.signature, place)) for place in range(0, 384, 16)),
    ]

    with Session(campaign.databases.petition) as session:
        found = session.get_one(Letter, letter)
        for one in changed:
            with pytest.raises(Refusal):
                sign(session, found, one.message, one.signature, moment=campaign.clock())
    assert campaign.rows(Pending, letter) == []


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_a_signature_has_one_form(campaign: Campaign, key: PrivateKey) -> None:
    letter = campaign.an_open_letter()
    token = campaign.tokens(letter, 1)[0]
    good, n = token.signature, key.public.n
    wrong = {
        "empty": b"",
        "a byte short": good[1:],
        "a byte longer": b"\0" + good,
        "zeros": bytes(384),
        "ones": b"\xff" * 384,
        "the modulus": n.to_bytes(384, "big"),
        "the negative": (n - int.from_bytes(good, "big")).to_bytes(384, "big"),
    }

    for form in wrong.values():
        with pytest.raises(Forbidden, match="isn't valid"):
            campaign.sign(letter, replace(token, signature=form))


def test_a_second_signature_under_the_same_receipt_is_refused(campaign: Campaign, key: PrivateKey) -> None:
    letter = campaign.an_open_letter()
    token = campaign.sign_all(letter, 1)[0]
    statement = statement_bytes(letter, 1, text_of(campaign, letter), opening(token.receipt).commit)

    with pytest.raises(TokenUsed) as refused:
        campaign.sign(letter, made_with(key, token, statement))
    assert refused.value.status == 409
    assert [row.message for row in campaign.rows(Pending, letter)] == [token.message]


def test_a_second_signature_under_a_sealed_receipt_is_refused(campaign: Campaign, key: PrivateKey) -> None:
    letter = campaign.a_published_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)
    token = next(token for token in tokens if campaign.look_up(letter, token).state == "sealed")
    statement = statement_bytes(letter, 1, text_of(campaign, letter), opening(token.receipt).commit)

    with pytest.raises(TokenUsed):
        campaign.sign(letter, made_with(key, token, statement))
    assert campaign.sign(letter, token) == Signed(sealed=True)
    campaign.close_letter(letter)

    messages = {entry.get("message") for entry in campaign.entries(letter)} - {None}
    assert messages == {b64url(token.message) for token in tokens}


def test_a_receipt_that_is_sealed_in_one_set_signs_in_no_other(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)
    token = next(token for token in tokens if campaign.look_up(letter, token).state == "sealed")
    code = campaign.further_round(letter)[0]

    with pytest.raises(TokenUsed):
        campaign.sign(letter, campaign.token(letter, code, 2, token.receipt))


@pytest.mark.parametrize("is_sealed", [False, True], ids=["before sealing", "after sealing"])
def test_a_withdrawn_token_signs_no_more(campaign: Campaign, is_sealed: bool) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.sign_all(letter, ENOUGH)
    if is_sealed:
        campaign.seal(letter)
    token = next(t for t in tokens if (campaign.look_up(letter, t).state == "sealed") is is_sealed)
    campaign.withdraw(letter, token)

    with pytest.raises(Over, match="was removed"):
        campaign.sign(letter, token)
    assert campaign.look_up(letter, token).state == "withdrawn"


def test_a_closed_letter_takes_no_signature_but_answers_who_signed_before(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    signed, late = campaign.tokens(letter, 2)
    campaign.sign_all(letter, 2)
    campaign.sign(letter, signed)
    campaign.close_letter(letter)

    assert campaign.sign(letter, signed) == Signed(sealed=True)
    with pytest.raises(Over, match="closed"):
        campaign.sign(letter, late)


def test_an_annulled_round_takes_no_signature_and_drops_those_that_wait(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    signed, late = campaign.tokens(letter, 2)
    campaign.sign(letter, signed)
    rounds.annul_round(campaign.services, letter, 1, "Somebody sold codes.")

    for token in (signed, late):
        with pytest.raises(Over, match="Somebody sold codes"):
            campaign.sign(letter, token)
    assert campaign.rows(Pending, letter) == []


def test_nothing_is_stored_of_a_signature_but_itself(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    token = campaign.sign_all(letter, 1)[0]
    row = campaign.rows(Pending, letter)[0]

    stored = {column.key: getattr(row, column.key) for column in Pending.__table__.columns}
    assert stored == {
        "letter_id": letter,
        "commit": bytes.fromhex(opening(token.receipt).commit),
        "round": 1,
        "message": token.message,
        "signature": token.signature,
    }


def test_a_refused_signature_changes_nothing(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    token = campaign.tokens(letter, 1)[0]
    with asked(campaign.databases.petition) as sent, pytest.raises(Forbidden):
        campaign.sign(letter, replace(token, signature=flipped(token.signature, 383)))

    written = {statement.split()[0] for statement in sent}
    assert "SELECT" in written
    assert not {"INSERT", "UPDATE", "DELETE"} & written


def test_a_sealed_row_says_where_the_signature_stands_and_nothing_else(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    campaign.sign_all(letter, ENOUGH)
    campaign.seal(letter)

    assert {column.key for column in Sealed.__table__.columns} == {
        "letter_id", "commit", "round", "entry", "is_withdrawn",
    }  # fmt: skip
    entries = campaign.entries(letter)
    assert {entries[row.entry]["type"] for row in campaign.rows(Sealed, letter)} == {"signature"}
    assert campaign.rows(Round, letter)[0].signatures == len(campaign.rows(Sealed, letter)) == 3
