"""No visit makes the next one quicker: otherwise a second visitor could tell that someone had come."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from petition.publishing.public_files import LETTER_PAGES as LETTER_PAGES
from petition.publishing.templates import environment
from petition.web.ahead import load_templates, prepare
from tests.conftest import Clock
from tests.walks import Campaign, asked

pytestmark = pytest.mark.thorough

OF_SIGNERS = (
    "",
    "before/",
    "join",
    "sign",
    "receipt",
    "remove",
    "when",
    "letter.md",
    "round.json",
    "round.json?round=1",
)
Work = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def app(campaign: Campaign) -> Any:
    """An application that looks for new editions at each request, as one does that no one asked for a second."""
    seconds = iter(range(0, 1_000_000, 2))
    return campaign.app(lambda: float(next(seconds)))


@pytest.fixture
def work(app: Any, campaign: Campaign) -> Work:
    """The statements that the application sends meanwhile, and the files that it writes."""

    @contextmanager
    def noting() -> Iterator[list[str]]:
        databases = app.extensions["petition"].databases
        before = files(campaign)
        with asked(databases.reading, databases.issuer) as found:
            yield found
        found += [str(path) for path in sorted(files(campaign) - before)]

    return noting


def files(campaign: Campaign) -> set[Path]:
    return set(campaign.settings.public_folder.rglob("*"))


def costs(client: Any, work: Work, path: str) -> list[str]:
    with work() as found:
        assert client.get(path).status_code in (200, 404)
    return found


@pytest.mark.parametrize("timing", ["together", "apart"])
@pytest.mark.parametrize("is_ahead", [True, False], ids=["made ahead", "not yet made"])
def test_no_page_of_a_hidden_letter_tells_whether_someone_came_before(
    campaign: Campaign, clock: Clock, app: Any, work: Work, is_ahead: bool, timing: str
) -> None:
    visited, other = campaign.an_open_letter(timing=timing), campaign.an_open_letter(timing=timing)
    client = app.test_client()
    for name in OF_SIGNERS:
        client.get(campaign.address(other) + name)  # what a process does once, it has done
    clock.pass_time(hours=1)
    if is_ahead:
        prepare(app)

    for name in OF_SIGNERS:
        first = costs(client, work, campaign.address(visited) + name)
        again = costs(client, work, campaign.address(visited) + name)
        assert again == first, name


def test_every_page_of_a_public_letter_is_made_before_someone_asks(campaign: Campaign, app: Any, work: Work) -> None:
    letter = campaign.a_published_letter(names=("named",))
    campaign.sign_all(letter, 6)
    campaign.seal(letter)
    tile = f"log/tile/0/000.p/{len(campaign.entries(letter))}"
    data = ["counts.json", "letter.pdf", "log/checkpoint", "log/issuer.pem", tile]
    here = f"/letters/{campaign.letter_row(letter).slug}/"
    ways = [here + name for name in (*LETTER_PAGES, *data)] + [f"/es{here}{name}" for name in LETTER_PAGES]
    prepare(app)
    editions = costs(app.test_client(), work, "/style.css") + costs(app.test_client(), work, "/")

    for path in ways:
        assert costs(app.test_client(), work, path) == editions, path


@pytest.mark.parametrize("state", ["open", "published"])
def test_the_record_of_a_round_is_made_before_someone_asks(
    campaign: Campaign, app: Any, work: Work, state: str
) -> None:
    letter = campaign.an_open_letter() if state == "open" else campaign.a_published_letter()
    address, client = campaign.address(letter) + "round.json", app.test_client()
    made_for_one = client.get(address).data
    prepare(app)
    editions = costs(client, work, "/")

    assert set(costs(client, work, address)) == set(editions)
    assert client.get(address).data == made_for_one


def test_templates_are_compiled_before_someone_asks(app: Any) -> None:
    load_templates()
    compiled = environment("es").cache
    assert compiled is not None
    before = len(compiled)

    assert app.test_client().get("/es/promises/").status_code == 200
    assert app.test_client().get("/es/s/0123456789ABCDEF/join").status_code == 404
    assert before == len(compiled) > 20
