"""The text of a PDF, for tests."""

import io

from pypdf import PdfReader


def pages_of(pdf: bytes) -> list[str]:
    """Each page's text."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
