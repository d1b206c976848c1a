"""In which coding a cached file is sent."""

import pytest

from petition.publishing.cache import CachedFile
from petition.publishing.public_files import PublicFile
from petition.web.public.cache_middleware import best_coding


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, br", "br"),
        ("BR;q=0.1, gzip", "br"),
        ("br;q=0, gzip", "gzip"),
        ("identity", ""),
        ("", ""),
        ("br" + "," * 10_000, "br"),
        ("x," * 500 + "br", ""),
        ("x, " * 332 + "gzip, br", "gzip"),
        ("br;q=0." + "0" * 10_000 + "1", ""),
    ],
    ids=[
        "both",
        "any case",
        "refused",
        "none",
        "empty",
        "long tail",
        "behind the limit",
        "cut",
        "a number without end",
    ],
)
def test_only_the_beginning_of_a_long_accept_encoding_is_read(accepted: str, coding: str) -> None:
    """It is parsed on the server's event loop, where everyone waits for it."""
    kept = CachedFile(PublicFile(b"a" * 1000, "text/plain"))

    assert best_coding(kept, accepted) == coding
