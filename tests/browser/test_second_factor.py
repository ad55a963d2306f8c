"""Second factors in a real browser: Chromium's own virtual authenticator, and codes without script."""

import re

from playwright.sync_api import expect
from pyotp.totp import TOTP

from partner_network.gateways import clock
from tests.browser.watching import Watched

PAGE = "/account/second-factors"


def with_authenticator(tab: Watched) -> None:
    """Put a device that verifies its person into the browser, and let it say yes."""
    session = tab.context.new_cdp_session(tab.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_out(tab: Watched) -> None:
    tab.page.locator("details.who summary").click()
    tab.page.get_by_role("button", name="Sign out").click()
    tab.page.wait_for_load_state("networkidle")


def test_a_passkey_is_made_and_finishes_the_next_sign_in(home: Watched) -> None:
    page = home.page
    with_authenticator(home)
    home.open(f"/sign-in?next={PAGE}")
    home.sign_in("pia@network.test")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    assert page.locator(".codes code").count() == 10
    page.get_by_role("link", name="I have kept them, go on").click()
    expect(page.get_by_role("rowheader", name="This device")).to_be_visible()
    sign_out(home)

    home.open(f"/sign-in?next={PAGE}")
    home.sign_in("pia@network.test")
    assert home.path.startswith("/second-factor")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile(PAGE))

    expect(page.get_by_role("button", name="Remove This device")).to_be_visible()
    assert home.faults == []


def test_a_device_without_a_passkey_is_told_so_and_a_recovery_code_still_opens(home: Watched) -> None:
    page = home.page
    with_authenticator(home)
    home.open(f"/sign-in?next={PAGE}")
    home.sign_in("art@network.test")
    page.get_by_role("button", name="Make a passkey").click()
    code = page.locator(".codes code").first.text_content() or ""
    page.get_by_role("link", name="I have kept them, go on").click()
    sign_out(home)
    home.context.new_cdp_session(page).send("WebAuthn.disable")
    other = home.context.new_page()
    session = home.context.new_cdp_session(other)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    other.goto(f"{home.address}/sign-in?next={PAGE}")
    other.get_by_label("E-mail").fill("art@network.test")
    other.get_by_label("Password").fill("correct horse battery staple")
    other.get_by_role("button", name="Sign in").click()

    other.get_by_role("button", name="Use a passkey").click()
    expect(other.get_by_role("alert")).to_contain_text("The passkey was not used")
    other.get_by_label("Code").fill(code)
    other.get_by_role("button", name="Go on").click()

    other.wait_for_url(re.compile(PAGE))


def test_without_script_an_app_is_set_up_and_asked_on_a_narrow_telephone(pocket: Watched) -> None:
    page = pocket.page
    pocket.open(f"/sign-in?next={PAGE}")
    pocket.sign_in("uma@network.test")
    expect(page.get_by_text("Add a passkey")).to_be_hidden()
    page.get_by_label("What you call it").first.fill("Telephone")
    page.get_by_role("button", name="Show the key").click()
    expect(page.locator(".qr svg")).to_be_visible()
    assert pocket.unnamed() == []
    assert not pocket.is_wider_than_the_screen()
    key = (page.locator(".key code").text_content() or "").replace(" ", "")
    page.get_by_label("The code that the app shows now").fill(TOTP(key).at(clock.wall_now()))
    page.get_by_role("button", name="Take it into use").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    assert not pocket.is_wider_than_the_screen()
    code = page.locator(".codes code").first.text_content() or ""
    page.get_by_role("link", name="I have kept them, go on").click()
    assert not pocket.is_wider_than_the_screen()
    pocket.context.clear_cookies()

    pocket.open(f"/sign-in?next={PAGE}")
    pocket.sign_in("uma@network.test")
    assert pocket.unnamed() == []
    assert not pocket.is_wider_than_the_screen()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_text("9 of your recovery codes are left.")).to_be_visible()
    assert pocket.faults == []
