"""Recomputes a published letter from its public files alone, so that no one has to believe the server."""

from petition.verifying.saving import Saving
from petition.verifying.source import Source
from petition.verifying.sources import open_source
from petition.verifying.verdict import CHECKS, Check, NothingChecked, Verdict
from petition.verifying.verification import verify

__all__ = ["CHECKS", "Check", "NothingChecked", "Saving", "Source", "Verdict", "open_source", "verify"]
