"""How to be seen: chosen when signing, changed with the receipt."""

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from petition import client
from tests.client.conftest import Run
from tests.client.issuing import CODE, LETTER_ID, PUBLIC, SHORT, Issuer, b64, from_b64, key_pair, spki_of
from tests.client.serving import Web

pytestmark = pytest.mark.thorough

RECEIPT = bytes(range(16))
WORDS = client.receipt_words(RECEIPT)
FIELDS = [
    {"id": name, "label": name.title(), "options": [{"id": option, "label": option.title()} for option in options]}
    for name, options in (("role", ("software", "ops")), ("site", ("north", "south")))
]
SOFTWARE = {"field": "role", "option": "software"}


@pytest.fixture
def asking(issuer: Issuer) -> Issuer:
    """A letter that asks for role and site, and offers names."""
    key = b64(spki_of(key_pair(2)))
    issuer.record = {"fields": FIELDS, "names_keys": {"named": key, "named_at:50": key, "named_at:60": key}}
    issuer.record["names_offered"] = ["named", "named_at:50"]
    return issuer


def unlocked(appearance: dict[str, Any], step: str) -> str:
    """What the holder of the names key reads."""
    name_key = hashlib.sha256(b"petition-name-v1" + from_b64(appearance["a"])).hexdigest()
    label = f"petition-name-v1\n{LETTER_ID}\n{step}\n{name_key}".encode()
    oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), label)
    return key_pair(2).decrypt(from_b64(appearance["locked_name"]), oaep).decode()


def test_who_says_nothing_is_counted_and_shows_no_half_of_the_receipt(run: Run, letter: str, asking: Issuer) -> None:
    ran = run("sign", letter, "--code", CODE)

    assert ran.status == 0
    assert asking.appearances == [{"step": "counted"}]


@pytest.mark.parametrize("groups", [("role=software",), ("Role = Software",), ("site=south", "role=ops")])
def test_groups_are_sent_by_their_ids_however_they_are_written(
    run: Run, letter: str, asking: Issuer, groups: tuple[str, ...]
) -> None:
    ran = run("sign", letter, "--code", CODE, *(word for group in groups for word in ("--group", group)))
    sent = asking.appearances[0]

    assert ran.status == 0
    assert (sent["step"], set(sent)) == ("grouped", {"step", "groups", "a", "w_hash"})
    assert sent["groups"] == ([SOFTWARE] if len(groups) == 1 else [
        {"field": "role", "option": "ops"}, {"field": "site", "option": "south"},
    ])  # fmt: skip


def test_the_person_reads_what_the_public_will_see(run: Run, letter: str, asking: Issuer) -> None:
    words = ("--appear", "named_at:50", "--name", "Ana Muster", "--title", "Engineer", "--group", "role=ops")
    ran = run("sign", letter, "--code", CODE, *words)

    assert "one more in the count; Role: Ops; your name (Ana Muster, Engineer) once 50 have signed" in ran.said


@pytest.mark.parametrize(("step", "at"), [("named", None), ("named_at:50", 50)])
def test_a_name_leaves_this_computer_only_locked(
    run: Run, letter: str, asking: Issuer, web: Web, step: str, at: int | None
) -> None:
    ran = run("sign", letter, "--code", CODE, "--appear", step, "--name", "Ána  Muster", "--title", "Engineer")
    sent = asking.appearances[0]

    assert ran.status == 0
    assert (sent["step"], sent.get("at")) == (step.partition(":")[0], at)
    assert unlocked(sent, step) == "Ána Muster\nEngineer"
    assert not any(word in str(web.seen) for word in ("Muster", "Engineer"))


def test_a_name_that_is_sent_again_is_the_same_bytes(run: Run, letter: str, asking: Issuer) -> None:
    run("sign", letter, "--code", CODE, "--appear", "named", "--name", "Ana")
    run("sign", letter, "--token", "receipt.json", "--appear", "named", "--name", "Ana")

    assert asking.appearances[0] == asking.appearances[1]


@pytest.mark.parametrize(
    "words",
    [
        ("--group", "role=cook"),
        ("--group", "level=3"),
        ("--group", "role"),
        ("--group", "role=ops", "--group", "role=software"),
        ("--appear", "named_at:60", "--name", "Ana"),
        ("--appear", "named", "--name", "A" * 301),
    ],
    ids=" ".join,
)
def test_what_the_letter_does_not_offer_is_said_before_the_code_is_spent(
    run: Run, letter: str, asking: Issuer, web: Web, words: tuple[str, ...]
) -> None:
    ran = run("sign", letter, "--code", CODE, *words)

    assert ran.status == 1
    assert web.posts() == []


def test_a_letter_that_asks_nothing_takes_no_groups(run: Run, letter: str, issuer: Issuer, web: Web) -> None:
    assert run("sign", letter, "--code", CODE, "--group", "role=software").status == 1
    assert issuer.codes[CODE] is None


# By receipt


@pytest.mark.parametrize(
    ("words", "step"),
    [
        (("--appear", "counted"), "counted"),
        (("--group", "role=software"), "grouped"),
        (("--appear", "named", "--name", "Ana"), "named"),
    ],
)
def test_a_receipt_changes_what_is_seen(
    run: Run, letter: str, asking: Issuer, web: Web, words: tuple[str, ...], step: str
) -> None:
    ran = run("change", letter, "--receipt", WORDS, *words, "--json")
    w, a = client.openings(RECEIPT)
    sent = asking.appearances[0]

    assert (ran.status, ran.result["appear"]) == (0, step)
    assert (sent["step"], sent["a"], sent["w_hash"]) == (step, b64(a), hashlib.sha256(w).hexdigest())
    assert b64(w) not in str(web.seen)
    assert b64(RECEIPT) not in str(web.seen)


def test_a_receipt_in_words_goes_to_the_address_given(run: Run, asking: Issuer, public: str, web: Web) -> None:
    ran = run("change", public, "--receipt", WORDS, "--group", "role=ops")

    assert ran.status == 0
    assert [seen.path for seen in web.posts()] == [PUBLIC + "appearances"]
    assert "You gave no pin." in ran.said


def test_a_receipt_file_goes_to_the_letters_own_address(run: Run, asking: Issuer, public: str, web: Web) -> None:
    run("sign", public, "--code", CODE)
    web.seen.clear()

    ran = run("change", public, "--receipt", "receipt.json", "--group", "role=ops")

    assert ran.status == 0
    assert [seen.path for seen in web.posts()] == [SHORT + "appearances"]
    assert "those of your pin" in ran.said


def test_a_step_that_is_not_offered_any_more_is_refused(run: Run, letter: str, asking: Issuer, web: Web) -> None:
    ran = run("sign", letter, "--code", CODE, "--appear", "named_at:60", "--name", "Ana")

    assert (ran.status, web.posts()) == (1, [])
    assert "counted or grouped or named or named_at:50, not named_at:60" in ran.said
