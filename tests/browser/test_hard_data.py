"""Pages that show what is hard to show: endless names, other scripts, huge amounts, nothing, too much."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from partner_network.database import connections
from partner_network.identity.actions import people
from tests.browser import hard_data, lived
from tests.browser.conftest import DESK, TELEPHONE, Enter, Story, browsing
from tests.browser.crawling import Crawler, look
from tests.browser.hard_data import IN_WORDS, MANY, OTHERWAY, TIMES, UNBROKEN
from tests.browser.lived import Served
from tests.browser.watching import Watched
from tests.conftest import Databases
from tests.doors import PASSWORD

WHO = ("partner owner", "advertiser owner", "manager", "finance")
KEEPING_APART = (Path(__file__).parent / "keeping_apart.js").read_text()
IN_WAYS = {
    "a thousand letters without a blank, in euros": (UNBROKEN, "EUR", TIMES),
    "a thousand letters in words, in yen, owed the other way": (IN_WORDS, "JPY", -1),
    "right to left, with pictures, in dinars of three decimals": (OTHERWAY, "KWD", 1),
}


@pytest.mark.parametrize("way", IN_WAYS)
def test_hard_names_and_amounts_stay_in_their_places(spoilt: Served, enter_spoilt: Enter, way: str) -> None:
    name, currency, times = IN_WAYS[way]
    hard_data.done(hard_data.be_hard(spoilt.database_url, name=name, currency=currency, times=times))
    findings: list[str] = []
    for kind in WHO:
        tab = enter_spoilt(kind)
        crawler = Crawler(tab, same_kind=1)
        for _ in crawler.pages_ahead():
            _look_on_both(tab, crawler)
            if name == OTHERWAY:
                crawler.tell(tab.page.evaluate(KEEPING_APART))
        findings += [f"{kind} {one}" for one in crawler.findings]
    assert not findings, "\n".join(findings)


def _look_on_both(tab: Watched, crawler: Crawler) -> None:
    crawler.tell(look(tab))
    tab.page.set_viewport_size(TELEPHONE)
    crawler.tell(look(tab), about=" (360)")
    tab.page.set_viewport_size(DESK)


def test_lists_of_ten_thousand_answer_page_by_page(spoilt: Served, enter_spoilt: Enter) -> None:
    hard_data.done(hard_data.be_many(spoilt.database_url, lived.RENDERED))
    findings: list[str] = []
    for kind, starts in (
        ("partner owner", ("/", "/links", "/statements", "/audit")),
        ("finance", ("/admin/", "/admin/statements", "/admin/audit")),
    ):
        tab = enter_spoilt(kind)
        crawler = Crawler(tab, starts=starts)
        for path in crawler.pages_ahead():
            rows = tab.page.locator("main tbody tr").count()
            crawler.tell([f"{rows} rows on one page"] if rows > MANY // 10 else [])
            _look_on_both(tab, crawler)
            assert path
        findings += [f"{kind} {one}" for one in crawler.findings]
    assert not findings, "\n".join(findings)


@pytest.fixture
def empty(databases: Databases, template: str, told: Story) -> Iterator[Served]:
    """A network on its first day: its own people, one brand with nothing, and nothing else."""
    name = f"browser_{uuid4().hex[:12]}"
    asyncio.run(databases.execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
    settings = msgspec.structs.replace(
        told.settings, database_url=databases.url(name), base_url=lived.free_address()
    )
    asyncio.run(_hire(databases.url(name)))
    with lived.web(settings, databases, name):
        cookies: dict[str, str] = {}
        for role in ("admin", "manager", "finance"):
            caller = lived.Caller(settings.base_url, f"{role}@network.test")
            cookies[role] = caller.cookie
            caller.leave()
        yield Served(settings.base_url, databases.url(name), cookies)
    asyncio.run(databases.drop(name))


async def _hire(url: str) -> None:
    await connections.open_pool(url)
    try:
        for role in ("admin", "manager", "finance"):
            await people.create_operator_member(role.title(), f"{role}@network.test", PASSWORD, (role,))
    finally:
        await connections.close_pool()


def test_an_empty_network_says_on_every_page_what_comes_first(empty: Served) -> None:
    findings: list[str] = []
    with browsing(empty) as enter_empty:
        for kind in empty.cookies:
            tab = enter_empty(kind)
            crawler = Crawler(tab, same_kind=2)
            for _ in crawler.pages_ahead():
                _look_on_both(tab, crawler)
                words = tab.page.locator("main").inner_text()
                crawler.tell(["nothing is said"] if len(words.split()) < 8 else [])
            findings += [f"{kind} {one}" for one in crawler.findings]
    assert not findings, "\n".join(findings)
