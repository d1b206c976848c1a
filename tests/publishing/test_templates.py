"""Templates: compiled once in a process, for all languages."""

import pytest

from petition.database import place_of
from petition.publishing.templates import environment, render

pytestmark = pytest.mark.thorough
LONGEST_LINE = 120


def compiled(language: str, name: str) -> str:
    made = environment(language)
    assert made.loader is not None
    return made.compile(made.loader.get_source(made, name)[0], name, name, raw=True)


def test_a_template_has_the_same_code_in_every_language() -> None:
    """A number or a date that a template itself holds would be written as the first language writes it."""
    for name in environment("en").list_templates(extensions=["html", "txt"]):
        english, arabic = (compiled(language, name) for language in ("en", "ar"))

        assert english == arabic, name


def test_no_line_of_a_template_is_longer_than_a_line_of_code() -> None:
    files = [path for path in place_of("templates").rglob("*.*") if path.is_file()]
    long = [
        f"{path.name}:{number}"
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]

    assert files and long == []


def test_a_sentence_in_a_template_may_go_on_in_the_next_line() -> None:
    asked = environment("es").from_string("{% trans %}\nSign this\nletter\n{% endtrans %}").render()

    assert asked == environment("es").from_string("{{ _('Sign this letter') }}").render() != "Sign this letter"


def test_it_speaks_the_language_that_is_asked_for_all_the_same() -> None:
    pages = [render(language, "refused.html", site="", title="", sentence="") for language in ("en", "es", "ar", "en")]

    assert len(set(pages)) == 3
    assert pages[0] == pages[3]
