"""What the stand-alone client forgives when codes, receipts and addresses are typed, and which names it takes."""

from collections.abc import Callable

from petition.client import Stop, read_code, read_receipt, read_short, require_showable
from tests.typed import cases


def read(reader: Callable[[str], object], typed: str) -> object:
    try:
        found = reader(typed)
    except Stop:
        return None
    return found.hex() if isinstance(found, bytes) else found


@cases("codes")
def test_a_code_is_read_as_it_was_meant(typed: str, meant: str | None) -> None:
    assert read(read_code, typed) == meant


@cases("receipts")
def test_a_receipt_is_read_as_it_was_meant(typed: str, meant: str | None) -> None:
    assert read(read_receipt, typed) == meant


@cases("addresses")
def test_an_address_is_read_as_it_was_meant(typed: str, meant: str | None) -> None:
    assert read(read_short, typed) == meant


@cases("names")
def test_a_name_is_taken_if_it_can_be_shown(typed: str, meant: str | None) -> None:
    try:
        require_showable(typed)
        is_taken = True
    except Stop:
        is_taken = False

    assert is_taken == (meant is not None)
