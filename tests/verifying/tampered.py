"""Published letters in which one rule is broken, and the check that must fail: a table for every verifier.

Each case is a story told to a ``LogBuilder``: a server that holds every key and signs everything consistently, so
that only the broken rule can give it away. The decorator names the check that must fail (as ``petition verify``
calls it) and words of its sentence; ``also`` names checks that cannot but fail with it.

``python -m tests.verifying.tampered FOLDER`` writes each case as a folder of public files, and ``cases.json``, for
verifiers written in other languages.
"""

import base64
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.verifying.log_builder import (
    TEXT,
    LogBuilder,
    Opened,
    b64,
    canonical,
    key_id,
    pss,
    sha,
    spki,
    statement,
    write,
)

OTHER_ID = "ZZZZZZZZZZZZZZZZZZZZZZZZZZ"
ALL_OF_THE_LOG = (
    "version", "checkpoint", "bundles", "tiles", "root", "entries", "letter", "rounds", "issuer", "signatures",
    "commits", "codes", "issued", "annulled", "withdrawals", "closed", "k", "counts", "history", "pages",
)  # fmt: skip
"""What can't be checked without the log's key."""
NO_LETTER = ("letter", "vkey", "rounds", "k", "counts")
"""What fails as well where entry 0 is no valid letter."""

Story = Callable[[LogBuilder], None]


@dataclass(frozen=True)
class Case:
    """A tampered letter: how it is made, the checks that fail, and words that the first one's sentence has."""

    name: str
    story: Story
    check: str
    words: str
    also: frozenset[str]
    options: dict[str, Any]

    @property
    def failing(self) -> set[str]:
        return {self.check, *self.also}

    def build(self, keys: Sequence[rsa.RSAPrivateKey]) -> LogBuilder:
        log = LogBuilder(keys, **self.options)
        self.story(log)
        return log

    def write(self, keys: Sequence[rsa.RSAPrivateKey], folder: Path) -> dict[str, Any]:
        """Write its public files, and older checkpoints beside them; what ``cases.json`` says of it."""
        log = self.build(keys)
        notes = {f"older-{number}": note for number, note in enumerate(log.since, 1)}
        write(folder / self.name, log.files() | notes)
        return {"name": self.name, "check": self.check, "also": sorted(self.also), "since": sorted(notes)}


CASES: dict[str, Case] = {}


def tampered(check: str, words: str, *, also: Sequence[str] = (), **options: Any) -> Callable[[Story], Story]:
    """Enter a story into the table; ``options`` are the builder's."""

    def enter(story: Story) -> Story:
        CASES[story.__name__] = Case(story.__name__, story, check, words, frozenset(also), options)
        return story

    return enter


def main() -> None:
    keys = [rsa.generate_private_key(65537, 3072) for _ in range(3)]
    folder = Path(sys.argv[1])
    table = [case.write(keys, folder) for case in CASES.values()]
    (folder / "cases.json").write_text(json.dumps(table, indent=1) + "\n")


# The version (nothing is checked)


@tampered("version", "made by 0.1.0: it has version 1")
def no_version(f):
    del f.letter["version"]
    f.begin().sign(1, 2, 3)
    f.seal()


@tampered("version", "version 3 of the format")
def a_newer_version(f):
    f.begin(version=3).sign(1, 2, 3)
    f.seal()


@tampered("version", "version “2” of the format")
def the_version_as_text(f):
    f.begin(version="2")


@tampered("version", "version true of the format")
def true_as_version(f):
    f.begin(version=True)


@tampered("version", "version null of the format")
def null_as_version(f):
    f.begin(version=None)


# K: small rounds, small updates, small batches


@tampered("k", "The batch that begins with entry 3 adds 2 signatures of round 1, fewer than K, which is 3")
def a_round_of_two(f):
    f.begin().sign(1, 2)
    f.seal()


@tampered("k", "adds 1 signature of round 2")
def a_second_round_of_one(f):
    f.begin().sign(1, 2, 3)
    f.seal().open(2, made=1)
    f.sign(4, number=2)
    f.seal()


@tampered("k", "adds 1 signature of round 2")
def a_round_of_one_mixed_into_another(f):
    f.begin().open(2, made=5)
    f.batch(f.in_order(1, 2, 3, 4), f.in_order(5, number=2))
    f.seal()


@tampered("k", "adds 2 signatures of round 2", rolls=("current", "former"))
def a_small_round_of_another_roll(f):
    f.begin().open(2, "former", made=5)
    f.batch(f.in_order(1, 2, 3, 4), f.in_order(5, 6, number=2))
    f.seal()


@tampered("k", "adds 2 signatures of round 2")
def a_small_round_that_is_annulled(f):
    f.begin().sign(1, 2, 3)
    f.open(2, made=5)
    f.sign(4, 5, number=2)
    f.seal().annul(2)
    f.seal()


@tampered("k", "adds 1 signature of round 1")
def a_small_update(f):
    f.begin().sign(1, 2, 3)
    f.seal().sign(4)
    f.seal()


@tampered("k", "The batch that begins with entry 3 adds 2 signatures")
def an_update_that_only_an_older_checkpoint_shows(f):
    f.begin().sign(1, 2, 3)
    f.seal()
    f.since = [f.checkpoint(5).encode()]


@tampered("k", "The batch that begins with entry 6 adds 1 signature of round 1")
def a_later_update_that_only_an_older_checkpoint_shows(f):
    f.begin().sign(1, 2, 3)
    f.seal().sign(4, 5, 6)
    f.seal()
    f.since = [f.checkpoint(6).encode(), f.checkpoint(7).encode()]


@tampered("k", "adds 1 signature of round 1")
def a_batch_of_one_in_a_large_update(f):
    f.begin()
    *rest, last = f.in_order(1, 2, 3, 4)
    f.entries += [last, *rest]
    f.seal()


@tampered("k", "adds 2 signatures of round 2")
def a_batch_that_is_large_enough_only_over_all_rounds(f):
    f.begin().open(2, made=20)
    ours, theirs = f.in_order(1, 2, 3, 4, 5, 6), f.in_order(11, 12, 13, 14, 15, number=2)
    f.batch(ours[3:], theirs[2:])
    f.batch(ours[:3], theirs[:2])
    f.seal()


@tampered("k", "adds 1 signature of round 1")
def a_batch_split_by_another_entry(f):
    f.begin()
    first, *rest = f.in_order(1, 2, 3, 4)
    f.raw(first)
    f.codes(1, 21)
    f.entries += rest
    f.seal()


@tampered("k", "adds 1 signature of round 1")
def a_batch_split_by_a_withdrawal(f):
    f.begin()
    first, *rest = f.in_order(1, 2, 3, 4)
    f.raw(first)
    f.withdraw(next(receipt for receipt in (1, 2, 3, 4) if canonical(f.signature(receipt)) == first))
    f.entries += rest
    f.seal()


@tampered("k", "adds 1 signature of round 1")
def signatures_in_reverse_order(f):
    f.begin()
    f.entries += reversed(f.in_order(1, 2, 3))
    f.seal()


@tampered("k", "round 2 has 2 signatures, fewer than K")
def a_small_round_that_appears_only_at_close(f):
    f.begin().open(2, made=5)
    f.sign(1, 2, 3)
    f.seal().sign(4, 5, number=2)
    f.close()
    f.seal()


@tampered("k", "round 1 has 2 signatures, fewer than K")
def a_letter_that_closes_with_two(f):
    f.begin().sign(1, 2)
    f.close()
    f.seal()


@tampered("k", "The batch that begins with entry 6 adds 1 signature of round 1")
def a_batch_of_one_before_the_last_one_at_close(f):
    f.begin().sign(1, 2, 3)
    f.seal()
    *rest, last = f.in_order(4, 5, 6, 7)
    f.entries += [last, *rest]
    f.close()
    f.seal()


@tampered("k", "adds 2 signatures of round 1")
def a_closing_that_an_older_checkpoint_divides(f):
    f.begin().sign(1, 2, 3)
    f.seal().sign(4, 5, 6)
    f.close()
    f.seal()
    f.since = [f.checkpoint(8).encode()]


@tampered("k", "K is 1: a statement by one. At 5 entries, it has 2 signatures", k=1)
def two_signatures_of_one(f):
    f.begin().sign(1, 2)
    f.seal()


@tampered("k", "At 7 entries, it has 2 signatures", k=1)
def two_signatures_of_one_in_two_rounds(f):
    f.begin().sign(1)
    f.seal().open(2, made=1)
    f.sign(2, number=2)
    f.seal()


@tampered("k", "At 5 entries, it has 2 signatures", k=1)
def a_second_signature_of_one_later(f):
    f.begin().sign(1)
    f.seal().sign(2)
    f.seal()


# Signatures


@tampered("commits", "Entry 9 has the same commit as entry", also=["k"])
def a_signature_twice(f):
    f.begin().sign(1, 2, 3)
    f.seal().sign(4, 5, 6)
    f.seal()
    f.raw(canonical(f.signature(1)))


@tampered("commits", "same commit", also=["k"])
def a_commit_signed_anew(f):
    f.begin().sign(1, 2, 3)
    f.seal().add(**f.signature(1, message=bytes(32) + statement(Opened(1).commit)))


@tampered("commits", "same commit", also=["k"])
def a_commit_in_another_round(f):
    f.begin().open(2, made=5)
    f.sign(1, 2, 3)
    f.seal().sign(4, 5, 6, number=2)
    f.seal().add(**f.signature(1, 2))


@tampered("commits", "same commit", also=["k"])
def a_withdrawn_commit_again(f):
    f.begin().sign(1, 2, 3)
    f.withdraw(1)
    f.seal().raw(canonical(f.signature(1)))


@tampered("signatures", "Entry 3 names round 2, which no earlier entry opens")
def a_signature_of_an_unknown_round(f):
    f.begin().add(**f.signature(1, 2))


@tampered("signatures", "Entry 3 names round 2, which no earlier entry opens")
def a_signature_of_a_round_that_opens_later(f):
    f.begin().add(**f.signature(1, 2))
    f.open(2, made=5)


@tampered("signatures", "not valid under the key of round 1")
def a_signature_of_another_message(f):
    f.begin().add(**f.signature(1, signature=pss(f.keys[0], b"something else")))


@tampered("signatures", "Entry 4 has a signature that is not")
def the_key_of_another_round(f):
    f.begin().open(2)
    f.add(**f.signature(1, key=f.keys[1]))


MESSAGE = bytes(32) + statement(Opened(1).commit)


@tampered("signatures", "not valid under the key of round 1")
def no_salt(f):
    f.begin().add(**f.signature(1, message=MESSAGE, signature=pss(f.keys[0], MESSAGE, 0)))


@tampered("signatures", "not valid under the key of round 1")
def another_hash(f):
    f.begin().add(**f.signature(1, message=MESSAGE, signature=pss(f.keys[0], MESSAGE, 32, hashes.SHA256)))


@tampered("signatures", "not valid under the key of round 1")
def the_older_padding(f):
    signature = f.keys[0].sign(MESSAGE, padding.PKCS1v15(), hashes.SHA384())
    f.begin().add(**f.signature(1, message=MESSAGE, signature=signature))


@tampered("signatures", "not below the key's n")
def a_signature_plus_n(f):
    n = f.keys[0].public_key().public_numbers().n
    messages = (sha(filler.to_bytes(4, "big")) + statement(Opened(1).commit) for filler in range(10_000))
    larger = ((message, int.from_bytes(pss(f.keys[0], message), "big") + n) for message in messages)
    message, number = next((message, number) for message, number in larger if number < 1 << 3072)
    f.begin().add(**f.signature(1, message=message, signature=number.to_bytes(384, "big")))


@tampered("signatures", "385 bytes")
def a_longer_signature(f):
    f.begin().add(**f.signature(1, message=MESSAGE, signature=b"\0" + pss(f.keys[0], MESSAGE)))


@tampered("signatures", "has a signature of 0 bytes")
def an_empty_signature(f):
    f.begin().add(**f.signature(1, signature=b""))


@tampered("signatures", "another letter")
def a_statement_of_another_letter(f):
    f.begin().add(**f.signature(1, message=bytes(32) + statement(Opened(1).commit, letter_id=OTHER_ID)))


@tampered("signatures", "another text")
def a_statement_of_another_text(f):
    f.begin().add(**f.signature(1, message=bytes(32) + statement(Opened(1).commit, text_sha256="ab" * 32)))


@tampered("signatures", "its statement names round 2")
def a_statement_of_another_round(f):
    f.begin().add(**f.signature(1, message=bytes(32) + statement(Opened(1).commit, "2")))


@tampered("signatures", "an exact statement")
def a_round_with_a_leading_zero_in_a_statement(f):
    f.begin().add(**f.signature(1, message=bytes(32) + statement(Opened(1).commit, "01")))


@tampered("signatures", "an exact statement")
def a_line_feed_after_a_statement(f):
    f.begin().add(**f.signature(1, message=MESSAGE + b"\n"))


@tampered("signatures", "an exact statement")
def a_byte_order_mark_before_a_statement(f):
    f.begin().add(**f.signature(1, message=MESSAGE[:32] + b"\xef\xbb\xbf" + MESSAGE[32:]))


@tampered("signatures", "an exact statement")
def a_statement_without_random_bytes(f):
    f.begin().add(**f.signature(1, message=MESSAGE[32:]))


@tampered("signatures", "an exact statement")
def a_commit_in_capitals(f):
    f.begin().add(**f.signature(1, message=MESSAGE[:-65] + MESSAGE[-65:].upper()))


@tampered("signatures", "not canonical base64url")
def padded_base64(f):
    f.begin().add(**f.signature(1) | {"signature": f.signature(1)["signature"] + "=="})


@tampered("signatures", "not canonical base64url")
def plain_base64(f):
    entries = map(f.begin().signature, range(1, 50))
    entry = next(entry for entry in entries if "_" in entry["signature"] or "-" in entry["signature"])
    f.add(**entry | {"signature": entry["signature"].replace("_", "/").replace("-", "+")})


@tampered("signatures", "message that is not canonical base64url")
def loose_bits_in_base64(f):
    f.begin().open(10, key=f.keys[1], made=5)
    entry = f.signature(1, 10, key=f.keys[1])
    assert entry["message"][-1] in "AQgw"
    f.add(**entry | {"message": entry["message"][:-1] + "B"})


@tampered("signatures", "message that is not canonical base64url")
def a_line_feed_within_base64(f):
    entry = f.begin().signature(1)
    f.add(**entry | {"message": entry["message"][:40] + "\n" + entry["message"][40:]})


# Entries


@tampered("entries", "not in canonical form")
def spaces_in_an_entry(f):
    f.begin().raw(json.dumps(f.signature(1), sort_keys=True).encode())


@tampered("entries", "not in canonical form")
def members_in_another_order(f):
    f.begin().raw(json.dumps(f.signature(1), separators=(",", ":")).encode())


@tampered("entries", "not in canonical form")
def an_escape_that_need_not_be(f):
    f.begin().raw(canonical(f.signature(1)).replace(b"signature", b"\\u0073ignature", 1))


@tampered("entries", "not in canonical form")
def a_number_written_with_an_exponent(f):
    f.begin().raw(b'{"made":2e1,"round":1,"type":"codes","voided":0}')


@tampered("entries", "not in canonical form")
def a_fraction(f):
    f.begin().raw(b'{"made":20.0,"round":1,"type":"codes","voided":0}')


@tampered("entries", "not in canonical form")
def a_negative_zero(f):
    f.begin().raw(b'{"made":20,"round":1,"type":"codes","voided":-0}')


@tampered("entries", "has a member twice")
def a_member_twice(f):
    f.begin().raw(b'{"made":20,"made":20,"round":1,"type":"codes","voided":0}')


@tampered("entries", "has a member twice")
def a_signature_with_a_member_twice(f):
    f.begin().raw(canonical(f.signature(1)).replace(b'"round":1,', b'"round":1,"round":1,'))


@tampered("entries", "not in canonical form")
def a_byte_after_an_entry(f):
    f.begin().raw(b'{"made":20,"round":1,"type":"codes","voided":0}\n')


@tampered("entries", "must have as “made” an integer from 0 to 2^53 - 1, but has true")
def true_as_a_number(f):
    f.begin().add(type="codes", round=1, made=True, voided=0)


@tampered("entries", "is not in canonical form")
def a_number_beyond_2_to_the_53(f):
    f.begin().raw(b'{"made":9007199254740992,"round":1,"type":"codes","voided":0}')


@tampered("entries", "is not JSON")
def a_number_of_five_thousand_digits(f):
    f.begin().raw(b'{"made":%b,"round":1,"type":"codes","voided":0}' % (b"9" * 5000))


@tampered("entries", "is not in canonical form")
def a_signature_of_a_round_beyond_2_to_the_53(f):
    f.begin().raw(canonical(f.signature(1)).replace(b'"round":1,', b'"round":9007199254740993,'))


@tampered("entries", "but has -1")
def a_negative_number(f):
    f.begin().add(type="codes", round=1, made=-1, voided=0)


@tampered("entries", "has a member “note”, which signature entries do not have")
def a_signature_with_a_note(f):
    f.begin().add(**f.signature(1) | {"note": "seven"})


@tampered("entries", "has a member “made_by”, which codes entries do not have")
def codes_with_a_name(f):
    f.begin().add(type="codes", round=1, made=20, voided=0, made_by="Ana")


@tampered("entries", "lacks the member “dropped”")
def closed_without_dropped(f):
    f.begin().add(type="closed", signatures=0, withdrawals=0)


@tampered("entries", "is not JSON")
def a_byte_order_mark_before_an_entry(f):
    f.begin().raw(b'\xef\xbb\xbf{"made":20,"round":1,"type":"codes","voided":0}')


@tampered("entries", "is not in canonical form")
def half_a_character(f):
    f.begin().raw(rb'{"reason":"\ud83d","round":1,"type":"annulled"}')


@tampered("entries", "is not JSON")
def lists_within_lists(f):
    f.begin().raw(b"[" * 30_000 + b"]" * 30_000)


@tampered("entries", "has the unknown type list")
def a_list_as_type(f):
    f.begin().add(type=["codes"], round=1, made=20, voided=0)


@tampered("entries", "must have as “opens” a time like")
def a_day_that_no_month_has(f):
    f.begin().open(2, opens="2026-02-30T14:00Z")
    f.round_keys.pop()
    del f.rounds[2]


@tampered("entries", "has the unknown type “note”")
def an_entry_of_another_type(f):
    f.begin().add(type="note", text="hello")


@tampered("entries", "must have as “opens” a time like")
def a_time_with_seconds(f):
    f.begin().open(2, opens="2026-11-22T14:00:07Z")
    f.round_keys.pop()
    del f.rounds[2]


# The letter


@tampered("letter", "Entry 3 is a letter, which only entry 0 may be")
def a_second_letter(f):
    f.begin().add(**f.letter)


@tampered("letter", "Entry 1 is a letter, which only entry 0 may be", also=["vkey", "rounds", "closed", "k", "counts"])
def the_letter_second(f):
    f.close()
    f.begin()


@tampered("letter", "Entry 0 is not the letter", also=["vkey", "k", "counts"])
def no_letter(f):
    f.close()


@tampered("letter", "another text")
def another_text_published(f):
    f.begin().sign(1, 2, 3)
    f.seal().replaced["letter.md"] = TEXT + b"\n"


@tampered("vkey", "does not hold the log_key of entry 0")
def another_log_key(f):
    f.begin().seed = bytes(32)


@tampered("checkpoint", "signature line under the checkpoint is malformed", also=("vkey", *ALL_OF_THE_LOG))
def a_space_of_unicode_in_the_name_of_a_witness(f):
    f.cosignatures = "— wit\u0085ness AAAAAAA=\n"
    f.begin()


@tampered("vkey", "anyone can sign", also=ALL_OF_THE_LOG)
def a_log_key_for_which_anyone_can_sign(f):
    public, signature = bytes([1, *bytes(31)]), bytes([1, *bytes(63)])
    f.begin(log_key=b64(public)).sign(1, 2, 3)
    body = f.seal().checkpoint().partition("\n\n")[0]
    line = base64.b64encode(key_id(f.origin, public) + signature).decode()
    f.replaced["log/checkpoint"] = f"{body}\n\n— {f.origin} {line}\n".encode()
    encoded = base64.b64encode(b"\x01" + public).decode()
    f.replaced["log/vkey"] = f"{f.origin}+{key_id(f.origin, public).hex()}+{encoded}\n".encode()


@tampered("entries", "Entry 0 must have as “k” 1, or an integer from 3 to 50, but has 2", also=NO_LETTER)
def a_k_of_two(f):
    f.begin(k=2)


@tampered("entries", "“k” 1, or an integer from 3 to 50, but has true", also=NO_LETTER)
def a_k_of_true(f):
    f.begin(k=True)


@tampered("entries", "“rolls” a list of {id, name}", also=NO_LETTER)
def a_roll_id_in_capitals(f):
    f.begin(rolls=[{"id": "Workers", "name": "Workers"}])


@tampered("entries", "“rolls” a list of {id, name}", also=NO_LETTER)
def a_roll_id_of_33_characters(f):
    f.begin(rolls=[{"id": "w" * 33, "name": "Workers"}])


@tampered("entries", "“rolls” a list of {id, name}", also=NO_LETTER)
def a_roll_twice(f):
    f.begin(rolls=[{"id": "workers", "name": "A"}, {"id": "workers", "name": "B"}])


@tampered("entries", "“hosts” a sorted list", also=NO_LETTER)
def hosts_in_another_order(f):
    f.begin(hosts=["example.org:8443", "abcdef.onion"])


@tampered("entries", "“hosts” a sorted list", also=NO_LETTER)
def hosts_that_joined_are_in_order(f):
    f.begin(hosts=["a,a", "a"])


@tampered("entries", "“client_sha256” an object with the SHA-256 hashes of client.py and sign.js", also=NO_LETTER)
def two_clients_in_one_name(f):
    f.begin(client_sha256={"client.py,sign.js": "00" * 32})


@tampered("entries", "“hosts” a sorted list", also=NO_LETTER)
def a_host_with_a_path(f):
    f.begin(hosts=["example.org/s"])


@tampered("entries", "“hosts” a sorted list", also=NO_LETTER)
def no_hosts(f):
    f.begin(hosts=[])


@tampered("entries", "Entry 0 lacks the member “fields_sha256”", also=NO_LETTER)
def no_fields(f):
    del f.letter["fields_sha256"]
    f.begin()


# Rounds and their keys


@tampered("rounds", "Entry 3 opens round 1 a second time")
def a_round_number_twice(f):
    f.begin().open(1, key=f.keys[1])


@tampered("rounds", "with the key of another round")
def a_round_key_twice(f):
    f.begin().open(2, key=f.keys[0])


@tampered("rounds", "names the roll “others”, which entry 0 does not have")
def an_unknown_roll(f):
    f.begin().open(2, "others")


@tampered("rounds", "Entry 3 names round 7, which no earlier entry opens")
def codes_of_an_unknown_round(f):
    f.begin().add(type="codes", round=7, made=1, voided=0)


@tampered("rounds", "Entry 3 names round 7, which no earlier entry opens")
def issued_in_an_unknown_round(f):
    f.begin().add(type="issued", round=7, issued=None, key_destroyed=True)


@tampered("rounds", "Entry 3 names round 7, which no earlier entry opens")
def an_unknown_round_annulled(f):
    f.begin().add(type="annulled", round=7, reason="Flooded.")


def numbers_of(f):
    return f.keys[1].public_key().public_numbers()


@tampered("rounds", "cannot be used")
def a_key_of_2048_bits(f):
    f.begin().open(2, key=rsa.RSAPublicNumbers(65537, numbers_of(f).n >> 1024 | 1).public_key())


@tampered("rounds", "cannot be used")
def a_key_of_3071_bits(f):
    f.begin().open(2, key=rsa.RSAPublicNumbers(65537, numbers_of(f).n >> 1 | 1).public_key())


@tampered("rounds", "cannot be used")
def a_key_with_the_exponent_3(f):
    f.begin().open(2, key=rsa.RSAPublicNumbers(3, numbers_of(f).n).public_key())


@tampered("rounds", "cannot be used")
def a_key_with_an_even_modulus(f):
    odd = spki(f.keys[1])
    last = -len(bytes.fromhex("0203010001")) - 1
    f.begin().open(2, key=odd[:last] + bytes([odd[last] & 0xFE]) + odd[last + 1 :])


@tampered("rounds", "cannot be used")
def a_key_on_a_curve(f):
    f.begin().open(2, key=ec.derive_private_key(7, ec.SECP256R1()))


@tampered("rounds", "cannot be used")
def a_key_without_null_parameters(f):
    der = spki(f.keys[1])
    f.begin().open(
        2, key=der.replace(bytes.fromhex("300d06092a864886f70d0101010500"), bytes.fromhex("300b06092a864886f70d010101"))
    )


@tampered("rounds", "cannot be used")
def a_key_for_pss_only(f):
    der = spki(f.keys[1])
    f.begin().open(2, key=der.replace(bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d01010a")))


@tampered("rounds", "cannot be used")
def a_key_with_a_byte_after_it(f):
    f.begin().open(2, key=spki(f.keys[1]) + b"\0")


@tampered("issuer", "Key 1 in log/issuer.pem is not the key of round 1")
def issuer_keys_in_another_order(f):
    f.begin().open(2)
    f.round_keys.reverse()


@tampered("issuer", "goes on after 1 key")
def an_issuer_key_too_many(f):
    f.begin().round_keys.append(spki(f.keys[1]))


@tampered("issuer", "Key 2 in log/issuer.pem")
def an_issuer_key_missing(f):
    f.begin().open(2)
    f.round_keys.pop()


# Codes, tokens, timing


@tampered("codes", "After entry 6, round 1 has 4 signatures, but 3 codes made")
def more_signatures_than_codes(f):
    f.begin(made=3).sign(1, 2, 3, 4)
    f.seal()


@tampered("codes", "round 1 has 1 signature, but 0 codes made")
def signatures_before_any_code(f):
    f.begin(made=0).sign(1, 2, 3)
    f.seal().codes(1, 10)


@tampered("codes", "round 1 has 6 codes voided, but 5 made")
def more_voided_than_made(f):
    f.begin(made=5).codes(1, 5, 6)


@tampered("codes", "lowers the codes made of round 1 from 20 to 19")
def made_falls(f):
    f.begin().codes(1, 19)


@tampered("codes", "lowers the codes voided of round 1 from 2 to 1")
def voided_falls(f):
    f.begin().codes(1, 20, 2)
    f.codes(1, 20, 1)


@tampered("codes", "round 2 has 1 signature, but 0 codes")
def codes_of_another_round(f):
    f.begin().open(2)
    f.sign(1, 2, 3, number=2)
    f.seal()


@tampered("codes", "lowers the codes made of round 1 from 20 to 10")
def codes_moved_to_another_round(f):
    f.begin().open(2, made=10)
    f.codes(1, 10)
    f.codes(2, 20)


@tampered("issued", "round 1 has 4 signatures, but 3 tokens issued")
def more_signatures_than_issued(f):
    f.begin().issued(1, 3)
    f.sign(1, 2, 3, 4)
    f.seal()


@tampered("issued", "round 1 has 4 signatures, but 3 tokens issued")
def fewer_issued_than_signed(f):
    f.begin().sign(1, 2, 3, 4)
    f.seal().issued(1, 3)


@tampered("issued", "round 1 has 21 tokens issued, but 20 codes made")
def more_issued_than_made(f):
    f.begin().issued(1, 21)


@tampered("issued", "has 2 tokens issued in round 1; under K, which is 3, it must be null")
def issued_under_k(f):
    f.begin().issued(1, 2)


@tampered("issued", "has 0 tokens issued in round 1; under K")
def issued_to_nobody(f):
    f.begin().issued(1, 0)


@tampered("issued", "round 1 has 3 signatures, but too few tokens to have any (issued is null)")
def issued_null_after_signatures(f):
    f.begin().sign(1, 2, 3)
    f.seal().issued(1, None)


@tampered("issued", "round 1 has 1 signature, but too few tokens to have any (issued is null)")
def issued_null_before_signatures(f):
    f.begin().issued(1, None)
    f.sign(1, 2, 3)
    f.seal()


@tampered("issued", "Entry 4 ends the issuing of round 1 a second time")
def issued_twice(f):
    f.begin().issued(1, 5)
    f.issued(1, 5)


@tampered("issued", "Entry 4 ends the issuing of round 1 a second time")
def issued_null_and_then_a_number(f):
    f.begin().issued(1, None)
    f.add(type="issued", round=1, issued=9, key_destroyed=True)


@tampered("issued", "before that round's issuing had ended", timing="apart")
def apart_but_signed_before_issued(f):
    f.begin().sign(1, 2, 3)
    f.seal().issued(1, 5)


@tampered("issued", "Entry 6 is a signature of round 2 before", timing="apart")
def apart_with_another_round_issued(f):
    f.begin().issued(1, 5)
    f.open(2, made=5)
    f.sign(1, 2, 3, number=2)
    f.seal()


# Annulled rounds and withdrawals


@tampered("annulled", "Entry 4 is a signature of round 1, annulled in entry 3")
def signed_after_annulled(f):
    f.begin().annul(1)
    f.sign(1, 2, 3)


@tampered("annulled", "a second time")
def annulled_twice(f):
    f.begin().annul(1)
    f.annul(1)


@tampered("closed", "closes the letter with 3 signatures and 0 withdrawals; the entries before it have 0")
def closed_with_annulled_signatures(f):
    f.begin().sign(1, 2, 3)
    f.seal().annul(1)
    f.close(signatures=3)
    f.seal()


@tampered("counts", "counts.json has 3 as count; the log has 0")
def annulled_signatures_counted(f):
    f.begin().sign(1, 2, 3)
    f.seal().annul(1)
    f.seal().rounds[1]["annulled"] = False


@tampered("history", "The last row of history.csv has 3 signatures and 0 withdrawals; the whole log has 0")
def an_annulment_left_out_of_the_history(f):
    f.begin().sign(1, 2, 3)
    f.seal().annul(1)


@tampered("history", "Row 1 of history.csv has 3 signatures and 0 withdrawals at 11 entries; the log has 6")
def an_annulment_in_the_history_too_early(f):
    f.begin().open(2, made=5)
    f.batch(f.in_order(1, 2, 3), f.in_order(4, 5, 6, number=2))
    f.history = [("2026-11-01T00:00Z", 3, 0, f.size)]
    f.annul(2)
    f.history.append(("2026-11-01T01:00Z", 3, 0, f.size))


@tampered("withdrawals", "a second time")
def withdrawn_twice(f):
    f.begin().sign(1, 2, 3)
    f.withdraw(1)
    f.seal().raw(f.entries[-1])


@tampered("withdrawals", "no earlier signature has")
def withdrawn_before_signed(f):
    f.begin().withdraw(1)
    f.sign(1, 2, 3)
    f.seal()


@tampered("withdrawals", "no earlier signature has")
def withdrawn_and_never_signed(f):
    f.begin().withdraw(9)


@tampered("withdrawals", "does not open its commit")
def withdrawn_with_another_w(f):
    f.begin().sign(1, 2, 3)
    f.seal().withdraw(1, w=b64(Opened(2).w))
    f.rounds[1]["withdrawn"] = 0


@tampered("withdrawals", "does not open its commit")
def withdrawn_with_another_a_hash(f):
    f.begin().sign(1, 2, 3)
    f.seal().withdraw(1, a_hash=Opened(2).a_hash.hex())
    f.rounds[1]["withdrawn"] = 0


@tampered("withdrawals", "does not open its commit")
def another_commit_withdrawn(f):
    f.begin().sign(1, 2, 3)
    f.seal().withdraw(1, commit=Opened(2).commit.hex())
    f.rounds[1]["withdrawn"] = 0


# Closing


def closed(f, **changes):
    f.begin().sign(1, 2, 3)
    f.close(**changes)
    return f.seal()


@tampered("closed", "Entry 7 is no withdrawal, but the letter closed in entry 6")
def signed_after_closed(f):
    closed(f).sign(4, 5, 6)
    f.seal()


@tampered("closed", "is no withdrawal")
def codes_after_closed(f):
    closed(f).codes(1, 30)


@tampered("closed", "is no withdrawal")
def a_round_after_closed(f):
    closed(f).open(2)


@tampered("closed", "is no withdrawal")
def issued_after_closed(f):
    closed(f).issued(1, 5)


@tampered("closed", "is no withdrawal")
def annulled_after_closed(f):
    closed(f).annul(1)
    f.seal()


@tampered("closed", "is no withdrawal")
def closed_twice(f):
    closed(f).close()


@tampered("closed", "closes the letter with 4 signatures and 0 withdrawals; the entries before it have 3 and 0")
def closed_with_more_signatures(f):
    closed(f, signatures=4)


@tampered("closed", "with 3 signatures and 1 withdrawals")
def closed_with_more_withdrawals(f):
    closed(f, withdrawals=1)


@tampered("closed", "has 5 signatures dropped; it may be 0, or a multiple of 5 from K, which is 3, to 0")
def dropped_without_a_small_round(f):
    closed(f, dropped=5)


def closed_with_small_rounds(f, dropped, empty=2):
    f.begin(made=50).sign(1, 2, 3, 4, 5, 6)
    for number in range(2, 2 + empty):
        f.open(number, key=numbers_to_key(f, number), made=9)
    f.close(dropped=dropped)
    return f.seal()


def numbers_to_key(f, number):
    """As many different keys as a test likes: no one signs with them."""
    return rsa.RSAPublicNumbers(65537, f.keys[2].public_key().public_numbers().n - 2 * number).public_key()


@tampered("closed", "has 5 signatures dropped; it may be 0, or a multiple of 5 from K, which is 3, to 4")
def more_dropped_than_small_rounds_can_hold(f):
    closed_with_small_rounds(f, 5)


@tampered("closed", "has 7 signatures dropped")
def dropped_told_exactly(f):
    closed_with_small_rounds(f, 7, empty=5)


@tampered("closed", "has 5 signatures dropped", k=6)
def dropped_under_k(f):
    closed_with_small_rounds(f, 5)


@tampered("closed", "has 5 signatures dropped; it may be 0, or a multiple of 5 from K, which is 3, to 4")
def dropped_from_annulled_rounds(f):
    f.begin(made=50).sign(1, 2, 3)
    for number in range(2, 6):
        f.open(number, key=numbers_to_key(f, number))
    f.annul(2)
    f.annul(3)
    f.close(dropped=5)
    f.seal()


@tampered("closed", "has 5 signatures dropped", k=1)
def dropped_by_one(f):
    f.begin().open(2)
    f.close(dropped=5)


# counts.json and history.csv


@tampered("counts", "counts.json has 4 as count; the log has 3")
def another_count(f):
    f.begin().sign(1, 2, 3)
    f.seal().replaced["counts.json"] = json.dumps(f.counts() | {"count": 4}).encode()


@tampered("counts", "counts.json has 3.0 as count; the log has 3")
def a_count_that_is_not_written_as_a_whole_number(f):
    f.begin().sign(1, 2, 3)
    f.seal().replaced["counts.json"] = json.dumps(f.counts() | {"count": 3.0}).encode()


@tampered("counts", "more than 16 digits")
def a_number_of_17_digits_in_the_counts(f):
    f.begin().sign(1, 2, 3)
    f.seal().replaced["counts.json"] = json.dumps(f.counts() | {"more": 10**16}).encode()


@tampered("counts", "counts.json")
def lists_within_lists_in_the_counts(f):
    f.begin().sign(1, 2, 3)
    deep = b"[" * 100_000 + b"]" * 100_000
    f.seal().replaced["counts.json"] = json.dumps(f.counts()).encode()[:-1] + b',"more":' + deep + b"}"


COUNTS = b"letter,as_of,field,option,count\r\na,b,total,,3\r\na,b,roll,Names of workers,3\r\n"


@tampered("counts", "another number for a roll")
def a_roll_again_in_the_table_of_counts(f):
    f.begin().sign(1, 2, 3)
    f.seal().replaced["counts.csv"] = COUNTS + b"a,b,roll,Names of workers,300\r\n"


@tampered("counts", "must begin with the line")
def a_header_that_joined_is_the_right_one(f):
    f.begin().sign(1, 2, 3)
    f.seal().replaced["counts.csv"] = COUNTS.replace(b"letter,as_of", b'"letter,as_of"')


@tampered("counts", "counts.json has null as verification.issued; the log has 5")
def issued_left_null_after_every_round_has_ended(f):
    f.begin().issued(1, 5)
    f.open(2)
    f.issued(2, None)
    f.rounds[2]["ended"] = False


@tampered("counts", "counts.json has 5 as verification.issued; the log has null")
def issued_told_before_every_round_has_ended(f):
    f.begin().issued(1, 5)
    f.open(2)
    f.rounds[2]["ended"] = True


@tampered("counts", "counts.json does not have exactly the rolls of the log", rolls=("current", "former"))
def a_roll_left_out_of_the_counts(f):
    f.begin().sign(1, 2, 3)
    f.seal().replaced["counts.json"] = json.dumps(f.counts() | {"rolls": f.counts()["rolls"][:1]}).encode()


def with_history(f, *rows, line_end=b"\r\n"):
    """Two updates, of three signatures each, and another history than theirs (6 and 9 entries)."""
    f.begin().sign(1, 2, 3)
    f.seal().sign(4, 5, 6)
    f.seal()
    lines = [b"sealed_at,signatures,withdrawals,count,size", *rows]
    f.replaced["history.csv"] = b"".join(line + line_end for line in lines)


FIRST, SECOND = b"2026-11-01T00:00Z,3,0,3,6", b"2026-11-01T01:00Z,6,0,6,9"


@tampered("history", "history.csv is missing")
def no_history(f):
    with_history(f)
    f.replaced["history.csv"] = None


@tampered("history", "history.csv has no row, but the log has 6 signatures and 0 withdrawals")
def a_history_without_rows(f):
    with_history(f)


@tampered("history", "The last row of history.csv has 3 signatures")
def the_last_row_missing(f):
    with_history(f, FIRST)


@tampered("history", "has 3 signatures and 0 withdrawals at 9 entries; the log has 6")
def a_row_at_a_later_size(f):
    with_history(f, FIRST.replace(b",6", b",9"))


@tampered("history", "Row 2 of history.csv does not have a larger size", also=["k"])
def two_rows_of_equal_size(f):
    with_history(f, FIRST, FIRST.replace(b"T00", b"T01"), SECOND.replace(b"T01", b"T02"))


@tampered("history", "is not of a later hour", also=["k"])
def two_rows_of_one_hour(f):
    with_history(f, FIRST, SECOND.replace(b"T01", b"T00"))


@tampered("history", "does not begin with a full hour", also=["k"])
def a_row_of_a_minute(f):
    with_history(f, FIRST, SECOND.replace(b"01:00", b"01:30"))


@tampered("history", "must end every line, the last one too, with CRLF", also=["k"])
def a_history_with_line_feeds(f):
    with_history(f, FIRST, SECOND, line_end=b"\n")


@tampered("history", "must end every line, the last one too, with CRLF", also=["k"])
def a_row_after_a_bare_carriage_return(f):
    with_history(f, FIRST + b"\r" + SECOND)


@tampered("history", "must begin with the line", also=["k"])
def a_history_without_sizes(f):
    with_history(f)
    rows = b"2026-11-01T00:00Z,3,0,3\r\n2026-11-01T01:00Z,6,0,6\r\n"
    f.replaced["history.csv"] = b"sealed_at,signatures,withdrawals,count\r\n" + rows


@tampered("history", "is of an hour in which no number changed")
def a_row_of_codes_alone(f):
    f.begin().sign(1, 2, 3)
    f.seal().codes(1, 30)
    f.history.append(("2026-11-01T05:00Z", 3, 0, f.size))


@tampered("history", "The last row of history.csv is at 12 entries, but the log has only 9")
def a_row_beyond_the_log(f):
    with_history(f, FIRST, SECOND.replace(b",9", b",12"))


@tampered("history", "has 3 signatures and 0 withdrawals at 7 entries; the log has 4", also=["k"])
def a_row_within_a_batch(f):
    with_history(f, FIRST.replace(b",6", b",7"), SECOND)


# The pages beside the log


@tampered("pages", "index.html does not show the log's count, which is 3")
def another_count_on_the_page(f):
    f.begin().sign(1, 2, 3)
    f.seal().replaced["index.html"] = b'<h2 id="count"><strong>3,000</strong> verified workers</h2>'


@tampered("pages", "badge.svg does not show the log's count, which is 3")
def another_count_on_the_badge(f):
    f.begin().sign(1, 2, 3)
    f.seal().replaced["badge.svg"] = b"<svg><title>4 verified workers</title></svg>"


@tampered("pages", "index.html shows another count at 2026-11-01 00:00 UTC than history.csv")
def another_update_in_the_page_s_table(f):
    f.begin().sign(1, 2, 3)
    row = b"<tr><td>2026-11-01 00:00</td><td>9</td><td>0</td><td>9</td></tr>"
    f.seal().replaced["index.html"] = b"<table>" + row + b"</table>"


if __name__ == "__main__":
    main()
