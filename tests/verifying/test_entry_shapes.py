"""An entry is canonical JSON of a known type with exactly its members, each in its shape."""

import json

import pytest

from tests.verifying.log_builder import TEXT, b64, canonical, sha
from tests.verifying.verdicts import failed, wrongs

NOT_JSON = [
    b"",
    b"{}{}",
    b"\xff",
    b"[" * 60000,
    b'{"a":' * 10000,
    b"NaN",
    b"1" * 5000,
    b"\xef\xbb\xbf{}",
    b'"\xed\xa0\x80"',
]


@pytest.mark.parametrize("garbage", NOT_JSON, ids=lambda garbage: repr(garbage[:8]))
def test_an_entry_that_is_not_json_is_caught(build, verdict_of, garbage):
    log = build().begin()
    log.raw(garbage)

    assert "Entry 3 is not" in wrongs(verdict_of(log))["entries"]


@pytest.mark.parametrize("entry", [b"[]", b"null", b"7", b'"codes"', b"true"])
def test_an_entry_that_is_not_an_object_is_caught(build, verdict_of, entry):
    log = build().begin()
    log.raw(entry)

    assert "is not an object" in wrongs(verdict_of(log))["entries"]


@pytest.mark.parametrize("kind", ["Codes", "", "note", None, 1, ["codes"], {"codes": 1}, "codes "])
def test_an_entry_of_unknown_type_is_caught(build, verdict_of, kind):
    log = build().begin()
    log.add(type=kind, round=1, made=10, voided=0)

    assert "has the unknown type" in wrongs(verdict_of(log))["entries"]


def one_of_each(f):
    f.begin()
    f.issued(1, 9)
    f.sign(1, 2, 3)
    f.withdraw(1)
    f.close()
    f.annul(1)
    return {json.loads(entry)["type"]: json.loads(entry) for entry in f.entries}


def variants(entry):
    """Every entry that differs from a right one in one member."""
    yield "extra", entry | {"note": "x"}
    for name in entry.keys() - {"type"}:
        yield f"without {name}", {key: value for key, value in entry.items() if key != name}
        for value in (None, True, False, -1, 2**53, "", "x", [], {}, [1]):
            if (name, value) not in LAWFUL and value is not entry[name]:
                yield f"{name}={value!r}", entry | {name: value}


LAWFUL = [("opens", None), ("closes", None), ("title", ""), ("title", "x"), ("roll", ""), ("roll", "x")]
LAWFUL += [("reason", ""), ("reason", "x"), ("names_keys", {}), ("key_destroyed", False), ("issued", None)]
LAWFUL += [("message", ""), ("message", "x"), ("signature", ""), ("signature", "x"), ("public_key", "")]


@pytest.mark.parametrize(
    "kind", ["letter", "round", "codes", "issued", "signature", "withdrawal", "closed", "annulled"]
)
def test_each_entry_has_exactly_its_members_in_their_shapes(build, verdict_of, kind):
    entry = one_of_each(build())[kind]
    others = [canonical(e) for t, e in one_of_each(build()).items() if t in ("letter", "round") and t != kind]
    for what, changed in variants(entry):
        log = build()
        log.entries = [*others, canonical(changed)]
        if what.endswith("=9007199254740992"):
            log.entries[-1] = json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

        assert "entries" in failed(verdict_of(log)), f"{kind} {what}"


WRONG_LETTERS = {
    "k of 0": {"k": 0},
    "k of 2": {"k": 2},
    "k of 51": {"k": 51},
    "k of true": {"k": True},
    "no rolls": {"rolls": []},
    "a roll twice": {"rolls": [{"id": "a", "name": "A"}, {"id": "a", "name": "B"}]},
    "a roll without a name": {"rolls": [{"id": "a"}]},
    "a roll with more": {"rolls": [{"id": "a", "name": "A", "k": 3}]},
    "a number as a roll's id": {"rolls": [{"id": 1, "name": "A"}]},
    "a roll's id with a space": {"rolls": [{"id": "a b", "name": "A"}]},
    "an empty roll's id": {"rolls": [{"id": "", "name": "A"}]},
    "no hosts": {"hosts": []},
    "hosts as text": {"hosts": "example.org"},
    "a host twice": {"hosts": ["example.org", "example.org"]},
    "hosts in another order": {"hosts": ["b.example", "a.example"]},
    "a host with a scheme": {"hosts": ["https://example.org"]},
    "an empty host": {"hosts": [""]},
    "a host with a line feed": {"hosts": ["example.org\n"]},
    "fields as a list": {"fields_sha256": []},
    "another timing": {"timing": "soon"},
    "a short letter id": {"letter_id": "0123456789ABCDEFGHJKMNPQR"},
    "a letter id with a U": {"letter_id": "U123456789ABCDEFGHJKMNPQRS"},
    "a lower-case letter id": {"letter_id": "0123456789abcdefghjkmnpqrs"},
    "an upper-case hash": {"text_sha256": sha(TEXT).hex().upper()},
    "a short log key": {"log_key": b64(bytes(31))},
    "an unknown step": {"names_keys": {"grouped": "ab" * 32}},
    "a step with a leading zero": {"names_keys": {"named_at:050": "ab" * 32}},
    "a names key that is no hash": {"names_keys": {"named": "ab"}},
    "a client that is no hash": {"client_sha256": {"client.py": "00" * 32, "sign.js": ""}},
    "a client missing": {"client_sha256": {"client.py": "00" * 32}},
    "a client too many": {"client_sha256": dict.fromkeys(("client.py", "sign.js", "x.js"), "00" * 32)},
}


@pytest.mark.parametrize("changes", WRONG_LETTERS.values(), ids=WRONG_LETTERS)
def test_a_letter_in_the_wrong_shape_is_caught(build, verdict_of, changes):
    log = build().begin(**changes)

    assert "Entry 0 must have" in wrongs(verdict_of(log))["entries"]


TIMES = ["2026-11-22", "2026-11-22T14:00", "2026-11-22T14:00:00Z", "2026-13-22T14:00Z", "2026-02-30T14:00Z"]
TIMES += ["2026-11-22T24:00Z", "2026-11-22t14:00z", "2026-11-22T14:00+00:00", "0000-11-22T14:00Z", ""]


@pytest.mark.parametrize("time", TIMES)
def test_a_time_in_another_form_is_caught(build, verdict_of, time):
    log = build().begin()
    log.open(2, opens=time)

    assert "a time like" in wrongs(verdict_of(log))["entries"]
