"""The script's arithmetic and encodings against published numbers, in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from petition.crypto import merkle
from petition.crypto.blind_rsa import PrivateKey, PublicKey
from petition.crypto.codes import receipt_words
from tests.browser.script.phones import Site

pytestmark = pytest.mark.browser
DATA = Path(__file__).parents[2] / "data"
VECTORS = json.loads((DATA / "rfc9474.json").read_text("utf-8"))["vectors"]
NUMBERS = json.loads((DATA / "petition.json").read_text("utf-8"))
BYTES = 'const bytes = (hex) => hex.replace(/../g, (pair) => String.fromCharCode("0x" + pair));'
KEY = """const n = BigInt(given[0]);
const key = await crypto.subtle.importKey("spki", toArray(bytes(given[1])), PSS, true, ["verify"]);"""


@pytest.fixture(scope="module")
def script(chromium: Browser, site: Site) -> Iterator[Page]:
    """A page that has loaded both files, for calling their functions."""
    page = chromium.new_page()
    page.goto(site.url(site.shared.an_open_letter(), "receipt"))
    yield page
    page.close()


def call(page: Page, body: str, *given: Any) -> Any:
    """What functions of the script answer; bytes go in and come out as hex."""
    return page.evaluate(f"async (given) => {{ {BYTES} {body} }}", list(given))


def as_given(key: PublicKey) -> tuple[str, str]:
    """A key for ``KEY``."""
    return str(key.n), key.spki().hex()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["variant"] for vector in VECTORS])
def test_the_numbers_of_rfc_9474_come_out(script: Page, vector: dict[str, Any]) -> None:
    key = PublicKey(int(vector["n"], 16), int(vector["e"], 16))

    made = call(
        script,
        f"""{KEY} const v = given[2];
        const r = invert(BigInt("0x" + v.inv), n);
        const blinded = await blind(n, bytes(v.input_msg), bytes(v.salt), r);
        const pss = {{ ...PSS, saltLength: v.salt_length }};
        const signature = await finalize({{ key, n }}, bytes(v.input_msg), bytes(v.inv), bytes(v.blind_sig), pss);
        return [blinded.blinded_message, blinded.inverse, signature].map(toHex);""",
        *as_given(key),
        vector,
    )

    assert made == [vector["blinded_msg"], vector["inv"], vector["sig"]]


def test_an_answer_that_gives_no_valid_signature_is_not_used(script: Page, keys: list[PrivateKey]) -> None:
    answer = 'return finalize({ key, n }, "message", bytes("02"), bytes("03".repeat(384))).catch((no) => no);'

    assert "gives no valid signature" in call(script, KEY + answer, *as_given(keys[0].public))


@pytest.mark.parametrize(("a", "n"), [(3, 40), (39, 40), (1, 2), (2**3071, 2**3072 - 1)], ids=["3", "39", "1", "long"])
def test_an_inverse_is_found(script: Page, a: int, n: int) -> None:
    assert int(call(script, "return String(invert(...given.map(BigInt)));", str(a), str(n))) == pow(a, -1, n)


@pytest.mark.parametrize(("a", "n"), [(0, 40), (6, 40), (40, 40)])
def test_what_has_no_inverse_is_refused(script: Page, a: int, n: int) -> None:
    outcome = 'try { return String(invert(...given.map(BigInt))); } catch { return "refused"; }'

    assert call(script, outcome, a, n) == "refused"


def test_a_receipt_is_written_and_opened_as_everywhere(script: Page) -> None:
    known = NUMBERS["receipt"]
    made = call(
        script,
        """const { w, a, commit } = await openings(bytes(given[0]));
        return [receiptWords(bytes(given[0])), toHex(w), toHex(a), commit];""",
        known["receipt"],
    )

    assert made == [known["words"], known["w"], known["a"], known["commit"]]


def test_a_statement_is_written_as_everywhere(script: Page) -> None:
    known = NUMBERS["statement"]
    made = call(
        script,
        "round = given[0]; return statement(bytes(given[1]));",
        {name: known[name] for name in ("letter_id", "round", "text_sha256")},
        NUMBERS["receipt"]["receipt"],
    )

    assert made == known["statement_utf8"]


@pytest.mark.parametrize("receipt", [bytes(16), b"\xff" * 16, bytes(range(16)), bytes(range(200, 216))])
def test_written_words_lead_back_to_their_receipt(script: Page, receipt: bytes) -> None:
    words = receipt_words(receipt)
    careless = words.lower().replace("-", " ").replace("0", "o").replace("1", "l")

    assert call(script, "return toHex(fromWords(receiptWords(bytes(given[0]))));", receipt.hex()) == receipt.hex()
    assert call(script, "return given.map(fromWords).map(toHex);", words, careless) == [receipt.hex()] * 2


@pytest.mark.parametrize(
    "slip",
    ["", "0004", "0004-1061-050R-3GG2-8A1C-60T3-GF5", "0004-1061-050R-3GG2-8A1C-60T3-FG6", "8" + "0" * 26, "U" * 27],
    ids=["nothing", "too short", "another check", "two swapped", "129 bits", "no digits"],
)
def test_a_slip_of_the_pen_is_found(script: Page, slip: str) -> None:
    said = call(script, "try { return fromWords(given[0]); } catch (sentence) { return sentence; }", slip)

    assert said.startswith("This is no receipt.")


@pytest.mark.parametrize("number", [0, 7, 999, 1000, 1234067])
def test_parts_of_the_log_have_their_names(script: Page, number: int) -> None:
    assert call(script, "return tilePath(given[0]);", number) == merkle.tile_path(number)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 255, 256, 257])
def test_the_root_is_that_of_rfc_9162(script: Page, size: int) -> None:
    entries = [f'{{"n":{number}}}' for number in range(size)]
    root = call(
        script,
        """const hashes = given[0].map((entry) => sha256([0], new TextEncoder().encode(entry)));
        return toHex(fromArray(await rootOf(await Promise.all(hashes))));""",
        entries,
    )

    assert root == merkle.root([merkle.leaf_hash(entry.encode()) for entry in entries]).hex()


def test_blinding_and_unblinding_are_over_before_anybody_notices(script: Page, keys: list[PrivateKey]) -> None:
    took = call(
        script,
        f"""{KEY} const start = performance.now();
        const {{ inverse }} = await blind(n, random(200), random(48), toNumber(random(383)));
        await finalize({{ key, n }}, random(200), inverse, random(384)).catch(() => {{}});
        return performance.now() - start;""",
        *as_given(keys[0].public),
    )

    assert took < 500  # milliseconds; on a machine with nothing else to do a tenth of it
