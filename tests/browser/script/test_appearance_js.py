"""What the public would see follows each choice."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.script.pages import Visitor
from tests.client.issuing import SHORT, Issuer
from tests.client.serving import Web

pytestmark = pytest.mark.browser


def choose(visitor: Visitor, step: str) -> None:
    visitor.page.locator(f"[value='{step}']").check()


def pick(visitor: Visitor, label: str) -> None:
    visitor.page.get_by_label("Role").select_option(label)


def expect_seen(visitor: Visitor, *lines: str) -> None:
    expect(visitor.page.locator("#seen p")).to_have_text(list(lines))


def test_a_group_that_is_picked_is_shown(visitor: Visitor, web: Web) -> None:
    visitor.open()
    web.seen.clear()
    pick(visitor, "Software")

    expect(visitor.page.locator("[value=grouped]")).to_be_checked()
    expect_seen(visitor, "[more]", "[group] Software (Role) [people] 300")
    pick(visitor, "Cook")
    expect_seen(visitor, "[more]", "[group] Cook (Role) [later]")
    choose(visitor, "counted")
    expect_seen(visitor, "[counted]")
    assert web.seen == []


def test_a_name_is_shown_as_it_is_typed(visitor: Visitor) -> None:
    visitor.open()
    visitor.fill("name", "Ana Muster")
    visitor.fill("title", "Engineer")
    choose(visitor, "named")
    expect_seen(visitor, "[more]", "[name] Ana Muster, Engineer")
    choose(visitor, "named_at:50")

    expect_seen(visitor, "[more]", "[at] 50 Ana Muster, Engineer")


def test_company_is_that_of_the_published_table(visitor: Visitor, issuer: Issuer, web: Web) -> None:
    options = [{"option": "Software", "count": 3010}, {"option": "other or not stated", "count": 5}]
    issuer.files["counts.json"] = json.dumps({"groups": [{"field": "Role", "options": options}]}).encode()
    visitor.open("public")
    pick(visitor, "Software")
    expect_seen(visitor, "[more]", "[group] Software (Role) [about] 3,010")
    pick(visitor, "Cook")

    expect_seen(visitor, "[more]", "[group] Cook (Role) [few]")
    assert [seen.path for seen in web.seen if "counts" in seen.path] == [SHORT + "counts.json"]
