"""From a payout back to clicks and clauses, as each side reads it: to the cent, and behind its walls."""

import re

import pytest

from partner_network.kernel import ids
from tests.builders import RADIO, SHOP, SMALL, WEEKLY
from tests.dashboards.portal.test_pages import owner_of, page, words
from tests.doors import Network


async def payout_of(portal: Network, payee: str) -> str:
    """The first payout of a payee, as people name it."""
    found = await portal.owner.fetchval(
        """SELECT o.id FROM payouts o JOIN brands b ON b.id = o.payee_id
           WHERE b.slug = $1 ORDER BY o.id LIMIT 1""",
        payee,
    )
    return ids.shown("pay", found)


@pytest.mark.parametrize("slug", [SMALL, SHOP])
async def test_both_sides_trace_a_payout_to_the_cent(portal: Network, slug: str) -> None:
    # Needle Drop: 10 % of 50.00 in January, carried below the minimum of 10.00, and of 80.00 in February.
    browser = await portal.signed_in(owner_of(slug))
    traced = (await browser.get(f"/api/v1/payouts/{await payout_of(portal, SMALL)}/trace")).json()
    assert traced["payout"]["amount_minor"] == 1_300
    assert (traced["opening_minor"], traced["closing_minor"]) == (500, 1_300)
    assert traced["holds"]
    assert [(one["step"], one["result"]["minor"]) for one in traced["sums"]] == [
        ("transfers", 1_300),
        ("statement", 1_300),
        ("lines", 1_300),
        ("page", 800),
    ]
    (line,) = traced["lines"]
    assert (line["kind"], line["amount_minor"], line["commission_minor"]) == ("earned", 800, 800)
    assert line["clause"] == "4.2"
    assert len(line["touches"]) == 1
    assert len(line["receipt_root"]) == 64


async def test_the_opening_of_a_statement_is_traced_in_the_one_before(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(SMALL))
    traced = (await browser.get(f"/api/v1/payouts/{await payout_of(portal, SMALL)}/trace")).json()
    before = (await browser.get(f"/api/v1/statements/{traced['opened_with']}/trace")).json()
    assert before["payout"] is None
    assert before["closing_minor"] == traced["opening_minor"] == 500


async def test_nobody_traces_what_others_are_paid(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(RADIO))
    payout = await payout_of(portal, SMALL)
    await page(browser, f"/payouts/{payout}/trace", 404)
    assert (await browser.get(f"/api/v1/payouts/{payout}/trace")).status_code == 404


@pytest.mark.parametrize("slug", [SHOP, WEEKLY, RADIO, SMALL])
async def test_every_line_of_every_statement_adds_up(portal: Network, slug: str) -> None:
    browser = await portal.signed_in(owner_of(slug))
    statements = (await browser.get("/api/v1/statements?limit=200")).json()["items"]
    assert statements
    for statement in statements:
        traced = (await browser.get(f"/api/v1/statements/{statement['id']}/trace?limit=200")).json()
        assert traced["holds"], traced
        for line in traced["lines"]:
            address = f"/api/v1/statements/{statement['id']}/lines/{line['line']}/trace"
            one = (await browser.get(address)).json()
            assert one["holds"], one
            assert one["clause_text"]


async def test_a_page_leads_from_the_transfer_to_the_clause(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(SMALL))
    html = await page(browser, f"/payouts/{await payout_of(portal, SMALL)}/trace")
    assert "Every step of this way adds up to the cent." in words(html)
    assert "#c4.2" in html
    href = re.findall(r'href="(/statements/stm_\w+/lines/\d+/trace)"', html)[0]
    line = words(await page(browser, href))
    assert "“Rates. The rates are:”" in line
    assert "What the commission comes to $8.00" in line


async def test_a_step_that_does_not_add_up_is_said(portal: Network) -> None:
    browser = await portal.signed_in(owner_of(SMALL))
    payout = await payout_of(portal, SMALL)
    await portal.owner.execute("ALTER TABLE statement_lines DISABLE TRIGGER USER")
    await portal.owner.execute(
        "UPDATE statement_lines SET amount_minor = amount_minor + 1 WHERE statement_id = $1",
        await portal.owner.fetchval(
            "SELECT statement_id FROM payouts WHERE id = $1", ids.parse("pay", payout)
        ),
    )
    html = words(await page(browser, f"/payouts/{payout}/trace"))
    assert "A step of this way does not add up." in html
    assert "This does not add up: the parts come to $13.01." in html
