"""The scripts' arithmetic, encodings and reading of what people type, against published numbers, in a real browser."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from petition.crypto import merkle
from petition.crypto.blind_rsa import PublicKey
from petition.crypto.codes import receipt_words
from petition.crypto.encodings import b64url
from tests.browser.script.pages import WithPages
from tests.client.issuing import SHORT, Issuer, key_pair, spki_of, spki_without_pair
from tests.client.serving import serving
from tests.typed import TABLE, cases

pytestmark = pytest.mark.browser
DATA = Path(__file__).parents[2] / "data"
VECTORS = json.loads((DATA / "rfc9474.json").read_text("utf-8"))["vectors"]
NUMBERS = json.loads((DATA / "petition.json").read_text("utf-8"))
PINS = json.loads((DATA / "pins.json").read_text("utf-8"))
RFC_9474 = """const v = given[0];
const [n, spki] = [BigInt("0x" + v.n), fromHex(given[1])];
const blinded = await blind(n, fromHex(v.input_msg), fromHex(v.salt), invert(BigInt("0x" + v.inv), n));
const pss = { ...PSS, saltLength: v.salt_length };
const signature = await finalize(spki, n, fromHex(v.input_msg), fromHex(v.inv), fromHex(v.blind_sig), pss);
return [fromText(blinded.blinded_message), fromText(blinded.inverse), signature].map(toHex);"""
"""What the script makes of a vector of RFC 9474."""


@pytest.fixture(scope="module")
def script(chromium: Browser) -> Iterator[Page]:
    """A page that has loaded both files, for calling their functions."""
    with serving(WithPages(Issuer())) as web:
        page = chromium.new_page()
        page.goto(web.url + SHORT + "receipt")
        yield page
        page.close()


def call(page: Page, body: str, *given: Any) -> Any:
    """What functions of the script answer."""
    return page.evaluate(f"async (given) => {{ {body} }}", list(given))


def rfc_9474(vector: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What ``RFC_9474`` is given."""
    return vector, PublicKey(int(vector["n"], 16), int(vector["e"], 16)).spki().hex()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["variant"] for vector in VECTORS])
def test_the_numbers_of_rfc_9474_come_out(script: Page, vector: dict[str, Any]) -> None:
    made = call(script, RFC_9474, *rfc_9474(vector))

    assert made == [vector["blinded_msg"], vector["inv"], vector["sig"]]


def test_an_answer_that_gives_no_valid_signature_is_not_used(script: Page) -> None:
    body = """const spki = fromHex(given[0]);
    const [inverse, answer] = [fromHex("02"), fromHex("03".repeat(384))];
    return finalize(spki, modulus(spki), utf8("message"), inverse, answer).catch((no) => no);"""

    assert call(script, body, spki_of(key_pair(1)).hex()) == "[invalid]"


@pytest.mark.parametrize(
    "spki",
    [
        spki_without_pair(2048),
        spki_without_pair(3080),
        spki_without_pair(1024, 3),
        spki_of(key_pair(1)) + b"\0",
        spki_of(key_pair(1))[:-1] + b"\3",
        spki_of(key_pair(1))[:33] + b"\x7f" + spki_of(key_pair(1))[34:],
        b"",
    ],
    ids=["2048 bits", "3080 bits", "e = 3", "a byte more", "another e", "3071 bits", "nothing"],
)
def test_any_other_key_is_refused(script: Page, spki: bytes) -> None:
    body = 'try { return modulus(fromHex(given[0] || "00")); } catch (no) { return no; }'

    assert call(script, body, spki.hex()) == "[record]"


@pytest.mark.parametrize(("a", "n"), [(3, 40), (39, 40), (1, 2), (2**3071, 2**3072 - 1)], ids=["3", "39", "1", "long"])
def test_an_inverse_is_found(script: Page, a: int, n: int) -> None:
    assert int(call(script, "return String(invert(...given.map(BigInt)));", str(a), str(n))) == pow(a, -1, n)


@pytest.mark.parametrize(("a", "n"), [(0, 40), (6, 40), (40, 40)])
def test_what_has_no_inverse_is_refused(script: Page, a: int, n: int) -> None:
    outcome = 'try { return String(invert(...given.map(BigInt))); } catch { return "refused"; }'

    assert call(script, outcome, a, n) == "refused"


def test_a_receipt_is_written_and_opened_as_everywhere(script: Page) -> None:
    known = NUMBERS["receipt"]
    body = """const { w, a, commit } = await openings(fromHex(given[0]));
    return [receiptWords(fromHex(given[0])), toHex(w), toHex(a), commit];"""

    assert call(script, body, known["receipt"]) == [known["words"], known["w"], known["a"], known["commit"]]


def test_a_statement_is_written_as_everywhere(script: Page) -> None:
    known = NUMBERS["statement"]
    body = "return new TextDecoder().decode(statement(given[0], given[0].round, given[0].commit));"

    assert call(script, body, known) == known["statement_utf8"]


@pytest.mark.parametrize("vector", PINS["pin"])
def test_a_pin_is_the_one_of_the_vectors(script: Page, vector: dict[str, Any]) -> None:
    body = "const pin = await pinOf(given[0]); return [canonical(given[0]), toText(pin), inFours(spokenPin(pin))];"
    shuffled = dict(reversed(vector["record"].items()))

    assert call(script, body, shuffled) == [vector["canonical_utf8"], vector["pin"], vector["read_aloud"]]


def test_fields_are_hashed_as_everywhere(script: Page) -> None:
    known = PINS["fields"]
    body = "return Promise.all(given.map(async (fields) => toHex(await sha256(utf8(canonical(fields))))));"

    assert call(script, body, known["fields"], []) == [known["fields_sha256"], known["none"]]


# What people type


@cases("codes")
def test_a_code_is_read_as_it_was_meant(script: Page, typed: str, meant: str | None) -> None:
    assert call(script, "try { return readCode(given[0]); } catch { return null; }", typed) == meant


@cases("receipts")
def test_a_receipt_is_read_as_it_was_meant(script: Page, typed: str, meant: str | None) -> None:
    assert call(script, "try { return toHex(fromWords(given[0])); } catch { return null; }", typed) == meant


@cases("names")
def test_a_name_is_taken_if_it_can_be_shown(script: Page, typed: str, meant: str | None) -> None:
    body = "try { requireShowable(given[0].normalize(), 'accents'); return true; } catch { return false; }"

    assert call(script, body, typed) == (meant is not None)


def test_every_address_is_read_as_it_was_meant(script: Page) -> None:
    rows = [row for row in TABLE["addresses"] if row["meant"]]
    read = call(script, "return given[0].map(asMeant);", [row["typed"] for row in rows])

    assert read == [row["meant"] for row in rows]


@pytest.mark.parametrize("receipt", [bytes(16), b"\xff" * 16, bytes(range(16)), bytes(range(200, 216))])
def test_written_words_lead_back_to_their_receipt(script: Page, receipt: bytes) -> None:
    assert call(script, "return receiptWords(fromHex(given[0]));", receipt.hex()) == receipt_words(receipt)
    assert call(script, "return toHex(fromWords(given[0]));", receipt_words(receipt)) == receipt.hex()


# The log


@pytest.mark.parametrize("number", [0, 7, 999, 1000, 1234067])
def test_parts_of_the_log_have_their_names(script: Page, number: int) -> None:
    assert call(script, "return tilePath(given[0]);", number) == merkle.tile_path(number)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 255, 256, 257])
def test_the_root_is_that_of_rfc_9162(script: Page, size: int) -> None:
    entries = [f'{{"n":{number}}}' for number in range(size)]
    body = """const hashes = given[0].map((entry) => sha256([0], utf8(entry)));
    return toHex(await rootOf(await Promise.all(hashes)));"""

    assert call(script, body, entries) == merkle.root([merkle.leaf_hash(entry.encode()) for entry in entries]).hex()


def test_a_log_key_for_which_anyone_can_sign_signs_nothing(script: Page) -> None:
    """The identity signs every text with the same 64 bytes."""
    key, signature = bytes([1, *bytes(31)]), bytes([1, *bytes(63)])
    line = b64encode(bytes(4) + signature).decode()
    note = f"example.org/log\n1\n{b64encode(bytes(32)).decode()}\n\n— example.org/log {line}\n"
    record = {"note": note, "origin": "example.org/log"}

    assert call(script, "return isSigned(given[0], given[1]);", record, b64url(key)) is False
