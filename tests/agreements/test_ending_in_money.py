"""What still earns when a partnership ends, to the cent, and until when.

Needle Drop promotes Tune House: 10 % of every sale up to 200.00 a month, 15 % above; a window of 30 days, 30
days of notice and 30 days of run-off, by the clock of New York. The day of the notice is none of its days.

Notice is given on 20 January at 12:00 UTC, which is 07:00 in New York. Its thirty days are 21 January to
19 February, so the partnership ends on 20 February at 00:00 in New York, 05:00 UTC; an order still earns
before 22 March at 05:00 UTC, which is 01:00 of summer time in New York: the run-off is elapsed time.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from partner_network.dashboards.exporting import verifying, writing
from partner_network.database import connections
from partner_network.gateways import clock
from tests import builders
from tests.builders import SHOP, SMALL, at, numbered
from tests.commissions.test_holds import proved
from tests.ending import end_now, end_what_is_due, give_notice
from tests.payouts.conftest import EARNED_MINOR, Sale, sale, simulator

__all__ = ["sale", "simulator"]

ENDS_AT = datetime(2026, 2, 20, 5, tzinfo=UTC)
RUN_OFF_UNTIL = datetime(2026, 3, 22, 5, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


async def earned(sale: Sale) -> dict[str, int]:
    """Return what each order earned Needle Drop, in cents."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT v.order_id, r.target_minor
               FROM commissions c JOIN conversions v ON v.id = c.conversion_id
               JOIN LATERAL (SELECT target_minor FROM commission_revisions r WHERE r.commission_id = c.id
                   ORDER BY rev DESC LIMIT 1) r ON true
               WHERE c.partnership_id = $1 ORDER BY 1""",
            sale.partnerships[SHOP, SMALL].id,
        )
    return {row["order_id"]: row["target_minor"] for row in rows}


async def test_clicks_from_before_the_end_earn_until_the_run_off_is_over(sale: Sale, tmp_path: Path) -> None:
    of = sale.partnerships[SHOP, SMALL].id
    await builders.set_clock(at(1, 20))
    assert await give_notice(sale.owners[SMALL], of) == ENDS_AT
    before, early, after = (
        *await sale.click(SHOP, SMALL, ENDS_AT - INSTANT),
        *await sale.click(SHOP, SMALL, datetime(2026, 2, 10, 12, tzinfo=UTC)),
        *await sale.click(SHOP, SMALL, ENDS_AT),
    )
    await builders.set_clock(at(3, 25))
    assert await end_what_is_due() == 1
    assert await end_what_is_due() == 0

    # order | click             | ordered                       | commission
    #   2   | last instant      | last instant of the run-off   | 100.00 x 10 %                10.00
    #   3   | last instant      | first instant after it        | nothing: the run-off is over
    #   4   | first after end   | 1 March                       | nothing: the partnership had ended
    #   5   | 10 February       | 1 March                       | 40.00 x 10 %                  4.00
    await sale.order(
        SHOP,
        *numbered(
            [
                ("bob", RUN_OFF_UNTIL - 2 * INSTANT, 10_000, before),
                ("cem", RUN_OFF_UNTIL, 10_000, before),
                ("dee", at(3, 1), 10_000, after),
                ("eva", at(3, 1), 4_000, early),
            ],
            start=2,
        ),
    )
    await sale.work()

    assert await earned(sale) == {"00001": EARNED_MINOR, "00002": 1_000, "00005": 400}
    reasons = await said_of("00003", "00004")
    assert "its run-off" in reasons["00003"]
    assert "the partnership had ended on 2026-02-20T05:00:00+00:00" in reasons["00004"]
    assert await proved() == []
    for brand in (SHOP, SMALL):
        await writing.export(brand, tmp_path / brand, await clock.now(), lambda _, __: None)
        found = [kind.difference for kind in verifying.verify(tmp_path / brand)]
        assert [one for one in found if one is not None] == []


async def said_of(*orders: str) -> dict[str, str]:
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT v.order_id, d.candidates::text FROM current_decisions d
               JOIN conversions v ON v.id = d.conversion_id WHERE v.order_id = ANY($1)""",
            list(orders),
        )
    return dict(tuple(row) for row in rows)


async def test_an_order_reported_after_the_end_is_decided_by_what_held_when_it_occurred(sale: Sale) -> None:
    (click,) = await sale.click(SHOP, SMALL, at(1, 15))
    await builders.set_clock(at(1, 20))
    assert await end_now(sale.owners[SHOP], sale.partnerships[SHOP, SMALL].id) == at(1, 20)

    await sale.order(SHOP, *numbered([("bob", at(1, 19), 2_000, click)], start=2))
    await sale.work()

    # 20.00 x 10 %: the month's sales, 150.00 and 20.00, stay below 200.00.
    assert await earned(sale) == {"00001": EARNED_MINOR, "00002": 200}
    assert await proved() == []


@pytest.mark.parametrize("moved", ["2026-02-21 05:00+00", "2026-02-19 05:00+00"])
async def test_until_it_takes_effect_the_calendar_ends_nothing(sale: Sale, moved: str) -> None:
    await builders.set_clock(at(1, 20))
    await give_notice(sale.owners[SHOP], sale.partnerships[SHOP, SMALL].id)
    await builders.set_clock(ENDS_AT - INSTANT)
    assert await end_what_is_due() == 0
    assert await proved() == []

    async with connections.transaction() as connection:
        await connection.execute("ALTER TABLE partnerships DISABLE TRIGGER USER")
        await connection.execute(
            "UPDATE partnerships SET ended_at = $2::text::timestamptz WHERE id = $1",
            sale.partnerships[SHOP, SMALL].id,
            moved,
        )

    (difference,) = await proved()
    assert "needle-drop with tune-house ends at 2026-02-" in difference
    assert "the notice that stands says 2026-02-20 05:00:00+00:00" in difference


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        ("ends_at = ends_at + interval '1 day'", "takes effect at 2026-02-21 05:00:00+00:00; its terms give"),
        ("given_at = given_at - interval '1 day'", "its terms give 2026-02-19 05:00:00+00:00"),
        ("for_good_cause = true, ends_at = given_at", "is under clause 10.1; it should be 10.2"),
        ("clause = '10.3'", "is under clause 10.3; it should be 10.1"),
        ("withdrawn_at = given_at, withdrawn_by = given_by", "the notice that stands says None"),
        ("by_operator = true", "who could not give it then"),
    ],
)
async def test_a_notice_that_somebody_changed_is_named(sale: Sale, damage: str, names: str) -> None:
    await builders.set_clock(at(1, 20))
    await give_notice(sale.owners[SHOP], sale.partnerships[SHOP, SMALL].id)
    assert await proved() == []
    async with connections.transaction() as connection:
        await connection.execute("ALTER TABLE partnership_notices DISABLE TRIGGER USER")
        await connection.execute(f"UPDATE partnership_notices n SET {damage}")
        if "ends_at" in damage:
            await connection.execute("ALTER TABLE partnerships DISABLE TRIGGER USER")
            await connection.execute(
                """UPDATE partnerships p SET ended_at = n.ends_at
                   FROM partnership_notices n WHERE p.id = n.partnership_id"""
            )
    (difference,) = await proved()
    assert names in difference
