"""The addresses that letters get: on sites of their own, where no other letter has taken one."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.errors import BadShape, Conflict
from petition.letters.models import Letter
from tests import conftest
from tests.walks import WORDS, Campaign

campaign = conftest.campaign
TITLES = {
    "公开信": "gong-kai-xin",
    "我們反對2026年的合同": "wo-men-fan-dui-2026-nian-de-he-tong",
    "わたしたちは 拒否": "watashitachiha-ju-fou",
    "ストライキ": "sutoraiki",
    "우리는 함께 거부한다": "urineun-hamkke-geobuhanda",
    "हम इनकार": "hm-inkar",
    "ქართული წერილი": "kartuli-tserili",
    "٣ مطالب": "3-mtalb",
    "Cafe\u0301 🙂 ✊": "cafe",
    "---": "letter",
    "x" * 200: "x" * 50,
    "Żądamy łóżek w Łodzi": "zadamy-lozek-w-lodzi",
    "Мы требуем: «Верните Юлю!»": "my-trebuem-vernite-yulyu",
    "Ζητάμε ψωμί": "zitame-psomi",
    "نطلب جدول عمل": "ntlb-jdwl-aml",
    "אנחנו דורשים": "anchnv-dvrshym",
    "Straße & Øl": "strasse-ol",
}


def slug_of(campaign: Campaign, **how: Any) -> str:
    letter = campaign.a_draft(**how)
    with Session(campaign.databases.reading) as session:
        return session.get_one(Letter, letter).slug


def test_an_address_is_made_from_the_title_and_no_two_are_the_same(campaign: Campaign) -> None:
    words = replace(WORDS, title="Ça suffit — ¡Basta ya! №7")

    assert [slug_of(campaign, words=words) for _ in range(3)] == [
        "ca-suffit-basta-ya-no7",
        "ca-suffit-basta-ya-no7-2",
        "ca-suffit-basta-ya-no7-3",
    ]


def test_any_title_gives_an_address(campaign: Campaign) -> None:
    assert {title: slug_of(campaign, words=replace(WORDS, title=title)) for title in TITLES} == TITLES


def test_a_title_with_the_databases_wildcards_finds_its_own_address(campaign: Campaign) -> None:
    assert slug_of(campaign, words=replace(WORDS, title="100%_sure")) == "100-sure"


def test_an_address_has_small_letters_digits_and_hyphens(campaign: Campaign) -> None:
    for slug in ("-a", "a-", "A", "ä", "a b", "a/b", "a.b", "a\n", "x" * 61, "..", "%"):
        with pytest.raises(BadShape, match="lowercase letters"):
            campaign.a_draft(slug=slug)


def test_an_address_may_be_chosen_once(campaign: Campaign) -> None:
    for slug in ("a", "0", "a-b", "a--b", "x" * 60):
        assert slug_of(campaign, slug=slug) == slug
        with pytest.raises(Conflict, match=f"The address {slug} is taken"):
            campaign.a_draft(slug=slug)
