"""Names as readers of a language look them up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.publishing.figures.collation import AFTER, initial, place


def in_order(language: str, *names: str) -> list[str]:
    return sorted(names, key=lambda name: place(name, language))


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Ana", "Ángel", "Anna", "Émile", "Eva", "Zoë"]),
        ("en", ["ana", "Bea", "carl", "Dora"]),
        ("en", ["Ada Lo", "Ada Lovelace", "Adam"]),
        ("en", ["Conor O'Neil", "Conor Oneill", "Conor Opal"]),
        ("en", ["Anne Lee", "Anne-Marie", "Annette"]),
        ("en", ["Łukasz", "Maria", "Ørjan", "Otto"]),
        ("es", ["Nadia", "Nuria", "Ñusta", "Oscar"]),
        ("es-AR", ["Anzuelo", "Año", "Aorta"]),
        ("en", ["Ñandú", "Nuria", "Oscar"]),
        ("sv", ["Zara", "Åsa", "Ärla", "Örjan"]),
        ("de", ["Ada", "Änne", "Bodo", "Österreich", "Otto"]),
        ("da", ["Zara", "Ærlig", "Øre", "Åse"]),
        ("en", ["Zoe", "Анна", "عمر", "王芳"]),
    ],
)
def test_names_stand_where_the_language_puts_them(language: str, names: list[str]) -> None:
    assert in_order(language, *reversed(names)) == names


def test_the_same_name_in_two_spellings_is_always_in_the_same_order() -> None:
    assert in_order("en", "ana", "Ana", "Aná") == in_order("en", "Aná", "Ana", "ana")


@pytest.mark.parametrize(
    ("name", "language", "letter"),
    [("ángel", "en", "A"), ("Ñusta", "es", "Ñ"), ("Ñusta", "en", "N"), ("Åsa", "sv", "Å"), ("'t Hooft", "nl", "T"),
     ("王芳", "en", "王"), ("Ørjan", "en", "O"), ("عمر", "ar", "ع")],
)  # fmt: skip
def test_names_stand_below_their_letter(name: str, language: str, letter: str) -> None:
    assert initial(name, language) == letter


@given(st.lists(st.text(max_size=20), unique=True), st.sampled_from(["en", *AFTER]), st.randoms())
def test_the_order_does_not_depend_on_how_names_came(names: list[str], language: str, random: object) -> None:
    before = in_order(language, *names)
    random.shuffle(names)  # type: ignore[attr-defined]

    assert in_order(language, *names) == before
    assert all(initial(name, language) for name in names)
