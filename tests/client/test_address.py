"""Addresses as people paste them."""

import pytest

from petition.client import Address, Proxy, Usage

PIN = "ab" * 32


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://example.org/letters/cameras/", "https://example.org/letters/cameras/"),
        ("https://example.org/letters/cameras", "https://example.org/letters/cameras/"),
        ("example.org/letters/cameras/", "https://example.org/letters/cameras/"),
        ("HTTPS://Example.ORG:443/letters/cameras/", "https://example.org/letters/cameras/"),
        ("https://example.org/es/letters/cameras/", "https://example.org/letters/cameras/"),
        ("https://example.org/pt-BR/letters/cameras/join", "https://example.org/letters/cameras/"),
        ("https://example.org/letters/cameras/join", "https://example.org/letters/cameras/"),
        ("https://example.org/letters/cameras/signatures/2/", "https://example.org/letters/cameras/"),
        ("https://example.org/letters/join/join", "https://example.org/letters/join/"),
        ("https://example.org/works/letters/cameras/", "https://example.org/works/letters/cameras/"),
        ("https://example.org/letters/cameras/?utm=1", "https://example.org/letters/cameras/"),
        ("http://[::1]:8000/letters/cameras/", "http://[::1]:8000/letters/cameras/"),
        ("http://localhost:8000/letters/cameras/", "http://localhost:8000/letters/cameras/"),
        ("abc.onion/letters/cameras/", "http://abc.onion/letters/cameras/"),
        ("https://b\u00fccher.example/letters/x/", "https://xn--bcher-kva.example/letters/x/"),
    ],
)
def test_an_address_is_understood(typed: str, meant: str) -> None:
    assert str(Address.read(typed)) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "letters/cameras",
        "https://example.org/",
        "https://example.org/letters/",
        "https:///letters/cameras/",
        "ftp://example.org/letters/cameras/",
        "https://me:pass@example.org/letters/cameras/",
        "https://@example.org/letters/cameras/",
        "https://example.org:99999/letters/cameras/",
        "https://[::1/letters/cameras/",
        "https://example.org/letters/cam eras/",
        f"https://{'a.' * 130}org/letters/cameras/",
    ],
)
def test_what_is_not_a_letters_address_is_refused(typed: str) -> None:
    with pytest.raises(Usage, match="It looks like"):
        Address.read(typed)


def test_pin_and_code_are_taken_from_behind_the_hash() -> None:
    address = Address.read(f"https://example.org/letters/cameras-secret/join#k={PIN}&c=008J-4CT4-ANK7-F24S")

    assert (address.pin, address.code) == (PIN, "008J-4CT4-ANK7-F24S")
    assert PIN not in str(address)


def test_a_link_that_was_cut_off_is_refused() -> None:
    with pytest.raises(Usage, match="not whole"):
        Address.read(f"https://example.org/letters/cameras/join#k={PIN[:-1]}")


def test_a_roll_in_the_address_is_kept() -> None:
    assert Address.read("https://example.org/letters/cameras/join?roll=former").roll == "former"


@pytest.mark.parametrize(
    "typed",
    ["http://127.0.0.1:9050", "socks5://127.0.0.1", "127.0.0.1:9050", "socks5://:1", "socks5://[", "socks4://a:1"],
)
def test_what_is_not_a_proxy_is_refused(typed: str) -> None:
    with pytest.raises(Usage, match="socks5://127.0.0.1:9050"):
        Proxy.read(typed)


def test_a_proxy_may_ask_for_a_password() -> None:
    assert Proxy.read("socks5h://ana:p%40ss@localhost:1080") == Proxy("localhost", 1080, "ana", "p@ss")
