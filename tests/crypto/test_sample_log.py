"""A whole published log of another implementation: its entries, tiles, checkpoint and keys agree."""

import base64
import json

import pytest

from petition.crypto.blind_rsa import require_round_key
from petition.crypto.codes import read_receipt
from petition.crypto.encodings import canonical_json, from_b64url, sha256
from petition.crypto.merkle import Tiles, leaf_hash, root
from petition.crypto.notes import read_checkpoint, read_vkey
from petition.crypto.receipts import commit_of, opening
from tests.merkle_proofs import consistency_proof, verify_consistency


@pytest.fixture(scope="module")
def log(sample_log):
    return sample_log / "log"


@pytest.fixture(scope="module")
def entries(log):
    found = []
    for tile in ("entries/000", "entries/001.p/26"):
        rest = (log / "tile" / tile).read_bytes()
        while rest:
            end = 2 + int.from_bytes(rest[:2], "big")
            found.append(rest[2:end])
            rest = rest[end:]
    return found


@pytest.fixture(scope="module")
def leaves(entries):
    return [leaf_hash(entry) for entry in entries]


@pytest.fixture(scope="module")
def key(log):
    return read_vkey((log / "vkey").read_text())


def test_every_entry_is_canonical(entries):
    assert len(entries) == 282
    assert all(canonical_json(json.loads(entry)) == entry for entry in entries)


def test_the_tiles_hold_the_hashes_of_the_entries(log, leaves):
    tiles = Tiles(0, {}).append(leaves)

    assert tiles == {
        (0, 0): (log / "tile/0/000").read_bytes(),
        (0, 1): (log / "tile/0/001.p/26").read_bytes(),
        (1, 0): (log / "tile/1/000.p/1").read_bytes(),
    }


def test_the_checkpoint_is_signed_and_of_these_entries(log, leaves, key):
    signed = read_checkpoint((log / "checkpoint").read_text("utf-8"), *key)

    assert (signed.size, signed.root) == (len(leaves), root(leaves))


def test_the_log_grew_from_its_first_checkpoint(sample_log, leaves, key):
    first = read_checkpoint((sample_log / "checkpoint.first").read_text("utf-8"), *key)
    proof = consistency_proof(first.size, leaves)

    assert first.root == root(leaves[: first.size])
    assert verify_consistency(first.size, len(leaves), first.root, root(leaves), proof)


def test_the_first_entry_names_the_key_of_the_checkpoint(entries, key):
    assert from_b64url(json.loads(entries[0])["log_key"], 32) == key[1]


def test_every_signature_is_valid_under_its_rounds_key(log, entries):
    keys, valid = {}, 0
    for entry in map(json.loads, entries):
        if entry["type"] == "round":
            keys[entry["round"]] = require_round_key(from_b64url(entry["public_key"]))
        elif entry["type"] == "signature":
            message, signature = from_b64url(entry["message"]), from_b64url(entry["signature"], 384)
            valid += keys[entry["round"]].verify(message, signature)

    assert valid == sum(json.loads(entry)["type"] == "signature" for entry in entries) > 0


def test_issuer_pem_holds_the_keys_in_the_order_of_the_log(log, entries):
    pem = (log / "issuer.pem").read_text()
    keys = [base64.b64decode(part.split("-----END")[0]) for part in pem.split("-----BEGIN PUBLIC KEY-----")[1:]]

    rounds = [entry for entry in map(json.loads, entries) if entry["type"] == "round"]
    assert keys == [from_b64url(entry["public_key"]) for entry in rounds]


def test_every_withdrawal_opens_its_commit(entries):
    withdrawals = [entry for entry in map(json.loads, entries) if entry["type"] == "withdrawal"]

    assert withdrawals
    for entry in withdrawals:
        w, a_hash = from_b64url(entry["w"], 32), bytes.fromhex(entry["a_hash"])
        assert commit_of(sha256(w), a_hash) == entry["commit"]


def test_the_written_receipt_opens_a_signature_of_the_log(sample_log, entries):
    commit = opening(read_receipt((sample_log / "receipt.txt").read_text())).commit
    statements = [
        from_b64url(entry["message"])[32:] for entry in map(json.loads, entries) if entry["type"] == "signature"
    ]

    assert sum(statement.endswith(f"\n{commit}\n".encode()) for statement in statements) == 1
