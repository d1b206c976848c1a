"""A letter's whole public face, written to a folder, stands up to its verifier."""

import os
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import load_der_private_key
from sqlalchemy.orm import Session

from petition.coordination import rounds
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.receipts import opening
from petition.crypto.tokens import Token, statement_bytes
from petition.letters.models import Letter
from petition.publishing.figures.listing import listing
from petition.signing.signatures import sign
from petition.verifying import Verdict, open_source, verify
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

MANY = 262
"""Signatures enough for a log of more than one tile."""


def published(campaign: Campaign, letter: str, folder: Path) -> Path:
    for name, body in campaign.public_files(letter).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    return folder


def verdict(folder: Path, since: bytes | None = None, receipt: str | None = None) -> Verdict:
    return verify(open_source(str(folder)), since=() if since is None else (since,), receipt=receipt)


def wrong(found: Verdict) -> list[str]:
    return [f"{check.check}: {check.detail}" for check in found.checks if not check.ok]


def test_a_letter_that_lived_through_everything_verifies_at_every_hour(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=3, rolls=("Workers", "Contractors", "Former"))
    older: bytes | None = None
    tokens: list[Token] = []

    def look(count: int) -> None:
        nonlocal older
        campaign.clock.pass_time(hours=1)  # type: ignore[attr-defined]
        folder = published(campaign, letter, tmp_path / str(campaign.clock().hour))
        found = verdict(folder, older)
        assert wrong(found) == []
        assert found.count == count
        older = (folder / "log/checkpoint").read_bytes()

    look(0)
    tokens += campaign.sign_all(letter, 7)
    campaign.sign_all(letter, 5, number=2)
    campaign.seal(letter)
    look(5 + 3)
    for state in ("kept", "sealed"):
        leaving = next(token for token in tokens if campaign.look_up(letter, token).state == state)
        campaign.withdraw(letter, leaving)
        tokens.remove(leaving)
    campaign.seal(letter)
    look(5 + 3 - 1)
    rounds.annul_round(campaign.services, letter, 2, "Somebody sold “codes” = all of them.")
    campaign.seal(letter)
    look(5 - 1)
    campaign.further_round(letter, roll="workers-2")
    campaign.sign_all(letter, 6, number=4)
    campaign.codes(letter, 3, number=3)
    campaign.seal(letter)
    look(5 - 1 + 4)
    campaign.close_letter(letter)
    look(5 - 1 + 4 + 1 + 2)
    campaign.withdraw(letter, tokens[0])
    campaign.seal(letter)
    look(5 - 1 + 4 + 1 + 2 - 1)


def test_a_receipt_is_found_in_the_public_files(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=3)
    tokens = campaign.sign_all(letter, 5)
    campaign.seal(letter)
    folder = published(campaign, letter, tmp_path)
    states = {token: campaign.look_up(letter, token).state for token in tokens}

    for token, state in states.items():
        found = verdict(folder, receipt=token.as_text())
        assert found.ok is (state == "sealed")
        assert all(check.ok for check in found.checks if check.check != "receipt")


def test_a_letter_that_closes_before_anyone_signed_verifies(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter()
    campaign.close_letter(letter)
    found = verdict(published(campaign, letter, tmp_path))

    assert wrong(found) == []
    assert (found.count, found.size) == (0, len(campaign.entries(letter)))


def test_a_letter_whose_small_round_was_dropped_verifies(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=3, rolls=("Workers", "Contractors"))
    campaign.sign_all(letter, 5)
    campaign.sign_all(letter, 2, number=2)
    campaign.seal(letter)
    campaign.close_letter(letter)
    found = verdict(published(campaign, letter, tmp_path))

    assert wrong(found) == []
    assert found.count == 5
    assert campaign.entries(letter)[-1]["dropped"] == 0


def test_a_letter_that_was_published_and_closed_in_one_hour_verifies(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.an_open_letter(k=3)
    campaign.sign_all(letter, 4)
    campaign.seal(letter)
    campaign.close_letter(letter)
    found = verdict(published(campaign, letter, tmp_path))

    assert wrong(found) == []
    assert found.count == 4


def quick_tokens(campaign: Campaign, letter: str, key: rsa.RSAPrivateKey, count: int) -> list[Token]:
    """Tokens for a number of codes, signed with the round's key without blinding, which takes ten times as long."""
    campaign.codes(letter, count)
    text_sha256, made = campaign.figures(letter).text_sha256, []
    pss = padding.PSS(mgf=padding.MGF1(SHA384()), salt_length=48)
    for _ in range(count):
        receipt = os.urandom(16)
        message = os.urandom(32) + statement_bytes(letter, 1, text_sha256, opening(receipt).commit)
        made.append(Token("", letter, 1, "", message, key.sign(message, pss, SHA384()), receipt))
    return made


def test_a_log_of_more_than_one_tile_verifies_before_and_after_its_edge(
    campaign: Campaign, keys: list[PrivateKey], tmp_path: Path
) -> None:
    key = load_der_private_key(keys[0].der(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    letter = campaign.a_published_letter(k=3)
    tokens = quick_tokens(campaign, letter, key, MANY + 2)
    older: bytes | None = None

    for begin, end in ((0, 250), (250, 256), (256, MANY + 2)):
        with Session(campaign.databases.petition) as session:
            row = session.get_one(Letter, letter)
            for token in tokens[begin:end]:
                sign(session, row, token.message, token.signature, moment=campaign.clock())
            session.commit()
        campaign.seal(letter)
        folder = published(campaign, letter, tmp_path / str(end))
        found = verdict(folder, older)
        assert wrong(found) == []
        assert (found.count, found.size) == (end - 2, end - 2 + 3)
        older = (folder / "log/checkpoint").read_bytes()
    assert (tmp_path / f"{MANY + 2}" / "log/tile/entries/000").stat().st_size > 256 * 300
    assert len((tmp_path / f"{MANY + 2}" / "log/tile/0/000").read_bytes()) == 8192


def test_the_same_facts_give_the_same_bytes_anywhere_and_at_any_time(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    first = campaign.public_files(letter)
    campaign.clock.pass_time(days=100)  # type: ignore[attr-defined]
    again = Campaign(campaign.settings, campaign.clock, campaign.make_key)
    second = again.public_files(letter)
    again.close()

    assert first == second


def test_a_further_round_is_public_from_the_sealing_on_that_logs_it(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    campaign.end_round(letter)
    campaign.seal(letter)
    before = campaign.public_files(letter)
    rounds.open_further_round(campaign.services, letter, None, 6, opens=campaign.clock())

    assert campaign.public_files(letter) == before
    assert campaign.figures(letter).issued == 5
    campaign.seal(letter)
    assert campaign.figures(letter).issued is None
    assert campaign.public_files(letter)["log/issuer.pem"].count(b"BEGIN") == 2


def test_the_home_page_counts_a_canceled_set_of_codes_as_long_as_the_log_does(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=3)
    campaign.sign_all(letter, 6)
    campaign.seal(letter)
    campaign.further_round(letter)
    campaign.sign_all(letter, 6, number=2)
    campaign.seal(letter)
    campaign.publish(letter)

    def count_at_home() -> int:
        slug = campaign.letter_row(letter).slug
        with Session(campaign.databases.reading) as session:
            return next(one.count for _, lines in listing(session) for one in lines if one.slug == slug)

    rounds.annul_round(campaign.services, letter, 2, "flooded")
    before = campaign.figures(letter).count
    assert count_at_home() == before
    campaign.seal(letter)
    assert count_at_home() == campaign.figures(letter).count < before


def test_no_public_byte_holds_the_unguessable_address_or_the_sites_secrets(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(k=3)
    unlisted = campaign.address(letter)
    campaign.sign_all(letter, 5)
    campaign.publish(letter)
    campaign.seal(letter)
    whole = b"".join(campaign.public_files(letter).values())

    assert re.fullmatch("/s/[0-9A-Z]{16}/", unlisted)
    assert unlisted.rstrip("/").encode() not in whole
    assert campaign.master not in whole


def test_a_changed_byte_is_found(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    folder = published(campaign, letter, tmp_path)
    assert verdict(folder).ok

    for name in ("letter.md", "counts.json", "history.csv", "log/checkpoint", "log/issuer.pem", "log/vkey"):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data.replace(b"3", b"4") if b"3" in data else data[:-2] + b"x\n")
        assert not verdict(folder).ok, name
        (folder / name).write_bytes(data)
