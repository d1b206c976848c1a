"""The attack: from raw copies of everything that is stored, say in which order people came, and who is who.

A *clue* is anything by which stored things can be put in an order: where a key lies in a file, on which page, in
which cell, beside which numbers, written by which transaction. Each clue is looked at within *strata*, groups of
people who are public knowledge (those of one sealing, those whose code was used between two copies): the attack
shall say more than that.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from petition.crypto.encodings import from_b64url
from tests.promises.lives import CHANGE, CLOSE, COPY, EXCHANGE, SIGN, WITHDRAW, Copy, Life
from tests.promises.sqlitefile import MAGIC, SQLiteFile

CODE, SIGNATURE, ROLE, SITE, NAME = "code", "signature", "role", "site", "name"
NOW = "now"
"""What a copy taken between two sealings shows of those who came since the first of them."""
Clue = tuple[str, str]
"""Of which side, and its name."""
Sample = tuple[Any, int, Any]
"""Stratum, person, value."""
Clues = dict[Clue, list[Sample]]
Sums = dict[tuple[Clue, str], list[float]]
"""For each clue and order: products of ranks, squares of the clue's, squares of the truth's, and the freedom."""
Lived = list[tuple[Life, Clues, Sums]]
Seen = tuple[str, int, str, Any]
"""Side, person, name of the clue, value."""


@dataclass(frozen=True)
class OnPage:
    """A value that is compared with those of the same page alone."""

    page: int
    value: Any


CHANGING = {
    "pending": {"commit"},
    "tombstone": {"commit"},
    "withdrawal": {"commit"},
    "arrived_answer": {"key"},
    "answer": {"key"},
    "arrived_name": {"key"},
    "locked_name": {"key"},
    "shown_name": {"key"},
    "code": {"mac", "request"},
}
"""Tables whose PostgreSQL files are searched for what was removed from them, and the keys to look for."""


class Known:
    """By which bytes each person can be recognized: the code's side, and the signature's."""

    def __init__(self, life: Life) -> None:
        self.needles: dict[tuple[str, str], list[tuple[int, bytes]]] = defaultdict(list)
        self._whole: dict[bytes, tuple[str, int]] = {}
        for number in life.story.moments[EXCHANGE]:
            person = life.people[number]
            message, signature = person.token.message, person.token.signature
            keys = {
                (CODE, "mac"): person.mac,
                (CODE, "request"): person.request,
                (SIGNATURE, "commit"): person.commit,
                (SIGNATURE, "leaf"): person.leaf,
                (SIGNATURE, "message"): message,
                (SIGNATURE, "signature"): signature,
                (ROLE, "key"): person.group_keys["role"],
                (SITE, "key"): person.group_keys["site"],
                (NAME, "key"): person.name_key,
            }
            for (side, what), value in keys.items():
                self.needles[side, what].append((number, value[:32]))
                self._whole[value] = side, number
            self.needles[SIGNATURE, "hex"].append((number, person.commit.hex().encode()))

    def whose(self, value: Any) -> Iterator[tuple[str, int, Any]]:
        """Side, person, and what else the value says: a place where it lists many, that it is a withdrawal."""
        if isinstance(value, memoryview):
            value = bytes(value)
        if not isinstance(value, bytes):
            return
        if value in self._whole:
            yield (*self._whole[value], None)
        elif value.startswith(b'{"') and value.endswith(b'"}'):
            entry = json.loads(value)
            if entry["type"] == "signature":
                yield from self.whose(from_b64url(entry["signature"]))
            elif entry["type"] == "withdrawal":
                yield (*self._whole[bytes.fromhex(entry["commit"])][:2], WITHDRAW)
        elif len(value) > 32 and len(value) % 32 == 0:
            for place in range(0, len(value), 32):
                if value[place : place + 32] in self._whole:
                    yield (*self._whole[value[place : place + 32]], place)


def sightings(copy: Copy, known: Known) -> Iterator[Seen]:
    """Everything in a copy that can be tied to a person."""
    for name, raw in copy.files.items():
        if raw.startswith(MAGIC):
            yield from _in_sqlite(name, SQLiteFile(raw), known)
        elif raw:
            for side, what, person, place in _find_all(raw, known):
                yield side, person, f"{name}, {what}: place", place
                yield side, person, f"{name}, {what}: mtime", copy.mtimes[name]
    for name, rows in copy.rows.items():
        for number, row in enumerate(rows):
            yield from _in_row(name, number, row, known)
    for name, raw in copy.relations.items():
        expected = CHANGING.get(re.sub(r"^\w+\.(pk_)?", "", name))
        if expected is not None:
            yield from _in_relation(name, raw, known, None if copy.event == CLOSE else expected)


def _find_all(raw: bytes, known: Known, only: set[str] | None = None) -> Iterator[tuple[str, str, int, int]]:
    for (side, what), needles in known.needles.items():
        if only is not None and what not in only:
            continue
        for person, needle in needles:
            place = raw.find(needle)
            if place >= 0:
                yield side, what, person, place


def _in_sqlite(name: str, file: SQLiteFile, known: Known) -> Iterator[Seen]:
    for cell in file.cells:
        clues: dict[str, Any] = {
            "page": cell.page,
            "offset in page": cell.offset,
            "offset among its page": OnPage(cell.page, cell.offset),
            "offset": (cell.page - 1) * file.page_size + cell.offset,
            "cell": cell.index,
            "turn": cell.turn,
        }
        if cell.rowid is not None:
            clues["rowid"] = cell.rowid
        yield from _in_values(f"{name} {cell.table}", list(enumerate(cell.values)), clues, known)
    left = b"".join(residue.data + bytes(8) for residue in file.residues)
    for side, what, person, place in _find_all(left, known):
        yield side, person, f"{name} residue, {what}: place", place


def _in_values(name: str, values: list[tuple[Any, Any]], clues: dict[str, Any], known: Known) -> Iterator[Seen]:
    for column, value in values:
        if isinstance(value, int | float | str):
            clues[f"{column} ({type(value).__name__})"] = value
    whose = {found for _, value in values for found in known.whose(value)}
    for side, person, more in whose:
        for clue, value in clues.items():
            if more == WITHDRAW:
                yield side, person, f"{name} of withdrawal, {clue}", value
            elif more is None:
                yield side, person, f"{name} {clue}", value
            elif not isinstance(value, OnPage):
                yield side, person, f"{name} {clue}", (value, more)


def _in_row(name: str, number: int, row: dict[str, Any], known: Known) -> Iterator[Seen]:
    page, item = (int(part) for part in row["ctid"].strip("()").split(","))
    clues = {"row": number, "ctid": (page, item), "page": page, "xmin": int(row["xmin"]), "xmax": int(row["xmax"])}
    values = [(column, value) for column, value in row.items() if column not in ("ctid", "xmin", "xmax")]
    yield from _in_values(name, values, clues, known)


def _in_relation(name: str, raw: bytes, known: Known, only: set[str] | None) -> Iterator[Seen]:
    """Keys in the file of a PostgreSQL table or index, removed rows among them, and the numbers before each key."""
    for side, what, person, place in _find_all(raw, known, only):
        yield side, person, f"{name} file, {what}: offset", place
        yield side, person, f"{name} file, {what}: offset in page", place % 8192
        yield side, person, f"{name} file, {what}: offset among its page", OnPage(place // 8192, place % 8192)
        for back in range(3, 9) if what in ("mac", "commit", "key") and ".pk_" not in name else ():
            at = (place // 8 - back) * 8
            if at >= 0:
                yield (
                    side,
                    person,
                    f"{name} file, number {back} before: {what}",
                    raw[at + 3 : at - 1 if at else None : -1],
                )


def attacked(lives: Iterable[Life]) -> Lived:
    """Lives with their clues, and what each clue says of each order."""
    found = []
    for life in lives:
        clues = collect(life)
        found.append((life, clues, _sums(life, clues)))
    return found


def collect(life: Life) -> Clues:
    """All clues of a life's copies, each with the strata in which it may not tell an order."""
    known = Known(life)
    seen = [(copy, list(sightings(copy, known))) for copy in life.copies]
    sealed = _sealed_at(seen)
    clues: Clues = defaultdict(list)
    last = max(copy.interval for copy in life.copies if copy.event != COPY)
    for copy, found in seen:
        for side, person, name, value in found:
            for when, stratum in _strata(life, sealed, copy, side, person, last):
                if isinstance(value, OnPage):
                    clues[side, f"{when}: {name}"].append(((stratum, value.page), person, value.value))
                else:
                    clues[side, f"{when}: {name}"].append((stratum, person, value))
        if copy.event not in (COPY, CLOSE):
            for person in _waited(life, sealed, copy.interval):
                chosen = int(sealed.get(person) == copy.interval)
                clues[SIGNATURE, "after: is sealed"].append((copy.interval, person, chosen))
    return clues


def _sealed_at(seen: list[tuple[Copy, list[Seen]]]) -> dict[int, int]:
    """By which sealing each person's signature came into the log."""
    found: dict[int, int] = {}
    for copy, sightings_ in seen:
        for side, person, name, _ in sightings_:
            if side == SIGNATURE and re.search(r"\bsealed (offset|ctid)$", name):
                found.setdefault(person, copy.interval)
    return found


def _waited(life: Life, sealed: dict[int, int], interval: int) -> Iterator[int]:
    """Whose signatures waited when a sealing came."""
    for person, at in life.story.intervals[SIGN].items():
        until = sealed.get(person, life.story.intervals[WITHDRAW].get(person, math.inf) - 1)
        if at <= interval <= until:
            yield person


def _strata(
    life: Life, sealed: dict[int, int], copy: Copy, side: str, person: int, last: int
) -> Iterator[tuple[str, Any]]:
    """In which groups of people a thing in a copy is compared with others; in none if its order may still show."""
    by_arrival = side != SIGNATURE
    at = life.story.intervals[EXCHANGE if side == CODE else SIGN].get(person, math.inf)
    if side in (ROLE, NAME) and person in life.story.moments[CHANGE]:
        return  # arrived anew, or went
    if at == copy.interval and copy.event == COPY:
        yield NOW, copy.interval
    if at > copy.interval - (copy.event == COPY):
        return
    sealed_at = sealed.get(person, math.inf)
    withdrawn = life.story.intervals[WITHDRAW].get(person, math.inf)
    if copy.event == COPY:
        if side == SIGNATURE and life.story.intervals[CHANGE].get(person) == copy.interval:
            yield NOW, copy.interval  # PostgreSQL marks the rows that a change locks
        elif side == CODE or withdrawn != copy.interval:
            group = at if by_arrival else (min(sealed_at, copy.interval), min(withdrawn, copy.interval))
            yield "between", (copy.interval, group)
        return
    group = at if by_arrival else (sealed_at, min(withdrawn, copy.interval + 1))
    if at == copy.interval if by_arrival else sealed_at >= copy.interval:
        yield "after", (copy.interval, group)
    if copy.event == CLOSE:
        yield "closed", group
    elif copy.interval == last - 1:
        yield "end", group


# What the clues are worth


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation of a clue with the order of something, within strata."""

    clue: Clue
    order: str
    rho: float
    freedom: int
    """How many people, less one for each stratum: by chance rho is about one over its root."""

    @property
    def is_telling(self) -> bool:
        """More than 0.1, and more than chance does: 5 standard deviations happen twice in three million times."""
        return abs(self.rho) >= max(0.1, 5 / math.sqrt(self.freedom))

    def __str__(self) -> str:
        return f"{self.rho:+.3f} ({self.freedom}) {self.clue[0]} {self.clue[1]} ~ {self.order}"


def ranks(values: Iterable[Any]) -> list[float]:
    """Ranks from -1/2 to 1/2; equal values share the middle of their ranks."""
    listed = list(values)
    order = sorted(range(len(listed)), key=listed.__getitem__)
    found = [0.0] * len(listed)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and listed[order[end]] == listed[order[start]]:
            end += 1
        for place in order[start:end]:
            found[place] = (start + end) / 2 / len(listed) - 0.5
        start = end
    return found


def grouped(samples: Iterable[Sample]) -> dict[Any, list[tuple[int, Any]]]:
    strata: dict[Any, list[tuple[int, Any]]] = defaultdict(list)
    for stratum, person, value in samples:
        strata[stratum].append((person, value))
    return strata


def correlations(lives: Lived) -> list[Correlation]:
    """Each clue with each order, over all lives."""
    sums: Sums = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for _, _, own in lives:
        for name, numbers in own.items():
            sums[name] = [one + other for one, other in zip(sums[name], numbers, strict=True)]
    return [
        Correlation(clue, order, both / math.sqrt(own * truth), int(freedom))
        for (clue, order), (both, own, truth, freedom) in sums.items()
        if own and truth
    ]


def _sums(life: Life, clues: Clues) -> Sums:
    sums: Sums = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for clue, samples in clues.items():
        for stratum in grouped(samples).values():
            own = ranks(value for _, value in stratum)
            ranked = [(rank, person) for rank, (person, _) in zip(own, stratum, strict=True)]
            for order, moments in life.story.moments.items():
                _add(sums[clue, order], ranked, moments)
    return sums


def _add(sums: list[float], stratum: list[tuple[float, int]], moments: dict[int, int]) -> None:
    stratum = [(rank, person) for rank, person in stratum if person in moments]
    own, truth = ranks(rank for rank, _ in stratum), ranks(moments[person] for _, person in stratum)
    varied = sum(x * x for x in own)
    if not varied:
        return
    sums[0] += sum(x * y for x, y in zip(own, truth, strict=True))
    sums[1] += varied
    sums[2] += sum(y * y for y in truth)
    sums[3] += len(own) - 1


@dataclass(frozen=True)
class Pairing:
    """How many codes were given to the right signature by sorting both by a clue, and how many by chance."""

    clues: tuple[str, str]
    right: int
    people: int
    cells: int
    """Groups in which a guess was needed; in each of them blind guessing finds one on average."""

    @property
    def is_better_than_guessing(self) -> bool:
        """More than blind guessing reaches once in a thousand million times."""
        return self.right > most_by_chance(self.cells)

    def __str__(self) -> str:
        return f"{self.right} of {self.people} right, {self.cells} by chance: {' | '.join(self.clues)}"


def most_by_chance(cells: int, odds: float = 1e-9) -> int:
    """The hits that blind guessing in a number of groups exceeds less often than that (Poisson, like fixed points)."""
    if not cells:
        return 0
    most, beyond = 0, 1.0
    while beyond >= odds:
        beyond -= math.exp(most * math.log(cells) - cells - math.lgamma(most + 1))
        most += 1
    return most


def pairings(lives: Lived, seed: int = 1, one: str = CODE, other: str = SIGNATURE) -> list[Pairing]:
    """Sort codes by each clue and signatures by each clue, either way round, and pair them in order.

    Or things of two other sides: answers in two fields, an answer and a signature.
    """
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    random = Random(seed)
    for _, clues, _ in lives:
        codes, signatures = _places(clues, one), _places(clues, other)
        for code_clue, by_code in codes.items():
            for clue, by_signature in signatures.items():
                cells: dict[Any, list[int]] = defaultdict(list)
                for person in by_code.keys() & by_signature.keys():
                    cells[by_code[person][0], by_signature[person][0]].append(person)
                for people in cells.values():
                    if len(people) > 1:
                        _pair(found, code_clue, clue, people, by_code, by_signature, random)
    return [Pairing(names, *numbers) for names, numbers in found.items()]


def _places(clues: Clues, side: str) -> dict[str, dict[int, tuple[Any, Any]]]:
    """For each clue that tells people apart: each person's newest stratum and value."""
    places: dict[str, dict[int, tuple[Any, Any]]] = {}
    known: set[tuple[int, ...]] = set()
    for (whose, name), samples in clues.items():
        if whose != side or name.startswith(NOW):
            continue
        newest = {person: (stratum, value) for stratum, person, value in samples}
        order = tuple(sorted(newest, key=lambda person: (str(newest[person][0]), newest[person][1], person)))
        if len({place[1] for place in newest.values()}) > 1 and order not in known:
            known.add(order)
            places[name] = newest
    return places


def _pair(
    found: dict[tuple[str, str], list[int]],
    code_clue: str,
    clue: str,
    people: list[int],
    by_code: dict[int, tuple[Any, Any]],
    by_signature: dict[int, tuple[Any, Any]],
    random: Random,
) -> None:
    people = sorted(people)
    one, other = random.sample(people, len(people)), random.sample(people, len(people))
    one.sort(key=lambda person: by_code[person][1])
    other.sort(key=lambda person: by_signature[person][1])
    for way, guess in (("", other), (" backwards", other[::-1])):
        numbers = found[code_clue, clue + way]
        numbers[0] += sum(person == guessed for person, guessed in zip(one, guess, strict=True))
        numbers[1] += len(people)
        numbers[2] += 1


def by_all_clues(lives: Lived, seed: int = 1) -> Pairing:
    """The best pairing over all clues together, by an attacker who learned from other lives what each is worth.

    A code's place is foretold from its clues, each with the weight of its correlation with the order of exchanges
    in the other lives; a signature's likewise. The attacker knows in which interval each was used.
    """
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    random = Random(seed)
    for number, (life, clues, _) in enumerate(lives):
        learned = correlations(lives[:number] + lives[number + 1 :])
        weights = {one.clue: one.rho for one in learned if one.order == EXCHANGE and not one.clue[1].startswith(NOW)}
        foretold: dict[str, dict[int, float]] = {CODE: defaultdict(float), SIGNATURE: defaultdict(float)}
        for clue, weight in weights.items():
            if clue[0] not in foretold:
                continue
            for stratum in grouped(clues.get(clue, ())).values():
                for rank, (person, _) in zip(ranks(value for _, value in stratum), stratum, strict=True):
                    foretold[clue[0]][person] += weight * rank
        cells: dict[Any, list[int]] = defaultdict(list)
        for person, used in life.story.intervals[EXCHANGE].items():
            cells[used, life.story.intervals[SIGN][person]].append(person)
        places = [{person: (0, value) for person, value in side.items()} for side in foretold.values()]
        for people in cells.values():
            people = [person for person in people if all(person in side for side in places)]
            if len(people) > 1:
                _pair(found, "all", "all", people, *places, random)
    return Pairing(("all clues", "all clues"), *found["all", "all"])
