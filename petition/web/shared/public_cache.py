"""The cached public files of the site that answers, for pages that may see what was signed."""

from flask import current_app

from petition.publishing.cache import PublicCache


def cached() -> PublicCache:
    """This site's cache of public files."""
    found: PublicCache = current_app.extensions["petition.cache"]
    return found
