"""A letter's text to be read, printed, downloaded and checked, before it is frozen and after."""

from flask import Response

from petition.errors import NOTHING_HERE, NotFound
from petition.letters.access import readable_letter
from petition.letters.drafting.versions import newest_version, text_of, version_of
from petition.letters.models import Letter, Organizer, Version
from petition.letters.text.letter_text import canonical, digest
from petition.publishing.documents import typesetting
from petition.publishing.documents.draft_files import Draft, draft_md, draft_pdf, draft_txt
from petition.publishing.public_files import MARKDOWN, TEXT
from petition.web.desk.access import Answer, bp, desk_page, for_organizers
from petition.web.shared.context import session

FORMATS = {"md": (draft_md, MARKDOWN), "txt": (draft_txt, TEXT), "pdf": (draft_pdf, typesetting.PDF)}
"""What a version can be downloaded as."""


@bp.get("/letters/<slug>/preview")
@for_organizers
def preview(organizer: Organizer, slug: str) -> Answer:
    """The letter as its readers will see it, with its digest."""
    return _shown("organize/preview.html", readable_letter(session(), slug, organizer))


@bp.get("/letters/<slug>/print")
@for_organizers
def printed(organizer: Organizer, slug: str) -> Answer:
    """The letter for printing: as it reads, its digest, and its exact bytes."""
    return _shown("organize/print.html", readable_letter(session(), slug, organizer))


def _shown(template: str, letter: Letter) -> str:
    version = newest_version(session(), letter)
    words = text_of(version)
    text = letter.text or canonical(words)
    return desk_page(
        template, letter=letter, version=version, words=words, text=text.decode(), text_sha256=digest(text)
    )


@bp.get("/letters/<slug>/versions/<int:number>/letter.<format>")
@for_organizers
def download(organizer: Organizer, slug: str, number: int, format: str) -> Answer:  # noqa: A002
    """A version as a file; ``letter.md`` is exactly what is signed."""
    letter = readable_letter(session(), slug, organizer)
    return _file(letter, version_of(session(), letter, number), format)


def _file(letter: Letter, version: Version, kind: str) -> Response:
    if kind not in FORMATS:
        raise NotFound(NOTHING_HERE)
    make, media_type = FORMATS[kind]
    name = f"{letter.slug}-{version.number}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": media_type}
    return Response(make(Draft(text_of(version), version.number, version.saved)), headers=headers)
