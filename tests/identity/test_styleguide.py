import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from partner_network.identity.web import styleguide
from tests.conftest import FreshDatabase
from tests.doors import Network, serving
from tests.shipping.image import ROOT

TEMPLATES = ROOT / "partner_network" / "identity" / "templates"
HTML = {"accept": "text/html"}


@pytest.fixture
async def demo(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Network]:
    """A sandbox."""
    async with serving(database, tmp_path, sandbox=True) as network:
        yield network


def macros() -> set[str]:
    parsed = Environment(autoescape=True).parse((TEMPLATES / "parts.html").read_text())
    return {one.name for one in parsed.find_all(nodes.Macro) if not one.name.startswith("_")}


async def test_it_is_there_in_a_sandbox_alone(network: Network) -> None:
    browser = await network.browser()

    for path in ("/styleguide", "/styleguide/progress", "/styleguide/earnings"):
        assert (await browser.get(path)).status_code == 404


def test_it_shows_every_component_there_is() -> None:
    shown = {
        name
        for page in TEMPLATES.glob("identity/styleguide*.html")
        for name in re.findall(r"\bparts\.(\w+)\(", page.read_text())
    }

    assert len(macros()) > 25
    assert macros() - shown == set()


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("rows", [0, 1, 200, 10_000])
async def test_it_stands_with_any_number_of_rows_in_each_language(
    demo: Network, rows: int, language: str
) -> None:
    browser = await demo.browser()

    page = await browser.get(f"/styleguide?rows={rows}&lang={language}", headers=HTML)

    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text
    assert page.text.count('<th scope="row">') == min(rows, 25) + len(styleguide.EARNED)
    assert "<b>not bold</b>" not in page.text


async def test_its_list_is_searched_sorted_paged_and_exported(demo: Network) -> None:
    browser = await demo.browser()

    page = (await browser.get("/styleguide?q=fox&sort=name&page=1", headers=HTML)).text
    file = await browser.get("/styleguide?q=fox&format=csv")

    assert 'aria-sort="ascending"' in page
    assert "Tune House" not in page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.text.count("Fox") == len(file.text.splitlines()) - 1 > 10


async def test_long_work_asks_for_its_next_step_until_it_is_done(demo: Network) -> None:
    browser = await demo.browser()

    half = (await browser.get("/styleguide/progress?done=40")).text
    done = (await browser.get("/styleguide/progress?done=80")).text

    assert 'hx-get="/styleguide/progress?done=60"' in half
    assert "hx-get" not in done


async def test_a_colour_is_chosen_for_every_later_page_and_can_be_left_to_the_system(
    network: Network,
) -> None:
    browser = await network.browser()
    assert "data-theme" not in (await browser.get("/sign-in", headers=HTML)).text

    chosen = await browser.client.post("/appearance", data={"theme": "dark", "next": "/sign-in"})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/sign-in")
    page = (await browser.get("/sign-in", headers=HTML)).text
    assert 'data-theme="dark"' in page
    assert '<meta name="color-scheme" content="dark">' in page

    await browser.client.post("/appearance", data={"theme": "polka dots", "next": "//evil.example"})
    assert "data-theme" not in (await browser.get("/sign-in", headers=HTML)).text


async def test_an_address_may_ask_for_a_colour_for_one_page(network: Network) -> None:
    browser = await network.browser()

    assert 'data-theme="light"' in (await browser.get("/sign-in?theme=light", headers=HTML)).text
    assert "data-theme" not in (await browser.get("/sign-in?theme=<x>", headers=HTML)).text


async def test_each_reader_gets_constants_in_their_own_language(demo: Network) -> None:
    """Jinja folds what never changes when it first reads a page; a month's name changes with the reader."""
    browser = await demo.browser()

    german = (await browser.get("/styleguide?rows=0&lang=de", headers=HTML)).text
    english = (await browser.get("/styleguide?rows=0&lang=en", headers=HTML)).text

    assert "März 2026" in german
    assert "März 2026" not in english
    assert "March 2026" in english
