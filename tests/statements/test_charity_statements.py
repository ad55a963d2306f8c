"""A charity reads what it is given on every page and in every file, as whoever gives and the operator do."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from partner_network.attribution import jobs as attribution
from partner_network.commissions.actions import accrue, mature
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.file_store.local import LocalFileStore
from partner_network.gateways.pdf import Renderer
from partner_network.kernel import ids
from partner_network.statements import jobs, queries
from partner_network.statements.actions import close
from partner_network.statements.document_queries import Issuer
from partner_network.statements.rules import RenderStatement
from tests import doors
from tests.commissions import givers
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import on, order
from tests.doors import BASE_URL, Browser, Network, network

__all__ = ["network"]

HTML = {"accept": "text/html"}
CLOSED = cast.on(2, 5, month=6)
ADDRESS = re.compile(r'href="(/[^"#]*)')
STATEMENTS = re.compile(r"/(statements|previews?|balances|promises|payouts|approvals|tax)\b|/files/")
EVERYTHING = re.compile(r"^/(?!assets/)")


class Given(msgspec.Struct):
    """What Tune House gave to Trees in March, stated in May, with all its documents."""

    network: Network
    statement: str

    async def person(self, slug: str | None, *roles: str) -> Browser:
        """Somebody of a brand, or of the operator."""
        email = f"ann@{slug or 'office'}.test"
        brand_id = await self.network.owner.fetchval("SELECT id FROM brands WHERE slug = $1", slug)
        await self.network.person(email, brand_id, roles)
        return await self.network.signed_in(email)


async def state_gifts(database: FreshDatabase) -> None:
    """One order of 5,000.00 through Blog: 250.00 for it, 61.73 for Trees; and one of April, not stated."""
    clock.use_simulated_time(sandbox=True)
    await cast.set_clock(on(27))
    async with connections.transaction() as connection:
        shop = await cast.tune_house(connection)
        trees = await givers.charity(connection, "trees", shop.member_id)
        blog = await givers.giver(connection, shop, "blog", [trees])
    for number, at in ((1, on(3)), (2, on(20, month=4))):
        await cast.set_clock(at)
        async with connections.transaction() as connection:
            click = await blog.click(connection, at.replace(hour=11))
        told = order(number, at, net_minor=500_000, click_id=ids.shown("clk", click))
        await shop.report(told)
        await attribution.decide()
        await accrue.accrue_pending(at)
    await cast.set_clock(on(2, 5, month=5))
    await mature.mature_due(on(2, 5, month=5))
    await cast.set_clock(CLOSED)
    await close.close_due(CLOSED)
    await mature.mature_due(CLOSED)
    assert database.name


async def make_documents(folder: Path) -> str:
    """Make the documents of the charity's statement; return its id as others see it."""
    async with connections.transaction() as connection:
        (found,) = [one for one in await queries.statements(connection) if one.payee_slug == "trees"]
    files = LocalFileStore(folder, f"{BASE_URL}/files", b"s" * 32)
    async with Renderer(processes=1) as renderer:
        issuer = Issuer("Encore", BASE_URL)
        await jobs.render(renderer, files, issuer, RenderStatement(found.id), CLOSED)
    return ids.shown("stm", found.id)


@pytest.fixture
async def gifts(database: FreshDatabase) -> AsyncIterator[None]:
    await state_gifts(database)
    yield
    clock.use_simulated_time(sandbox=False)


@pytest.fixture
async def given(gifts: None, database: FreshDatabase, network: Network, tmp_path: Path) -> Given:
    assert gifts is None
    files = doors.settings(database, tmp_path).files_folder
    async with network.as_worker():
        return Given(network, await make_documents(files))


async def walk(browser: Browser, start: str, about: re.Pattern[str]) -> dict[str, str]:
    """Open a page and everything about something that it leads to; return answers and where from."""
    answers: dict[str, str] = {}
    waiting = {start: "itself"}
    while waiting:
        path, page = waiting.popitem()
        answer = await browser.get(path, headers=HTML, follow_redirects=True)
        answers[path] = f"{answer.status_code} from {page}"
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        found = {html.unescape(one) for one in ADDRESS.findall(answer.text)}
        new = found - answers.keys() - waiting.keys()
        waiting |= {one: path for one in sorted(new) if about.search(one) and "sort=" not in one}
    return answers


@pytest.mark.parametrize(
    ("slug", "role", "start", "about"),
    [
        ("trees", "owner", "/", EVERYTHING),
        ("tune-house", "owner", "/", STATEMENTS),
        (None, "finance", "/admin", STATEMENTS),
    ],
    ids=["charity", "advertiser", "operator"],
)
async def test_every_page_and_file_of_a_charitys_statement_opens(
    given: Given, slug: str | None, role: str, start: str, about: re.Pattern[str]
) -> None:
    browser = await given.person(slug, role)

    answers = await walk(browser, start, about)

    assert {path: said for path, said in answers.items() if not said.startswith("200 ")} == {}
    pages = {path for path in answers if given.statement in path}
    assert len(pages) >= 6, sorted(answers)
    for kind in ("pdf", "csv", "xlsx", "json"):
        assert any(path.endswith(f"/{kind}") for path in pages), kind


async def test_both_sides_read_one_preview_and_one_promise_of_what_matured_since(given: Given) -> None:
    charity, advertiser = await given.person("trees", "owner"), await given.person("tune-house", "owner")

    (account,) = (await charity.get("/api/v1/previews")).json()["items"]
    previews = [
        (await one.get(f"/api/v1/previews/{account['account']}")).json() for one in (charity, advertiser)
    ]
    promises = [
        [
            (one["amount_minor"], one["due_at"])
            for one in (await browser.get("/api/v1/promises")).json()["items"]
            if (one["payee"], one["stage"]) == ("trees", "matured")
        ]
        for browser in (charity, advertiser)
    ]

    assert previews[0] == previews[1]
    (preview,) = previews[0]["items"]
    # 1.2345 % of April's 5,000.00 is 61.725, which is 61.73, on top of March's 61.73; gifts bear no tax.
    assert preview["totals"] == {"earned": 6_173}
    assert (preview["period"], preview["opening_minor"], preview["closing_minor"]) == (
        "2026-06",
        6_173,
        12_346,
    )
    assert promises[0] == promises[1] == [(6_173, "2026-07-01T04:00:00Z")]


async def test_a_page_of_a_trace_that_ends_with_the_last_line_names_no_next(given: Given) -> None:
    charity = await given.person("trees", "owner")

    trace = (await charity.get(f"/api/v1/statements/{given.statement}/trace?limit=1")).json()

    assert (len(trace["lines"]), trace["next"]) == (1, None)
