"""``press-kit.zip``: what a newsroom needs, in one file."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime

ZIP_TYPE = "application/zip"
PICTURE_OF_GROUPS = "groups.svg"
"""Left out where no groups are shown."""
CONTENTS = (
    "letter.pdf",
    "letter.txt",
    "letter.md",
    "facts.pdf",
    "summary.txt",
    "counts.csv",
    "history.csv",
    "chart.png",
    "chart.svg",
    PICTURE_OF_GROUPS,
    "card.png",
    "badge.svg",
)
"""The letter, the numbers in words and as tables, and pictures. No names: they leave the site some day."""
FOLDER = "press-kit/"
FILE_MODE = 0o644 << 16


def zipped(files: Mapping[str, bytes], moment: datetime) -> bytes:
    """An archive of these files, all dated as of one moment: the same files give the same bytes."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(FOLDER + name, moment.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, FILE_MODE
            archive.writestr(entry, data)
    return body.getvalue()
