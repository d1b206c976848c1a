"""A code buys one blind signature."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import rounds
from petition.crypto.blind_rsa import MODULUS_SIZE, PrivateKey, PublicKey, blind, finalize, prepare
from petition.errors import BadShape, CodeUsed, Forbidden, NotFound, Over, Refusal, TooEarly
from petition.issuing.codes import void_batch
from petition.issuing.models import UNSPENT, Code, IssuingRound
from petition.issuing.rounds import numbers
from petition.issuing.tokens import exchange, round_of_code
from tests.walks import Campaign

UNKNOWN = "0123456789ABCDEF"
FIVE = (5).to_bytes(MODULUS_SIZE, "big")
"""In the range of every key."""


def buy(campaign: Campaign, letter: str, code: str, blinded: bytes, number: int = 1) -> bytes:
    return exchange(campaign.databases.issuer, campaign.keys, letter, number, code, blinded, moment=campaign.clock())


def spent(campaign: Campaign, letter: str) -> int:
    with Session(campaign.databases.issuer) as issuer:
        return sum(row.spent for row in numbers(issuer, letter))


@pytest.fixture
def key(keys: list[PrivateKey]) -> PublicKey:
    """The public key of a campaign's first round."""
    return keys[0].public


@pytest.fixture
def blinded(key: PublicKey) -> bytes:
    return blind(key, prepare(b"a statement", os.urandom), os.urandom).message


def test_a_code_buys_a_signature_of_what_the_issuer_cannot_read(campaign: Campaign, key: PublicKey) -> None:
    letter = campaign.an_open_letter()
    message = prepare(b"a statement", os.urandom)
    hidden = blind(key, message, os.urandom)
    answer = buy(campaign, letter, campaign.codes(letter, 1)[0], hidden.message)

    assert len(answer) == MODULUS_SIZE
    assert key.verify(message, finalize(key, message, answer, hidden.inverse))


class Interrupted:
    """A round's keys; something happens after a code was claimed, and before its blinded message is signed."""

    def __init__(self, campaign: Campaign, act: Callable[[], object]) -> None:
        self.secrets = campaign.services.secrets
        self._keys, self._act = campaign.keys, act

    def of(self, row: IssuingRound) -> "Interrupted":
        self._key = self._keys.of(row)
        return self

    def blind_sign(self, blinded: bytes) -> bytes:
        self._act()
        return self._key.blind_sign(blinded)


def buy_while(campaign: Campaign, letter: str, code: str, blinded: bytes, act: Callable[[], object]) -> bytes:
    keys: Any = Interrupted(campaign, act)
    return exchange(campaign.databases.issuer, keys, letter, 1, code, blinded, moment=campaign.clock())


def test_a_crash_after_the_claim_costs_nothing(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]

    def crash() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        buy_while(campaign, letter, code, blinded, crash)
    assert spent(campaign, letter) == 1
    with pytest.raises(CodeUsed):
        buy(campaign, letter, code, FIVE)

    assert buy(campaign, letter, code, blinded) == buy(campaign, letter, code, blinded)
    assert spent(campaign, letter) == 1


def test_others_exchange_codes_while_one_is_signed(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    first, second = campaign.codes(letter, 2)
    answers: list[bytes] = []
    other = lambda: answers.append(buy(campaign, letter, second, FIVE))  # noqa: E731
    answers.append(buy_while(campaign, letter, first, blinded, other))

    assert answers == [buy(campaign, letter, second, FIVE), buy(campaign, letter, first, blinded)]


def test_a_claimed_code_gets_its_answer_though_the_round_ends(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    answer = buy_while(campaign, letter, code, blinded, lambda: rounds.destroy_now(campaign.services, letter))

    assert len(answer) == MODULUS_SIZE
    with pytest.raises(Over):
        buy(campaign, letter, code, blinded)


def test_a_code_buys_one_token(campaign: Campaign, key: PublicKey, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    buy(campaign, letter, code, blinded)

    with pytest.raises(CodeUsed) as refused:
        buy(campaign, letter, code, blind(key, prepare(b"another", os.urandom), os.urandom).message)
    assert refused.value.status == 409
    assert spent(campaign, letter) == 1


def test_a_lost_answer_costs_nothing(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]

    assert len({buy(campaign, letter, code, blinded) for _ in range(3)}) == 1
    assert spent(campaign, letter) == 1


def test_a_lost_answer_can_be_had_again_after_other_codes_were_recalled(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    first = buy(campaign, letter, code, blinded)
    void(campaign, letter)

    assert buy(campaign, letter, code, blinded) == first


def void(campaign: Campaign, letter: str) -> None:
    with Session(campaign.databases.issuer) as issuer:
        void_batch(issuer, letter, 1)
        issuer.commit()


def test_a_code_may_be_typed_as_people_type(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    typed = " - ".join(code.lower().replace("0", "o").replace("1", "l"))

    assert buy(campaign, letter, typed, blinded) == buy(campaign, letter, code, blinded)


def test_an_unknown_code_is_refused(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()

    with pytest.raises(Forbidden) as refused:
        buy(campaign, letter, UNKNOWN, blinded)
    assert refused.value.status == 403


def test_a_code_of_another_letter_or_round_is_refused_and_stays_good(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(rolls=("Workers", "Contractors"))
    other = campaign.an_open_letter()
    code = campaign.codes(letter, 1, number=2)[0]
    for where in (letter, other):
        with pytest.raises(Forbidden):
            buy(campaign, where, code, FIVE)

    assert len(buy(campaign, letter, code, FIVE, number=2)) == MODULUS_SIZE


def test_a_recalled_code_is_over(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    void(campaign, letter)

    with pytest.raises(Over, match="can't be used") as refused:
        buy(campaign, letter, code, blinded)
    assert refused.value.status == 410
    assert spent(campaign, letter) == 0


def test_trying_a_recalled_code_does_not_tell_whether_it_was_used(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    used, unused = campaign.codes(letter, 2)
    buy(campaign, letter, used, blinded)
    void(campaign, letter)

    said = set()
    for code in (used, unused):
        with pytest.raises(Over) as refused:
            buy(campaign, letter, code, FIVE)
        said.add((type(refused.value), str(refused.value)))
    assert len(said) == 1


def test_a_code_of_a_round_that_opens_later_is_refused_until_then_and_stays_good(
    campaign: Campaign, blinded: bytes
) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    with Session(campaign.databases.issuer) as issuer:
        issuer.get_one(IssuingRound, (letter, 1)).opens = campaign.clock() + timedelta(hours=1)
        issuer.commit()
    with pytest.raises(TooEarly, match="2026-11-02 10:00"):
        buy(campaign, letter, code, blinded)

    campaign.clock.pass_time(hours=1)  # type: ignore[attr-defined]
    assert len(buy(campaign, letter, code, blinded)) == MODULUS_SIZE


def test_codes_of_an_annulled_round_are_over(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    used, unused = campaign.codes(letter, 2)
    buy(campaign, letter, used, blinded)
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")

    for code in (used, unused, UNKNOWN):
        with pytest.raises(Over, match="can't be used"):
            buy(campaign, letter, code, blinded)


def test_codes_of_a_closed_letter_are_over(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.a_published_letter()
    used, unused = campaign.codes(letter, 2)
    buy(campaign, letter, used, blinded)
    campaign.close_letter(letter)

    for code in (used, unused, UNKNOWN):
        with pytest.raises(Over, match="can't be used anymore"):
            buy(campaign, letter, code, blinded)


@pytest.mark.parametrize("ending", ["ended", "annulled", "lost"])
def test_a_code_of_an_older_round_is_not_said_to_be_over_when_the_newest_is(campaign: Campaign, ending: str) -> None:
    letter = campaign.an_open_letter(k=3)
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    older, newest = campaign.codes(letter, 1)[0], campaign.further_round(letter)[0]
    if ending == "lost":
        campaign.services.secrets.destroy(letter, 2)
    else:
        rounds.end_issuing(campaign.services, letter, 2, annulled="Copied." if ending == "annulled" else None)

    with pytest.raises(Forbidden):
        buy(campaign, letter, older, FIVE, number=2)
    with pytest.raises(Over):
        buy(campaign, letter, newest, FIVE, number=2)
    assert buy(campaign, letter, older, FIVE)


def test_a_round_that_never_was_has_no_codes(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()

    with pytest.raises(NotFound, match="no such set of codes"):
        buy(campaign, letter, UNKNOWN, blinded, number=2)


def test_the_shape_is_checked_before_the_code_is_looked_up(campaign: Campaign, key: PublicKey) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    n = key.n
    wrong = [number.to_bytes(MODULUS_SIZE, "big") for number in (0, 1, n - 1, n, n + 1, 2 ** (8 * MODULUS_SIZE) - 1)]
    wrong += [
        b"",
        bytes(MODULUS_SIZE - 1),
        b"\0" * MODULUS_SIZE + b"\5",
        (5).to_bytes(MODULUS_SIZE - 1, "big"),
        (5).to_bytes(MODULUS_SIZE + 1, "big"),
    ]

    for blinded in wrong:
        for one in (code, UNKNOWN):
            with pytest.raises(BadShape, match="blinded message"):
                buy(campaign, letter, one, blinded)
    assert [row.request for row in campaign.rows(Code, letter)] == [UNSPENT]


def test_the_least_and_the_greatest_message_in_range_are_signed(campaign: Campaign, key: PublicKey) -> None:
    letter = campaign.an_open_letter()
    codes = campaign.codes(letter, 2)

    for code, number in zip(codes, (2, key.n - 2), strict=True):
        answer = buy(campaign, letter, code, number.to_bytes(MODULUS_SIZE, "big"))
        assert pow(int.from_bytes(answer, "big"), key.e, key.n) == number


@pytest.mark.parametrize("code", ["", "0123", "0" * 17, "U" * 16, "0" * 15 + "\0", "0" * 15 + "é"])
def test_what_can_be_no_code_is_refused_before_anything_is_looked_up(
    campaign: Campaign, blinded: bytes, code: str
) -> None:
    with pytest.raises(BadShape):
        buy(campaign, "no such letter", code, blinded)


def test_a_code_is_unspent_if_its_signature_cannot_be_made(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    with Session(campaign.databases.issuer) as issuer:
        issuer.get_one(IssuingRound, (letter, 1)).private_key = b"damaged"
        issuer.commit()

    with pytest.raises(ValueError, match="does not open"):
        buy(campaign, letter, code, FIVE)
    assert [row.request for row in campaign.rows(Code, letter)] == [UNSPENT]


def test_a_code_finds_its_round(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(rolls=("Workers", "Contractors"))
    codes = {number: campaign.codes(letter, 1, number)[0] for number in (1, 2)}

    with Session(campaign.databases.issuer) as issuer:
        for number, code in codes.items():
            assert round_of_code(issuer, campaign.services.secrets, letter, code.lower()).number == number
        with pytest.raises(Forbidden):
            round_of_code(issuer, campaign.services.secrets, letter, UNKNOWN)


@pytest.mark.parametrize("shared", ["postgresql"], indirect=True)
def test_a_session_that_read_the_round_before_it_ended_learns_that_it_ended(campaign: Campaign, blinded: bytes) -> None:
    """On PostgreSQL others may commit between two statements; SQLite lets no one in between."""
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    with Session(campaign.databases.issuer) as issuer:
        read = round_of_code(issuer, campaign.services.secrets, letter, code)
        assert read.issued is None
        rounds.destroy_now(campaign.services, letter)

        with pytest.raises(Over, match="can't be used anymore"):
            buy(campaign, letter, code, blinded)


def test_refusals_say_what_to_do(campaign: Campaign, blinded: bytes) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    buy(campaign, letter, code, blinded)

    for attempt in ((UNKNOWN, blinded), (code, (7).to_bytes(MODULUS_SIZE, "big")), (code[1:], blinded)):
        with pytest.raises(Refusal, match="Check|ask|Compare"):
            buy(campaign, letter, *attempt)
