"""Keys, made once, and short ways from a built log to its verdict."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from petition.verifying import open_source, verify
from tests.verifying.log_builder import LogBuilder, write


@pytest.fixture(scope="session")
def rsa_keys():
    return [rsa.generate_private_key(65537, 3072) for _ in range(3)]


@pytest.fixture
def build(rsa_keys):
    """Starts a new log; takes whatever ``LogBuilder`` takes."""
    return lambda **changes: LogBuilder(rsa_keys, **changes)


@pytest.fixture
def verdict_of(tmp_path):
    """Publishes a built log, or files, and verifies it; a built log's older checkpoints are given as well."""
    folder, there = tmp_path / "letter", {}
    folder.mkdir()

    def verdict(published, **options):
        if isinstance(published, LogBuilder):
            options = {"since": published.since} | options
            published = published.files()
        for path in there.keys() - published.keys():
            (folder / path).unlink()
            remove_empty((folder / path).parent, folder)
        write(folder, {path: data for path, data in published.items() if there.get(path) != data})
        there.clear()
        there.update(published)
        return verify(open_source(str(folder)), **options)

    return verdict


def remove_empty(folder, top):
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
