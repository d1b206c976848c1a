"""Settings from the front matter of an imported file, as organizers choose them on the page Review."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from petition.errors import BadShape
from petition.letters.dates import set_dates
from petition.letters.drafting.settings import Rules, rolls_of, rules_of, set_rules
from petition.letters.fields import read_field, read_lines, set_fields
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import choose_name_steps
from petition.letters.states import BY_CODE, BY_EMAIL
from petition.letters.verification_methods import set_routes

Settings = Sequence[tuple[str, str]]
METHODS = {"printed": BY_CODE, "code": BY_CODE, "mail": BY_EMAIL, "email": BY_EMAIL}
AT_ONCE = ("at once", "named")


def apply_settings(session: Session, letter: Letter, settings: Settings, *, moment: datetime) -> None:
    """Choose for a draft what a file says; what it does not say stays. Refuses what the page would refuse."""
    given = dict(settings)
    set_rules(session, letter, _rules(letter, given, settings))
    fields = [value.split("|") for name, value in settings if name == "field"]
    set_fields(session, letter, [read_field(label, read_lines(groups)) for label, *groups in fields])
    if "codes" in given or "mail" in given:
        _choose_methods(session, letter, given, settings)
    if "names" in given:
        _choose_names(session, letter, given)
    if "publish" in given or "close" in given:
        publishes, ends = (_hour(given.get(name, "")) for name in ("publish", "close"))
        set_dates(session, letter, publishes=publishes, ends=ends, moment=moment)


def _rules(letter: Letter, given: dict[str, str], settings: Settings) -> Rules:
    """The rules that a file gives; of the others, those that the letter has."""
    return replace(
        rules_of(letter),
        k=_number(given, "k", letter.k),
        timing=given.get("timing", letter.timing).lower(),
        updates=given.get("updates", letter.updates).lower(),
        rolls=tuple(value for name, value in settings if name == "roll"),
        issuing_days=_number(given, "issuing days", letter.issuing_days),
        pause_hours=_number(given, "pause hours", letter.pause_hours),
        goal=_number(given, "goal", 0) or letter.goal,
        threshold=_number(given, "threshold", 0) or letter.threshold,
        contact=given.get("contact", letter.contact or ""),
    )


def _number(given: dict[str, str], name: str, otherwise: int) -> int:
    if name not in given:
        return otherwise
    return _whole(given[name], name)


def _whole(typed: str, name: str) -> int:
    digits = typed.strip().replace(",", "")
    if not re.fullmatch("[0-9]{1,9}", digits, re.ASCII):
        raise BadShape("“%(name)s: %(value)s” is no number. Write, for example: %(name)s: 10", name=name, value=typed)
    return int(digits)


def _choose_methods(session: Session, letter: Letter, given: dict[str, str], settings: Settings) -> None:
    """``codes: printed, mail`` and for each roll ``mail: ROLL | DOMAIN, DOMAIN``; without a roll, for the first."""
    rolls = rolls_of(session, letter)
    domains: dict[str, list[str]] = {}
    for value in (value for name, value in settings if name == "mail"):
        named, _, listed = value.rpartition("|")
        roll = next((one for one in rolls if one.name == named.strip()), None if named.strip() else rolls[0])
        if roll is None:
            raise BadShape("“mail: %(value)s” names no roll of this letter.", value=value)
        domains[roll.id] = listed.split(",")
    typed = [one.strip().lower() for one in given.get("codes", BY_EMAIL).split(",")]
    unknown = [one for one in typed if one not in METHODS]
    if unknown:
        raise BadShape("“codes: %(value)s”: write printed, mail, or both.", value=given["codes"])
    set_routes(session, letter, [METHODS[one] for one in typed], domains)


def _choose_names(session: Session, letter: Letter, given: dict[str, str]) -> None:
    """``names: at once, 50, 200``; ``none`` for none."""
    typed = [one.strip() for one in given["names"].split(",") if one.strip().lower() not in ("", "none")]
    numbers = [_whole(one, "names") for one in typed if one.lower() not in AT_ONCE]
    months = _number(given, "names months", letter.names_months)
    named = any(one.lower() in AT_ONCE for one in typed)
    choose_name_steps(session, letter, named=named, numbers=numbers, months=months)


def _hour(typed: str) -> datetime | None:
    """An hour in UTC; None for none."""
    if not typed:
        return None
    try:
        return datetime.strptime(typed.replace("T", " ").removesuffix("Z"), "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise BadShape("“%(value)s” is no hour in UTC. Write, for example: 2026-12-01 10:00", value=typed) from None
