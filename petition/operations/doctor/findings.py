"""What the doctor says about a site: one sentence, and one that says how to fix it."""

from dataclasses import asdict, dataclass
from typing import Any

OK, NOTE, WRONG = "ok", "note", "wrong"


@dataclass(frozen=True)
class Finding:
    """One sentence about the site and, if something is wrong, one that says how to fix it."""

    area: str
    level: str
    what: str
    mend: str = ""


def as_json(findings: list[Finding]) -> dict[str, Any]:
    """The findings for a program."""
    return {"ok": is_well(findings), "findings": [asdict(finding) for finding in findings]}


def is_well(findings: list[Finding]) -> bool:
    """Whether nothing is wrong; notes don't count."""
    return all(finding.level != WRONG for finding in findings)
