"""What happens at the same moment, in threads, on both databases: the database is the judge."""

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petition import database
from petition.coordination import closing
from petition.errors import CodeUsed, NotFound, Over, Refusal, TokenUsed
from petition.issuing.models import UNSPENT, Code
from petition.issuing.tokens import exchange
from petition.jobs import scheduler as clockwork
from petition.sealing.sealer import Result
from petition.signing.models import Pending
from petition.signing.signatures import Signed
from tests.race.crowd import recount, standing, together
from tests.walks import Campaign

pytestmark = pytest.mark.race
FIFTY = 50
K, H = 3, 2


def exchanged(campaign: Campaign, letter: str, code: str, blinded: bytes) -> bytes:
    return exchange(campaign.databases.issuer, campaign.keys, letter, 1, code, blinded, moment=campaign.clock())


def a_blinded_message() -> bytes:
    """The issuer cannot tell one from any other number below the key's."""
    return b"\x00" + os.urandom(383)


def spent(campaign: Campaign) -> int:
    with Session(campaign.databases.issuer) as issuer:
        return len(issuer.scalars(select(Code).where(Code.request != UNSPENT)).all())


def test_fifty_who_share_a_code_get_one_token(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    code, *_ = campaign.codes(letter, 3)
    answers = together([lambda: exchanged(campaign, letter, code, a_blinded_message()) for _ in range(FIFTY)])

    assert Counter(type(answer) for answer in answers) == {bytes: 1, CodeUsed: FIFTY - 1}
    assert spent(campaign) == 1


def test_one_who_sends_the_same_request_fifty_times_gets_the_same_answer(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    code, *_ = campaign.codes(letter, 3)
    blinded = a_blinded_message()
    answers = together([lambda: exchanged(campaign, letter, code, blinded) for _ in range(FIFTY)])

    assert set(answers) == {exchanged(campaign, letter, code, blinded)}
    assert spent(campaign) == 1


def test_fifty_uses_of_a_token_are_one_signature(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    [token] = campaign.tokens(letter, 1)
    answers = together([lambda: campaign.sign(letter, token)] * FIFTY)

    assert answers == [Signed(sealed=False)] * FIFTY
    assert standing(campaign, letter, [token]) == ["waits"]


def test_of_two_tokens_with_one_receipt_one_signs(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    twins = [campaign.token(letter, code, receipt=bytes(16)) for code in campaign.codes(letter, 2)]
    answers = together([lambda token=token: campaign.sign(letter, token) for token in twins * 10])

    assert Counter(type(answer) for answer in answers) == {Signed: 10, TokenUsed: 10}
    assert standing(campaign, letter, twins[:1]) == ["waits"]


def test_signing_and_withdrawing_end_in_one_or_the_other(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    tokens = campaign.tokens(letter, 12)
    acts = [lambda token=token: campaign.sign(letter, token) for token in tokens]
    acts += [lambda token=token: campaign.withdraw(letter, token) for token in tokens]
    answers = together(acts)

    for token, signed, withdrawn in zip(tokens, answers[:12], answers[12:], strict=True):
        [stands] = standing(campaign, letter, [token])
        assert signed == Signed(sealed=False)
        assert (stands, type(withdrawn)) in (("waits", NotFound), ("taken back", bool))


def test_a_signature_during_a_sealing_is_counted_once(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=K)
    tokens = campaign.tokens(letter, 40)
    acts = [lambda token=token: campaign.sign(letter, token) for token in tokens]
    answers = together(acts + [lambda: campaign.seal(letter)] * 8)

    assert {type(answer) for answer in answers[:40]} == {Signed}
    campaign.seal(letter)
    stand = standing(campaign, letter, tokens)
    assert set(stand) <= {"waits", "sealed"}
    assert stand.count("waits") < K + H
    assert recount(campaign, letter, tmp_path / "face") == stand.count("sealed")


def test_a_withdrawal_during_a_sealing_counts_once(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=K)
    tokens = campaign.sign_all(letter, 24)
    acts = [lambda token=token: campaign.withdraw(letter, token) for token in tokens[:8]]
    answers = together(acts + [lambda: campaign.seal(letter)] * 4)
    campaign.seal(letter)

    stand = standing(campaign, letter, tokens)
    assert stand[:8] == ["sealed" if was_sealed else "taken back" for was_sealed in answers[:8]]
    assert recount(campaign, letter, tmp_path / "face") == stand.count("sealed")
    assert campaign.figures(letter).withdrawals == stand[:8].count("sealed")


def test_who_is_told_that_they_signed_is_in_the_closed_letter(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=K)
    tokens = campaign.tokens(letter, 30)
    for token in tokens[:10]:
        campaign.sign(letter, token)
    campaign.announce_close(letter)
    closes = campaign.clock() + timedelta(days=1)
    acts = [lambda token=token: campaign.sign(letter, token) for token in tokens[10:]]
    answers = together([*acts, lambda: closing.close_letter(campaign.services, letter, moment=closes)])

    stand = standing(campaign, letter, tokens)
    assert stand[:10] == ["sealed"] * 10
    assert stand[10:] == ["nowhere" if isinstance(answer, Over) else "sealed" for answer in answers[:20]]
    assert recount(campaign, letter, tmp_path / "face") == stand.count("sealed")


def test_two_sealers_seal_each_signature_once(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=K)
    tokens = campaign.sign_all(letter, 20)
    results = together([lambda: campaign.seal(letter)] * 6)

    assert sorted(result.signatures for result in results) == [0] * 5 + [20 - H]
    assert standing(campaign, letter, tokens).count("sealed") == 20 - H
    assert recount(campaign, letter, tmp_path / "face") == 20 - H
    assert len(campaign.figures(letter).history) == 1


def test_two_schedulers_close_a_letter_once(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=K)
    tokens = campaign.sign_all(letter, 12)
    campaign.announce_close(letter)
    moment = campaign.clock() + timedelta(days=1)
    together([lambda: clockwork.tick(campaign.services, (4,), moment)] * 4)

    assert standing(campaign, letter, tokens) == ["sealed"] * 12
    assert campaign.types(letter).count("closed") == 1
    assert recount(campaign, letter, tmp_path / "face") == 12


def test_codes_exchanged_while_issuing_ends_are_counted_exactly(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=K)
    codes = campaign.codes(letter, 30)
    for code in codes[:10]:
        exchanged(campaign, letter, code, a_blinded_message())
    campaign.seal(letter)
    acts = [lambda code=code: exchanged(campaign, letter, code, a_blinded_message()) for code in codes[10:]]
    answers = together([*acts, lambda: campaign.end_round(letter)])
    campaign.seal(letter)

    got = sum(isinstance(answer, bytes) for answer in answers[:20])
    assert all(isinstance(answer, bytes | Refusal) for answer in answers[:20])
    [issued] = [entry["issued"] for entry in campaign.entries(letter) if entry["type"] == "issued"]
    assert issued == 10 + got


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_backup_that_reads_for_long_does_not_hold_up_a_sealing(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.1)
    letter = campaign.an_open_letter()
    campaign.sign_all(letter, 5)
    with Session(campaign.databases.petition) as backup:
        assert len(backup.scalars(select(Pending)).all()) == 5
        sealed = campaign.seal(letter)

    assert sealed == Result(signatures=3, entries=4, waiting=2)
