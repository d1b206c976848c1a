"""Names that no list would show are refused before anything is sent."""

import pytest

from tests.client.conftest import Run
from tests.client.issuing import CODE, Issuer, b64, key_pair, spki_of

pytestmark = pytest.mark.thorough


@pytest.fixture
def naming(issuer: Issuer) -> Issuer:
    """A letter that offers names."""
    issuer.record = {"names_keys": {"named": b64(spki_of(key_pair(2)))}}
    return issuer


@pytest.mark.parametrize(
    "name", ["12345", "...", "Ana\u202egnp", "A\u200bna", "ana@example.com", "https://a.example", "www.ana", "Ana.com"]
)
def test_what_no_list_would_show_is_refused(run: Run, letter: str, naming: Issuer, name: str) -> None:
    ran = run("sign", letter, "--code", CODE, "--appear", "named", "--name", name)

    assert ran.status == 1
    assert "it needs letters, and has no invisible characters" in ran.said
    assert naming.appearances == []


def test_a_title_is_held_to_the_same(run: Run, letter: str, naming: Issuer) -> None:
    ran = run("sign", letter, "--code", CODE, "--appear", "named", "--name", "Ana", "--title", "see www.ana")

    assert (ran.status, naming.appearances) == (1, [])


@pytest.mark.parametrize(
    ("name", "title", "field"), [("Zo" + "\u0301" * 5, "", "name"), ("Zoe", "Chef" + "\u0301" * 5, "job title")]
)
def test_too_many_accents_are_refused_in_the_words_of_the_site(
    run: Run, letter: str, naming: Issuer, name: str, title: str, field: str
) -> None:
    ran = run("sign", letter, "--code", CODE, "--appear", "named", "--name", name, "--title", title)

    assert f"The {field} has too many accents on one letter. Remove some of them." in ran.said
    assert (ran.status, naming.appearances) == (1, [])


@pytest.mark.parametrize(
    ("name", "status"), [("x" * 300, 0), ("x" * 301, 1), ("王" * 100, 0), ("王" * 101, 1), ("Q", 0)]
)
def test_three_hundred_bytes_fit(run: Run, letter: str, naming: Issuer, name: str, status: int) -> None:
    ran = run("sign", letter, "--code", CODE, "--appear", "named", "--name", name)

    assert (ran.status, len(naming.appearances)) == (status, 1 - status)


@pytest.mark.parametrize("name", ["عمر بن علي", "می\u200cخواهم", "Seán O’Neill", "<b>Ana</b>"])
def test_names_of_any_script_are_sent(run: Run, letter: str, naming: Issuer, name: str) -> None:
    assert run("sign", letter, "--code", CODE, "--appear", "named", "--name", name).status == 0
