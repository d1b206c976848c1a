"""Text that must read the same in Markdown as it does without."""

import re

_INLINE = re.compile(r"[\\*\[\]<`]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_LINE_START = re.compile(r"^(>|~(?=~~)|[#+=-](?=[\s#=-]|\Z)|(\d{1,9})([.)])(?=\s|\Z))", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


def escaped(text: str) -> str:
    """Lines of text without indents, with everything escaped that Markdown would read as markup."""
    return guarded(_INDENT.sub("", escaped_within(text)))


def escaped_within(text: str) -> str:
    """A piece of a line: what would be a sign anywhere is escaped."""
    return _INLINE.sub(lambda found: "\\" + found[0], text)


def guarded(text: str) -> str:
    """What would be a sign at the beginning of a line is escaped."""
    return _LINE_START.sub(lambda found: f"{found[2]}\\{found[3]}" if found[2] else "\\" + found[1], text)
