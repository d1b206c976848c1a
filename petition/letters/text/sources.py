"""A letter's sources, as numbered footnotes with title, link and date."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from petition.errors import BadShape, TooLong

MOST_SOURCES = 40
LONGEST_ADDRESS = 1_000
DATE = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?")
REFERENCE = re.compile(r"\[\^([0-9]{1,2})\](?!:)")
"""How the text refers to a source by its number; what is defined as a footnote of its own ends with a colon."""
LINE = re.compile(
    r"\[\^(?P<number>[0-9]{1,2})\]: (?P<title>.*?)(?: <(?P<url>[^<>\s]+)>)?(?: \((?P<date>[0-9-]{4,10})\))?"
)
"""A source's line in the canonical text."""


@dataclass(frozen=True)
class Source:
    """What the letter refers to: a title, an http or https address or none, a date (year, month or day) or none."""

    title: str
    url: str = ""
    date: str = ""

    @property
    def line(self) -> str:
        """As in the canonical text, after its number."""
        return self.title + (f" <{self.url}>" if self.url else "") + (f" ({self.date})" if self.date else "")


def require_address(url: str) -> str:
    """An address that a reader may follow: http or https, with a host, without spaces; refuses any other."""
    if len(url) > LONGEST_ADDRESS:
        raise TooLong("A link has at most %(most)s characters.", most=LONGEST_ADDRESS)
    if url and (re.search(r"[\s<>\"]", url) or not leads_to_the_web(url)):
        raise BadShape("This is not a web address: %(url)s. Write it like https://example.org/report.", url=url[:80])
    return url


def leads_to_the_web(url: str) -> bool:
    """Whether an address begins with http:// or https:// and names a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def require_date(date: str) -> str:
    """A year, a month or a day as in 2018-06-21, or nothing; refuses anything else."""
    if date and not DATE.fullmatch(date):
        raise BadShape("Write the date like July 2026 or 2026-07-21: %(date)s", date=date[:80])
    return date


def lines(sources: Iterable[Source]) -> str:
    """The sources as footnotes of the canonical text, numbered from 1 on."""
    return "\n".join(f"[^{number}]: {source.line}" for number, source in enumerate(sources, 1))


def dangling(body: str, how_many: int) -> list[int]:
    """Numbers that a text refers to and that no source has; those defined in the text itself are its own."""
    defined = {int(number) for number in re.findall(r"^\[\^([0-9]{1,2})\]:", body, re.MULTILINE)}
    referred = {int(number) for number in REFERENCE.findall(body)}
    return sorted(number for number in referred - defined if not 1 <= number <= how_many)


def doubled(body: str, how_many: int) -> list[int]:
    """Numbers that the text defines as footnotes of its own although a source has them."""
    defined = {int(number) for number in re.findall(r"^\[\^([0-9]{1,2})\]:", body, re.MULTILINE)}
    return sorted(number for number in defined if 1 <= number <= how_many)
