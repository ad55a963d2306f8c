"""Each person's home: at a desk and on a telephone, in light and dark, in English and German."""

import itertools
import os
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize

from tests.browser.conftest import TELEPHONE, Enter
from tests.browser.crawling import examine, look, shape_of
from tests.browser.people import EVERYBODY, GUEST, PEOPLE
from tests.browser.watching import Watched

WIDE = ViewportSize(width=1440, height=900)
LANGUAGES = {"en": "en-US", "de": "de-DE"}
SCREENS = {"wide": WIDE, "narrow": TELEPHONE}
PRIMARY = """() => [...document.querySelectorAll("main button, main .button")]
    .filter((one) => one.checkVisibility() && !one.closest("details:not([open]) > :not(summary)"))
    .filter((one) => !one.matches(".quiet, .danger, .plain, .close, .slim, [data-copy]"))
    .map((one) => one.textContent.trim())"""
TABBABLE = """() => [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
    .filter((one) => one.checkVisibility({ checkVisibilityCSS: true }) && !one.disabled && one.tabIndex >= 0)
    .filter((one) => one.type !== "radio")
    .map((one, n) => { one.dataset.nth = n; return one.outerHTML.slice(0, 120); })"""
FOCUSED = """() => {
    const one = document.activeElement;
    const its = getComputedStyle(one);
    const isOutlined = its.outlineStyle !== "none" && parseFloat(its.outlineWidth) > 0;
    const isMarked = isOutlined || its.boxShadow !== "none";
    const box = one.getBoundingClientRect();
    const isSeen = box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.right > 0;
    return { nth: Number(one.dataset.nth ?? -1), isMarked, isSeen, words: one.outerHTML.slice(0, 120) };
}"""


def home_of(kind: str) -> str:
    """Return where somebody arrives."""
    return "/sign-in" if kind == GUEST else "/"


def _keep(tab: Watched, name: str) -> None:
    """Leave a picture of the page in the folder that SCREENSHOTS names, for eyes."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        tab.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", EVERYBODY)
def test_a_home_stands_well_on_every_screen_in_light_and_dark(enter: Enter, kind: str, language: str) -> None:
    tab = enter(kind, locale=LANGUAGES[language])
    tab.page.goto(tab.address + home_of(kind))
    assert tab.page.locator("html").get_attribute("lang") == language
    findings: list[str] = []
    for screen, scheme in itertools.product(SCREENS, ("light", "dark")):
        tab.page.set_viewport_size(SCREENS[screen])
        tab.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        findings += [f"{screen} {scheme}: {one}" for one in look(tab)]
        _keep(tab, f"{kind.replace(' ', '-')}-{language}-{screen}-{scheme}")
    assert not findings, "\n".join(findings)
    assert tab.faults == []


@pytest.mark.parametrize("kind", PEOPLE)
def test_a_home_in_german_is_as_open_to_everybody_in_light_and_dark(enter: Enter, kind: str) -> None:
    tab = enter(kind, locale="de-DE", viewport=WIDE, color_scheme="dark")
    tab.page.goto(tab.address + "/")
    assert shape_of(tab)
    findings = examine(tab)
    tab.page.set_viewport_size(TELEPHONE)
    tab.page.emulate_media(color_scheme="light")
    findings += examine(tab)
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("kind", EVERYBODY)
def test_a_home_has_at_most_one_next_action_that_stands_out(enter: Enter, kind: str) -> None:
    tab = enter(kind, viewport=WIDE)
    tab.page.goto(tab.address + home_of(kind))
    actions: list[str] = tab.page.evaluate(PRIMARY)
    assert len(actions) <= 1, actions


@pytest.mark.parametrize("kind", EVERYBODY)
def test_the_keyboard_reaches_everything_of_a_home_in_its_order_and_shows_where_it_is(
    enter: Enter, kind: str
) -> None:
    tab = enter(kind, viewport=WIDE)
    page = tab.page
    page.goto(tab.address + home_of(kind))
    page.evaluate("document.activeElement.blur()")
    expected: list[str] = page.evaluate(TABBABLE)
    reached: list[int] = []
    findings: list[str] = []
    for _ in expected:
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        reached.append(focused["nth"])
        if not focused["isMarked"]:
            findings.append(f"focus is not to be seen: {focused['words']}")
        if not focused["isSeen"]:
            findings.append(f"focus is off the screen: {focused['words']}")
    missed = sorted(set(range(len(expected))) - set(reached))
    assert not missed, [expected[n] for n in missed]
    assert reached == sorted(reached)
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("kind", PEOPLE)
def test_the_menu_of_a_person_opens_by_key_and_escape_gives_the_focus_back(enter: Enter, kind: str) -> None:
    tab = enter(kind, viewport=TELEPHONE)
    page = tab.page
    page.goto(tab.address + "/")
    for menu in page.locator("header details").all():
        summary = menu.locator("summary")
        summary.focus()
        page.keyboard.press("Enter")
        assert menu.get_attribute("open") is not None
        page.keyboard.press("Tab")
        assert menu.locator(":focus").count() == 1
        findings = [one for one in look(tab) if "on top" not in one]  # a menu lies over the page
        assert not findings, "\n".join(findings)
        page.keyboard.press("Escape")
        assert menu.get_attribute("open") is None
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize("kind", PEOPLE)
def test_the_first_key_leads_past_the_navigation(enter: Enter, kind: str) -> None:
    tab = enter(kind, viewport=WIDE)
    page = tab.page
    page.goto(tab.address + "/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('header') === null")
