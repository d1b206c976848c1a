"""Whether one signature entry is valid, judged without any other signature (protocol 8)."""

import re
from binascii import Error as NotBase64
from binascii import a2b_base64, hexlify, unhexlify
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from petition.crypto.blind_rsa import MESSAGE_PREFIX, MODULUS_SIZE, PublicKey, require_round_key
from petition.crypto.encodings import from_b64url
from petition.crypto.tokens import statement_bytes
from petition.errors import BadShape
from petition.verifying.entries import Signature
from petition.verifying.shapes import LETTER_ID
from petition.verifying.verdict import Invalid

_STATEMENT = re.compile(
    rb"petition-signature-v1\n(%b)\n(0|[1-9][0-9]{0,15})\n([0-9a-f]{64})\n([0-9a-f]{64})\n" % LETTER_ID.encode()
)
_HEAD, _ROUND, _SIGNATURE, _TAIL = b'{"message":"', b'","round":', b',"signature":"', b'","type":"signature"}'
_TO_BASE64 = bytes.maketrans(b"-_+/=", b"+/???")
"""From base64url to base64; what base64url does not have becomes what base64 does not have either."""
_PADDING = (b"", b"?", b"==", b"=")
_LAST_CHARACTERS = (None, b"", b"AQgw", b"AEIMQUYcgkosw048")
"""By length modulo 4, the last characters whose unused bits are zero."""
_COMMIT = 65
"""Bytes at the end of a statement: the commit in hex and a line feed."""


class RoundKey(NamedTuple):
    """The number of the entry that opened a round, and the round's key (SPKI in DER, not validated yet)."""

    opened: int
    spki: bytes


class Valid(NamedTuple):
    """A signature that is valid under the key of its round, with a statement of this letter."""

    round: int
    commit: bytes


class Candidate(NamedTuple):
    """A signature that is valid if RSA says so: its key, message and signature, and what it then is."""

    public: PublicKey
    message: bytes
    signature: bytes
    valid: Valid

    def is_signed(self) -> bool:
        """What RSA says."""
        return self.public.verify(self.message, self.signature)


class _Signer(NamedTuple):
    """A round as its signatures need it: n has 384 bytes; the statement's beginning ends before the commit."""

    number: int
    opened: int
    public: PublicKey
    n: bytes
    beginning: bytes


class SignatureChecker:
    """Checks the signatures of one letter. ``keys`` are those of the rounds that may be named."""

    def __init__(self, letter_id: str, text_sha256: str, keys: Mapping[int, RoundKey]) -> None:
        self._letter_id = letter_id
        self._text_sha256 = text_sha256
        self._keys = keys
        self._signers: dict[bytes, _Signer] = {}
        for number, key in keys.items():
            if public := _round_key(key.spki):
                beginning = statement_bytes(letter_id, number, text_sha256, "")[:-1]
                n = public.n.to_bytes(MODULUS_SIZE, "big")
                self._signers[str(number).encode()] = _Signer(number, key.opened, public, n, beginning)

    def candidate(self, number: int, entry: bytes) -> Candidate | None:
        """The signature in an entry if nothing but RSA may be wrong with it. Quick: nearly all entries are such.

        None says nothing: the entry may be another one, or ``require_valid`` may say what is wrong with it.
        """
        if not (entry.startswith(_HEAD) and entry.endswith(_TAIL)):
            return None
        message_text, _, rest = entry[len(_HEAD) : -len(_TAIL)].partition(_ROUND)
        round_text, _, signature_text = rest.partition(_SIGNATURE)
        signer = self._signers.get(round_text)
        message, signature = _canonical(message_text), _canonical(signature_text)
        if signer is None or signer.opened >= number or message is None or signature is None:
            return None
        commit = _commit_after(signer.beginning, message)
        if commit is None or len(signature) != MODULUS_SIZE or signature >= signer.n:
            return None
        return Candidate(signer.public, message, signature, Valid(signer.number, commit))

    def require_valid(self, number: int, entry: Signature) -> Valid:
        """The same for an entry that was read; refuses with ``Invalid`` what is not valid, and says why."""
        key = self._keys.get(entry.round)
        if key is None or key.opened >= number:
            raise Invalid(f"names round {entry.round}, which no earlier entry opens")
        message = _decoded(entry.message, "message")
        signature = _decoded(entry.signature, "signature")
        commit = self._require_statement(entry.round, message)
        if len(signature) != MODULUS_SIZE:
            raise Invalid(f"has a signature of {len(signature)} bytes instead of {MODULUS_SIZE}")
        public = _round_key(key.spki)
        if public is None:
            raise Invalid(f"names round {entry.round}, whose key cannot be used")
        if int.from_bytes(signature, "big") >= public.n:
            raise Invalid("has a signature that is not below the key's n")
        if not public.verify(message, signature):
            raise Invalid(f"has a signature that is not valid under the key of round {entry.round}")
        return Valid(entry.round, commit)

    def _require_statement(self, round_number: int, message: bytes) -> bytes:
        """The commit (32 bytes) in a message."""
        statement = _STATEMENT.fullmatch(message, MESSAGE_PREFIX)
        if statement is None:
            raise Invalid("has a message that is not 32 bytes and an exact statement")
        letter_id, named, text_sha256, commit = (part.decode() for part in statement.groups())
        if named != str(round_number):
            raise Invalid(f"is logged under round {round_number}, but its statement names round {named}")
        if letter_id != self._letter_id:
            raise Invalid(f"has a statement of another letter, {letter_id}")
        if text_sha256 != self._text_sha256:
            raise Invalid(f"has a statement of another text, {text_sha256}")
        return bytes.fromhex(commit)


def _canonical(text: bytes) -> bytes | None:
    """What canonical base64url without padding says; None for any other text."""
    last = _LAST_CHARACTERS[len(text) % 4]
    if last is not None and text[-1:] not in last:
        return None
    try:
        return a2b_base64(text.translate(_TO_BASE64) + _PADDING[len(text) % 4], strict_mode=True)
    except NotBase64:
        return None


def _commit_after(beginning: bytes, message: bytes) -> bytes | None:
    """The commit in a message whose statement begins like this and is exact; None for any other message."""
    if message[MESSAGE_PREFIX:-_COMMIT] != beginning or message[-1:] != b"\n":
        return None
    text = message[-_COMMIT:-1]
    try:
        commit = unhexlify(text)
    except NotBase64:
        return None
    return commit if hexlify(commit) == text else None


def _decoded(text: str, what: str) -> bytes:
    try:
        return from_b64url(text)
    except BadShape:
        raise Invalid(f"has a {what} that is not canonical base64url without padding") from None


@lru_cache(maxsize=16)
def _round_key(spki: bytes) -> PublicKey | None:
    try:
        return require_round_key(spki)
    except BadShape:
        return None
