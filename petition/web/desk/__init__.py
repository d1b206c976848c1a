"""Organizers' pages: the only part with a cookie. Each module adds its pages to one blueprint."""

from petition.web.desk import (
    account,
    codes,
    comments,
    conflicts,
    editor,
    events,
    fields,
    figures,
    importing,
    letter_home,
    names,
    people,
    rounds,
    rules,
    sign_in,
    steps,
    text_downloads,
    translations,
    verification_methods,
    versions,
)
from petition.web.desk.access import KEPT_WHOLE, bp

BLUEPRINT = bp

__all__ = [
    "BLUEPRINT",
    "KEPT_WHOLE",
    "account",
    "codes",
    "comments",
    "conflicts",
    "editor",
    "events",
    "fields",
    "figures",
    "importing",
    "letter_home",
    "names",
    "people",
    "rounds",
    "rules",
    "sign_in",
    "steps",
    "text_downloads",
    "translations",
    "verification_methods",
    "versions",
]
