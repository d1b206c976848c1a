"""Recounts a published letter from its public files alone; anybody can, nobody need believe the server."""

from petition.verifying.sources import Source, open_source
from petition.verifying.verdict import CHECKS, Check, Verdict
from petition.verifying.verification import verify

__all__ = ["CHECKS", "Check", "Source", "Verdict", "open_source", "verify"]
