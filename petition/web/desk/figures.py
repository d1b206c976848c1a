"""A letter's numbers for its organizers: the figures that the public sees or would see, and their files. No more."""

from flask import Response

from petition.errors import NOTHING_HERE, NotFound
from petition.letters.access import own_letter
from petition.letters.models import Organizer
from petition.letters.states import PUBLIC
from petition.publishing.data import columns
from petition.publishing.figures.counts import figures
from petition.publishing.figures.facts import evidence, facts, group_lines, headline, rounding
from petition.publishing.public_files import DATA_FILES, FROM_FIGURES
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.shared.context import language, session, site
from petition.web.shared.headers import headers_of

FILES = [
    *DATA_FILES.values(),
    "history.csv",
    "groups.svg",
    "badge.svg",
    "card.png",
    "letter.md",
    "letter.txt",
    "letter.pdf",
]
SHOWN_TYPES = ("image/svg+xml", "image/png")


@bp.get("/letters/<slug>/numbers")
@for_organizers
def numbers(organizer: Organizer, slug: str) -> Answer:
    """Count, rolls, groups and history, as of the last sealing."""
    letter = own_letter(session(), slug, organizer)
    found = figures(session(), letter, site().settings.url)
    return desk_page(
        "organize/numbers.html",
        letter=letter,
        figures=found,
        facts=facts(found, language()),
        evidence=evidence(found, language()),
        groups=[
            (group.label, rounding(found, group, language()), group_lines(found, group, language()))
            for group in found.groups
        ],
        headline=headline(found, language()),
        files=FILES,
        columns=columns,
        is_public=letter.state in PUBLIC,
    )


@bp.get("/letters/<slug>/numbers/<file>")
@for_organizers
def numbers_file(organizer: Organizer, slug: str, file: str) -> Answer:
    """One of the files, with the bytes that are or would be public."""
    letter = own_letter(session(), slug, organizer)
    if file not in FILES:
        raise NotFound(NOTHING_HERE)
    make, media_type = FROM_FIGURES[file]
    body = make(figures(session(), letter, site().settings.url))
    headers = {"Content-Security-Policy": headers_of(media_type)["Content-Security-Policy"]}
    if media_type not in SHOWN_TYPES:
        headers["Content-Disposition"] = f'attachment; filename="{letter.slug}-{file}"'
    return Response(body, content_type=media_type, headers=headers)
