"""What a brand's pages promise, asked of the web app on the lived network."""

import re
from uuid import UUID

import httpx
import pytest

from partner_network.dashboards.queries import earnings, next_payouts
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids, money
from tests.builders import RADIO, SHOP, SMALL, WEEKLY
from tests.doors import Browser, Network

HTML = {"accept": "text/html"}


def owner_of(slug: str) -> str:
    return f"olga@{slug}.test"


async def page(browser: Browser, path: str, status: int = 200) -> str:
    answer = await browser.get(path, headers=HTML)
    assert answer.status_code == status, answer.text
    return answer.text


async def sent(browser: Browser, path: str, **fields: str) -> httpx.Response:
    return await browser.client.post(path, data=fields, headers=HTML)


def words(html: str) -> str:
    """What a reader sees: no tags, one blank between words."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


async def brand_of(portal: Network, slug: str) -> UUID:
    return await portal.owner.fetchval("SELECT id FROM brands WHERE slug = $1", slug)


@pytest.mark.parametrize("slug", [SHOP, WEEKLY, RADIO, SMALL])
async def test_everything_a_brand_earned_is_somewhere(portal: Network, slug: str) -> None:
    brand_id = await brand_of(portal, slug)
    async with connections.transaction(eyes=brand_id) as connection:
        (one,) = await earnings.whereabouts_of(connection, brand_id)
        months = await earnings.earned_by_month(connection, brand_id)
    parts = (
        one.pending_minor
        + one.held_minor
        + one.disputed_minor
        + one.payable_minor
        + one.funded_minor
        + one.clearing_minor
        + one.paid_minor
        + one.netted_minor
    )
    assert one.earned_minor > 0
    assert one.earned_minor + one.tax_minor == parts - one.due_back_minor + one.given_up_minor
    assert sum(month.earned_minor for month in months) == one.earned_minor


async def test_home_shows_what_was_earned_and_paid_to_the_cent(portal: Network) -> None:
    # Needle Drop: 10 % of 50.00 in January and of 80.00 in February; January's 5.00 lay below the minimum
    # of 10.00 and was carried, so that one transfer of 13.00 went out. In March 10 % of 50.00, and 12 % of
    # 50.00 under the changed terms: 11.00, approved on the first of May and not funded yet.
    html = words(await page(await portal.signed_in(owner_of(SMALL)), "/"))
    assert "Today is 5 May 2026" in html
    assert "Seen by Olga, owner of Needle Drop." in html
    assert "Earned in all $24.00" in html
    assert "Earned this month $0.00" in html
    assert "Payable $11.00" in html
    assert "Paid $13.00" in html
    assert "closes on 1 June 2026" in html


async def test_the_chart_draws_what_the_table_says(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(SMALL))
    drawn = (await browser.get("/api/v1/earnings")).json()["items"]
    assert [(one["month"], one["earned_minor"]) for one in drawn] == [
        ("2026-01", 500),
        ("2026-02", 800),
        ("2026-03", 1_100),
        ("2026-04", 0),
        ("2026-05", 0),
    ]
    table = words(await page(browser, "/"))
    assert "January 2026 $5.00 $0.00 $5.00" in table


async def test_an_approved_statement_says_that_the_payer_funds_it_next(portal: Network) -> None:
    html = words(await page(await portal.signed_in(owner_of(RADIO)), "/"))
    assert "What must happen: Tune House funds it, then it is sent to your account." in html


async def test_the_next_close_foresees_what_matures_until_then(portal: Network) -> None:
    radio = await brand_of(portal, RADIO)
    pending = await portal.owner.fetchval(
        """SELECT sum(r.target_minor)::bigint
           FROM commissions c JOIN current_targets r ON r.commission_id = c.id
           WHERE c.partner_id = $1 AND c.matured_at IS NULL AND c.matures_at < '2026-06-01T04:00Z'""",
        radio,
    )
    async with connections.transaction(eyes=radio) as connection:
        (coming,) = await next_payouts.next_payouts_of(connection, radio, await clock.now(connection))
        (where,) = await earnings.whereabouts_of(connection, radio)
    stated = sum(one.closing_minor for one in coming.open_statements)
    assert stated > 0
    assert coming.expected_minor == where.payable_minor - stated + (pending or 0)


async def test_an_advertiser_sees_what_is_missing_and_pays_it_once(portal: Network) -> None:
    shop = await brand_of(portal, SHOP)
    await portal.person("finn@tune-house.test", shop, ["finance"])
    browser = await portal.signed_in("finn@tune-house.test")
    html = await page(browser, "/")
    amount = re.search(r'name="amount_minor" value="(\d+)"', html)
    assert amount
    assert f"Pay {money.display(int(amount[1]), 'USD')} by the saved payment method" in words(html)

    answer = await sent(browser, "/fundings", amount_minor=amount[1], currency="USD")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?told=funding#told")
    funded = await portal.owner.fetchrow("SELECT amount_minor, status FROM fundings ORDER BY id DESC LIMIT 1")
    assert funded is not None
    assert tuple(funded) == (int(amount[1]), "requested")

    again = await page(browser, "/")
    assert 'action="/fundings"' not in again
    assert f"A payment of {money.display(int(amount[1]), 'USD')} is on its way." in words(again)
    twice = await sent(browser, "/fundings", amount_minor=amount[1], currency="USD")
    assert twice.status_code == 409
    assert "A payment is on its way already" in twice.text


async def test_a_statement_shows_how_it_adds_up_and_cites_a_clause_for_every_line(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(RADIO))
    listed = await page(browser, "/statements")
    (path,) = re.findall(r'href="(/statements/stm_\w+)">February 2026', listed)
    html = await page(browser, path)
    row = await portal.owner.fetchrow(
        """SELECT opening_minor, closing_minor, totals ->> 'tax' AS tax FROM statements
           WHERE number = 'TUNE-HOUSE-NIGHT-RADIO-2026-02-USD'"""
    )
    assert row is not None
    assert f"Closing {money.display(row['closing_minor'], 'USD')}" in words(html)
    assert money.display(int(row["tax"]), "USD") in html
    rows = html.partition('id="lines"')[2].count('data-label="Clause"')
    assert rows > 0
    assert len(re.findall(r'data-label="Clause"><a href="/agreements/agr_\w+#c[\d.]+">', html)) == rows


async def test_lines_are_sorted_on_the_server_and_cut_into_pages(
    portal: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partner_network.dashboards.web.statements.LINES_A_PAGE", 2)
    browser = await portal.signed_in(owner_of(RADIO))
    (path,) = re.findall(r'href="(/statements/stm_\w+)">February 2026', await page(browser, "/statements"))
    seen: list[str] = []
    for number in range(1, 50):
        html = await page(browser, f"{path}?sort=-amount&page={number}")
        lines = html.partition('id="lines"')[2]
        seen += re.findall(r'data-label="Amount"><span class="money[^"]*">([^<]+)<', lines)
        if 'rel="next"' not in html:
            break
    amounts = [int(re.sub(r"[^\d-]", "", one)) for one in seen]
    assert len(amounts) > 2
    assert amounts == sorted(amounts, reverse=True)


async def test_nobody_reads_a_statement_of_two_other_brands(portal: Network) -> None:
    statement = await portal.owner.fetchval("SELECT id FROM statements WHERE number ~ 'NIGHT-RADIO' LIMIT 1")
    browser = await portal.signed_in(owner_of(SMALL))
    html = await page(browser, f"/statements/{ids.shown('stm', statement)}", status=404)
    assert "There is no such statement" in html


async def test_a_marketer_sees_conversions_but_no_money_of_the_brand(portal: Network) -> None:
    small = await brand_of(portal, SMALL)
    await portal.person("mo@needle-drop.test", small, ["marketer"])
    browser = await portal.signed_in("mo@needle-drop.test")
    html = words(await page(browser, "/"))
    assert "Newest conversions credited to you" in html
    assert "Earned in all" not in html
    assert "Commission" not in html
    assert "You may not read money" in await page(browser, "/statements", status=403)


async def test_the_network_s_own_people_are_sent_to_their_back_office(portal: Network) -> None:
    browser = await portal.signed_in("mia@network.test")
    answer = await browser.get("/", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")
    assert "back office" in await page(browser, "/links", status=403)


async def test_the_link_form_names_all_mistakes_at_once_and_keeps_what_was_typed(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(SMALL))
    (partnership,) = re.findall(r'<option value="(prt_\w+)"', await page(browser, "/links"))
    answer = await sent(
        browser, "/links", partnership=partnership, name=" ", destination_url="https://else.test/a?b=c"
    )
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2
    assert 'value="https://else.test/a?b=c"' in answer.text
    assert "tune-house.test" in answer.text


async def test_a_link_that_is_made_stands_in_the_list_and_can_be_switched_off(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(SMALL))
    (partnership,) = re.findall(r'<option value="(prt_\w+)"', await page(browser, "/links"))
    made = await sent(
        browser, "/links", partnership=partnership, name="Header", destination_url="https://tune-house.test/x"
    )
    assert made.headers["location"] == "/links?told=link-made#told"
    html = await page(browser, "/links?told=link-made")
    assert "The link is made." in html
    (off,) = re.findall(r'action="(/links/lnk_\w+/end)"', html)
    assert (await sent(browser, off)).status_code == 303
    assert "off since 5 May 2026" in words(await page(browser, "/links"))


async def test_an_agreement_is_read_in_full_and_signed_only_with_the_tick(portal: Network) -> None:
    manager = await portal.signed_in("mia@network.test")
    held = await portal.owner.fetchrow(
        """SELECT p.id, a.terms_toml FROM partnerships p JOIN brands b ON b.id = p.partner_id
           JOIN agreements a ON a.partnership_id = p.id WHERE b.slug = $1""",
        SMALL,
    )
    assert held is not None
    drafted = await manager.accepted(
        "/api/v1/agreements",
        {
            "partnership": ids.shown("prt", held["id"]),
            "contract": "cross-promotion",
            "contract_version": "2026-12",
            "terms": held["terms_toml"].replace("hold_days = 5", "hold_days = 6"),
        },
    )
    browser = await portal.signed_in(owner_of(SMALL))
    assert "An agreement waits for your brand" in await page(browser, "/")
    html = await page(browser, f"/agreements/{drafted['id']}")
    assert 'id="c14' in html
    assert "after 6 days, not before the month is locked" in words(html)
    form = {"content_hash": drafted["content_hash"]}
    refused = await sent(browser, f"/agreements/{drafted['id']}/signatures", **form)
    assert refused.status_code == 422
    other = await sent(
        browser, f"/agreements/{drafted['id']}/signatures", agreed="yes", content_hash="0" * 64
    )
    assert other.status_code == 409
    signed = await sent(browser, f"/agreements/{drafted['id']}/signatures", agreed="yes", **form)
    assert signed.headers["location"] == f"/agreements/{drafted['id']}?told=signed#told"
    after = words(await page(browser, f"/agreements/{drafted['id']}"))
    assert "waits for the other side" in after
    assert "Olga owner, 5 May 2026" in after


async def test_an_invited_brand_accepts_on_its_agreements_page(portal: Network) -> None:
    program = await portal.owner.fetchval("SELECT id FROM programs WHERE slug = 'vinyl-weekly-records'")
    radio = await brand_of(portal, RADIO)
    manager = await portal.signed_in("mia@network.test")
    await manager.accepted(
        "/api/v1/partnerships", {"program": ids.shown("prg", program), "partner": ids.shown("bnd", radio)}
    )
    browser = await portal.signed_in(owner_of(RADIO))
    html = await page(browser, "/agreements")
    assert "Vinyl Weekly invites you to promote" in html
    (answer,) = re.findall(r'action="(/partnerships/prt_\w+/answer)"', html)
    assert (await sent(browser, answer, answer="accept")).status_code == 303
    assert "invites you" not in await page(browser, "/agreements")


async def test_the_payout_account_says_that_the_brand_can_be_paid(portal: Network) -> None:
    html = words(await page(await portal.signed_in(owner_of(RADIO)), "/payout-account"))
    assert "ready to be paid" in html


async def test_stripe_s_silence_is_told_and_nothing_is_lost(portal: Network) -> None:
    # The app's own Stripe address answers nobody here.
    browser = await portal.signed_in(owner_of(RADIO))
    html = await page(browser, "/payout-account/return", status=503)
    assert "Stripe does not answer at the moment." in html
    assert "ready to be paid" in html


async def test_a_payment_method_that_is_none_is_refused_on_the_form(portal: Network) -> None:
    shop = await brand_of(portal, SHOP)
    await portal.person("finn@tune-house.test", shop, ["finance"])
    browser = await portal.signed_in("finn@tune-house.test")
    answer = await sent(browser, "/payment-method", payment_method_id="4242 4242 4242 4242")
    assert answer.status_code == 422
    assert "begins with pm_" in answer.text


async def test_a_form_without_the_session_s_token_changes_nothing(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(SMALL))
    del browser.client.headers["x-csrf-token"]
    answer = await sent(browser, "/links", name="Header")
    assert answer.status_code == 403
    assert "not of your present session" in answer.text


async def test_every_form_that_changes_something_carries_the_session_s_token(portal: Network) -> None:
    shop = await brand_of(portal, SHOP)
    await portal.person("olga@tune-house.test", shop, ["finance"])
    browser = await portal.signed_in(owner_of(SHOP))
    for path in ("/", "/links", "/agreements", "/payout-account", "/payment-method"):
        html = await page(browser, path)
        forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", html, re.DOTALL)
        assert forms
        assert all('name="csrf_token" value="' in form for form in forms), path


async def test_a_brand_that_just_joined_reads_on_every_page_what_to_do_next(portal: Network) -> None:
    fresh = await portal.brand("fresh")
    await portal.person("fay@fresh.test", fresh, ["owner", "finance"])
    browser = await portal.signed_in("fay@fresh.test")
    for path, next_step in {
        "/": "A partnership begins with an invitation",
        "/links": "Links can be made once a partnership is active",
        "/agreements": "you read and sign them here",
        "/creatives": "Creatives belong to a program",
        "/statements": "The first one closes",
        "/payout-account": "Introduce yourself to Stripe",
        "/payment-method": "none saved",
    }.items():
        assert next_step in words(await page(browser, path)), path


async def test_an_unknown_address_is_told_inside_the_page_s_frame(portal: Network) -> None:
    html = words(await page(await portal.signed_in(owner_of(SMALL)), "/no/such/page", status=404))
    assert "There is nothing at this address." in html
    assert "Today is 5 May 2026" in html
    assert "Needle Drop" in html
