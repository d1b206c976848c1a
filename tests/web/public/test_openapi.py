"""openapi.json describes what the program serves: no address, method or media type more or less."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from petition.letters.text.letter_text import Translation
from petition.publishing.cache import SITE_FILES
from petition.publishing.openapi import document
from petition.publishing.public_files import FROM_FIGURES, LETTER_PAGES
from tests.publishing.test_unsigned_translations import add
from tests.shared import Place, Shared
from tests.visitors import SITE

FILES = [
    *LETTER_PAGES, "signatures/", "signatures/{page}/", "translations/{language}/", *FROM_FIGURES, "log/issuer.pem",
    "log/tile/{level}/{index}",
]  # fmt: skip
KEPT = {("get", f"/{name}") for name in ["", "promises/", "asked/", *SITE_FILES]}
PLACES = ("/letters/{slug}", "/s/{code}")
KEPT_OF_LETTERS = {("get", f"{place}/{name}") for name in FILES for place in PLACES}


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document())
    return found


@pytest.fixture(scope="module")
def published(shared: Shared) -> Place:
    place = shared.a_published_letter()
    shared.campaign.sign_all(place.id, 6)
    shared.campaign.seal(place.id)
    add(shared, place, Translation("de", "Nein", "", "Lieber Jo,", ("Aufhören.", "Sagen.")))
    return place


def test_it_names_every_address_that_is_no_organizers_and_no_other(shared: Shared, openapi: dict[str, Any]) -> None:
    rules = [rule for rule in shared.app.url_map.iter_rules() if not rule.rule.startswith("/organize")]
    routed = {
        (method.lower(), rule.rule.replace("/<place:address>", place).replace("<language>", "{language}"))
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
        for place in (PLACES if "<place:address>" in rule.rule else ("",))
        if rule.endpoint != "public.letter_file"  # stands for the kept files
    }

    named = {
        (method, path)
        for path, operations in openapi["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert named == routed | KEPT | KEPT_OF_LETTERS


@pytest.mark.thorough
def test_kept_files_come_with_the_media_type_that_it_says(
    shared: Shared, openapi: dict[str, Any], published: Place
) -> None:
    few = {path for path in KEPT_OF_LETTERS if "{page}" not in path[1]}  # so few signers have no second page of names
    size = len(shared.campaign.entries(published.id))
    for _, path in sorted(KEPT | few):
        filled = path.format(
            slug=published.slug, code=published.code, language="de", level="entries", index=f"000.p/{size}"
        )
        answer = shared.app.test_client().get(filled, base_url=SITE, follow_redirects=True)
        [said] = openapi["paths"][path]["get"]["responses"]["200"]["content"]

        assert (answer.status_code, answer.content_type.split(";")[0]) == (200, said.split(";")[0]), path


def test_it_is_served_as_json_at_the_root(shared: Shared) -> None:
    answer = shared.get("/openapi.json")

    assert (answer.mimetype, answer.data) == ("application/json", document())


def test_counts_json_is_as_its_schema_says(shared: Shared, published: Place) -> None:
    schema = shared.get("/counts.schema.json").get_json(force=True)
    Draft202012Validator.check_schema(schema)
    found = shared.get(f"{published.public}counts.json").get_json()

    assert list(Draft202012Validator(schema).iter_errors(found)) == []
