"""Three-way merge of two people's texts, by paragraph.

Both started from the same version. A paragraph that only one of them changed is kept as they left it. Where both
changed the same one, or both added something at the same place, there is a collision, and an organizer decides.
Until then neither text is lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from petition.letters.drafting.sequences import Edit, edits
from petition.letters.text.letter_text import LetterText, Translation
from petition.letters.text.sources import Source

PARAGRAPH = "\n\n"
MINE, THEIRS, BOTH = "mine", "theirs", "both"
ONE_LINE = ("title", "recipient", "employer", "language")


@dataclass(frozen=True)
class Collision:
    """Both changed the same elements of a field: what they were, and what each side made of them."""

    place: str
    """The field (``title``, ``body``, ``demands``, ``sources``), after its language for a translation: ``es body``."""
    base: tuple[str, ...]
    mine: tuple[str, ...]
    theirs: tuple[str, ...]

    @property
    def field(self) -> str:
        """The field without the language."""
        return self.place.rpartition(" ")[2]

    @property
    def language(self) -> str:
        """The language of the translation; empty for the official text."""
        return self.place.rpartition(" ")[0]

    @property
    def joins(self) -> str:
        """The separator between two elements."""
        return PARAGRAPH if self.field == "body" else "\n"

    @property
    def can_be_both(self) -> bool:
        """Whether both can be kept, one after the other."""
        return self.field in ("body", "demands", "sources")


@dataclass
class Decisions:
    """How each collision is decided, in order; those not decided yet keep mine."""

    choices: Sequence[str] = ()
    collisions: list[Collision] = field(default_factory=list)

    def decide(self, collision: Collision) -> tuple[str, ...]:
        """Record a collision and return the elements that replace it."""
        number = len(self.collisions)
        self.collisions.append(collision)
        choice = self.choices[number] if number < len(self.choices) else MINE
        if choice == THEIRS:
            return collision.theirs
        if choice == BOTH and collision.can_be_both:
            return (*collision.theirs, *collision.mine)
        return collision.mine


def merge(
    base: LetterText, mine: LetterText, theirs: LetterText, choices: Sequence[str] = ()
) -> tuple[LetterText, list[Collision]]:
    """The merged text, and the collisions. ``choices`` decide collisions in order: mine, theirs, both.

    If one side made a language binding and the other wrote a translation into it, the merged text has both, which no
    letter can: ``letter_text.checked`` refuses it.
    """
    decided = Decisions(choices)
    title, recipient, employer, language = (_single(name, decided, base, mine, theirs) for name in ONE_LINE)
    merged = LetterText(
        title=title,
        recipient=recipient,
        employer=employer,
        language=language,
        body=_body("body", decided, base.body, mine.body, theirs.body),
        demands=_listed("demands", decided, base.demands, mine.demands, theirs.demands),
        sources=_sources(decided, base, mine, theirs),
    )
    for code in sorted({one.language for words in (base, mine, theirs) for one in words.translations}):
        translation = _translation(code, decided, base, mine, theirs)
        if translation is not None:
            merged = merged.with_translation(translation)
    return merged, decided.collisions


def _single(place: str, decided: Decisions, base: Any, mine: Any, theirs: Any) -> str:
    name = place.rpartition(" ")[2]
    was, one, other = (getattr(words, name) for words in (base, mine, theirs))
    if one == other or other == was:
        return str(one)
    if one == was:
        return str(other)
    return "".join(decided.decide(Collision(place, (was,), (one,), (other,))))


def _body(place: str, decided: Decisions, base: str, mine: str, theirs: str) -> str:
    parts = [text.split(PARAGRAPH) if text else [] for text in (base, mine, theirs)]
    return PARAGRAPH.join(_merged(place, decided, *parts)).strip("\n")


def _listed(
    place: str, decided: Decisions, base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]
) -> tuple[str, ...]:
    return tuple(_merged(place, decided, base, mine, theirs))


def _sources(decided: Decisions, base: LetterText, mine: LetterText, theirs: LetterText) -> tuple[Source, ...]:
    """Sources as lists of their lines, and back."""
    known = {source.line: source for words in (base, mine, theirs) for source in words.sources}
    lists = [[source.line for source in words.sources] for words in (base, mine, theirs)]
    return tuple(known[line] for line in _merged("sources", decided, *lists))


def _translation(
    code: str, decided: Decisions, base: LetterText, mine: LetterText, theirs: LetterText
) -> Translation | None:
    """One language. A translation that one side deleted and the other left unchanged is deleted."""
    was, one, other = (_find(words, code) for words in (base, mine, theirs))
    if one == other or other == was:
        return one
    if one == was:
        return other
    empty = Translation(code)
    if one is None or other is None:  # one side deleted it, the other edited it: the edit stays
        return one or other
    was = was or empty
    texts = {name: _single(f"{code} {name}", decided, was, one, other) for name in ("title", "recipient")}
    body = _body(f"{code} body", decided, was.body, one.body, other.body)
    demands = _listed(f"{code} demands", decided, was.demands, one.demands, other.demands)
    return replace(empty, **texts, body=body, demands=demands)


def _find(words: LetterText, code: str) -> Translation | None:
    return next((one for one in words.translations if one.language == code), None)


def _merged(
    place: str, decided: Decisions, base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]
) -> list[str]:
    """Merge the elements of one field."""
    found: list[str] = []
    at = 0
    for cluster in _clusters(_one_by_one(edits(base, mine)), _one_by_one(edits(base, theirs))):
        found += base[at : cluster.start]
        was = tuple(base[cluster.start : cluster.end])
        one = cluster.applied(cluster.mine, base, mine)
        other = cluster.applied(cluster.theirs, base, theirs)
        if one == other or other == was:
            found += one
        elif one == was:
            found += other
        else:
            found += decided.decide(Collision(place, was, one, other))
        at = cluster.end
    return [*found, *base[at:]]


def _one_by_one(found: list[Edit]) -> list[Edit]:
    """Split edits that replace n elements with n others, so that changes to neighbors do not collide."""
    return [single for edit in found for single in _singles(edit)]


def _singles(edit: Edit) -> list[Edit]:
    count = edit.end - edit.start
    if count != edit.end_there - edit.start_there:
        return [edit]
    places = zip(range(edit.start, edit.end), range(edit.start_there, edit.end_there), strict=True)
    return [Edit(here, here + 1, there, there + 1) for here, there in places]


@dataclass
class _Cluster:
    """Edits of both sides that overlap, and the part of the base that they cover."""

    start: int
    end: int
    mine: list[Edit] = field(default_factory=list)
    theirs: list[Edit] = field(default_factory=list)

    def touches(self, edit: Edit) -> bool:
        """Whether both change the same element or insert at the same place."""
        if edit.start == edit.end == self.start == self.end:
            return True
        return edit.start < self.end and self.start < edit.end

    def applied(self, own: list[Edit], base: Sequence[str], text: Sequence[str]) -> tuple[str, ...]:
        """The covered part as one side left it."""
        found: list[str] = []
        at = self.start
        for edit in own:
            found += [*base[at : edit.start], *text[edit.start_there : edit.end_there]]
            at = edit.end
        return (*found, *base[at : self.end])


def _clusters(mine: list[Edit], theirs: list[Edit]) -> Iterator[_Cluster]:
    """All edits in order, those that overlap in one cluster."""
    tagged = sorted([*((edit, True) for edit in mine), *((edit, False) for edit in theirs)], key=_order)
    now: _Cluster | None = None
    for edit, own in tagged:
        if now is None or not now.touches(edit):
            if now is not None:
                yield now
            now = _Cluster(edit.start, edit.end)
        now.end = max(now.end, edit.end)
        (now.mine if own else now.theirs).append(edit)
    if now is not None:
        yield now


def _order(tagged: tuple[Edit, bool]) -> tuple[int, int, bool]:
    edit, own = tagged
    return edit.start, edit.end, own
