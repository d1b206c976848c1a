"""Characters that stand for what a letter's text cannot do: raised and lowered numbers, symbols of old fonts."""

import re

from petition.letters.drafting.importing.omissions import RAISED, SYMBOLS, Omissions

PLAIN = "0123456789+-=()ni"
SUPERSCRIPT = str.maketrans(PLAIN + "−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ⁻")
SUBSCRIPT = str.maketrans("0123456789+-=()−", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎₋")
GREEK_CAPITALS = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ"
GREEK_SMALL = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ"
SYMBOL = {
    0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB3: "≥",
    0xB4: "×", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBB: "≈", 0xBC: "…", 0xD2: "®", 0xD3: "©", 0xD4: "™", 0xDE: "⇒",
    0xE5: "∑",
    **{0x41 + place: letter for place, letter in enumerate(GREEK_CAPITALS)},
    **{0x61 + place: letter for place, letter in enumerate(GREEK_SMALL)},
    **{code: chr(code) for code in (0x28, 0x29, 0x2B, 0x2C, *range(0x2E, 0x40))},
}  # fmt: skip
WINGDINGS = {
    0x20: " ", 0x28: "☎", 0x2A: "✉", 0x4A: "☺", 0x6C: "●", 0x6E: "■", 0x6F: "□", 0x71: "❑", 0x76: "❖", 0x9F: "•",
    0xA7: "▪", 0xA8: "◻", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒",
    0xFE: "☑",
}  # fmt: skip
PRIVATE = re.compile("[\uf000-\uf0ff]")
FONTS = {"symbol": SYMBOL, "wingdings": WINGDINGS}


def symbol(font: str, code: int, omissions: Omissions) -> str:
    """The letter that a font of symbols shows for a code; listed, and nothing, if it is not known."""
    found = FONTS.get(font.lower(), {}).get(code & 0xFF)
    if found is None:
        omissions.add(SYMBOLS, f"{font} {code & 0xFF:02X}")
    return found or ""


def with_symbols(text: str, font: str, omissions: Omissions) -> str:
    """Text whose private characters (U+F000 to U+F0FF) are codes of a font of symbols, as letters."""
    return PRIVATE.sub(lambda found: symbol(font, ord(found[0]), omissions), text)


def raised(text: str, omissions: Omissions) -> str:
    """Superscript: as characters where they exist; ``^(…)`` where a number would become another one, else listed."""
    return _moved(text, SUPERSCRIPT, "^", omissions)


def lowered(text: str, omissions: Omissions) -> str:
    """The same for subscript."""
    return _moved(text, SUBSCRIPT, "_", omissions)


def _moved(text: str, characters: dict[int, int], sign: str, omissions: Omissions) -> str:
    if not text.strip():
        return text
    if all(ord(character) in characters or character.isspace() for character in text):
        return text.translate(characters)
    omissions.add(RAISED, text)
    return f"{sign}({text})" if any(character.isdigit() for character in text) else text
