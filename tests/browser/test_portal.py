"""A partner brand's pages in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.lived import RENDERED
from tests.browser.watching import Watched
from tests.builders import SHOP

PAGES = ["/", "/links", "/agreements", "/creatives", "/statements", "/payout-account", "/audit"]


def test_a_partner_signs_in_makes_a_link_and_downloads_a_statement(
    desk: Watched, owner_of_radio: str, tmp_path: Path
) -> None:
    page = desk.page
    desk.open("/")
    assert desk.path == "/sign-in?next=%2F"
    desk.sign_in(owner_of_radio)
    assert desk.path == "/"
    expect(page.get_by_role("heading", level=1)).to_have_text("Night Radio")
    expect(page.get_by_text("Today is 5 May 2026 sandbox")).to_be_visible()

    page.get_by_role("link", name="Links", exact=True).click()
    page.get_by_label("What you call it").fill("Evening show, description")
    page.get_by_label("Where it leads").fill("https://tune-house.test/records")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("status")).to_contain_text("The link is made.")
    expect(page.get_by_role("rowheader", name="Evening show, description")).to_be_visible()

    page.get_by_role("link", name="Statements", exact=True).click()
    page.get_by_role("row", name=re.compile(RENDERED)).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("February 2026, Tune House")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    assert download.value.suggested_filename == f"{RENDERED}.pdf"
    kept = tmp_path / "statement.pdf"
    download.value.save_as(kept)
    assert kept.read_bytes().startswith(b"%PDF-")
    assert desk.faults == []


def test_an_ended_session_leads_to_the_sign_in_and_back(desk: Watched, owner_of_radio: str) -> None:
    desk.open("/sign-in")
    desk.sign_in(owner_of_radio)
    desk.context.clear_cookies()
    desk.open("/statements")
    assert desk.path == "/sign-in?next=%2Fstatements"
    desk.sign_in(owner_of_radio)
    assert desk.path == "/statements"
    assert desk.faults == []


def test_a_clause_of_a_line_leads_to_that_clause_of_the_agreement(desk: Watched, owner_of_radio: str) -> None:
    desk.open("/sign-in?next=/statements")
    desk.sign_in(owner_of_radio)
    page = desk.page
    page.get_by_role("row", name=re.compile(RENDERED)).get_by_role("link").click()
    page.get_by_role("link", name="4.2", exact=True).first.click()
    page.wait_for_load_state("networkidle")
    assert desk.path.endswith("#c4.2")
    expect(page.locator("#c4\\.2")).to_be_in_viewport()
    assert desk.faults == []


def test_the_list_is_sorted_without_a_new_page_and_the_address_says_so(
    desk: Watched, owner_of_radio: str
) -> None:
    desk.open("/sign-in?next=/statements")
    desk.sign_in(owner_of_radio)
    page = desk.page
    page.get_by_role("row", name=re.compile(RENDERED)).get_by_role("link").click()
    page.wait_for_url(re.compile("/statements/stm_"))
    page.evaluate("window.isTheSamePage = true")
    page.get_by_role("link", name="Amount").click()
    head = page.locator("#lines").get_by_role("columnheader", name="Amount")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert page.evaluate("window.isTheSamePage")
    assert desk.path.endswith("?sort=-amount")
    assert desk.faults == []


def test_a_session_that_ended_is_seen_when_a_list_is_sorted(desk: Watched, owner_of_radio: str) -> None:
    desk.open("/sign-in?next=/links")
    desk.sign_in(owner_of_radio)
    desk.page.get_by_label("What you call it").fill("Sorted")
    desk.page.get_by_label("Where it leads").fill("https://tune-house.test/sorted")
    desk.page.get_by_role("button", name="Make the link").click()
    desk.page.wait_for_load_state("networkidle")
    desk.context.clear_cookies()
    desk.page.get_by_role("link", name="Gross").click()
    desk.page.wait_for_url(re.compile("/sign-in"))
    assert desk.path == "/sign-in?next=%2Flinks%3Fsort%3D-gross"


def test_the_chart_is_drawn_and_its_table_stands_ready_beneath(desk: Watched, owner_of_radio: str) -> None:
    desk.open("/sign-in")
    desk.sign_in(owner_of_radio)
    expect(desk.page.locator(".chart canvas")).to_be_visible()
    table = desk.page.get_by_role("region", name="Earned per month, as a table")
    expect(table).to_be_hidden()
    desk.page.get_by_text("The same as a table").click()
    expect(table).to_contain_text("February 2026")
    assert desk.faults == []


def test_a_chart_tells_amounts_beyond_a_double_to_the_last_digit(desk: Watched, owner_of_radio: str) -> None:
    desk.page.route(
        "**/api/v1/earnings*",
        lambda route: route.fulfill(
            content_type="application/json",
            body='{"items": [{"month": "2026-01", "currency": "USD", "earned_minor": -5},'
            ' {"month": "2026-02", "currency": "USD", "earned_minor": 9007199254740993}]}',
        ),
    )
    desk.open("/sign-in")
    desk.sign_in(owner_of_radio)
    expect(desk.page.locator(".u-legend")).to_contain_text("$90,071,992,547,409.93")
    assert desk.faults == []


def test_without_script_the_figures_stand_in_the_table_and_forms_work(
    scriptless: Watched, owner_of_radio: str
) -> None:
    page = scriptless.page
    scriptless.open("/sign-in")
    scriptless.sign_in(owner_of_radio)
    expect(page.get_by_role("region", name="Earned per month, as a table")).to_contain_text("February 2026")
    expect(page.locator(".chart")).to_be_hidden()
    scriptless.open("/links")
    page.get_by_label("What you call it").fill("")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("alert")).to_contain_text("The link was not made yet")
    page.get_by_label("What you call it").fill("Made without script")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("rowheader", name="Made without script")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_faults_or_scrolls_sideways_on_a_narrow_telephone(phone: Watched, scheme: str) -> None:
    phone.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    phone.open("/sign-in")
    assert not phone.is_wider_than_the_screen()
    phone.sign_in(f"olga@{SHOP}.test")  # who advertises, promotes and pays: all pages there are
    paths = [*PAGES, "/payment-method"]
    for listing, pattern in (("/statements", "/statements/stm_"), ("/agreements", "/agreements/agr_")):
        phone.open(listing)
        paths.append(phone.page.locator(f"a[href^='{pattern}']").first.get_attribute("href") or "")
    wide: list[str] = []
    unnamed: list[str] = []
    for path in paths:
        phone.open(path)
        if phone.is_wider_than_the_screen():
            wide.append(path)
        unnamed += phone.unnamed()
    assert wide == []
    assert unnamed == []
    assert phone.faults == []


def test_the_keyboard_alone_opens_a_page_past_the_navigation(desk: Watched, owner_of_radio: str) -> None:
    desk.open("/sign-in?next=/statements")
    desk.sign_in(owner_of_radio)
    desk.open("/statements")
    desk.page.keyboard.press("Tab")
    expect(desk.page.get_by_role("link", name="Skip to the page")).to_be_focused()
    desk.page.keyboard.press("Enter")
    for _ in range(20):  # past the search, the filters and the heads that sort
        desk.page.keyboard.press("Tab")
        href = desk.page.evaluate("document.activeElement.getAttribute('href') || ''")
        if str(href).startswith("/statements/stm_"):
            break
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url(re.compile("/statements/stm_"))
    assert desk.faults == []


def test_a_brand_introduces_itself_at_stripe_and_comes_back(desk: Watched, owner_of_radio: str) -> None:
    desk.open("/sign-in?next=/payout-account")
    desk.sign_in(owner_of_radio)
    desk.page.get_by_role("button", name="Change your details at Stripe").click()
    desk.page.get_by_role("button", name="Complete onboarding").click()
    desk.page.wait_for_url(re.compile("/payout-account"))
    assert desk.path == "/payout-account"
    expect(desk.page.get_by_text("ready to be paid")).to_be_visible()
