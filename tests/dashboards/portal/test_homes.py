"""What the home of each job promises, asked of the web app on the lived network."""

import json
import re
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from partner_network.dashboards.queries import owed, standing
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids, money
from tests import builders
from tests.builders import RADIO, SHOP, SMALL, WEEKLY, at
from tests.dashboards.portal.test_pages import brand_of, owner_of, page, words
from tests.doors import Browser, Network

ROLES = ("owner", "marketer", "finance", "developer", "viewer")


async def person_of(portal: Network, slug: str, *roles: str) -> Browser:
    email = f"{'-'.join(roles)}@{slug}.test"
    await portal.person(email, await brand_of(portal, slug), roles)
    return await portal.signed_in(email)


def primary_actions(html: str) -> list[str]:
    """What of the page's own is a button that is not quiet and harms nothing."""
    content = html.partition('<main id="content"')[2].partition("</main>")[0]
    links = re.findall(r'<a class="button" href="[^"]*">([^<]*)</a>', content)
    return links + re.findall(r"<button>([^<]*)</button>", content)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("slug", [SHOP, SMALL])
async def test_each_role_is_shown_one_next_action_at_most(portal: Network, slug: str, role: str) -> None:
    html = await page(await person_of(portal, slug, role), "/")

    assert len(primary_actions(html)) == 1, primary_actions(html)


@pytest.mark.parametrize("role", ["marketer", "developer"])
@pytest.mark.parametrize("path", ["/", "/?view=advertising", "/?view=finance"])
async def test_who_may_not_read_money_sees_none_on_any_home(portal: Network, role: str, path: str) -> None:
    html = await page(await person_of(portal, SHOP, role), path)

    assert 'class="money' not in html
    assert "What you owe" not in html


@pytest.mark.parametrize("role", ROLES)
async def test_no_home_shows_a_tile_of_what_does_not_exist(portal: Network, role: str) -> None:
    html = words(await page(await person_of(portal, SMALL, role), "/"))

    for absent in ("Webhook", "Advertising", "What you owe your partners", "Payment method in use"):
        assert absent not in html


async def test_a_viewer_reads_the_same_figures_and_is_offered_no_deed(portal: Network) -> None:
    browser = await person_of(portal, SMALL, "viewer")
    html = await page(browser, "/")

    assert "Payable $11.00" in words(html)
    content = html.partition('<main id="content"')[2].partition("</main>")[0]
    assert "<form" not in content
    assert "Make a link" not in content


async def test_a_brand_on_both_sides_sees_each_on_a_tab_of_its_own(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(SHOP))
    first, second = words(await page(browser, "/")), words(await page(browser, "/?view=advertising"))

    assert "Promoting Advertising" in first
    assert "Earned this month" in first
    assert "What you owe your partners" not in first
    assert "What you owe your partners" in second
    assert "Earned this month" not in second


async def test_money_that_is_not_there_yet_says_when_it_comes(portal: Network) -> None:
    # Needle Drop: 13.00 arrived when March was paid on the first of the month; nothing is pending any more.
    html = words(await page(await portal.signed_in(owner_of(SMALL)), "/"))
    paid_at = await portal.owner.fetchval(
        """SELECT max(t.finished_at) FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id
           JOIN brands b ON b.id = o.payee_id WHERE b.slug = $1 AND t.status IN ('accepted', 'settled')""",
        SMALL,
    )

    assert f"Paid $13.00 last on {paid_at.day} {paid_at:%b %Y}" in html
    assert "Pending $0.00 nothing matures later" in html


async def make_links(portal: Network, slug: str, count: int) -> list[str]:
    """Make links of a brand to a program, an hour apart; the tokens, the oldest first."""
    rows = await portal.owner.fetch(
        """INSERT INTO links SELECT gen_random_uuid(), 'token' || n, p.id, p.program_id, p.advertiser_id,
               p.partner_id, 'Link ' || n, 'https://tune-house.test/',
               (SELECT id FROM members ORDER BY id LIMIT 1),
               '2026-04-01T00:00Z'::timestamptz + n * interval '1 hour', NULL
           FROM partnerships p JOIN brands b ON b.id = p.partner_id
           CROSS JOIN generate_series(1, $2) n WHERE b.slug = $1 AND p.status = 'active' RETURNING token""",
        slug,
        count,
    )
    return sorted((row["token"] for row in rows), key=lambda token: int(token[5:]))


async def test_the_best_link_is_the_one_with_most_clicks_lately_and_stands_there_to_be_copied(
    portal: Network,
) -> None:
    tokens = await make_links(portal, RADIO, 3)
    # Ninety days before the first of May is the thirty-first of January; the bot's clicks are nobody's.
    for token, when, excluded, count in (
        (tokens[0], at(1, 30), None, 7),
        (tokens[1], at(4, 20), None, 3),
        (tokens[2], at(4, 20), "bot", 9),
    ):
        await portal.owner.execute(
            """INSERT INTO clicks (click_id, at, recorded_at, link_id, partnership_id, program_id,
                   advertiser_id, partner_id, consent, excluded)
               SELECT gen_random_uuid(), $2, $2, l.id, l.partnership_id, l.program_id, l.advertiser_id,
                   l.partner_id, 'granted', $3
               FROM links l CROSS JOIN generate_series(1, $4) WHERE token = $1""",
            token,
            when,
            excluded,
            count,
        )
    html = await page(await portal.signed_in(owner_of(RADIO)), "/")

    assert html.count(f"/l/{tokens[1]}") >= 2  # to be read, and in the button that copies
    assert f"/l/{tokens[0]}" not in html
    assert "3 valid clicks in 90 days" in words(html)
    assert "<svg" in html


async def test_finance_reads_what_each_statement_waits_for(portal: Network) -> None:
    html = words(await page(await person_of(portal, SMALL, "finance"), "/"))

    assert "April 2026" in html or "March 2026" in html
    assert "Waits until Tune House funds it." in html
    assert "$11.00" in html


async def test_a_payout_that_is_held_says_why_to_both_sides(portal: Network) -> None:
    await portal.owner.execute("UPDATE payouts SET held_reason = 'Paused by the network'")

    for slug in (RADIO, SHOP):
        browser = await person_of(portal, slug, "finance")
        assert "held Paused by the network" in words(await page(browser, "/?view=finance"))


async def test_what_is_owed_grows_older_from_one_column_to_the_next(portal: Network) -> None:
    shop = await brand_of(portal, SHOP)
    columns: list[list[int]] = []
    for days_later in (0, 40, 70, 120):
        async with connections.transaction(eyes=shop) as connection:
            now = await clock.now(connection)
            (debt,) = await owed.debts_of(connection, shop)
        approved = max(one.statement.approved_at or now for one in debt.fundable)
        moved = approved + (now - now).__class__(days=days_later)
        columns.append([age.minor for age in debt.by_age(moved)])

    due = debt.need.approved_minor
    assert due > 0
    assert columns == [[due, 0, 0, 0], [0, due, 0, 0], [0, 0, due, 0], [0, 0, 0, due]]
    html = words(await page(await person_of(portal, SHOP, "finance"), "/"))
    assert f"0–30 days 31–60 days 61–90 days over 90 days {money.display(due, 'USD')} $0.00" in html


async def test_the_most_urgent_step_comes_first_and_who_may_not_take_it_reads_who_does(
    portal: Network,
) -> None:
    program = await portal.owner.fetchval("SELECT id FROM programs WHERE slug = 'vinyl-weekly-records'")
    manager = await portal.signed_in("mia@network.test")
    await manager.accepted(
        "/api/v1/partnerships",
        {
            "program": ids.shown("prg", program),
            "partner": ids.shown("bnd", await brand_of(portal, RADIO)),
        },
    )
    owner = await page(await portal.signed_in(owner_of(RADIO)), "/")
    finance = words(await page(await person_of(portal, RADIO, "finance"), "/"))

    assert "What to do next Vinyl Weekly invites you to promote" in words(owner)
    assert primary_actions(owner) == ["Answer the invitation"]
    assert "An owner or marketer of your brand answers it." in finance


async def test_a_partnership_without_a_link_asks_for_the_first(portal: Network) -> None:
    small = await brand_of(portal, SMALL)
    await portal.owner.execute("UPDATE links SET disabled_at = now() WHERE partner_id = $1", small)
    async with connections.transaction(eyes=small) as connection:
        (waiting,) = (await standing.standing_of(connection, small)).without_link
    html = await page(await portal.signed_in(owner_of(SMALL)), "/")

    assert f"Make your first link to “{waiting.program}”" in words(html)
    assert primary_actions(html) == ["Make a link"]


async def test_the_developers_sample_is_taken_as_it_stands_with_a_test_key(portal: Network) -> None:
    browser = await person_of(portal, SHOP, "developer")
    key = await browser.accepted(
        "/api/v1/api-keys", {"name": "trial", "scopes": ["conversions:write"], "mode": "test"}
    )
    html = await page(browser, "/")
    (sample,) = re.findall(r"<pre[^>]*>curl -sS \S+/conversions [^<]*?-d &#39;([^<]*?)&#39;</pre>", html)
    body = json.loads(sample.replace("&#34;", '"'))

    machine = await portal.browser()
    answer = await machine.client.post(
        "/api/v1/conversions", json=body, headers={"authorization": f"Bearer {key['key']}"}
    )
    assert answer.status_code == 201, answer.text
    after = words(await page(browser, "/"))
    assert "Conversion test order-1001" in after
    assert "trial test" in after


@pytest.mark.parametrize(
    ("roles", "is_led"), [(("owner",), True), (("owner", "developer"), True), (("developer",), False)]
)
async def test_who_has_another_home_is_led_to_the_developers_page(
    portal: Network, roles: tuple[str, ...], is_led: bool
) -> None:
    html = await page(await person_of(portal, WEEKLY, *roles), "/links")

    assert ('href="/developers"' in html) == is_led


async def test_an_owner_reads_the_developers_page_and_a_marketer_does_not(portal: Network) -> None:
    assert "Samples that run" in await page(await portal.signed_in(owner_of(WEEKLY)), "/developers")
    await page(await person_of(portal, WEEKLY, "marketer"), "/developers", status=403)


class Asked:
    """How many statements the database was asked since the count began."""

    def __init__(self) -> None:
        self.statements = 0


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    counted = Asked()
    # Every fetch, with arguments or without, goes through it; its stubs do not name it.
    through = "_do_execute"
    real: Callable[..., Awaitable[object]] = getattr(asyncpg.Connection, through)

    async def counting(*given: object, **more: object) -> object:
        counted.statements += 1
        return await real(*given, **more)

    monkeypatch.setattr(asyncpg.Connection, through, counting)
    return counted


async def test_no_page_asks_the_database_more_often_where_there_is_more_to_show(
    portal: Network, asked: Asked
) -> None:
    browser = await portal.signed_in(owner_of(RADIO))
    paths = ("/", "/links", "/statements", "/agreements")
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    for counts in (before, after):
        for path in paths:
            await page(browser, path)  # prepares what is asked for the first time
            asked.statements = 0
            await page(browser, path)
            counts[path] = asked.statements
        if counts is before:
            assert len(await make_links(portal, RADIO, 60)) == 60

    assert after == before
    assert max(before.values()) <= 32, before


async def test_the_clock_of_the_homes_is_the_networks(portal: Network) -> None:
    await builders.set_clock(at(6, 15))
    html = words(await page(await portal.signed_in(owner_of(SMALL)), "/"))

    assert "closes on 1 July 2026" in html
