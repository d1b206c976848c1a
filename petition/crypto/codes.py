"""Codes, letter ids and written receipts: Crockford's base32, for people who copy by hand.

Crockford's alphabet leaves out I, L, O and U. Read back, I and L are 1, O is 0, and case, spaces and hyphens
don't matter. ``as_meant`` is the one rule for what else is forgiven; ``sign.js`` and ``client.py`` keep copies of
their own, and one table of cases (``tests/data/typed.json``) holds all three to it.
Source: https://www.crockford.com/base32.html.
"""

import unicodedata

from petition.errors import BadShape
from petition.normalization import normalize
from petition.randomness import Random

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK = ALPHABET + "*~$=U"
CODE_LENGTH = 16
CODE_BYTES = 10
LETTER_ID_LENGTH = 26
RECEIPT_LENGTH = 26
RECEIPT_BYTES = 16

_DROPPED_KINDS = {"Cc", "Cf", "Pd", "Zl", "Zp", "Zs"}
"""Unicode categories that carry nothing here: controls, format characters, dashes, spaces."""

_DROPPED = "\u02d7\u2043\u2212\ufe0e\ufe0f"
"""Dashes of other categories, and the marks that choose between text and emoji."""

_OUTER_KINDS = {"Pc", "Pe", "Pf", "Pi", "Po", "Ps", "Sk", "Mn"}
"""Unicode categories of quotes, brackets and punctuation, and of accents that stand alone."""

_AS_MEANT = str.maketrans(
    {letter: letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}
    | dict.fromkeys("oO", "0")
    | dict.fromkeys("iIlL", "1")
)


def new_code(random: Random) -> str:
    """A new code: 16 characters, 80 random bits."""
    return code_from_bytes(random(CODE_BYTES))


def code_from_bytes(ten: bytes) -> str:
    """Write 10 bytes as a code: an 80-bit big-endian number in 16 digits."""
    if len(ten) != CODE_BYTES:
        raise ValueError(f"A code is made of {CODE_BYTES} bytes, not {len(ten)}.")
    return write_number(int.from_bytes(ten, "big"), CODE_LENGTH)


def show(text: str) -> str:
    """Group a code or receipt by fours, with hyphens between."""
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def read_code(text: str) -> str:
    """Read a code as a person typed it and return its 16 canonical characters.

    Refuses with ``BadShape`` what has another length or characters that codes do not have.
    """
    code = as_meant(text)
    if len(code) != CODE_LENGTH:
        raise BadShape(
            "A code has 16 characters; you typed %(given)s. Check it and try again.",
            given=len(code),
        )
    for character in code:
        if character not in ALPHABET:
            raise BadShape(
                "Codes never contain %(character)s. Check that character.",
                character=character,
            )
    return code


def new_letter_id(random: Random) -> str:
    """A new letter id: 26 random characters of the alphabet (130 bits)."""
    return "".join(ALPHABET[byte % 32] for byte in random(LETTER_ID_LENGTH))


def receipt_words(receipt: bytes) -> str:
    """Write a receipt (16 bytes) to be copied by hand, in groups of four.

    A 128-bit big-endian number in 26 digits, and a check character: the number modulo 37.
    """
    if len(receipt) != RECEIPT_BYTES:
        raise ValueError(f"A receipt has {RECEIPT_BYTES} bytes, not {len(receipt)}.")
    number = int.from_bytes(receipt, "big")
    return show(write_number(number, RECEIPT_LENGTH) + CHECK[number % 37])


def read_receipt(text: str) -> bytes:
    """Read a receipt as a person typed it and return its 16 bytes. A final ``=`` that got lost is forgiven.

    Refuses with ``BadShape`` another length, other characters, a number of more than 128 bits, and
    a wrong check character, which finds every single wrong character and every swap of neighbors.
    """
    words = as_meant(text)
    if len(words) == RECEIPT_LENGTH and set(words) <= set(ALPHABET) and CHECK[read_number(words) % 37] == "=":
        words += "="
    if len(words) != RECEIPT_LENGTH + 1:
        raise BadShape(
            "A receipt has 27 characters; you typed %(given)s. Check for typos.",
            given=len(words),
        )
    for character in words[:-1]:
        if character not in ALPHABET:
            raise BadShape(
                "A receipt never has %(character)s there. Check for typos.",
                character=character,
            )
    number = read_number(words[:-1])
    if number >> 128 or words[-1] != CHECK[number % 37]:
        raise BadShape("A character of this receipt is wrong. Check for typos.")
    return number.to_bytes(RECEIPT_BYTES, "big")


def read_number(digits: str) -> int:
    """The big-endian number that Crockford digits write."""
    number = 0
    for digit in digits:
        number = number * 32 + ALPHABET.index(digit)
    return number


def write_number(number: int, length: int) -> str:
    """The last ``length`` Crockford digits of a number, big-endian."""
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def as_meant(text: str) -> str:
    """The characters of a code, receipt, pin or short address as its reader meant them.

    Applies NFKC, so that full-width forms become ASCII. Drops spaces, dashes, controls and format characters
    anywhere, and quotes and punctuation around the whole (but not ``*``, which may end a receipt). Reads ASCII
    letters without regard to case, O as 0, and I and L as 1.
    """
    kept = "".join(c for c in normalize("NFKC", text) if _is_kept(c))
    start, end = 0, len(kept)
    while start < end and _is_outer(kept[start]):
        start += 1
    while start < end and _is_outer(kept[end - 1]):
        end -= 1
    # Only ASCII letters change: str.upper() would turn the one character of ß into two good ones.
    return kept[start:end].translate(_AS_MEANT)


def _is_kept(character: str) -> bool:
    return unicodedata.category(character) not in _DROPPED_KINDS and character not in _DROPPED


def _is_outer(character: str) -> bool:
    if character == "*":
        return False
    return unicodedata.category(character) in _OUTER_KINDS or character in "<>"
