"""Codes, letter ids and written receipts: Crockford's base32, for people who copy by hand.

Crockford's alphabet leaves out I, L, O and U. Read back, I and L are 1, O is 0, case does not
matter, and neither do spaces and hyphens. Source: https://www.crockford.com/base32.html.
"""

import unicodedata

from petition.errors import BadShape
from petition.randomness import Random

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECK = ALPHABET + "*~$=U"
CODE_LENGTH = 16
CODE_BYTES = 10
LETTER_ID_LENGTH = 26
RECEIPT_LENGTH = 26
RECEIPT_BYTES = 16

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
    return _digits(int.from_bytes(ten, "big"), CODE_LENGTH)


def show(text: str) -> str:
    """Group a code or receipt by fours, with hyphens between."""
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def read_code(text: str) -> str:
    """Read a code as a person typed it and return its 16 canonical characters.

    Refuses with ``BadShape`` what has another length or characters that codes do not have.
    """
    code = _as_meant(text)
    if len(code) != CODE_LENGTH:
        raise BadShape(
            "A code has 16 letters and digits, like 008J-4CT4-ANK7-F24S; this one has %(given)s. "
            "Compare it with your sheet or mail and type it again.",
            given=len(code),
        )
    for character in code:
        if character not in ALPHABET:
            raise BadShape(
                "No code contains %(character)s. Compare it with your sheet or mail and type it again.",
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
    return show(_digits(number, RECEIPT_LENGTH) + CHECK[number % 37])


def read_receipt(text: str) -> bytes:
    """Read a receipt as a person typed it and return its 16 bytes.

    Refuses with ``BadShape`` another length, other characters, a number of more than 128 bits, and
    a wrong check character, which finds every single wrong character and every swap of neighbors.
    """
    words = _as_meant(text)
    if len(words) != RECEIPT_LENGTH + 1:
        raise BadShape(
            "A receipt has 27 characters; this one has %(given)s. Compare it with what you wrote down.",
            given=len(words),
        )
    number = 0
    for character in words[:-1]:
        if character not in ALPHABET:
            raise BadShape(
                "No receipt contains %(character)s there. Compare it with what you wrote down.",
                character=character,
            )
        number = number * 32 + ALPHABET.index(character)
    if number >> 128 or words[-1] != CHECK[number % 37]:
        raise BadShape("A character of this receipt is wrong. Compare it with what you wrote down.")
    return number.to_bytes(RECEIPT_BYTES, "big")


def _digits(number: int, length: int) -> str:
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def _as_meant(text: str) -> str:
    # Only ASCII letters change: str.upper() would turn the one character of ß into two good ones.
    kept = (c for c in text if not c.isspace() and unicodedata.category(c) != "Pd")
    return "".join(kept).translate(_AS_MEANT)
