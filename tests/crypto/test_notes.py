"""Verifier keys and checkpoints."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from petition.crypto.merkle import EMPTY
from petition.crypto.notes import Checkpoint, checkpoint, key_id, public_of, read_checkpoint, read_vkey, vkey
from petition.errors import BadShape

NAME = "example.org/letters/sample/log"
SEED, WITNESS = bytes(range(32)), bytes(range(1, 33))
PUBLIC = public_of(SEED)
KEY = vkey(NAME, PUBLIC)
NOTE = checkpoint(NAME, 9, b"r" * 32, SEED)
ROOT = "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI="


def signature_line(note):
    return note.split("\n\n")[1]


def signed(body):
    """A note whose signature is right, whatever its body says."""
    signature = key_id(NAME, PUBLIC) + Ed25519PrivateKey.from_private_bytes(SEED).sign(body.encode())
    return f"{body}\n\u2014 {NAME} {base64.b64encode(signature).decode()}\n"


def test_the_verifier_key_is_that_of_the_vectors(vectors):
    public = public_of(bytes.fromhex(vectors["note"]["ed25519_seed"]))

    assert vkey(NAME, public) == vectors["note"]["vkey"]
    assert read_vkey(vectors["note"]["vkey"]) == (NAME, public)


def test_the_checkpoint_is_that_of_the_vectors(vectors):
    root = bytes.fromhex(vectors["tree"]["roots_by_size"]["9"])
    seed = bytes.fromhex(vectors["note"]["ed25519_seed"])

    assert checkpoint(NAME, 9, root, seed) == vectors["note"]["checkpoint"]
    assert read_checkpoint(vectors["note"]["checkpoint"], NAME, public_of(seed)) == Checkpoint(NAME, 9, root)


@given(st.integers(0, 2**53), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_is_read_as_it_was_written(size, root):
    assert read_checkpoint(checkpoint(NAME, size, root, SEED), NAME, PUBLIC) == Checkpoint(NAME, size, root)


def test_an_empty_log_has_a_checkpoint():
    assert checkpoint(NAME, 0, EMPTY, SEED).split("\n")[1] == "0"


def test_signatures_of_witnesses_may_stand_before_and_after():
    body, own = NOTE.split("\n\n")
    witness = signature_line(checkpoint("witness.example/w1", 9, b"r" * 32, WITNESS))

    for lines in (own + witness, witness + own, witness * 15 + own):
        assert read_checkpoint(f"{body}\n\n{lines}", NAME, PUBLIC).size == 9


def test_a_stranger_who_shares_the_name_or_the_id_is_passed_over():
    body, own = NOTE.split("\n\n")
    same_name = signature_line(checkpoint(NAME, 9, b"r" * 32, WITNESS))
    same_id = signature_line(checkpoint(NAME, 8, b"r" * 32, SEED)).replace(NAME, "witness.example/w1")

    assert read_checkpoint(f"{body}\n\n{same_name}{same_id}{own}", NAME, PUBLIC).size == 9


def test_a_signature_under_another_name_does_not_count():
    body, own = NOTE.split("\n\n")

    with pytest.raises(BadShape, match="not signed by"):
        read_checkpoint(f"{body}\n\n{own.replace(NAME, 'witness.example/w1')}", NAME, PUBLIC)


def test_extension_lines_are_passed_over():
    assert read_checkpoint(signed(f"{NAME}\n9\n{ROOT}\nsomething else\n"), NAME, PUBLIC).size == 9


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (f"{NAME}\n9\n", "an origin, a size and a root"),
        (f"{NAME}\n\n9\n{ROOT}\n", "an origin, a size and a root"),
        (f"other.example/log\n9\n{ROOT}\n", "another log"),
        (f"{NAME}\n09\n{ROOT}\n", "not a plain number"),
        (f"{NAME}\n-9\n{ROOT}\n", "not a plain number"),
        (f"{NAME}\n+9\n{ROOT}\n", "not a plain number"),
        (f"{NAME}\n9 \n{ROOT}\n", "not a plain number"),
        (f"{NAME}\n\u0669\n{ROOT}\n", "not a plain number"),
        (f"{NAME}\n{'9' * 5000}\n{ROOT}\n", "not a plain number"),
        (f"{NAME}\n9\n{ROOT[:-1]}\n", "not base64 of 32 bytes"),
        (f"{NAME}\n9\n{ROOT[:-2]}J=\n", "not base64 of 32 bytes"),
        (f"{NAME}\n9\ncnJy\n", "not base64 of 32 bytes"),
        (f"{NAME}\n9\n{ROOT} \n", "not base64 of 32 bytes"),
    ],
)
def test_a_malformed_body_is_refused_even_when_signed(body, why):
    with pytest.raises(BadShape, match=why):
        read_checkpoint(signed(body), NAME, PUBLIC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        NOTE.replace("\n\n", "\n"),
        NOTE.removesuffix("\n"),
        signed(f"{NAME}\n9\n{ROOT}\na\ttab\n"),
        signed(f"{NAME}\n9\n{ROOT}\r\n"),
        NOTE.replace("9", "9\ud800"),
        signed(f"{NAME}\n9\n{ROOT}\n{'long' * 2**16}\n"),
    ],
    ids=range(7),
)
def test_what_is_no_signed_note_is_refused(text):
    with pytest.raises(BadShape, match="no signed note"):
        read_checkpoint(text, NAME, PUBLIC)


@pytest.mark.parametrize(
    "bad", ["\n", "- x AAAAAAA=\n", "\u2014 x\n", "\u2014 x AAA\n", "\u2014 x AAAA\n", "\u2014  AAAAAAA=\n"]
)
def test_a_malformed_signature_line_is_refused(bad):
    with pytest.raises(BadShape):
        read_checkpoint(NOTE + bad, NAME, PUBLIC)


@pytest.mark.parametrize(("was", "becomes"), [("\n9\n", "\n8\n"), ("cnJy", "cnJz")])
def test_a_changed_checkpoint_is_refused(was, becomes):
    with pytest.raises(BadShape, match="The signature of .* is wrong"):
        read_checkpoint(NOTE.replace(was, becomes, 1), NAME, PUBLIC)


def test_a_wrong_signature_is_not_mended_by_a_right_one():
    wrong = signature_line(checkpoint(NAME, 8, b"r" * 32, SEED))

    with pytest.raises(BadShape, match="is wrong"):
        read_checkpoint(NOTE + wrong, NAME, PUBLIC)


def test_a_checkpoint_of_another_key_is_refused():
    with pytest.raises(BadShape, match=f"not signed by {NAME}"):
        read_checkpoint(checkpoint(NAME, 9, b"r" * 32, WITNESS), NAME, PUBLIC)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb", "a\u00a0b", "a\x00b"])
def test_a_name_that_no_key_may_have_signs_nothing(name):
    with pytest.raises(ValueError, match="no spaces and no plus"):
        vkey(name, PUBLIC)
    with pytest.raises(ValueError, match="no spaces and no plus"):
        checkpoint(name, 9, b"r" * 32, SEED)


def test_sizes_are_kept_when_writing():
    with pytest.raises(ValueError, match="32 bytes"):
        vkey(NAME, PUBLIC[:-1])
    with pytest.raises(ValueError, match="32 bytes"):
        checkpoint(NAME, 9, b"r" * 31, SEED)
    with pytest.raises(ValueError, match="0 or more"):
        checkpoint(NAME, -1, b"r" * 32, SEED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        NAME,
        KEY.removesuffix("=\n") + "\n",
        KEY + "\n",
        KEY.replace("+AQ", "+BA"),
        KEY.replace("sample", "two words"),
        KEY.replace("sample", "other"),
        KEY.replace("efe5e9ae", "EFE5E9AE"),
        KEY.replace("efe5e9ae", "efe5e9af"),
        KEY.replace(NAME, ""),
        f"{NAME}+efe5e9ae+AQ==\n",
    ],
)
def test_what_is_no_verifier_key_is_refused(text):
    with pytest.raises(BadShape, match="verifier key"):
        read_vkey(text)


@pytest.mark.parametrize(
    "y", ["00" * 32, "01" + "00" * 31, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"]
)
@pytest.mark.parametrize("sign", [0, 0x80])
def test_a_key_for_which_anyone_can_sign_is_refused(y: str, sign: int) -> None:
    public = bytes.fromhex(y)
    text = vkey(NAME, public[:31] + bytes([public[31] | sign]))

    with pytest.raises(BadShape, match="anyone can sign"):
        read_vkey(text)


def test_a_verifier_key_is_read_without_its_newline_too():
    assert read_vkey(KEY.strip()) == (NAME, PUBLIC)
