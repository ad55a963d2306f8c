"""Each pair is paid by the schedule and from the minimum that its own agreement names."""

from partner_network.agreements.actions import draft, sign
from partner_network.agreements.actions.draft import NewAgreement
from partner_network.agreements.actions.sign import Signer
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.programs import actions as programs
from partner_network.statements import jobs as statements
from partner_network.statements import queries
from tests import builders
from tests.builders import OPERATOR, SHOP, SMALL, WEEKLY, Partnership, at, numbered
from tests.payouts.conftest import Sale

QUARTERLY = builders.TERMS.format(structure="graduated", bonus="", rate_ppm=100_000).replace(
    "minimum_payout_minor = 1_000", 'minimum_payout_minor = 1_500\nperiod = "quarter"'
)


async def agree_to_be_paid_quarterly(sale: Sale) -> None:
    """Let Needle Drop promote Vinyl Weekly too, to be paid by the quarter and from 15.00 on."""
    invited = await programs.invite_partner(sale.owners[WEEKLY], sale.programs[WEEKLY], sale.brands[SMALL])
    await programs.answer_partnership(sale.owners[SMALL], invited.partnership_id, accept=True)
    sale.partnerships[WEEKLY, SMALL] = Partnership(
        invited.partnership_id, sale.programs[WEEKLY], sale.brands[WEEKLY], sale.brands[SMALL]
    )
    drafted = await draft.draft_agreement(
        sale.owners[WEEKLY],
        NewAgreement(invited.partnership_id, "cross-promotion", "2026-12", QUARTERLY),
        OPERATOR,
    )
    for slug in (WEEKLY, SMALL):
        signer = Signer(sale.owners[slug], "192.0.2.7", "Tests")
        await sign.sign_agreement(signer, drafted.id, drafted.content_hash)


async def sell(sale: Sale, month: int, order: int) -> None:
    """Sell for 100.00, of which 10.00 are the partner's."""
    (click,) = await sale.click(WEEKLY, SMALL, at(month, 13))
    await builders.set_clock(at(month, 15))
    await sale.order(WEEKLY, *numbered([("ada", at(month, 14), 10_000, click)], start=order))
    await sale.work()


async def stated(sale: Sale, month: int) -> dict[str, list[tuple[str, int, str]]]:
    """Close what has ended before a month, and return by payer of each statement period, closing, status."""
    await builders.set_clock(at(month, 1, 0, 30))
    await sale.work()
    await statements.close_periods(await clock.now())
    async with connections.transaction() as connection:
        found = await queries.statements(connection, brand_id=sale.brands[SMALL])
    return {
        payer: sorted((one.period, one.closing_minor, one.status) for one in found if one.payer_slug == payer)
        for payer in (SHOP, WEEKLY)
    }


async def test_one_pair_is_paid_monthly_and_another_by_the_quarter_each_from_its_own_minimum(
    sale: Sale,
) -> None:
    await agree_to_be_paid_quarterly(sale)
    await sell(sale, 1, 101)

    # Nobody signs a statement off here: what one month leaves unpaid opens the next month's.
    assert await stated(sale, 3) == {SHOP: [("2026-02", 1_500, "draft")], WEEKLY: []}
    assert await stated(sale, 4) == {
        SHOP: [("2026-02", 1_500, "draft"), ("2026-03", 1_500, "draft")],
        WEEKLY: [("2026-Q1", 1_000, "carried")],
    }
    await sell(sale, 4, 102)
    assert (await stated(sale, 7))[WEEKLY] == [("2026-Q1", 1_000, "carried"), ("2026-Q2", 2_000, "draft")]
