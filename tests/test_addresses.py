"""One writing for each mailbox, and no address that could be two people's."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petition.addresses import (
    MOST_BYTES,
    Address,
    as_people_write,
    ending,
    is_for_anybody,
    is_within,
    read_address,
    read_domain,
)
from petition.errors import BadShape


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ana@example.com", "ana@example.com"),
        ("  Ana@EXAMPLE.com. ", "ana@example.com"),
        ("ana+petition@example.com", "ana@example.com"),
        ("ana+a+b@example.com", "ana@example.com"),
        ("a.n.a@example.com", "a.n.a@example.com"),
        ("A.n.a+x@gmail.com", "ana@gmail.com"),
        ("a.na@GoogleMail.com", "ana@gmail.com"),
        ("ａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ana@example.com"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"),
        ("JOSE\u0301@example.com", "jos\u00e9@example.com"),
        ("o'hara_x-1@mail.eu.example.com", "o'hara_x-1@mail.eu.example.com"),
        ("山田@例え.jp", "山田@xn--r8jz45g.jp"),
    ],
)
def test_however_it_is_typed_an_address_is_one_mailbox(typed: str, meant: str) -> None:
    assert str(read_address(typed)) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "", "ana", "@example.com", "ana@", "ana@localhost", "ana@example", "ana@1.2.3.4", "ana@[1.2.3.4]",
        "+a@example.com", "a b@example.com", "a..b@example.com", ".a@example.com", "a.@example.com",
        '"ana"@example.com', "a,b@example.com", "<ana@example.com>", "ana@example.com\r\nBcc: eve@example.com",
        "ana\x00@example.com", "ana\u200b@example.com", "eve%elsewhere.example@example.com",
        "elsewhere.example!eve@example.com", "ana@exa_mple.com", "ana@-x.com", "ana@eve@example.com",
        f"{'a' * 65}@example.com", f"ana@{'a' * 64}.com", f"ana@{'a.' * 130}com", "ana@\ud800.com",
        "\ud800@example.com", "=?utf-8?q?ana?=@example.com", "=?utf-8?q?a=0ab?=@example.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(BadShape, match="name@example.com"):
        read_address(typed)


@given(st.text(max_size=80) | st.from_regex(r"[^@]{1,20}@[^@]{1,20}\.[a-z]{2,5}", fullmatch=True))
@example("İ@example.com")
@example("ﬁ@example.com")
@example("ß@straße.example")
def test_reading_never_breaks_and_what_is_read_reads_as_itself(typed: str) -> None:
    try:
        found = read_address(typed)
    except BadShape:
        return

    assert read_address(str(found)) == found
    assert len(str(found).encode()) <= MOST_BYTES
    assert found.domain.isascii()
    assert str(found).count("@") == 1 and "\n" not in str(found) and " " not in str(found)


def test_only_names_beyond_ascii_need_a_newer_mail_server() -> None:
    assert read_address("josé@example.com").is_international
    assert not read_address("jose@bücher.example").is_international


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Example.COM", "example.com"),
        ("@example.com", "example.com"),
        ("*.Bücher.example", "*.xn--bcher-kva.example"),
        ("googlemail.com", "gmail.com"),
    ],
)
def test_a_domain_is_kept_in_its_ascii_form(typed: str, kept: str) -> None:
    assert read_domain(typed) == kept


@pytest.mark.parametrize("typed", ["com", "*.com", "ana@example.com", "exa mple.com", "*", "", "http://example.com"])
def test_what_is_no_domain_is_refused_by_name(typed: str) -> None:
    with pytest.raises(BadShape) as refused:
        read_domain(typed)

    assert typed in str(refused.value)


def test_subdomains_count_only_where_that_was_chosen() -> None:
    assert is_within("example.com", "example.com")
    assert not is_within("eu.example.com", "example.com")
    assert is_within("eu.example.com", "*.example.com")
    assert is_within("example.com", "*.example.com")
    assert not is_within("anexample.com", "*.example.com")
    assert not is_within("example.com", "*.eu.example.com")


def test_a_domain_that_serves_anyone_is_known() -> None:
    assert is_for_anybody("gmail.com")
    assert is_for_anybody("*.yahoo.com")
    assert not is_for_anybody("example.com")


def test_people_see_a_domain_in_its_own_letters() -> None:
    assert as_people_write("*.xn--bcher-kva.example") == "*.bücher.example"
    assert ending("*.xn--bcher-kva.example") == ending("xn--bcher-kva.example") == "bücher.example"
    assert str(Address("ana", "xn--bcher-kva.example")) == "ana@xn--bcher-kva.example"
