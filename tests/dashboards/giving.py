"""Tune House and Needle Drop, whose orders give to Trees, through papers, statements and Stripe."""

from uuid import UUID

import httpx

from partner_network.agreements.actions import draft, list_charities, sign
from partner_network.agreements.actions.draft import NewAgreement
from partner_network.agreements.actions.sign import Signer
from partner_network.brands import actions as brands
from partner_network.brands.actions import NewBrand
from partner_network.gateways import clock
from partner_network.payouts import jobs as payouts
from partner_network.payouts.actions import onboard
from partner_network.statements import jobs as statements
from tests import builders
from tests.builders import OPERATOR, SHOP, SMALL, at, numbered
from tests.payouts.conftest import Sale

TREES = "trees"
GIFT = """
[[donations]]
name = "trees"
event = "sale"
charity = "trees"
rate_ppm = 12_345
"""
GIVEN_MINOR = 1_235
"""1.2345 % of 1,000.00 is 12.345, half a cent up."""


async def trees(sale: Sale) -> UUID:
    """List Trees, whose account at Stripe is open."""
    sale.brands[TREES] = await brands.create_brand(
        NewBrand(
            slug=TREES, name="Trees", legal_name="Trees e. V.", address="1 Wood", country="US", tax_rate_ppm=0
        )
    )
    sale.owners[TREES] = await builders.person("olga@trees.test", sale.brands[TREES], "owner")
    await list_charities.list_charity(sale.manager, sale.brands[TREES])
    page = await onboard.open_recipient(
        sale.stripe,
        sale.brands[TREES],
        by=sale.owners[TREES],
        return_url="http://127.0.0.1/back",
        refresh_url="http://127.0.0.1/again",
        now=await clock.now(),
    )
    async with httpx.AsyncClient(trust_env=False, verify=False) as browser:  # noqa: S501 -- loopback alone
        await browser.post(page)
    await onboard.read_recipient(sale.stripe, sale.brands[TREES], await clock.now())
    return sale.brands[TREES]


async def agree(sale: Sale) -> None:
    """Sign terms that give; they hold after the notice of those before."""
    terms = builders.TERMS.format(structure="graduated", bonus=GIFT, rate_ppm=100_000)
    drafted = await draft.draft_agreement(
        sale.owners[SHOP],
        NewAgreement(sale.partnerships[SHOP, SMALL].id, "cross-promotion", "2027-01", terms),
        OPERATOR,
    )
    for slug in (SHOP, SMALL):
        await sign.sign_agreement(
            Signer(sale.owners[slug], "192.0.2.7", "Tests"), drafted.id, drafted.content_hash
        )


async def sell(sale: Sale) -> None:
    """Sell for 1,000.00 through Needle Drop under the new terms."""
    (click,) = await sale.click(SHOP, SMALL, at(3, 2))
    await builders.set_clock(at(3, 4))
    await sale.order(SHOP, *numbered([("bea", at(3, 3), 100_000, click)], start=2))
    await sale.work()


async def mature(sale: Sale) -> None:
    """Let the days pass after which it is the charity's."""
    await builders.set_clock(at(4, 2))
    await sale.work()


async def close(sale: Sale) -> None:
    """Close April, in which what was sold in March matured."""
    await builders.set_clock(at(5, 1, 6))
    assert sale.brands
    await statements.close_periods(await clock.now())


async def sell_no_more(sale: Sale) -> None:
    """Leave everything as it is."""
    assert sale.brands


async def sign_off(sale: Sale) -> None:
    """Let two people sign the statements off."""
    await sale.sign_off()


async def pay(sale: Sale) -> None:
    """Sign off what is not signed off yet, let the advertisers' money arrive, and send it."""
    await sale.sign_off()
    await sale.pay_in()
    await payouts.pay(sale.stripe, await clock.now())
