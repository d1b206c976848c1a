"""Rounds, on both sides of the privacy boundary: numbers that must agree, and secrets. Only numbers are compared."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.boxes import unlock
from petition.issuing.models import IssuingRound
from petition.issuing.rounds import ROUND_KEY_LABEL, Numbers, numbers
from petition.issuing.secrets import SECRET_SIZE
from petition.letters.access import hosted_letters
from petition.letters.models import Letter
from petition.operations.doctor.files import permissions
from petition.operations.doctor.findings import OK, WRONG, Finding, is_well
from petition.operations.doctor.view import View
from petition.operations.secrets_folder import OWN_FILES
from petition.signing.models import Round
from petition.signing.signatures import rounds_of
from petition.verifying.verdict import plural


def check_numbers(view: View, letter: Letter) -> Iterator[Finding]:
    """Whether the issuer's numbers and the log's agree."""
    known = {row.number: row for row in numbers(view.issuer, letter.id)}
    wrong = [
        Finding(
            "rounds",
            WRONG,
            f"{letter.slug}, round {row.number}: {why}",
            "One database is older than the other. Stop the site and restore both from one backup.",
        )
        for row in rounds_of(view.session, letter.id)
        if (why := _out_of_step(row, known.get(row.number)))
    ]
    agreed = plural(len(known), "round", "rounds")
    yield from wrong or [Finding("rounds", OK, f"{letter.slug}: issuer and log agree on {agreed}.")]


def _out_of_step(row: Round, number: Numbers | None) -> str:
    """What does not agree about a round; an empty text if everything does."""
    if number is None:
        return "the issuer does not know it."
    made = number.made + number.mailed
    if (made, number.voided) < (row.made, row.voided) or made < row.made:
        return f"the log has {row.made} codes, the issuer {made}."
    if row.issued is not None and number.issued != row.issued:
        return f"the log says that {row.issued} tokens were issued, the issuer {number.issued}."
    if row.issued is None and number.spent < row.spent:
        return "fewer codes are spent than at the last sealing."
    if row.annulled is not None and number.annulled is None:
        return "it is annulled, but the issuer does not know it."
    return ""


def check_round_files(view: View) -> Iterator[Finding]:
    rows = view.issuer.scalars(select(IssuingRound).order_by(IssuingRound.letter_id, IssuingRound.number)).all()
    slugs = {letter.id: letter.slug for letter in hosted_letters(view.session)}
    found: list[Finding] = []
    for row in rows:
        name = f"{slugs.get(row.letter_id, row.letter_id)}, round {row.number}"
        path = view.settings.rounds_folder / f"{row.letter_id}-{row.number}"
        found += (_issuing if row.issued is None else _ended)(view, row, name, path)
    expected = {f"{row.letter_id}-{row.number}" for row in rows}
    for path in sorted(view.settings.rounds_folder.glob("*")):
        if path.name not in expected | OWN_FILES:
            what = f"{path} belongs to no round that the issuer knows."
            found.append(Finding("rounds", WRONG, what, f"If no other site uses this folder: rm {path}"))
    yield from found
    if is_well(found):
        yield Finding("rounds", OK, "Each round that issues has its secret; those of ended rounds are gone.")


def _issuing(view: View, row: IssuingRound, name: str, path: Path) -> Iterator[Finding]:
    again = "petition codes make SLUG --count N --new-round"
    new = f"If it cannot be brought back, end this round's codes by opening a new one: {again}"
    if not path.is_file():
        yield Finding("rounds", WRONG, f"{name}: its secret {path} is gone; its codes can't be exchanged.", new)
        return
    if path.stat().st_mode & 0o077:
        yield from permissions("rounds", path, "600")
    key_lock = view.secrets.key_lock(row.letter_id, row.number)
    try:
        if path.stat().st_size != SECRET_SIZE or key_lock is None or row.private_key is None:
            raise ValueError
        key = PrivateKey.from_der(unlock(key_lock, row.private_key, ROUND_KEY_LABEL))
        if key.public.spki() != row.public_key:
            raise ValueError
    except ValueError:
        what = f"{name}: its private key does not open with its secret and the master secret."
        yield Finding("rounds", WRONG, what, new)


def _ended(view: View, row: IssuingRound, name: str, path: Path) -> Iterator[Finding]:
    if path.exists():
        what = f"{name} has ended, but its secret {path} is still there: a crash kept it from being destroyed."
        yield Finding("rounds", WRONG, what, f"rm {path}")
    if row.private_key is not None:
        yield Finding("rounds", WRONG, f"{name} has ended, but its private key is still stored.", "petition seal")
