"""The public bytes of the site that answers, for pages that may see what was signed."""

from flask import current_app

from petition.publishing.cache import PublicCache


def cached() -> PublicCache:
    """What is public of this site, kept."""
    found: PublicCache = current_app.extensions["petition.cache"]
    return found
