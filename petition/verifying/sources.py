"""Opens what a person names: a folder or an address."""

import re
from pathlib import Path

from petition.errors import BadShape
from petition.verifying.folder import Folder
from petition.verifying.source import Source
from petition.verifying.website import Website


def open_source(where: str) -> Source:
    """A folder or an address, as people write it. Refuses with ``BadShape`` what is neither."""
    if re.match("https?://", where, re.IGNORECASE):
        return Website(where)
    if not Path(where).is_dir():
        raise BadShape(
            "There is no folder %(where)s. Give a folder that “petition publish” wrote, or the letter's "
            "address, which begins with https://.",
            where=where,
        )
    return Folder(Path(where))
