"""How wide a text is, and its lines, where nothing breaks them by itself: in SVG."""

import unicodedata


def wrapped(text: str, width: int, most: int = 3) -> tuple[str, ...]:
    """A text in lines of about ``width`` Latin letters; three dots replace what exceeds the number of lines."""
    lines, line = [], ""
    for word in _words(text, width):
        if line and breadth(f"{line} {word}") > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1].rstrip(" .,;:") + " …"]
    return tuple(lines)


def _words(text: str, width: int) -> list[str]:
    """The words, those that are longer than a line cut."""
    found = []
    for word in text.split():
        part = ""
        for character in word:
            if breadth(part + character) > width:
                found.append(part)
                part = ""
            part += character
        found.append(part)
    return found


def breadth(text: str) -> float:
    """About how many Latin letters wide a text is: wide characters (UAX 11) count for two, marks for nothing."""
    return sum(_breadth(character) for character in text)


def _breadth(character: str) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 1.4 if character.isupper() else 1
