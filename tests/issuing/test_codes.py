"""Codes: made, stored as keyed hashes alone, recalled."""

import hashlib
import hmac
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.coordination import rounds
from petition.crypto.codes import ALPHABET
from petition.errors import BadShape, NotFound, Over
from petition.issuing.codes import MOST_AT_ONCE, batches, hash_code, make_codes, void_batch
from petition.issuing.models import UNSPENT, VOIDED, Batch, Code
from petition.issuing.rounds import numbers
from tests.walks import Campaign


def make(campaign: Campaign, letter: str, count: int, random: Callable[[int], bytes] = os.urandom) -> list[str]:
    with Session(campaign.databases.issuer) as issuer:
        _, made = make_codes(issuer, campaign.services.secrets, letter, 1, count, random)
        issuer.commit()
    return made


def void(campaign: Campaign, letter: str, batch: int) -> None:
    with Session(campaign.databases.issuer) as issuer:
        void_batch(issuer, letter, batch)
        issuer.commit()


def test_a_code_has_80_random_bits_in_crockfords_alphabet(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    asked: list[int] = []
    made = make(campaign, letter, 3, lambda size: asked.append(size) or os.urandom(size))  # type: ignore[func-returns-value]

    assert asked == [10, 10, 10]
    assert len(set(made)) == 3
    assert all(len(code) == 16 and set(code) <= set(ALPHABET) for code in made)


def test_only_a_keyed_hash_of_a_code_is_stored(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    made = make(campaign, letter, 20)
    pepper = campaign.services.secrets.pepper(letter, 1)
    assert pepper is not None

    rows = campaign.rows(Code, letter)
    assert {row.mac for row in rows} == {hmac.digest(pepper, code.encode(), hashlib.sha256) for code in made}
    stored = b"".join(part if isinstance(part, bytes) else str(part).encode() for row in rows for part in of(row))
    assert not any(code.encode() in stored for code in made)


def of(row: Code) -> list[object]:
    return [getattr(row, column.key) for column in Code.__table__.columns]


def test_a_pepper_belongs_to_one_round_of_one_letter(campaign: Campaign) -> None:
    first = campaign.an_open_letter(rolls=("Workers", "Contractors"))
    second = campaign.an_open_letter()
    peppers = {campaign.services.secrets.pepper(*place) for place in ((first, 1), (first, 2), (second, 1))}

    assert len(peppers) == 3
    assert len({hash_code(pepper, "0" * 16) for pepper in peppers if pepper}) == 3


def test_rows_say_nothing_of_the_order_on_the_sheet(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    made = make(campaign, letter, 40)
    pepper = campaign.services.secrets.pepper(letter, 1)
    assert pepper is not None

    with Session(campaign.databases.issuer) as issuer:
        stored = list(issuer.execute(select(Code.mac).where(Code.letter_id == letter)).scalars())
    on_the_sheet = [hash_code(pepper, code) for code in made]
    assert stored == sorted(on_the_sheet) != on_the_sheet


def test_rows_are_the_same_whatever_order_the_codes_came_in(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    drawn = [os.urandom(10) for _ in range(10)]
    make(campaign, letter, 10, taking(drawn))
    first = [of(row) for row in campaign.rows(Code, letter)]
    with Session(campaign.databases.issuer) as issuer:
        issuer.query(Code).where(Code.letter_id == letter).delete()
        issuer.query(Batch).where(Batch.letter_id == letter).delete()
        issuer.commit()
    make(campaign, letter, 10, taking(drawn[::-1]))

    assert [of(row) for row in campaign.rows(Code, letter)] == first


def taking(drawn: list[bytes]) -> Callable[[int], bytes]:
    """A source of chance that gives what was drawn before."""
    left = iter(drawn)
    return lambda size: next(left)


def test_batches_are_numbered_and_know_how_many_never_which(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    for count in (2, 3):
        make(campaign, letter, count)

    with Session(campaign.databases.issuer) as issuer:
        assert [(batch.number, batch.round, batch.made, batch.voided) for batch in batches(issuer, letter)] == [
            (1, 1, 2, 0),
            (2, 1, 3, 0),
        ]


def test_two_who_make_codes_at_once_get_a_batch_each(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    with ThreadPoolExecutor() as people, Session(campaign.databases.issuer) as issuer:
        make_codes(issuer, campaign.services.secrets, letter, 1, 2, os.urandom)
        asked = people.submit(make, campaign, letter, 3)
        wait([asked], timeout=0.2)
        issuer.commit()
        asked.result()

    assert sorted((batch.number, batch.made) for batch in campaign.rows(Batch, letter)) == [(1, 2), (2, 3)]


@pytest.mark.parametrize("count", [-1, 0, MOST_AT_ONCE + 1])
def test_codes_are_made_in_reasonable_numbers(campaign: Campaign, count: int) -> None:
    letter = campaign.an_open_letter()

    with pytest.raises(BadShape, match="from 1 to 100,000"):
        make(campaign, letter, count)


def test_a_round_that_never_was_gets_no_codes(campaign: Campaign) -> None:
    with pytest.raises(NotFound, match="no set of codes 1"):
        make(campaign, campaign.a_draft(), 1)


def test_a_round_that_has_ended_gets_no_more_codes(campaign: Campaign) -> None:
    annulled, closed = campaign.an_open_letter(), campaign.a_published_letter()
    rounds.annul_round(campaign.services, annulled, 1, "Flooded.")
    campaign.close_letter(closed)

    for letter in (annulled, closed):
        with pytest.raises(Over):
            make(campaign, letter, 1)


def test_a_batch_is_recalled_while_unspent_and_its_spent_codes_stay(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    spent, *_ = make(campaign, letter, 3)
    make(campaign, letter, 2)
    campaign.token(letter, spent)

    for _ in range(2):
        void(campaign, letter, 1)
    with Session(campaign.databases.issuer) as issuer:
        found = numbers(issuer, letter)[0]
    assert (found.made, found.voided, found.spent) == (5, 3, 1)
    assert sorted(row.request for row in campaign.rows(Code, letter) if row.batch == 2) == [UNSPENT] * 2
    assert [row.request for row in campaign.rows(Code, letter)].count(VOIDED) == 2


def test_a_batch_that_never_was_cannot_be_recalled(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()

    with pytest.raises(NotFound, match="no print batch 7"):
        void(campaign, letter, 7)


@pytest.mark.parametrize("used", [0, 1, 3])
def test_a_recalled_batch_looks_the_same_whatever_was_used_of_it(campaign: Campaign, used: int) -> None:
    letter = campaign.an_open_letter()
    codes = make(campaign, letter, 3)
    for code in codes[:used]:
        campaign.token(letter, code)
    void(campaign, letter, 1)
    campaign.seal(letter)

    assert [(row.made, row.voided) for row in campaign.rows(Batch, letter)] == [(3, 3)]
    assert campaign.entries(letter)[-1] == {"type": "codes", "round": 1, "made": 3, "voided": 3}


def test_a_recall_after_the_end_is_shown_to_no_one(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    make(campaign, letter, 5)
    campaign.close_letter(letter)

    void(campaign, letter, 1)
    campaign.seal(letter)
    assert campaign.types(letter)[-1] == "closed"
