"""A signer's own check: whether the log has exactly the signature that a receipt belongs to (protocol 8)."""

from typing import Any, NamedTuple

from petition.crypto.blind_rsa import MESSAGE_PREFIX
from petition.crypto.codes import RECEIPT_BYTES, read_receipt
from petition.crypto.encodings import b64url, canonical_json, from_b64url
from petition.crypto.merkle import leaf_hash
from petition.crypto.pins import matches, parse_pin, pin_of
from petition.crypto.receipts import opening
from petition.errors import BadShape
from petition.verifying.entries import Letter
from petition.verifying.ledger import Ledger
from petition.verifying.rounds import RoundState
from petition.verifying.shapes import is_number, read_json
from petition.verifying.verdict import Invalid, shown


class ReceiptFile(NamedTuple):
    """What a receipt file knows besides the commit."""

    letter_id: str
    round: int
    pin: bytes
    leaf: bytes
    """The leaf hash that the entry must have: it is this message and this signature, byte for byte."""


class Receipt(NamedTuple):
    """What to look for: a commit (32 bytes). ``file`` is None if the receipt was written by hand."""

    commit: bytes
    file: ReceiptFile | None


_TEXTS = ("letter_id", "pin", "message", "signature", "receipt")


def read_receipt_text(text: str) -> Receipt:
    """Read a receipt or token file (protocol 4), or a receipt that was written by hand.

    Refuses with ``Invalid`` what is neither, a file without a signature, and a file whose receipt does not open the
    statement in it.
    """
    try:
        if text.lstrip().startswith("{"):
            return _from_file(text)
        return Receipt(bytes.fromhex(opening(read_receipt(text.strip())).commit), None)
    except BadShape as flaw:
        raise Invalid(str(flaw)) from None


def _from_file(text: str) -> Receipt:
    try:
        members = read_json(text.encode("utf-8", "surrogatepass"))
    except Invalid as flaw:
        raise Invalid(f"The receipt file {flaw}.") from None
    if "blinded_message" in members and "signature" not in members:
        raise Invalid("This is a retry file, which has no signature yet. Finish signing with it first.")
    if type(members.get("petition")) is not int or members["petition"] != 1:
        raise Invalid("The receipt file must have the member “petition” with the value 1.")
    if "fingerprint" in members and "pin" not in members:
        raise Invalid("This receipt file was made by release 0.1.0. Check it with that release.")
    if not is_number(members.get("round")) or not all(isinstance(members.get(name), str) for name in _TEXTS):
        raise Invalid("The receipt file must have letter_id, round, pin, message, signature and receipt.")
    return _from_members(members)


def _from_members(members: dict[str, Any]) -> Receipt:
    message = from_b64url(members["message"], what="message in the receipt file")
    from_b64url(members["signature"], what="signature in the receipt file")
    receipt = from_b64url(members["receipt"], RECEIPT_BYTES, what="receipt in the receipt file")
    commit = opening(receipt).commit
    if message[MESSAGE_PREFIX:].decode("ascii", "replace").split("\n")[4:] != [commit, ""]:
        raise Invalid("The receipt in this file does not open the statement in it.")
    entry = {name: members[name] for name in ("message", "round", "signature")} | {"type": "signature"}
    leaf = leaf_hash(canonical_json(entry))
    file = ReceiptFile(members["letter_id"], members["round"], parse_pin(members["pin"]), leaf)
    return Receipt(bytes.fromhex(commit), file)


def look_up(receipt: Receipt, ledger: Ledger, found: int | None) -> tuple[bool, str]:
    """Whether a signer's signature is in the log as it should be, and a sentence that says so.

    ``found`` is the number of the entry that has the leaf hash of the file's entry.
    """
    if receipt.file and (wrong := _of_another(receipt.file, ledger)):
        return False, wrong
    place = ledger.commits.find(receipt.commit)
    if place is None:
        return False, _missing(receipt, ledger)
    entry = ledger.commits.entry(place)
    if receipt.file is None:
        stands = (
            f"The commit of this receipt is in entry {entry}. A receipt written by hand shows no more; only a receipt "
            "file can show that the round's record, the message and the signature are the ones you were given"
        )
    elif found == entry:
        stands = (
            f"Your message and signature are in entry {entry}, byte for byte, and the record of round "
            f"{receipt.file.round} has the pin in your file"
        )
    else:
        return False, f"Entry {entry} has the commit of this receipt, but not the message and signature in your file."
    withdrawn = "; it was withdrawn and does not count" if ledger.commits.is_withdrawn(place) else ""
    return True, f"{stands}{withdrawn}{_annulled(ledger.rounds[ledger.commits.round(place)])}."


def _annulled(state: RoundState) -> str:
    if state.annulled is None:
        return ""
    return f"; round {state.number} was annulled and does not count: {shown(state.reason)}"


def _missing(receipt: Receipt, ledger: Ledger) -> str:
    missing = "The signature of this receipt is not in the log."
    states = [ledger.rounds[receipt.file.round]] if receipt.file else list(ledger.rounds.values())
    own = states[0] if receipt.file else None
    if own and own.annulled is not None:
        return f"{missing} Round {own.number} was annulled, and what waited in it was deleted: {shown(own.reason)}."
    if ledger.closed is None:
        return f"{missing} It may still be waiting for an update. If it was there once, this log has lost it."
    if all(state.signatures for state in states if state.annulled is None):
        return f"{missing} The letter is closed, so nothing waits any more: this log left it out or has lost it."
    if own:
        empty = f"has no signature of round {own.number}: the round"
    else:
        empty = "has rounds without a signature. If yours is one of them, it"
    return f"{missing} The letter is closed, and the log {empty} stayed under K, or the server hid it."


def _of_another(file: ReceiptFile, ledger: Ledger) -> str | None:
    """A sentence if the file belongs to another letter, round or record."""
    letter = ledger.letter
    if letter is None or file.letter_id != letter.letter_id:
        return "The receipt file belongs to another letter."
    state = ledger.rounds.get(file.round)
    if state is None:
        return f"The receipt file belongs to round {file.round}, which the log does not have."
    if not matches(pin_of(_record(letter, state)), file.pin):
        return (
            f"The log's record of round {file.round} does not have the pin in your receipt file. The server may have "
            "shown you a record of your own, to recognize your signature by. Show this to someone you trust."
        )
    return None


def _record(letter: Letter, state: RoundState) -> dict[str, object]:
    """A round's record, as the pin covers it (protocol 4)."""
    return {
        "fields_sha256": letter.fields_sha256,
        "hosts": letter.hosts,
        "k": letter.k,
        "letter_id": letter.letter_id,
        "log_key": b64url(letter.log_key),
        "names_keys": letter.names_keys,
        "public_key": b64url(state.public_key),
        "roll": state.roll,
        "round": state.number,
        "text_sha256": letter.text_sha256,
        "timing": letter.timing,
    }
