"""These tests share a site."""

from tests.sharing import campaign

__all__ = ["campaign"]
