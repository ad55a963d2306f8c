"""What everybody came for, in a browser that runs no script."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, Enter
from tests.browser.crawling import Crawler
from tests.browser.people import EVERYBODY, GUEST
from tests.builders import SHOP

STARTS = {GUEST: ("/sign-in", "/forgotten-password", "/privacy/opt-out")}
LOST = """() => [...document.querySelectorAll("main [hidden]")]
    .filter((one) => one.querySelector("a[href], form, table, h2"))
    .filter((one) => !one.closest("[data-passkeys], .chart"))
    .map((one) => one.outerHTML.slice(0, 160))"""
CHARTS = """() => [...document.querySelectorAll("[data-chart]")]
    .filter((one) => one.checkVisibility() || !one.parentElement.querySelector("details[open] table"))
    .map((one) => one.outerHTML.slice(0, 160))"""


@pytest.mark.parametrize("kind", EVERYBODY)
def test_without_script_no_page_hides_anything_and_charts_are_tables(enter: Enter, kind: str) -> None:
    tab = enter(kind, viewport=DESK, java_script_enabled=False)
    crawler = Crawler(tab, starts=STARTS.get(kind, ("/",)), same_kind=1, has_script=False)
    for _ in crawler.pages_ahead():
        crawler.tell(tab.page.evaluate(LOST), about=" hides")
        crawler.tell(tab.page.evaluate(CHARTS), about=" shows no table for")
    assert not crawler.findings, "\n".join(crawler.findings)


def test_a_marketer_makes_a_link(enter: Enter) -> None:
    tab = enter("partner marketer", java_script_enabled=False)
    page = tab.page
    page.goto(tab.address + "/links")
    page.get_by_label("What you call it").fill("Night show")
    page.get_by_label("Where it leads").fill(f"https://{SHOP}.test/night")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("rowheader", name=re.compile("Night show"))).to_be_visible()


def test_a_developer_makes_a_key(enter: Enter) -> None:
    tab = enter("partner developer", java_script_enabled=False)
    page = tab.page
    page.goto(tab.address + "/account/api-keys")
    page.get_by_label("What uses it").fill("Night reports")
    page.get_by_label("Whether what it reports counts").select_option("test")
    page.get_by_label(re.compile("reports:read")).check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("#fresh-key")).to_have_value(re.compile("^pnk_"))


def test_an_owner_opens_the_invitation_that_waits(enter: Enter) -> None:
    tab = enter("partner owner", java_script_enabled=False)
    page = tab.page
    page.goto(tab.address + "/")
    page.get_by_role("link", name="Answer the invitation").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Accept"))).to_be_visible()


def test_a_manager_reads_what_needs_attention(enter: Enter) -> None:
    tab = enter("manager", java_script_enabled=False)
    page = tab.page
    page.goto(tab.address + "/admin/")
    page.get_by_role("link", name="Open the agreement").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_session_is_ended_from_the_menu(enter: Enter) -> None:
    tab = enter(GUEST, java_script_enabled=False)
    tab.open("/sign-in")
    tab.sign_in("fay@tune-house.test")
    tab.page.locator("details.who summary").click()
    tab.page.get_by_role("button", name="Sign out").click()
    expect(tab.page.get_by_label("Password")).to_be_visible()
