"""What tests ask of a verdict."""

from petition.verifying import Verdict


def failed(verdict: Verdict) -> set[str]:
    """The checks that failed."""
    return {check.check for check in verdict.checks if not check.ok}


def wrongs(verdict: Verdict) -> dict[str, str]:
    """The sentence of each check that failed; empty, and so easy to read in a failing test, if all is well."""
    return {check.check: check.detail for check in verdict.checks if not check.ok}


def detail(verdict: Verdict, name: str) -> str:
    """The sentence of a check."""
    return next(check.detail for check in verdict.checks if check.check == name)
