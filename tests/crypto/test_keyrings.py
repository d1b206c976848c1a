"""An organizer's key pair, and what only their passphrase opens."""

import pyrage
import pytest

from petition.crypto.keyrings import LARGEST, box_for, lock_with_passphrase, new_pair, open_box, unlock_with_passphrase


def test_a_box_for_a_person_opens_only_with_their_private_half():
    private, public = new_pair()
    another, _ = new_pair()
    box = box_for(public, b"a names key")

    assert open_box(private, box) == b"a names key"
    with pytest.raises(ValueError, match="does not open"):
        open_box(another, box)


def test_a_box_that_was_changed_does_not_open():
    private, public = new_pair()
    box = box_for(public, b"a names key")

    with pytest.raises(ValueError, match="does not open"):
        open_box(private, box[:-1] + bytes([box[-1] ^ 1]))


def test_nothing_is_boxed_for_what_is_no_key():
    with pytest.raises(ValueError, match="no public key"):
        box_for("age1nobody", b"a names key")


@pytest.fixture(scope="module")
def locked():
    return lock_with_passphrase(b"AGE-SECRET-KEY-1", "correct horse battery stäple")


def test_a_passphrase_opens_what_it_locked_and_age_itself_can_read_it(locked):
    assert unlock_with_passphrase(locked, "correct horse battery stäple") == b"AGE-SECRET-KEY-1"
    assert pyrage.passphrase.decrypt(locked, "correct horse battery stäple") == b"AGE-SECRET-KEY-1"


@pytest.mark.parametrize("passphrase", ["correct horse battery staple", "", "x"])
def test_another_passphrase_opens_nothing(locked, passphrase):
    with pytest.raises(ValueError, match="does not open"):
        unlock_with_passphrase(locked, passphrase)


def test_changed_bytes_open_nothing(locked):
    with pytest.raises(ValueError, match="does not open"):
        unlock_with_passphrase(locked[:-1] + bytes([locked[-1] ^ 1]), "correct horse battery stäple")


def test_each_locking_looks_different(locked):
    assert lock_with_passphrase(b"AGE-SECRET-KEY-1", "correct horse battery stäple") != locked


def test_only_one_chunk_is_locked_at_once():
    with pytest.raises(ValueError, match="Too long"):
        lock_with_passphrase(bytes(LARGEST + 1), "correct horse")


@pytest.mark.thorough
@pytest.mark.usefixtures("slow_passphrases")
def test_a_passphrase_is_no_easier_to_guess_from_its_lock_than_from_its_hash():
    head = lock_with_passphrase(b"a private half", "correct horse battery").split(b"\n")[1]

    assert head.split()[0::3] == [b"->", b"16"]
    assert unlock_with_passphrase(lock_with_passphrase(b"a private half", "correct horse"), "correct horse")
