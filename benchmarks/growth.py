"""What more text, comments or versions cost, as ratios: CPU time of four times as much over that of once as much.

``python -m benchmarks.growth`` prints them, and fails above a limit. A cost that grows with the length takes 4 times as
long, one that grows with its square 16 times. Each pair runs in turns in this process.
"""

import gc
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.__main__ import KEY
from benchmarks.limits import at_most
from petition import config
from petition.crypto.codes import as_meant
from petition.letters.drafting.comments import add_comment, threads
from petition.letters.drafting.differences import differences
from petition.letters.drafting.drafts import save
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Letter, Organizer, Version
from petition.letters.text.letter_text import LetterText
from petition.letters.text.markdown import html
from petition.operations.migration import migrate_both
from tests.walks import WORDS, Campaign

TURNS = 5
TIMES = 4
LINEAR = 9.0
"""The limit for what grows with the length: half way to the square."""
FLAT = 1.5
"""The limit for what does not grow."""
MOMENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
Act = Callable[[], object]
Pair = tuple[str, Act, Act, float]

HARD_TO_SHOW = ("[", "^[", "[^", "[a](", "*a_ ", "![", ">", "a.", "a-")


def main() -> int:
    """Print every ratio. Returns 1 if one is above its limit."""
    gc.disable()
    failed = 0
    for what, small, large, limit in pairs():
        ratio = in_turns(small, large)
        failed += ratio > limit
        print(f"{what:<52}{ratio:>8.2f}   {at_most(ratio, limit)}", flush=True)
    return min(failed, 1)


def in_turns(small: Act, large: Act) -> float:
    """The median of the ratios of CPU times, each pair measured one after the other."""
    found = []
    for _ in range(TURNS):
        first, second = seconds(small), seconds(large)
        found.append(second / first)
    return median(found)


def seconds(act: Act) -> float:
    """CPU time of one act."""
    start = time.process_time()
    act()
    return time.process_time() - start


def pairs() -> Iterator[Pair]:
    """What is measured: its name, the small act, the large one, and the limit."""
    yield from of_texts()
    yield from of_differences()
    yield "a code of nothing but marks", *twice(lambda size: as_meant("\u0301\u0316" * size), 3_800), LINEAR
    with tempfile.TemporaryDirectory() as folder, a_site(Path(folder)) as campaign:
        yield from of_comments(campaign)
        yield from of_versions(campaign)


def twice(act: Callable[[int], object], size: int) -> tuple[Act, Act]:
    """An act of one size, and of TIMES that size."""
    return lambda: act(size), lambda: act(size * TIMES)


def of_texts() -> Iterator[Pair]:
    """Texts that are hard to show as HTML."""
    for hard in HARD_TO_SHOW:
        size = 3_000 // len(hard)
        around = "[{}](http://c.d)" if hard[0] == "a" else "{}"
        small, large = (around.format(hard * times) for times in (size, size * TIMES))
        yield f"showing {hard!r} over and over", lambda of=small: html(of, 3), lambda of=large: html(of, 3), LINEAR  # type: ignore[misc]


def of_differences() -> Iterator[Pair]:
    """Two long versions, compared by word."""
    kinds: dict[str, Callable[[int], tuple[str, str]]] = {
        "a tenth of the words changed": edited,
        "no word in common": apart,
        "one word over and over": lambda size: ("a " * size * 8, "a b " * size * 4),
        "one paragraph over and over": lambda size: ("a\n\n" * size * 5, "b\n\na\n\n" * size * 2),
    }
    for name, made in kinds.items():
        small, large = ([LetterText(body=text) for text in made(size)] for size in (1_000, 1_000 * TIMES))
        yield f"comparing, {name}", lambda of=small: differences(*of), lambda of=large: differences(*of), LINEAR  # type: ignore[misc]


def edited(size: int) -> tuple[str, str]:
    """A text of *size* words, and the same with a tenth of them changed."""
    chance = random.Random(8)
    words = [f"w{chance.randrange(900)}" for _ in range(size)]
    return " ".join(words), " ".join("new" if chance.random() < 0.1 else word for word in words)


def apart(size: int) -> tuple[str, str]:
    """Two texts of *size* words from one vocabulary, each by chance."""
    chance = random.Random(8)
    first, second = (" ".join(f"w{chance.randrange(900)}" for _ in range(size)) for _ in range(2))
    return first, second


@contextmanager
def a_site(folder: Path) -> Iterator[Campaign]:
    """A site in a folder, with one organizer, Ana."""
    found = config.settings({"PETITION_DATA": str(folder), "PETITION_URL": "https://letters.example.org"})
    config.prepare_folders(found)
    campaign = Campaign(found, lambda: MOMENT, lambda: KEY)
    migrate_both(campaign.databases, folder)
    yield campaign
    campaign.close()


def of_comments(campaign: Campaign) -> Iterator[Pair]:
    """Comments whose passages all changed."""
    ana = campaign.organizer("Ana")
    drafts = [commented(campaign, ana, number) for number in (125, 125 * TIMES)]

    def found(letter_id: str) -> object:
        with Session(campaign.databases.petition) as session:
            letter = session.get_one(Letter, letter_id)
            return threads(session, letter, text_of(newest_version(session, letter)))

    yield "finding comments again", lambda: found(drafts[0]), lambda: found(drafts[1]), LINEAR


def commented(campaign: Campaign, ana: str, number: int) -> str:
    """A draft with a number of comments, whose text then changed everywhere."""
    texts = [f"Paragraph {place}, in which we say what we think of it, at length. " * 4 for place in range(60)]
    words = replace(WORDS, body="\n\n".join(text.strip() for text in texts))
    letter_id = campaign.a_draft(words, organizer=ana)
    with Session(campaign.databases.petition) as session:
        letter, person = session.get_one(Letter, letter_id), session.get_one(Organizer, ana)
        version = newest_version(session, letter).number
        for each in range(number):
            place = 1 + each % 60
            said = {"quote": f"Paragraph {place - 1}, in which", "text": f"Comment {each}", "suggestion": None}
            add_comment(session, letter, person, version=version, moment=MOMENT, paragraph=place, **said)  # type: ignore[arg-type]
        changed = replace(words, body=words.body.replace("we say", "all of us say"))
        save(session, letter, person, changed, based_on=version, moment=MOMENT)
        session.commit()
    return letter_id


def of_versions(campaign: Campaign) -> Iterator[Pair]:
    """A draft with many versions: its pages cost what they cost with few."""
    ana = campaign.organizer("Ana")
    few, many = (versioned(campaign, ana, number) for number in (2_500, 2_500 * TIMES))
    desk = campaign.signed_in(campaign.app())
    for page in ("history", "write", ""):
        small, large = (f"/organize/letters/{slug}/{page}" for slug in (few, many))
        name = f"a draft's {page or 'home'}, more versions"
        yield name, lambda at=small: desk.get(at), lambda at=large: desk.get(at), FLAT  # type: ignore[misc]


def versioned(campaign: Campaign, ana: str, number: int) -> str:
    """The slug of a draft with this number of versions."""
    letter_id = campaign.a_draft(WORDS, organizer=ana)
    with Session(campaign.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        first = newest_version(session, letter)
        row = {column.name: getattr(first, column.name) for column in Version.__table__.columns}
        session.execute(insert(Version), [{**row, "number": each} for each in range(2, number + 1)])
        session.commit()
        return letter.slug


if __name__ == "__main__":
    sys.exit(main())
