"""What is sealed, when, in which order, and what is said about it."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import closing, rounds, updates
from petition.crypto.blind_rsa import PrivateKey, blind, finalize, prepare
from petition.crypto.encodings import b64url, canonical_json
from petition.crypto.merkle import leaf_hash
from petition.crypto.receipts import opening
from petition.crypto.tokens import Token, statement_bytes
from petition.errors import Conflict, NotFound
from petition.issuing.codes import void_batch
from petition.issuing.rounds import Numbers, numbers
from petition.letters.models import Letter
from petition.letters.states import held_back
from petition.sealing.models import Sealing
from petition.sealing.sealer import Result, seal
from petition.signing.models import Pending, Round, Tombstone
from petition.signing.signatures import rounds_of
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

# With K = 3, two are held back.
K, H = 3, 2
ORDER = ["round", "codes", "issued", "annulled", "signature", "withdrawal", "closed"]


def seal_with(campaign: Campaign, letter: str, random: Callable[[int], bytes]) -> Result:
    return updates.seal_letter(replace(campaign.services, random=random), letter, moment=campaign.clock())


def seal_numbers(campaign: Campaign, letter: str, found: list[Numbers]) -> Result:
    """Seal with the issuer's numbers as they were some time ago."""
    with Session(campaign.databases.petition) as session:
        row, chance = session.get_one(Letter, letter), campaign.services.random
        result = seal(session, row, found, moment=campaign.clock(), random=chance, master=campaign.master)
        session.commit()
        return result


def numbers_of(campaign: Campaign, letter: str) -> list[Numbers]:
    with Session(campaign.databases.issuer) as issuer:
        return numbers(issuer, letter)


def after(campaign: Campaign, letter: str, size: int) -> list[dict[str, Any]]:
    """The entries from a place on."""
    return campaign.entries(letter)[size:]


def waiting(campaign: Campaign, letter: str) -> set[bytes]:
    return {row.commit for row in campaign.rows(Pending, letter)}


# How many


@pytest.mark.parametrize(("k", "h"), [(3, 2), (4, 2), (10, 5), (11, 6), (49, 25), (50, 25)])
def test_half_of_k_is_held_back_rounded_up(k: int, h: int) -> None:
    assert held_back(k) == h


def test_one_too_few_seal_nothing_and_one_more_seals_all_but_those_held_back(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H - 1)

    assert (campaign.seal(letter).signatures, len(waiting(campaign, letter))) == (0, K + H - 1)
    campaign.sign_all(letter, 1)
    assert (campaign.seal(letter), len(waiting(campaign, letter))) == (Result(K, K + 1, H), H)
    assert (campaign.seal(letter), len(waiting(campaign, letter))) == (Result(0, 0, H), H)


def test_those_held_back_go_out_with_the_next_ones(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.sign_all(letter, K - 1)
    assert campaign.seal(letter).signatures == 0
    campaign.sign_all(letter, 1)

    assert campaign.seal(letter).signatures == K


def test_each_round_has_a_crowd_of_its_own(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    codes = campaign.further_round(letter)
    for code in codes[: K + H - 1]:
        campaign.sign(letter, campaign.token(letter, code, 2))
    campaign.sign_all(letter, 1)

    assert campaign.seal(letter).signatures == 0
    campaign.sign(letter, campaign.token(letter, codes[-1], 2))
    campaign.seal(letter)
    found = [entry["round"] for entry in campaign.entries(letter) if entry["type"] == "signature"]
    assert found == [1] * K + [2] * K


def test_each_roll_has_a_crowd_of_its_own(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K, rolls=("Workers", "Contractors"))
    campaign.sign_all(letter, K + H)
    campaign.sign_all(letter, K + H - 1, number=2)

    assert campaign.seal(letter) == Result(K, K + 2, H + K + H - 1)
    assert {entry["round"] for entry in campaign.entries(letter) if entry["type"] == "signature"} == {1}


def test_signatures_of_all_rolls_stand_together(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K, rolls=("Workers", "Contractors"))
    for number in (1, 2):
        campaign.sign_all(letter, K + H, number=number)
    campaign.seal(letter)

    signatures = [entry for entry in campaign.entries(letter) if entry["type"] == "signature"]
    assert [entry["round"] for entry in signatures].count(2) == K
    assert leaves(signatures) == sorted(leaves(signatures))


# Which, and in which order


def leaves(entries: list[dict[str, Any]]) -> list[bytes]:
    return [leaf_hash(canonical_json(entry)) for entry in entries]


def test_the_log_orders_signatures_and_withdrawals_by_leaf_hash(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    tokens = campaign.sign_all(letter, K + H + 5)
    campaign.seal(letter)
    for token in tokens:
        campaign.withdraw(letter, token)
    campaign.seal(letter)

    for kind, count in (("signature", K + 5), ("withdrawal", K + 5)):
        found = [entry for entry in campaign.entries(letter) if entry["type"] == kind]
        assert len(found) == count
        assert leaves(found) == sorted(leaves(found))


def test_chance_decides_who_is_held_back(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H)
    by_commit = sorted(waiting(campaign, letter))
    draws = iter(place.to_bytes(16, "big") for place in (1, 9, 3, 8, 2))
    seal_with(campaign, letter, lambda size: next(draws))

    assert waiting(campaign, letter) == {by_commit[1], by_commit[3]}
    assert next(draws, None) is None


def test_chance_decides_anew_for_each_waiting_name_each_time(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H)
    asked: list[int] = []

    def random(size: int) -> bytes:
        asked.append(size)
        return os.urandom(size)

    seal_with(campaign, letter, random)
    seal_with(campaign, letter, random)
    assert asked == [16] * (K + H) + [16] * H


def test_the_order_of_arrival_leaves_no_trace_in_the_log(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    tokens = campaign.sign_all(letter, K + H + 20)
    campaign.seal(letter)
    places = {entry["message"]: place for place, entry in enumerate(campaign.entries(letter)) if "message" in entry}
    in_order = [places[b64url(token.message)] for token in tokens if b64url(token.message) in places]

    assert len(in_order) == K + 20
    assert in_order != sorted(in_order)


def test_within_a_sealing_entries_stand_in_the_protocols_order(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K, rolls=("A", "B", "C"))
    tokens = campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    size = len(campaign.entries(letter))
    campaign.sign_all(letter, K, number=2)
    campaign.codes(letter, 2, number=1)
    campaign.sign_all(letter, 1, number=3)
    rounds.annul_round(campaign.services, letter, 3, "Flooded.")
    rounds.open_further_round(campaign.services, letter, "workers-3", 2 * K, opens=campaign.clock())
    campaign.withdraw(letter, next(token for token in tokens if campaign.look_up(letter, token).state == "sealed"))
    campaign.close_letter(letter)

    found = [(entry["type"], entry.get("round")) for entry in after(campaign, letter, size)]
    assert [pair for pair in found if pair[0] != "signature"] == [
        ("round", 4),
        *(("codes", number) for number in (1, 2, 3, 4)),
        *(("issued", number) for number in (1, 2, 3, 4)),
        ("annulled", 3),
        ("withdrawal", None),
        ("closed", None),
    ]
    assert [ORDER.index(kind) for kind, _ in found] == sorted(ORDER.index(kind) for kind, _ in found)


# Codes


def test_the_number_of_codes_goes_out_however_small_and_before_the_signatures(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.codes(letter, 1)
    campaign.seal(letter)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)

    assert campaign.types(letter) == ["letter", "round", "codes", "codes", *["signature"] * K]
    assert [entry["made"] for entry in campaign.entries(letter) if entry["type"] == "codes"] == [1, 6]


def test_recalled_codes_are_logged_and_unchanged_numbers_are_not_logged_again(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.codes(letter, 4)
    for _ in range(2):
        campaign.seal(letter)
    with Session(campaign.databases.issuer) as issuer:
        void_batch(issuer, letter, 1)
        issuer.commit()
    campaign.seal(letter)

    assert after(campaign, letter, 2) == [
        {"type": "codes", "round": 1, "made": 4, "voided": 0},
        {"type": "codes", "round": 1, "made": 4, "voided": 4},
    ]


def test_numbers_of_codes_never_fall_though_they_come_late(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.codes(letter, 5)
    older = numbers_of(campaign, letter)
    campaign.codes(letter, 5)
    campaign.seal(letter)
    size = len(campaign.entries(letter))
    seal_numbers(campaign, letter, older)

    assert len(campaign.entries(letter)) == size
    assert (campaign.rows(Round, letter)[0].made, campaign.figures(letter).codes_made) == (10, 10)


def with_the_rounds_key(campaign: Campaign, letter: str, key: PrivateKey, count: int) -> None:
    """A number of signatures without a code, by a thief of the round's key."""
    text_sha256 = campaign.figures(letter).text_sha256
    for _ in range(count):
        receipt = os.urandom(16)
        message = prepare(statement_bytes(letter, 1, text_sha256, opening(receipt).commit), os.urandom)
        blinded = blind(key.public, message, os.urandom)
        signature = finalize(key.public, message, key.blind_sign(blinded.message), blinded.inverse)
        campaign.sign(letter, Token("", letter, 1, "", message, signature, receipt))


def test_the_log_never_has_more_signatures_than_codes(campaign: Campaign, keys: list[PrivateKey]) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.codes(letter, 4)
    with_the_rounds_key(campaign, letter, keys[0], 8)

    assert campaign.seal(letter).signatures == 4
    assert campaign.seal(letter).signatures == 0
    assert len(waiting(campaign, letter)) == 4


def test_fewer_codes_than_k_let_nobody_through_alone(campaign: Campaign, keys: list[PrivateKey]) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.codes(letter, K - 1)
    with_the_rounds_key(campaign, letter, keys[0], K + H)

    assert campaign.seal(letter).signatures == 0
    assert len(waiting(campaign, letter)) == K + H


# Withdrawals


def test_withdrawals_go_out_however_few(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    tokens = campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.withdraw(letter, next(token for token in tokens if campaign.look_up(letter, token).state == "sealed"))

    assert campaign.seal(letter) == Result(0, 1, H)
    assert campaign.types(letter)[-1] == "withdrawal"


# History


def history(campaign: Campaign, letter: str) -> list[tuple[int, int, int]]:
    rows = sorted(campaign.rows(Sealing, letter), key=lambda row: row.hour)
    assert [row.size for row in rows] == sorted({row.size for row in rows})
    return [(row.hour.hour, row.signatures, row.withdrawals) for row in rows]


def test_two_sealings_within_one_hour_are_one_row(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.clock.pass_time(minutes=59)  # type: ignore[attr-defined]
    campaign.sign_all(letter, K)
    campaign.seal(letter)

    assert history(campaign, letter) == [(9, 6, 0)]


def test_a_row_tells_the_log_s_size_after_the_last_update_of_its_hour(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.codes(letter, 4)
    campaign.seal(letter)
    size = len(campaign.entries(letter))
    campaign.clock.pass_time(hours=1)  # type: ignore[attr-defined]
    campaign.codes(letter, 4)
    campaign.seal(letter)

    assert [row.size for row in campaign.rows(Sealing, letter)] == [size]
    assert len(campaign.entries(letter)) == size + 1


def test_an_hour_that_changed_no_number_has_no_row(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    for _ in range(3):
        campaign.clock.pass_time(hours=1)  # type: ignore[attr-defined]
        campaign.codes(letter, 1)
        campaign.seal(letter)
    assert history(campaign, letter) == []
    tokens = campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.clock.pass_time(hours=1)  # type: ignore[attr-defined]
    campaign.seal(letter)
    campaign.clock.pass_time(hours=1)  # type: ignore[attr-defined]
    campaign.withdraw(letter, next(token for token in tokens if campaign.look_up(letter, token).state == "sealed"))
    campaign.seal(letter)

    assert history(campaign, letter) == [(12, 3, 0), (14, 3, 1)]


def test_a_clock_that_went_back_makes_no_row_before_the_newest(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.clock.pass_time(hours=-2)  # type: ignore[attr-defined]
    campaign.sign_all(letter, K)
    campaign.seal(letter)

    assert history(campaign, letter) == [(9, 6, 0)]


# Annulled rounds


def test_an_annulled_round_is_left_out_of_the_totals_from_its_entry_on(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K, rolls=("Workers", "Contractors"))
    campaign.sign_all(letter, K + H)
    campaign.sign_all(letter, K + H + 1, number=2)
    campaign.seal(letter)
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    assert campaign.figures(letter).count == K + K + 1
    campaign.clock.pass_time(hours=1)  # type: ignore[attr-defined]
    campaign.seal(letter)

    found = campaign.figures(letter)
    assert (found.count, [roll.count for roll in found.rolls]) == (K + 1, [0, K + 1])
    assert history(campaign, letter) == [(9, 7, 0), (10, 4, 0)]
    assert campaign.entries(letter)[-1] == {"type": "annulled", "round": 1, "reason": "Flooded."}


def test_no_signature_of_an_annulled_round_is_sealed_any_more(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.sign_all(letter, K + H + 3)
    with Session(campaign.databases.petition) as session:
        session.get_one(Round, (letter, 1)).annulled = "Flooded."
        session.commit()
    campaign.seal(letter)

    assert campaign.types(letter) == ["letter", "round", "codes", "annulled"]
    assert waiting(campaign, letter) == set()


# Closing


def test_once_closing_is_announced_no_signature_is_sealed_but_all_else_is(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    tokens = campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.announce_close(letter)
    campaign.sign_all(letter, K + H)
    campaign.withdraw(letter, next(token for token in tokens if campaign.look_up(letter, token).state == "sealed"))
    size = len(campaign.entries(letter))
    campaign.seal(letter)

    assert [entry["type"] for entry in after(campaign, letter, size)] == ["codes", "withdrawal"]
    assert len(waiting(campaign, letter)) == K + H + H


def test_closing_adds_all_that_waits_to_a_round_of_k_however_few_and_says_the_totals(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.codes(letter, 3)
    tokens = campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.withdraw(letter, next(token for token in tokens if campaign.look_up(letter, token).state == "sealed"))
    size = len(campaign.entries(letter))
    result = campaign.close_letter(letter)

    assert (result.signatures, result.waiting, waiting(campaign, letter)) == (H, 0, set())
    found = after(campaign, letter, size)
    assert [entry["type"] for entry in found] == ["issued", "signature", "signature", "withdrawal", "closed"]
    assert found[0] == {"type": "issued", "round": 1, "issued": K + H, "key_destroyed": True}
    assert found[-1] == {"type": "closed", "signatures": K + H, "withdrawals": 1, "dropped": 0}


def test_the_totals_at_the_end_leave_annulled_rounds_out(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K, rolls=("Workers", "Contractors"))
    campaign.sign_all(letter, K + H)
    campaign.seal(letter)
    campaign.sign_all(letter, K, number=2)
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    campaign.close_letter(letter)

    assert campaign.entries(letter)[-1] == {"type": "closed", "signatures": K, "withdrawals": 0, "dropped": 0}
    assert campaign.types(letter).count("signature") == K + K


def test_tombstones_are_gone_once_the_letter_has_closed(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    token, _ = campaign.sign_all(letter, 2)
    campaign.withdraw(letter, token)
    campaign.seal(letter)
    assert len(campaign.rows(Tombstone, letter)) == 1
    campaign.close_letter(letter)

    assert campaign.rows(Tombstone, letter) == []


def test_only_withdrawals_follow_the_end_whatever_the_issuer_says(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    tokens = campaign.sign_all(letter, K)
    campaign.close_letter(letter)
    size = len(campaign.entries(letter))
    campaign.withdraw(letter, tokens[0])
    late = replace(numbers_of(campaign, letter)[0], made=99, voided=9, annulled="Too late.")
    seal_numbers(campaign, letter, [late])

    assert [entry["type"] for entry in after(campaign, letter, size)] == ["withdrawal"]


# Whole or not at all


def test_a_draft_has_nothing_to_seal(campaign: Campaign) -> None:
    letter = campaign.a_draft()

    with pytest.raises(Conflict, match="not open yet"):
        campaign.seal(letter)
    with Session(campaign.databases.petition) as session, pytest.raises(NotFound, match="begins when the letter opens"):
        seal(
            session, session.get_one(Letter, letter), [],
            moment=campaign.clock(), random=os.urandom, master=campaign.master,
        )  # fmt: skip


def test_a_withdrawn_letter_seals_nothing(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.sign_all(letter, K + H)
    size = len(campaign.entries(letter))
    closing.withdraw_letter(campaign.services, letter, "We were heard.")

    assert campaign.seal(letter) == Result()
    assert len(campaign.entries(letter)) == size
    assert waiting(campaign, letter) == set()


def test_a_sealing_that_fails_leaves_everything_as_it_was(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    campaign.sign_all(letter, K + H)
    before = (campaign.entries(letter), waiting(campaign, letter), campaign.figures(letter))
    with Session(campaign.databases.petition) as session, pytest.raises(ValueError, match="does not open"):
        seal(
            session, session.get_one(Letter, letter), numbers_of(campaign, letter),
            moment=campaign.clock(), random=os.urandom, master=b"another secret of the site" * 2,
        )  # fmt: skip

    assert (campaign.entries(letter), waiting(campaign, letter), campaign.figures(letter)) == before
    assert campaign.seal(letter).signatures == K


def test_between_two_sealings_no_public_byte_changes_because_of_a_signer(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    *tokens, newcomer = campaign.tokens(letter, K + H + 1)
    for token in tokens:
        campaign.sign(letter, token)
    campaign.seal(letter)
    before = campaign.public_files(letter)
    campaign.sign(letter, newcomer)
    campaign.withdraw(letter, tokens[0])
    campaign.withdraw(letter, newcomer)

    assert campaign.public_files(letter) == before


def test_a_sealing_that_finds_nothing_new_changes_no_public_byte(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=K)
    *tokens, newcomer = campaign.tokens(letter, K + H + 1)
    for token in tokens:
        campaign.sign(letter, token)
    campaign.seal(letter)
    before = campaign.public_files(letter)
    campaign.sign(letter, newcomer)
    campaign.clock.pass_time(days=3)  # type: ignore[attr-defined]

    assert campaign.seal(letter) == Result(0, 0, H + 1)
    assert campaign.public_files(letter) == before


@pytest.mark.parametrize("shared", ["postgresql"], indirect=True)
def test_a_session_that_read_the_rounds_before_another_sealing_counts_right(campaign: Campaign) -> None:
    """On PostgreSQL others may commit between two statements; SQLite lets no one in between."""
    letter = campaign.a_published_letter(k=K)
    campaign.codes(letter, 20)
    campaign.sign_all(letter, K + H)
    with Session(campaign.databases.petition) as session:
        row = session.get_one(Letter, letter)
        read = rounds_of(session, letter)
        found = numbers_of(campaign, letter)
        seal_numbers(campaign, letter, found)
        campaign.sign_all(letter, K)
        chance = campaign.services.random
        seal(session, row, found, moment=campaign.clock(), random=chance, master=campaign.master)
        session.commit()

    sealed = campaign.types(letter).count("signature")
    assert len(read) == 1
    assert campaign.figures(letter).signatures == campaign.rows(Round, letter)[0].signatures == sealed == 2 * K
    assert campaign.types(letter).count("codes") == 1
