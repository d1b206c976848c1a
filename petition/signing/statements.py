"""The statement that a token signs: built, and parsed so strictly that each has exactly one form (protocol 4)."""

import re
from dataclasses import dataclass

from petition.crypto.tokens import statement_bytes
from petition.errors import BadShape

PREFIX_SIZE = 32
_FORM = re.compile(
    rb"petition-signature-v1\n([0-9A-HJKMNP-TV-Z]{26})\n([1-9][0-9]{0,8})\n([0-9a-f]{64})\n([0-9a-f]{64})\n"
)


@dataclass(frozen=True)
class Statement:
    """What is signed: which letter, round and text (hex SHA-256), and the commit (hex) that stands for the signer."""

    letter_id: str
    round: int
    text_sha256: str
    commit: str

    def as_bytes(self) -> bytes:
        """The statement's only form: ASCII, line feeds."""
        return statement_bytes(self.letter_id, self.round, self.text_sha256, self.commit)


def parse(message: bytes) -> Statement:
    """The statement of a prepared message (32 random bytes, then the statement); any other byte is refused."""
    match = _FORM.fullmatch(message[PREFIX_SIZE:])
    if match is None:
        raise BadShape("This isn't a file from this site, or it was changed. Use the file exactly as you saved it.")
    letter_id, number, text_sha256, commit = (part.decode() for part in match.groups())
    return Statement(letter_id, int(number), text_sha256, commit)
