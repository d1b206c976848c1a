"""From a code to a token: reaches the issuer, never the signatures; no cookies."""

from petition.web.joining import codes, email

BLUEPRINT = codes.bp

__all__ = ["BLUEPRINT", "codes", "email"]
