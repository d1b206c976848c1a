"""What a name may contain, when it is typed and when it is unlocked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.errors import BadShape, Refusal, TooLong
from petition.signing.typed_names import TypedName, opened_name, read_name
from tests.typed import cases

GOOD = ["Q", "Ana Núñez", "Ng", "王芳", "عمر بن علي", "Анна", "Seán O’Neill", "می‌خواهم", "क्षत्रिय", "Nguyễn Thị Ái",
        "D'Arcy-Smith Jr.", "<b>Ana</b>", "Аna"]  # fmt: skip
"""The last one begins with a Cyrillic letter: look-alikes are names too."""


@pytest.mark.parametrize("name", GOOD)
def test_names_of_any_script_are_taken_as_they_are(name: str) -> None:
    assert read_name(name) == TypedName(name)
    assert opened_name(name.encode()) == TypedName(name)


def test_a_title_stands_on_a_line_of_its_own() -> None:
    typed = read_name("Ana", "Machine operator")

    assert typed.as_bytes() == b"Ana\nMachine operator"
    assert opened_name(typed.as_bytes()) == typed


def test_spaces_and_line_breaks_around_a_name_are_put_right() -> None:
    assert read_name("  Ana \n Núñez ") == TypedName("Ana Núñez")


def test_names_are_kept_in_one_normal_form() -> None:
    assert read_name("Nu\u0301n\u0303ez") == TypedName("Núñez")


@pytest.mark.parametrize("name", ["x" * 300, "é" * 150, "王" * 100])
def test_three_hundred_bytes_are_a_name(name: str) -> None:
    assert opened_name(read_name(name).as_bytes()) == TypedName(name)


@pytest.mark.parametrize(("name", "title"), [("x" * 301, ""), ("é" * 151, ""), ("x" * 200, "y" * 100)])
def test_more_is_refused(name: str, title: str) -> None:
    with pytest.raises(TooLong):
        read_name(name, title)


BAD = ["...", "12345", "😀", "Ana\x00", "Ana\x1b[31m", "Ana\u202egnp", "A\u200bna", "Ana\ufeff", "Ana\ue000",
       "ana@example.com", "https://example.com", "see www.example", "Ana buy.com", "Z" + "\u0301" * 9]  # fmt: skip


@pytest.mark.parametrize("name", BAD, ids=ascii)
def test_what_no_list_should_show_is_refused_kindly_and_never_shown(name: str) -> None:
    with pytest.raises(BadShape) as refused:
        read_name(name)

    assert "the name " in str(refused.value).lower().replace(".", " ")
    assert opened_name(name.encode("utf-8", "surrogatepass")) is None


@pytest.mark.parametrize("name", ["", "   "])
def test_no_name_at_all_is_asked_for_and_never_shown(name: str) -> None:
    with pytest.raises(BadShape, match="Type your name, or choose “Anonymous.”"):
        read_name(name, "Operator")
    assert opened_name(name.encode()) is None


@cases("names")
def test_a_locked_name_is_shown_as_it_was_meant(typed: str, meant: str | None) -> None:
    """What the scripts and client.py take is held to the same table: once it is locked, nobody can tell."""
    assert opened_name(typed.encode()) == (TypedName(meant) if meant else None)


def test_a_bad_title_is_refused_by_its_name() -> None:
    with pytest.raises(BadShape, match="Everyone can see the job title"):
        read_name("Ana", "ana@example.com")


@pytest.mark.parametrize("data", [b"\xff\xfe", b"", b"Ana\nOperator\nmore", b"\nOperator", b"x" * 301])
def test_bytes_that_are_no_name_are_never_shown(data: bytes) -> None:
    assert opened_name(data) is None


@given(st.binary(max_size=300))
def test_whatever_comes_out_of_a_lock_is_a_name_in_normal_form_or_nothing(data: bytes) -> None:
    found = opened_name(data)

    assert found is None or read_name(found.name, found.title) == found


@given(st.text(max_size=80), st.text(max_size=80))
def test_what_is_taken_is_what_is_shown(name: str, title: str) -> None:
    try:
        typed = read_name(name, title)
    except Refusal:
        return
    assert opened_name(typed.as_bytes()) == typed
