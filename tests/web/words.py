"""Words that no screen for signers or organizers shows, and what a page shows."""

import re
from functools import cache
from html.parser import HTMLParser

PRIVATE = re.compile(
    r"\bK\b|\b(?:rolls?|rounds?|tokens?|hash(?:es|ed)?|SHA|mails?|mailed|whoever|somebody|nobody|everybody|anybody|"
    r"passphrases?|withdr[ae]w\w*|annul\w*|flood\w*|seal(?:s|ed|ing|ings)?|exchang\w*|(?<!front )desk|seats?|freez\w*|"
    r"frozen|commenters?|binding|collision\w*|recall\w*|operator|preflight|fingerprint of the key|logs?|unnamed|"
    r"checkpoints?|witness\w*|cosign\w*|blind\w*|unwrap\w*|retry|so many|put together|take away|take back|"
    r"takes? (?:it|them) back|stands? in (?:the|a|its))\b|(?<!print )\bbatch(?:es)?\b",
    re.IGNORECASE,
)
"""Words of engineers and of the protocol, which stay on the pages for checkers and in the docs; and stiff ones."""
GLUED = re.compile(r"[a-z0-9][.!?:]”?[A-Z][a-z]")
"""A sentence that begins where another one ends, as it does where a template lost a line break."""
PLACE = re.compile(r"\{\w+\}")
"""Where a script fills a sentence in."""
OWN = ("code", "pre", "textarea", "option", "article", "bdi")
"""What people wrote or programs read."""
SAID = ("aria-label", "placeholder", "title", "alt")


class Seen(HTMLParser):
    """The texts that a page shows, those that screen readers say, and those that a script may say later."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        said = [found[name] or "" for name in found if name in SAID]
        if found.get("id") in ("say", "seen", "sought-found", "check-count", "share"):
            said += [text or "" for name, text in attrs if name.startswith("data-")]
        if not self._inside:
            self.texts += said
        if tag in OWN and (tag != "article" or found.get("class") == "letter") or found.get("class") == "columns":
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.texts.append(" ".join(data.split()))


def wrong_texts(page: str) -> set[str]:
    """The texts of a page with a word that no such screen shows, and those of two sentences without a space."""
    return set(filter(_is_wrong, Seen(page).texts))


@cache
def _is_wrong(text: str) -> bool:
    """Asked once of what stands on many pages."""
    said = PLACE.sub("", text)
    return bool(PRIVATE.search(said) or GLUED.search(said))
