"""A server that owns every key and signs everything anew, with one rule broken: each must be caught by name."""

import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.verifying.forger import TEXT, Opened, b64, canonical, pss, sha, spki, statement
from tests.verifying.test_valid_logs import stories, tell
from tests.verifying.verdicts import failed, wrongs

pytestmark = pytest.mark.thorough

OTHER_ID = "ZZZZZZZZZZZZZZZZZZZZZZZZZZ"
ATTACKS = {}


def attack(check, words, **options):
    """Names the check that must fail, and words that its sentence must have."""

    def register(story):
        ATTACKS[story.__name__] = (story, check, words, options)
        return story

    return register


# Signatures


@attack("commits", "Entry 5 has the same commit as entry 4")
def a_commit_twice(f):
    f.begin().sign(1, 2)
    f.raw(f.entries[4])
    f.rounds[1]["signed"] += 1


@attack("commits", "same commit")
def a_commit_signed_anew(f):
    f.begin().sign(1, 2)
    message = bytes(32) + statement(Opened(1).commit)
    f.sign(1, message=message)


@attack("commits", "same commit")
def a_commit_in_another_round(f):
    f.begin().open(2)
    f.codes(2, 5)
    f.sign(1)
    f.sign(1, number=2)


@attack("commits", "same commit")
def a_withdrawn_commit_again(f):
    f.begin().sign(1, 2)
    f.withdraw(1)
    f.sign(1)


@attack("signatures", "Entry 3 names round 2, which no earlier entry opens")
def an_unknown_round(f):
    f.begin()
    f.add(**f.signature(1, 2))


@attack("signatures", "Entry 3 names round 2, which no earlier entry opens")
def a_round_that_opens_later(f):
    f.begin()
    f.add(**f.signature(1, 2))
    f.open(2)
    f.codes(2, 5)


@attack("signatures", "not valid under the key of round 1")
def a_changed_signature(f):
    f.begin()
    entry = f.signature(1)
    signature = bytearray(pss(f.keys[0], b"something else"))
    f.sign(1, signature=bytes(signature))
    assert entry


@attack("signatures", "Entry 4 has a signature that is not")
def the_key_of_another_round(f):
    f.begin().open(2)
    f.sign(1, key=f.keys[1])


@attack("signatures", "not valid under the key of round 1")
def no_salt(f):
    f.begin()
    message = bytes(32) + statement(Opened(1).commit)
    f.sign(1, message=message, signature=pss(f.keys[0], message, 0))


@attack("signatures", "not valid under the key of round 1")
def another_hash(f):
    f.begin()
    message = bytes(32) + statement(Opened(1).commit)
    f.sign(1, message=message, signature=pss(f.keys[0], message, 32, hashes.SHA256))


@attack("signatures", "not valid under the key of round 1")
def the_older_padding(f):
    f.begin()
    message = bytes(32) + statement(Opened(1).commit)
    f.sign(1, message=message, signature=f.keys[0].sign(message, padding.PKCS1v15(), hashes.SHA384()))


@attack("signatures", "not below the key's n")
def a_signature_plus_n(f):
    f.begin()
    n = f.keys[0].public_key().public_numbers().n
    for filler in range(10_000):
        message = sha(filler.to_bytes(4, "big")) + statement(Opened(1).commit)
        more = int.from_bytes(pss(f.keys[0], message), "big") + n
        if more < 1 << 3072:
            f.sign(1, message=message, signature=more.to_bytes(384, "big"))
            return


@attack("signatures", "385 bytes")
def a_longer_signature(f):
    f.begin()
    message = bytes(32) + statement(Opened(1).commit)
    f.sign(1, message=message, signature=b"\0" + pss(f.keys[0], message))


@attack("signatures", "has a signature of 0 bytes")
def no_signature(f):
    f.begin().sign(1, signature=b"")


@attack("signatures", "another letter")
def a_statement_of_another_letter(f):
    f.begin().sign(1, message=bytes(32) + statement(Opened(1).commit, letter_id=OTHER_ID))


@attack("signatures", "another text")
def a_statement_of_another_text(f):
    f.begin().sign(1, message=bytes(32) + statement(Opened(1).commit, text_sha256="ab" * 32))


@attack("signatures", "its statement names round 2")
def a_statement_of_another_round(f):
    f.begin().sign(1, message=bytes(32) + statement(Opened(1).commit, "2"))


STATEMENT = statement(Opened(1).commit)
INEXACT = {
    "a leading zero": bytes(32) + statement(Opened(1).commit, "01"),
    "a plus sign": bytes(32) + statement(Opened(1).commit, "+1"),
    "an Arabic digit": bytes(32) + statement(Opened(1).commit, "١"),
    "no last newline": bytes(32) + STATEMENT[:-1],
    "one newline more": bytes(32) + STATEMENT + b"\n",
    "one byte less in front": bytes(31) + STATEMENT,
    "one byte more in front": bytes(33) + STATEMENT,
    "no random bytes": STATEMENT,
    "carriage returns": bytes(32) + STATEMENT.replace(b"\n", b"\r\n"),
    "another version": bytes(32) + STATEMENT.replace(b"v1", b"v2"),
    "upper-case hex": bytes(32) + STATEMENT[:-65] + STATEMENT[-65:].upper(),
    "a shorter commit": bytes(32) + STATEMENT[:-2] + b"\n",
    "nothing": b"",
    "a zero byte more": bytes(32) + STATEMENT + b"\0",
}


@pytest.mark.parametrize("message", INEXACT.values(), ids=INEXACT)
def test_a_statement_must_be_exact(forger, verdict_of, message):
    log = forger().begin()
    log.sign(1, message=message)

    assert "an exact statement" in wrongs(verdict_of(log))["signatures"]


@attack("signatures", "not canonical base64url")
def padded_base64(f):
    f.begin()
    f.add(**f.signature(1) | {"signature": f.signature(1)["signature"] + "=="})


@attack("signatures", "not canonical base64url")
def plain_base64(f):
    f.begin()
    for receipt in range(1, 50):
        entry = f.signature(receipt)
        if "_" in entry["signature"] or "-" in entry["signature"]:
            f.add(**entry | {"signature": entry["signature"].replace("_", "/").replace("-", "+")})
            return


@attack("signatures", "message that is not canonical base64url")
def loose_bits_in_base64(f):
    f.begin().open(10, key=f.keys[1])
    f.codes(10, 5)
    entry = f.signature(1, 10, key=f.keys[1])
    assert entry["message"][-1] in "AQgw"
    f.add(**entry | {"message": entry["message"][:-1] + "B"})


# Entries


@attack("entries", "not in canonical form")
def spaces_in_an_entry(f):
    f.begin()
    f.raw(json.dumps(f.signature(1), sort_keys=True).encode())


@attack("entries", "not in canonical form")
def members_in_another_order(f):
    f.begin()
    f.raw(json.dumps(f.signature(1), separators=(",", ":")).encode())


@attack("entries", "not in canonical form")
def an_escape_that_need_not_be(f):
    f.begin()
    f.raw(canonical(f.signature(1)).replace(b"signature", b"\\u0073ignature", 1))


@attack("entries", "not in canonical form")
def a_number_written_otherwise(f):
    f.begin()
    f.raw(b'{"made":1e1,"round":1,"type":"codes","voided":0}')


@attack("entries", "not in canonical form")
def a_negative_zero(f):
    f.begin()
    f.raw(b'{"made":10,"round":1,"type":"codes","voided":-0}')


@attack("entries", "has a member twice")
def a_member_twice(f):
    f.begin()
    f.raw(b'{"made":10,"made":10,"round":1,"type":"codes","voided":0}')


@attack("entries", "not in canonical form")
def a_byte_after_an_entry(f):
    f.begin()
    f.raw(b'{"made":10,"round":1,"type":"codes","voided":0}\n')


# The letter


@attack("letter", "Entry 3 is a letter, which only entry 0 may be")
def a_second_letter(f):
    f.begin()
    f.add(**f.letter)


@attack("letter", "Entry 1 is a letter, which only entry 0 may be")
def the_letter_second(f):
    f.add(type="closed", signatures=0, withdrawals=0)
    f.begin()


@attack("letter", "another text")
def another_text_published(f):
    f.begin().sign(1)
    f.published = {"letter.md": TEXT + b"\n"}


@attack("vkey", "does not hold the log_key of entry 0")
def another_log_key(f):
    f.begin()
    f.seed = bytes(32)


# Rounds and their keys


@attack("letter", "Entry 0 is not the letter")
def no_letter(f):
    f.add(type="closed", signatures=0, withdrawals=0)


@attack("rounds", "Entry 3 opens round 1 a second time")
def a_round_number_twice(f):
    f.begin()
    f.open(1, key=f.keys[1])


@attack("rounds", "with the key of another round")
def a_round_key_twice(f):
    f.begin()
    f.open(2, key=f.keys[0])


@attack("rounds", "names the roll “others”, which entry 0 does not have")
def an_unknown_roll(f):
    f.begin()
    f.open(2, "others")


@pytest.mark.parametrize("kind", ["codes", "issued", "annulled"])
def test_entries_about_a_round_that_never_opened_are_caught(forger, verdict_of, kind):
    members = {"codes": {"made": 1, "voided": 0}, "issued": {"issued": 0, "key_destroyed": True}}
    log = forger().begin()
    log.add(type=kind, round=7, **members.get(kind, {"reason": "x"}))

    assert wrongs(verdict_of(log)) == {"rounds": "Entry 3 names round 7, which no earlier entry opens."}


def of_2048_bits(n):
    return rsa.RSAPublicNumbers(65537, n >> 1024 | 1).public_key()


def with_exponent_3(n):
    return rsa.RSAPublicNumbers(3, n).public_key()


def of_3071_bits(n):
    return rsa.RSAPublicNumbers(65537, n >> 1 | 1).public_key()


def on_a_curve(n):
    return ec.derive_private_key(7, ec.SECP256R1())


def without_null_parameters(n):
    return spki(rsa.RSAPublicNumbers(65537, n).public_key()).replace(
        bytes.fromhex("300d06092a864886f70d0101010500"), bytes.fromhex("300b06092a864886f70d010101")
    )


def for_pss_only(n):
    return spki(rsa.RSAPublicNumbers(65537, n).public_key()).replace(
        bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06092a864886f70d01010a")
    )


def with_a_byte_more(n):
    return spki(rsa.RSAPublicNumbers(65537, n).public_key()) + b"\0"


def a_single_byte(n):
    return b"0"


NO_KEYS = [of_2048_bits, with_exponent_3, of_3071_bits, on_a_curve, without_null_parameters, for_pss_only]


@pytest.mark.parametrize("make", [*NO_KEYS, with_a_byte_more, a_single_byte], ids=lambda make: make.__name__)
def test_a_round_key_of_another_kind_is_caught(forger, verdict_of, make):
    log = forger().begin()
    log.open(2, key=make(log.keys[1].public_key().public_numbers().n))

    assert set(wrongs(verdict_of(log))) == {"rounds"}


@attack("issuer", "Key 1 in log/issuer.pem is not the key of round 1")
def issuer_keys_in_another_order(f):
    f.begin().open(2)
    f.round_keys.reverse()


@attack("issuer", "goes on after 1 key")
def an_issuer_key_too_many(f):
    f.begin()
    f.round_keys.append(spki(f.keys[1]))


@attack("issuer", "Key 2 in log/issuer.pem")
def an_issuer_key_missing(f):
    f.begin().open(2)
    f.round_keys.pop()


# Codes, tokens, timing


@attack("codes", "After entry 6, round 1 has 4 signatures, but 3 codes made less 0 voided")
def more_signatures_than_codes(f):
    f.begin(made=3).sign(1, 2, 3, 4)


@attack("codes", "round 1 has 1 signature, but 0 codes made")
def signatures_before_any_code(f):
    f.begin(made=0).sign(1)
    f.codes(1, 10)


@attack("codes", "round 1 has 3 signatures, but 5 codes made less 3 voided")
def more_voided_than_unspent(f):
    f.begin(made=5).sign(1, 2, 3)
    f.codes(1, 5, 3)


@attack("codes", "round 1 has 0 signatures, but 5 codes made less 6 voided")
def more_voided_than_made(f):
    f.begin(made=5)
    f.codes(1, 5, 6)


@attack("codes", "lowers the codes made of round 1 from 10 to 9")
def made_falls(f):
    f.begin()
    f.codes(1, 9)


@attack("codes", "lowers the codes voided of round 1 from 2 to 1")
def voided_falls(f):
    f.begin()
    f.codes(1, 10, 2)
    f.codes(1, 10, 1)


@attack("codes", "round 2 has 1 signature, but 0 codes")
def codes_of_another_round(f):
    f.begin().open(2)
    f.sign(1, number=2)


@attack("issued", "round 1 has 3 signatures, but 2 tokens issued")
def more_signatures_than_issued(f):
    f.begin().issued(1, 2)
    f.sign(1, 2, 3)


@attack("issued", "round 1 has 3 signatures, but 2 tokens issued")
def fewer_issued_than_signed(f):
    f.begin().sign(1, 2, 3)
    f.issued(1, 2)


@attack("issued", "round 1 has 11 tokens issued, but 10 codes made")
def more_issued_than_made(f):
    f.begin().issued(1, 11)


@attack("issued", "Entry 4 says a second time")
def issued_twice(f):
    f.begin().issued(1, 5)
    f.issued(1, 5)


@attack("issued", "before that round's issuing had ended", timing="apart")
def apart_but_signed_before_issued(f):
    f.begin().sign(1)
    f.issued(1, 5)


@attack("issued", "Entry 6 is a signature of round 2 before", timing="apart")
def apart_with_another_round_issued(f):
    f.begin().issued(1, 5)
    f.open(2)
    f.codes(2, 5)
    f.sign(1, number=2)


# Annulment, withdrawals, closing


@attack("annulled", "Entry 4 is a signature of round 1, annulled in entry 3")
def signed_after_annulled(f):
    f.begin().annul(1)
    f.sign(1)


@attack("annulled", "a second time")
def annulled_twice(f):
    f.begin().annul(1)
    f.annul(1)


@attack("withdrawals", "Entry 5 withdraws the signature in entry 3 a second time")
def withdrawn_twice(f):
    f.begin().sign(1)
    f.withdraw(1)
    f.withdraw(1)


@attack("withdrawals", "no earlier signature has")
def withdrawn_before_signed(f):
    f.begin().withdraw(1)
    f.sign(1)


@attack("withdrawals", "no earlier signature has")
def withdrawn_and_never_signed(f):
    f.begin().withdraw(9)


@attack("withdrawals", "does not open its commit")
def withdrawn_with_another_w(f):
    f.begin().sign(1)
    f.withdraw(1, w=b64(Opened(2).w))


@attack("withdrawals", "does not open its commit")
def withdrawn_with_another_a_hash(f):
    f.begin().sign(1)
    f.withdraw(1, a_hash=Opened(2).a_hash.hex())


@attack("withdrawals", "does not open its commit")
def another_commit_withdrawn(f):
    f.begin().sign(1, 2)
    f.withdraw(1, commit=Opened(2).commit.hex())


@attack("closed", "Entry 5 is no withdrawal, but the letter closed in entry 4")
def signed_after_closed(f):
    f.begin().sign(1)
    f.close()
    f.sign(2)


@attack("closed", "is no withdrawal")
def codes_after_closed(f):
    f.begin().close()
    f.codes(1, 20)


@attack("closed", "is no withdrawal")
def annulled_after_closed(f):
    f.begin().close()
    f.annul(1)


@attack("closed", "is no withdrawal")
def closed_twice(f):
    f.begin().close()
    f.close()


@attack("closed", "closes the letter with 2 signatures and 0 withdrawals; the entries before it have 1 and 0")
def closed_with_more_signatures(f):
    f.begin().sign(1)
    f.close(signatures=2)


@attack("closed", "with 1 signatures and 1 withdrawals")
def closed_with_more_withdrawals(f):
    f.begin().sign(1)
    f.close(withdrawals=1)


@attack("closed", "closes the letter with 1 signatures")
def closed_with_annulled_signatures(f):
    f.begin().sign(1)
    f.annul(1)
    f.close(signatures=1)


@attack("counts", "counts.json has 1 as count; the log has 0")
def annulled_signatures_counted(f):
    f.begin().sign(1)
    f.annul(1)
    f.rounds[1]["annulled"] = False


@attack("counts", "counts.json has 1 as signatures; the log has 0")
def annulled_withdrawals_counted(f):
    f.begin().sign(1)
    f.withdraw(1)
    f.annul(1)
    f.rounds[1]["annulled"] = False


@pytest.mark.parametrize("name", ATTACKS)
def test_an_insider_is_caught(forger, verdict_of, name):
    story, check, words, options = ATTACKS[name]
    log = forger(**options)
    story(log)
    verdict = verdict_of(log.seal().files() | getattr(log, "published", {}))

    assert not verdict.ok
    assert words in wrongs(verdict).get(check, f"nothing wrong with {check}: {wrongs(verdict)}")


# What a log of any shape may become


def without(log, place):
    del log.entries[place]


def doubled(log, place):
    log.entries.insert(place, log.entries[place])


def exchanged(log, place):
    log.entries[place], log.entries[place - 1] = log.entries[place - 1], log.entries[place]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=stories(), data=st.data())
def test_no_number_can_be_other_than_the_logs(forger, verdict_of, steps, data):
    log = forger()
    tell(log, steps)
    files = log.files()
    counts = json.loads(files["counts.json"])
    member = data.draw(st.sampled_from(["count", "signatures", "withdrawals"]))
    counts[member] += data.draw(st.sampled_from([-1, 1]))
    verdict = verdict_of(files | {"counts.json": json.dumps(counts).encode()})

    assert failed(verdict) == {"counts"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=stories(), data=st.data())
def test_entries_dropped_or_doubled_and_signed_anew_never_count_what_was_not_signed(forger, verdict_of, steps, data):
    log = forger()
    tell(log, steps)
    older = log.checkpoint().encode()
    place = data.draw(st.integers(1, len(log.entries) - 1))
    change = data.draw(st.sampled_from([without, doubled, exchanged]))
    before = list(log.entries)
    change(log, place)
    verdict = verdict_of(log, since=older)

    signed = {entry for entry in log.entries if b'"type":"signature"' in entry}
    assert verdict.signatures <= len(signed)
    assert ("since" in failed(verdict)) == (log.entries[: len(before)] != before)
