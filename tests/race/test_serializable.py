"""On a database that serializes by aborting, what lost a race is done again, and no one sees an error."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from petition.config import prepare_folders, settings
from petition.crypto.encodings import b64url
from tests.conftest import Clock
from tests.race.crowd import standing, together
from tests.walks import Campaign

pytestmark = pytest.mark.race
STRICT = "?options=-c%20default_transaction_isolation%3Dserializable"


@pytest.fixture
def strict(
    postgres_templates: Callable[[str], tuple[str, str]], tmp_path: Path, clock: Clock, make_key: Callable[[], Any]
) -> Iterator[Campaign]:
    """A site on PostgreSQL whose transactions are serializable."""
    petition, issuer = (url.partition("?") for url in postgres_templates("strict"))
    names = ("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL")
    urls = (f"{url}{STRICT}{'&' + query if query else ''}" for url, _, query in (petition, issuer))
    environ = {"PETITION_DATA": str(tmp_path / "data"), "PETITION_URL": "https://letters.example.org"}
    found = settings(environ | dict(zip(names, urls, strict=True)))
    prepare_folders(found)
    made = Campaign(found, clock, make_key)
    yield made
    made.close()


def test_many_sign_at_once_and_every_one_is_kept(strict: Campaign) -> None:
    letter = strict.an_open_letter()
    tokens = strict.tokens(letter, 20)
    app, path = strict.app(), f"{strict.address(letter)}signatures"

    def sign(token: Any) -> int:
        body = {
            "message": b64url(token.message),
            "signature": b64url(token.signature),
            "appearance": {"step": "counted"},
        }
        return int(app.test_client().post(path, json=body, base_url="https://letters.example.org").status_code)

    answers = together([lambda token=token: sign(token) for token in tokens * 2])

    assert Counter(answers) == {201: 40}
    assert standing(strict, letter, tokens) == ["waits"] * 20
    assert strict.seal(letter).signatures == 18
