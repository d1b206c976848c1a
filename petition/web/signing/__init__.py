"""From a token to a receipt: never reaches the issuer; no cookies."""

from petition.web.signing import receipts, signatures, signing_dates

BLUEPRINT = signatures.bp

__all__ = ["BLUEPRINT", "receipts", "signatures", "signing_dates"]
