"""Addresses as people paste them."""

import pytest

from petition.client import Address, Proxy, Usage

PIN = "A" * 43


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
        ("https://example.org/s/0123456789ABCDEF", "https://example.org/s/0123456789ABCDEF/"),
        ("https://example.org/s/o123-4567-89ab-cdef/join", "https://example.org/s/0123456789ABCDEF/"),
        ("https://example.org/s/0l23456789ABCDEF/", "https://example.org/s/0123456789ABCDEF/"),
        ("https://example.org/s/%E2%80%8B0123\u201345\uff16789ABCDEF.", "https://example.org/s/0123456789ABCDEF/"),
        ("https://example.org/es/s/0123456789ABCDEF/join", "https://example.org/s/0123456789ABCDEF/"),
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
        "https://exam ple.org/letters/cameras/",
        "https://example.org/s/",
        f"https://{'a.' * 130}org/letters/cameras/",
    ],
)
def test_what_is_not_a_letters_address_is_refused(typed: str) -> None:
    with pytest.raises(Usage, match="It looks like"):
        Address.read(typed)


@pytest.mark.parametrize("short", ["0123456789ABCDE", "0123456789ABCDEFG", "0123456789ABCDEU", "........"])
def test_a_short_address_that_is_not_whole_is_refused(short: str) -> None:
    with pytest.raises(Usage, match="16 letters and digits"):
        Address.read(f"https://example.org/s/{short}/join")


def test_round_pin_and_code_are_taken_from_behind_the_hash() -> None:
    address = Address.read(f"https://example.org/letters/cameras/join#r=12&p={PIN}&c=008J-4CT4-ANK7-F24S")

    assert (address.round, address.pin, address.code) == (12, bytes(32), "008J-4CT4-ANK7-F24S")
    assert "#" not in str(address)


@pytest.mark.parametrize(
    ("fragment", "said"), [(f"p={PIN[:-1]}", "not whole"), ("r=0", "damaged"), ("r=01", "damaged"), ("r=x", "damaged")]
)
def test_a_link_that_was_cut_off_is_refused(fragment: str, said: str) -> None:
    with pytest.raises(Usage, match=said):
        Address.read("https://example.org/letters/cameras/join#" + fragment)


def test_a_query_is_left_behind() -> None:
    assert str(Address.read("https://example.org/letters/cameras/join?roll=former&you=17")).endswith("/cameras/")


@pytest.mark.parametrize("host", ["example.org", "10.0.0.7", "localhost.example.org", "onion.example", "[fe80::1]"])
def test_a_connection_that_everybody_can_read_is_refused(host: str) -> None:
    with pytest.raises(Usage, match="starts with http"):
        Address.read(f"http://{host}/letters/cameras/")


@pytest.mark.parametrize(
    ("given", "host", "meant"),
    [
        ("https://old.example/s/0123456789ABCDEF", "new.example", "https://new.example/s/0123456789ABCDEF/"),
        ("https://old.example/s/0123456789ABCDEF", "new.example:8443", "https://new.example:8443/s/0123456789ABCDEF/"),
        ("https://old.example/s/0123456789ABCDEF", "abc.onion", "http://abc.onion/s/0123456789ABCDEF/"),
        ("http://abc.onion/s/0123456789ABCDEF", "new.example", "https://new.example/s/0123456789ABCDEF/"),
        ("http://127.0.0.1:1/s/0123456789ABCDEF", "localhost:2", "http://localhost:2/s/0123456789ABCDEF/"),
    ],
)
def test_a_letter_can_have_moved(given: str, host: str, meant: str) -> None:
    assert str(Address.read(given).at(host)) == meant


@pytest.mark.parametrize(
    "typed",
    ["http://127.0.0.1:9050", "socks5://127.0.0.1", "127.0.0.1:9050", "socks5://:1", "socks5://[", "socks4://a:1"],
)
def test_what_is_not_a_proxy_is_refused(typed: str) -> None:
    with pytest.raises(Usage, match="socks5://127.0.0.1:9050"):
        Proxy.read(typed)


def test_a_proxy_may_ask_for_a_password() -> None:
    assert Proxy.read("socks5h://ana:p%40ss@localhost:1080") == Proxy("localhost", 1080, "ana", "p@ss")
