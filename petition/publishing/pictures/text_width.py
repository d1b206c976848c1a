"""How wide a text is, and its lines, where nothing breaks them by itself: in SVG."""

import unicodedata


def wrapped(text: str, width: int) -> tuple[str, ...]:
    """A text in lines of about ``width`` Latin letters, all of it."""
    lines, line = [], ""
    for word in _words(text, width):
        if line and breadth(f"{line} {word}") > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return (*lines, line)


def _words(text: str, width: int) -> list[str]:
    """The words; one that is longer than a line is cut, with a hyphen between letters of an alphabet."""
    found = []
    for word in text.split():
        part = ""
        for character in word:
            if breadth(part + character) > width - 1:
                found.append(part + _hyphen(part, character))
                part = ""
            part += character
        found.append(part)
    return found


def _hyphen(before: str, after: str) -> str:
    """What shows that a word goes on: nothing in scripts that break lines anywhere."""
    letters = before[-1:] + after
    return (
        "-"
        if letters.isalpha()
        and all(unicodedata.bidirectional(one) == "L" for one in letters)
        and not (_is_wide(before[-1]) or _is_wide(after))
        else ""
    )


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def breadth(text: str) -> float:
    """About how many Latin letters wide a text is: wide characters (UAX 11) count for two, marks for nothing."""
    return sum(_breadth(character) for character in text)


def _breadth(character: str) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if _is_wide(character):
        return 2
    return 1.4 if character.isupper() else 1
