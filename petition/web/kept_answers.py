"""What people who sign ask for first, answered from memory: empty forms, the records of rounds, hidden letters' pages.

The application makes the answers on a timer, for every letter and language alike, so that none tells whether someone
came before. Each visitor's form for a code gets a seed of its own (decision 4).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.test import create_environ

from petition.crypto.encodings import b64url
from petition.database import to_hour
from petition.i18n import languages
from petition.publishing.cache import PublicCache, ReadableLetter
from petition.randomness import Random
from petition.web.joining.codes import SEED
from petition.web.server import Answer, called
from petition.web.shared.context import LANGUAGE_KEY

FORMS = ("join", "sign", "receipt", "remove")
FILES_ONCE_PUBLIC = ("", "before/")
"""Pages that a hidden letter has too."""
SEED_VALUE = re.compile(rb'(?<=name="seed" value=")[^"]*(?=")')
MOST_BYTES = 16 * 1024 * 1024
Key = tuple[str | None, str, str]
"""Language of the address, path, query."""
LetterNow = tuple[ReadableLetter, datetime]
"""A letter in an hour: rounds open at full hours."""


@dataclass(frozen=True)
class Kept:
    """A page or record, cut where its seed stands: one part, or what is before it and behind it."""

    headers: list[tuple[str, str]]
    parts: list[bytes]


class KeptAnswers:
    """The answers of one process. ``app`` is the application without what is around it; ``most`` bytes are kept."""

    def __init__(
        self, app: Callable[..., Iterable[bytes]], cache: PublicCache, random: Random, most: int = MOST_BYTES
    ) -> None:
        self._app = app
        self._cache = cache
        self._random = random
        self._most = most
        self._letters: dict[LetterNow, dict[Key, Kept]] = {}
        self._answers: dict[Key, Kept] = {}

    def prepare(self, moment: datetime) -> None:
        """Make what is asked for next. What was made for a letter in this hour stays until the letter changes.

        Letters for which there is no room are answered by the application, whatever was asked before.
        """
        letters: dict[LetterNow, dict[Key, Kept]] = {}
        room = self._most
        for letter in self._cache.readable_letters(moment):
            if room <= 0:
                break
            key = letter, to_hour(moment)
            made = self._letters[key] if key in self._letters else self._made(letter)
            if made is not None:
                letters[key] = made
                room -= sum(len(part) for answer in made.values() for part in answer.parts)
        self._letters = letters
        self._answers = {key: answer for made in letters.values() for key, answer in made.items()}

    def _made(self, letter: ReadableLetter) -> dict[Key, Kept] | None:
        """A letter's answers; None while the database is away, so that they are asked for again soon."""
        made: dict[Key, Kept] = {}
        for key in wanted(letter):
            status, headers, body = self._asked(*key)
            if status == 503:
                return None
            if status == 200:
                made[key] = Kept(headers, SEED_VALUE.split(body))
        return made

    def _asked(self, language: str | None, path: str, query: str) -> Answer:
        environ = create_environ(path, query_string=query)
        if language is not None:
            environ[LANGUAGE_KEY] = language
        return called(self._app, environ)

    def ready(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes] | None:
        """The answer to a GET or HEAD if it is in memory: takes no thread and never asks the database."""
        found = self._answers.get((environ.get(LANGUAGE_KEY), environ["PATH_INFO"], environ["QUERY_STRING"]))
        if found is None:
            return None
        seed = b64url(self._random(SEED)).encode() if len(found.parts) > 1 else b""
        return "200 OK", found.headers, seed.join(found.parts)


def wanted(letter: ReadableLetter) -> Iterator[Key]:
    """What visitors ask of a letter. Programs always use its unlisted address."""
    for number in letter.rounds:
        for path in filter(None, (letter.unlisted, letter.listed)):
            yield None, f"/{path}/round.json", "" if number is None else f"round={number}"
    for name in FORMS if letter.listed else (*FILES_ONCE_PUBLIC, *FORMS):
        for language in (None, *languages()):
            yield language, f"/{letter.listed or letter.unlisted}/{name}", ""
