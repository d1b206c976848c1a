"""Keys, made once, and short ways from a forged log to its verdict."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from petition.verifying import open_source, verify
from tests.verifying.forger import Forger, write


@pytest.fixture(scope="session")
def keys():
    return [rsa.generate_private_key(65537, 3072) for _ in range(3)]


@pytest.fixture
def forger(keys):
    """Opens a new forger; everything of ``Forger`` may be given."""
    return lambda **changes: Forger(keys, **changes)


@pytest.fixture
def verdict_of(tmp_path):
    """Publishes a forger's log, or files, and verifies it."""
    folder, there = tmp_path / "letter", {}
    folder.mkdir()

    def verdict(published, **options):
        files = published.files() if isinstance(published, Forger) else published
        for path in there.keys() - files.keys():
            (folder / path).unlink()
            remove_empty((folder / path).parent, folder)
        write(folder, {path: data for path, data in files.items() if there.get(path) != data})
        there.clear()
        there.update(files)
        return verify(open_source(str(folder)), **options)

    return verdict


def remove_empty(folder, top):
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
