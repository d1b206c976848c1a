"""What a receipt opens: the commit in a statement, and the keys of group rows and names."""

from dataclasses import dataclass, field

from petition.crypto.encodings import sha256
from petition.errors import BadShape


def commit_of(w_hash: bytes, a_hash: bytes) -> str:
    """The commit (hex) to SHA-256(W) and SHA-256(A), 32 bytes each.

    For people who have only one of W and A: a signature above ``counted`` shows A and SHA-256(W), a
    withdrawal in the log W and SHA-256(A). Refuses other lengths with ``BadShape``.
    """
    _require_32(w_hash, "w_hash")
    _require_32(a_hash, "a_hash")
    return sha256(b"petition-commit-v1", w_hash, a_hash).hex()


def group_key(a: bytes, field_id: str) -> bytes:
    """The key (32 bytes) of the group row of A (32 bytes) in one field."""
    _require_32(a, "a")
    return sha256(b"petition-group-v1", a, field_id.encode("utf-8"))


def name_key(a: bytes) -> bytes:
    """The key (32 bytes) of the name row of A (32 bytes)."""
    _require_32(a, "a")
    return sha256(b"petition-name-v1", a)


@dataclass(frozen=True)
class Opening:
    """W and A, 32 bytes each: what a signer shows to withdraw or change. Refuses other lengths."""

    w: bytes = field(repr=False)
    a: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _require_32(self.w, "w")
        _require_32(self.a, "a")

    @property
    def w_hash(self) -> str:
        """SHA-256(W), hex."""
        return sha256(self.w).hex()

    @property
    def a_hash(self) -> str:
        """SHA-256(A), hex."""
        return sha256(self.a).hex()

    @property
    def commit(self) -> str:
        """The commit that the statement carries, hex."""
        return commit_of(sha256(self.w), sha256(self.a))

    def group_key(self, field_id: str) -> bytes:
        """The key (32 bytes) of this signer's group row in one field."""
        return group_key(self.a, field_id)

    def name_key(self) -> bytes:
        """The key (32 bytes) of this signer's name row."""
        return name_key(self.a)


def opening(receipt: bytes) -> Opening:
    """Derive W and A from a receipt (16 bytes); another length is refused with ``BadShape``."""
    if len(receipt) != 16:
        raise BadShape("A receipt must have 16 bytes; this one has %(given)s.", given=len(receipt))
    return Opening(
        w=sha256(b"petition-withdraw-v1", receipt),
        a=sha256(b"petition-appear-v1", receipt),
    )


def _require_32(value: bytes, what: str) -> None:
    if len(value) != 32:
        raise BadShape("The %(what)s must have 32 bytes; this one has %(given)s.", what=what, given=len(value))
