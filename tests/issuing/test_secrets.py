"""Each round's secret, its private key, and their destruction."""

import gc
import os
import socket
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from petition.coordination import opening
from petition.crypto.blind_rsa import MODULUS_SIZE, PrivateKey
from petition.crypto.boxes import unlock
from petition.crypto.encodings import b64url
from petition.errors import Over
from petition.issuing.models import Code, IssuingRound
from petition.issuing.rounds import ROUND_KEY_LABEL, begin_round, end_issuing, numbers
from petition.issuing.secrets import RoundSecrets
from petition.issuing.tokens import Keys, exchange
from tests.walks import Campaign

MESSAGE = (5).to_bytes(MODULUS_SIZE, "big")


def file_of(campaign: Campaign, letter: str) -> Path:
    return campaign.settings.rounds_folder / f"{letter}-1"


def test_a_rounds_secret_is_a_file_of_32_bytes_for_its_owner_alone(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()

    assert len(file_of(campaign, letter).read_bytes()) == 32
    assert file_of(campaign, letter).stat().st_mode & 0o777 == 0o600
    assert campaign.settings.rounds_folder.stat().st_mode & 0o777 == 0o700


def test_a_secret_is_made_once_and_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    secrets = RoundSecrets(tmp_path, bytes(32))
    secrets.make("letter", 1, os.urandom)
    first = secrets.pepper("letter", 1)
    secrets.make("letter", 1, os.urandom)

    assert secrets.pepper("letter", 1) == first
    assert [path.name for path in tmp_path.iterdir()] == ["letter-1"]


def test_a_secret_that_a_crash_cut_off_while_it_was_written_is_written_again(tmp_path: Path) -> None:
    (tmp_path / f"letter-1.{socket.gethostname()}-{os.getpid()}").write_bytes(b"half")
    secrets = RoundSecrets(tmp_path, bytes(32))
    secrets.make("letter", 1, os.urandom)

    assert secrets.pepper("letter", 1) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["letter-1"]


def test_what_derives_from_a_secret_needs_the_master_secret_too(tmp_path: Path) -> None:
    mine, theirs = RoundSecrets(tmp_path, bytes(32)), RoundSecrets(tmp_path, b"\1" * 32)
    mine.make("letter", 1, os.urandom)
    derived = [secrets_of("letter", 1) for s in (mine, theirs) for secrets_of in (s.pepper, s.key_lock, s.chance_key)]

    assert len(set(derived)) == 6
    assert None not in derived


def test_a_destroyed_secret_is_gone_and_destroying_again_does_no_harm(tmp_path: Path) -> None:
    secrets = RoundSecrets(tmp_path, bytes(32))
    secrets.make("letter", 1, os.urandom)
    for _ in range(2):
        secrets.destroy("letter", 1)

    assert not secrets.exists("letter", 1)
    assert secrets.pepper("letter", 1) is secrets.key_lock("letter", 1) is secrets.chance_key("letter", 1) is None
    assert list(tmp_path.iterdir()) == []


def test_a_secret_is_overwritten_before_its_name_goes(tmp_path: Path) -> None:
    secrets = RoundSecrets(tmp_path, bytes(32))
    secrets.make("letter", 1, os.urandom)
    os.link(tmp_path / "letter-1", tmp_path / "copy")
    secrets.destroy("letter", 1)

    assert (tmp_path / "copy").read_bytes() == bytes(32)


def test_a_secret_of_another_length_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "letter-1").write_bytes(bytes(31))

    assert RoundSecrets(tmp_path, bytes(32)).pepper("letter", 1) is None


def test_the_private_key_is_stored_locked_under_the_rounds_secret(campaign: Campaign, keys: list[PrivateKey]) -> None:
    letter = campaign.an_open_letter()
    row = campaign.rows(IssuingRound, letter)[0]
    key_lock = campaign.services.secrets.key_lock(letter, 1)
    assert key_lock is not None

    assert unlock(key_lock, row.private_key, ROUND_KEY_LABEL) == keys[0].der()
    with pytest.raises(ValueError, match="does not open"):
        unlock(campaign.services.secrets.pepper(letter, 1) or b"", row.private_key, ROUND_KEY_LABEL)


def test_beginning_a_round_again_changes_nothing(campaign: Campaign, keys: list[PrivateKey]) -> None:
    letter = campaign.an_open_letter()
    row, secret = campaign.rows(IssuingRound, letter)[0], file_of(campaign, letter).read_bytes()
    with Session(campaign.databases.issuer) as issuer:
        again = begin_round(issuer, campaign.services.secrets, letter, 1, "workers", os.urandom, lambda: keys[3])
        issuer.commit()

    assert again == row.public_key == keys[0].public.spki()
    assert campaign.rows(IssuingRound, letter)[0].private_key == row.private_key
    assert file_of(campaign, letter).read_bytes() == secret


def test_two_who_begin_a_round_at_once_get_the_same_key(campaign: Campaign, keys: list[PrivateKey]) -> None:
    letter, secrets = campaign.a_draft(), campaign.services.secrets

    def begin(issuer: Session, key: PrivateKey) -> bytes:
        return begin_round(issuer, secrets, letter, 1, "workers", os.urandom, lambda: key)

    def begin_meanwhile() -> bytes:
        with Session(campaign.databases.issuer) as other:
            found = begin(other, keys[1])
            other.commit()
            return found

    with ThreadPoolExecutor() as people, Session(campaign.databases.issuer) as issuer:
        first = begin(issuer, keys[0])
        asked = people.submit(begin_meanwhile)
        wait([asked], timeout=0.2)
        issuer.commit()
        assert asked.result() == first == keys[0].public.spki()
    assert len(campaign.rows(IssuingRound, letter)) == 1


def test_a_round_begun_with_a_secret_that_a_crash_left_is_good(campaign: Campaign) -> None:
    letter = campaign.a_draft()
    campaign.services.secrets.make(letter, 1, os.urandom)
    left = file_of(campaign, letter).read_bytes()
    opening.open_letter(campaign.services, letter, moment=campaign.clock())

    assert file_of(campaign, letter).read_bytes() == left
    assert campaign.tokens(letter, 1)


def test_ending_issuing_counts_what_was_issued_and_drops_the_key_and_the_codes(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    codes = campaign.codes(letter, 5)
    for code in codes[:2]:
        campaign.token(letter, code)
    with Session(campaign.databases.issuer) as issuer:
        for _ in range(2):
            end_issuing(issuer, letter, 1)
        issuer.commit()
        found = numbers(issuer, letter)[0]

    assert (found.made, found.spent, found.issued, found.key_destroyed) == (5, 2, 2, True)
    assert campaign.rows(IssuingRound, letter)[0].private_key is None
    assert campaign.rows(Code, letter) == []


@pytest.mark.parametrize("way", ["the secret's file is gone", "the key's row is gone", "both are gone"])
def test_codes_are_refused_once_any_half_of_the_secrets_is_destroyed(campaign: Campaign, way: str) -> None:
    letter = campaign.an_open_letter()
    code = campaign.codes(letter, 1)[0]
    if way != "the key's row is gone":
        campaign.services.secrets.destroy(letter, 1)
    if way != "the secret's file is gone":
        with Session(campaign.databases.issuer) as issuer:
            issuer.get_one(IssuingRound, (letter, 1)).private_key = None
            issuer.commit()

    issuer, keys = campaign.databases.issuer, Keys(campaign.services.secrets)
    with pytest.raises(Over, match="This code can't be used anymore"):
        exchange(issuer, keys, letter, 1, code, MESSAGE, moment=campaign.clock())


def test_a_process_that_holds_the_key_refuses_too_once_the_secret_is_destroyed(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    first, second = campaign.codes(letter, 2)
    campaign.token(letter, first)
    campaign.services.secrets.destroy(letter, 1)

    with pytest.raises(Over):
        exchange(campaign.databases.issuer, campaign.keys, letter, 1, second, MESSAGE, moment=campaign.clock())


def keys_in_memory() -> set[int]:
    gc.collect()
    return {id(one) for one in gc.get_objects() if isinstance(one, PrivateKey)}


@pytest.mark.thorough
def test_no_private_key_stays_in_memory_after_an_exchange(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    code, blinded = campaign.codes(letter, 1)[0], b64url(MESSAGE)
    before = keys_in_memory()
    body = {"code": code, "round": 1, "blinded_message": blinded}
    answer = campaign.app().test_client().post(f"{campaign.address(letter)}tokens", json=body)

    assert answer.status_code == 201
    assert keys_in_memory() <= before


def test_the_wrong_master_secret_opens_no_key(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    others = Keys(RoundSecrets(campaign.settings.rounds_folder, b"\1" * 32))

    with pytest.raises(ValueError, match="does not open"):
        others.of(campaign.rows(IssuingRound, letter)[0])
