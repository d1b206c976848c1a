"""A signer's own check: does the log hold exactly the signature that this receipt is of?"""

from typing import Any, NamedTuple

from petition.crypto.blind_rsa import PREFIX
from petition.crypto.codes import read_receipt
from petition.crypto.encodings import canonical_json, from_b64url, sha256
from petition.crypto.merkle import leaf_hash
from petition.crypto.receipts import opening
from petition.errors import BadShape
from petition.verifying.entries import is_number, read_json
from petition.verifying.ledger import Ledger
from petition.verifying.verdict import said


class FileOf(NamedTuple):
    """What a receipt file knows besides the commit."""

    letter_id: str
    round: int
    fingerprint: str
    leaf: bytes
    """The hash that the entry must have: it is this message and this signature byte for byte."""


class Receipt(NamedTuple):
    """What to look for; ``file`` is None where the receipt was written by hand."""

    commit: bytes
    file: FileOf | None


_TEXTS = ("letter_id", "fingerprint", "message", "signature", "receipt")


def read_own(text: str) -> Receipt:
    """Read a receipt or token file (protocol 4), or a receipt that was written by hand.

    Refuses with ``BadShape`` what is neither, a file that holds no signature yet, and one whose receipt does
    not open its own statement.
    """
    if not text.lstrip().startswith("{"):
        return Receipt(bytes.fromhex(opening(read_receipt(text.strip())).commit), None)
    try:
        members = read_json(text.encode("utf-8", "surrogatepass"))
    except BadShape as flaw:
        raise BadShape("The receipt file %(flaw)s.", flaw=str(flaw)) from None
    return _from_file(members)


def _from_file(members: dict[str, Any]) -> Receipt:
    if "blinded_message" in members and "signature" not in members:
        raise BadShape("This is a retry file, which holds no signature yet. Finish signing with it first.")
    if type(members.get("petition")) is not int or members["petition"] != 1:
        raise BadShape("The receipt file must have the member “petition” with the value 1.")
    if not is_number(members.get("round")) or not all(isinstance(members.get(name), str) for name in _TEXTS):
        raise BadShape("The receipt file must have letter_id, round, fingerprint, message, signature and receipt.")
    message = from_b64url(members["message"], what="message in the receipt file")
    from_b64url(members["signature"], what="signature in the receipt file")
    commit = opening(from_b64url(members["receipt"], 16, what="receipt in the receipt file")).commit
    if message[PREFIX:].decode("ascii", "replace").split("\n")[4:] != [commit, ""]:
        raise BadShape("The receipt in this file does not open the statement in it.")
    entry = {name: members[name] for name in ("message", "round", "signature")} | {"type": "signature"}
    leaf = leaf_hash(canonical_json(entry))
    return Receipt(bytes.fromhex(commit), FileOf(members["letter_id"], members["round"], members["fingerprint"], leaf))


def look_up(receipt: Receipt, ledger: Ledger, found: int | None) -> tuple[bool, str]:
    """Whether all is right with a signer's signature, and a sentence that says so.

    ``found`` is the number of the entry that has the hash of the file's entry.
    """
    if wrong := _of_another(receipt, ledger):
        return False, wrong
    place = ledger.commits.find(receipt.commit)
    if place is None:
        return False, (
            "The signature of this receipt is not in the log. It may still wait for a sealing; if it was "
            "sealed once, this log has lost it."
        )
    entry = ledger.commits.entry(place)
    if receipt.file is None:
        stands = (
            f"The commit of this receipt stands in entry {entry}. A receipt written by hand shows no more; only a "
            "receipt file can show that the round's key, the message and the signature are the ones you were given"
        )
    elif found == entry:
        stands = (
            f"Your message and signature stand byte for byte in entry {entry}, under the key of round "
            f"{receipt.file.round} that your file names"
        )
    else:
        return False, f"Entry {entry} has the commit of this receipt, but not the message and signature of your file."
    state = ledger.rounds[ledger.commits.round(place)]
    withdrawn = "; it has been withdrawn and is not counted" if ledger.commits.withdrawn(place) else ""
    annulled = (
        f"; round {state.number} was annulled and is not counted: {said(state.reason)}"
        if state.annulled is not None
        else ""
    )
    return True, f"{stands}{withdrawn}{annulled}."


def _of_another(receipt: Receipt, ledger: Ledger) -> str | None:
    if (file := receipt.file) is None:
        return None
    if ledger.letter is None or file.letter_id != ledger.letter.letter_id:
        return "The receipt file is of another letter."
    state = ledger.rounds.get(file.round)
    if state is None:
        return f"The receipt file is of round {file.round}, which the log does not have."
    if sha256(state.public_key).hex() != file.fingerprint:
        return (
            f"The key of round {file.round} in the log is not the one that your receipt file names. The server may "
            "have used a key of its own for you: show this to somebody you trust."
        )
    return None
