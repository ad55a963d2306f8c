"""The engine comes to the same cents as SQL by hand: window functions over thousands of orders."""

import random
from datetime import datetime, timedelta
from fractions import Fraction

import asyncpg
import pytest
from msgspec import Struct

from partner_network.agreements import terms_reading
from partner_network.commissions.rules import plan as plans
from partner_network.commissions.rules import targets as engine
from partner_network.commissions.rules.facts import Order, Refund, TermsVersion
from tests.conftest import Databases

ORDERS = 3_000
TERMS = """
[[commission.components]]
name = "sales"
event = "sale"
structure = "{structure}"
metric = "{metric}"
period = "month"
recurring_months = 1200
tiers = [{tiers}]
{cap}
[settlement]
currency = "EUR"
time_zone = "Europe/Berlin"
clawback = {{ mode = "{mode}", max_age_days = 180, max_share_ppm = 500_000, contest_days = 14 }}
"""
SQL = """
    WITH facts AS (
        SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::bigint[], $5::bigint[], $6::int[])
            AS f (id, at, customer, gross, refunded, credit)
    ), tiers AS (
        SELECT lower AS lo, lead(lower) OVER (ORDER BY lower) AS hi, rate
        FROM unnest($7::numeric[], $8::numeric[]) AS t (lower, rate)
    ), caps AS (
        -- in millionths, as rates times units are; what is not capped may be anything
        SELECT 1000000 * coalesce(given[1], 1e30) AS of_order,
            1000000 * coalesce(given[2], 1e30) AS of_customer,
            1000000 * coalesce(given[3], 1e30) AS of_period
        FROM (SELECT $10::numeric[] AS given) AS c
    ), shared AS (
        SELECT *, to_char(at AT TIME ZONE 'Europe/Berlin', 'YYYY-MM') AS period,
            CASE WHEN $11::boolean THEN gross ELSE gross - refunded END AS net,
            refunded > 0 AND refunded = gross AND NOT $11 AS is_gone
        FROM facts
    ), metered AS (
        -- credit 0 is the whole order, 1 and 2 are its halves; the odd cent is the first half's
        SELECT *, (CASE
            WHEN NOT $12::boolean THEN CASE credit WHEN 0 THEN net WHEN 1 THEN (net + 1) / 2 ELSE net / 2 END
            WHEN is_gone THEN 0 WHEN credit = 0 THEN 1000000 ELSE 500000 END)::numeric AS metric
        FROM shared
    ), walked AS (
        SELECT *, sum(metric) OVER so_far AS after, sum(metric) OVER so_far - metric AS before,
            sum(metric) OVER (PARTITION BY period) AS total
        FROM metered WINDOW so_far AS (PARTITION BY period ORDER BY at, id COLLATE "C")
    ), earned AS (
        SELECT *, CASE $9::text
            WHEN 'graduated' THEN (
                SELECT sum(rate * greatest(0, least(after, coalesce(hi, after)) - greatest(before, lo)))
                FROM tiers)
            WHEN 'retroactive' THEN metric * (
                SELECT rate FROM tiers WHERE lo <= total ORDER BY lo DESC LIMIT 1)
            ELSE metric * (SELECT rate FROM tiers WHERE lo = 0) END AS x
        FROM walked
    ), of_orders AS (
        SELECT *, least(x, of_order) AS y FROM earned CROSS JOIN caps
    ), of_customers AS (
        SELECT *, sum(y) OVER mine AS mine, sum(y) OVER mine - y AS mine_before
        FROM of_orders WINDOW mine AS (PARTITION BY period, customer ORDER BY at, id COLLATE "C")
    ), summed AS (
        SELECT *, sum(least(mine, of_customer) - least(mine_before, of_customer)) OVER so_far AS s
        FROM of_customers WINDOW so_far AS (PARTITION BY period ORDER BY at, id COLLATE "C")
    ), rounded AS (
        SELECT *, round(least(s, of_period) / 1000000) AS so_far FROM summed
    ), lines AS (
        SELECT *, so_far - lag(so_far, 1, 0) OVER (PARTITION BY period ORDER BY at, id COLLATE "C") AS line
        FROM rounded
    )
    SELECT id, (line - CASE WHEN $11 AND gross > 0 THEN round(line * refunded / gross) ELSE 0 END)::bigint
        AS minor
    FROM lines
"""


class Case(Struct, frozen=True, kw_only=True):
    """Terms in both languages: as both brands sign them, and as numbers for SQL."""

    structure: str
    tiers: tuple[tuple[int, int], ...]
    metric: str = "net_amount"
    cap: str = ""
    caps: tuple[int | None, int | None, int | None] = (None, None, None)

    def terms(self, mode: str) -> str:
        paid = "amount_minor" if self.metric == "count" else "rate_ppm"
        tiers = ", ".join(f"{{ from = {lo}, {paid} = {rate} }}" for lo, rate in self.tiers)
        return TERMS.format(
            structure=self.structure, metric=self.metric, tiers=tiers, cap=self.cap, mode=mode
        )


RATES = ((0, 50_000), (1_000_003, 80_000), (2_500_000, 33_333))
CASES = [
    Case(structure="graduated", tiers=RATES),
    Case(structure="retroactive", tiers=RATES),
    Case(structure="flat", tiers=((0, 77_777),)),
    Case(structure="graduated", metric="count", tiers=((0, 250), (100, 333), (400, 101))),
    Case(structure="retroactive", metric="count", tiers=((0, 250), (300, 333))),
    Case(structure="flat", metric="count", tiers=((0, 99),)),
    Case(
        structure="graduated", tiers=RATES, cap="cap_minor = { period = 90_000 }", caps=(None, None, 90_000)
    ),
    Case(
        structure="retroactive",
        tiers=RATES,
        cap="cap_minor = { order = 400, customer = 2_000, period = 150_000 }",
        caps=(400, 2_000, 150_000),
    ),
    Case(structure="graduated", tiers=RATES, cap="cap_minor = { customer = 777 }", caps=(None, 777, None)),
]


def _orders(lot: random.Random) -> list[Order]:
    start = datetime.fromisoformat("2026-01-01T00:00:00+01:00")
    orders: list[Order] = []
    for n in range(ORDERS):
        # Few instants, so that many orders share one and their ids decide.
        when = start + timedelta(hours=lot.randrange(24 * 120))
        net = lot.choice([0, 1, 2, lot.randrange(1, 9_999), lot.randrange(1, 20_000)])
        given = lot.choice([0, 0, 0, net, lot.randrange(net + 1)])
        credit = lot.choice([0, 0, 1, 2])
        orders.append(
            Order(
                id=f"{lot.randrange(10**9)}-{n}",
                event="sale",
                at=when,
                recorded_at=when,
                customer=f"c{lot.randrange(40)}",
                currency="EUR",
                net_minor=net,
                weights=(Fraction(1, 2), Fraction(1, 2)) if credit else (),
                own=(credit - 1,) if credit else (),
                refunds=(Refund(id=f"r{n}", at=when, net_minor=given),) if given else (),
            )
        )
    return orders


@pytest.mark.parametrize("mode", ["recompute", "line_only"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.structure} {case.metric} {case.caps}")
async def test_thousands_of_orders_come_to_what_sql_says(databases: Databases, case: Case, mode: str) -> None:
    orders = _orders(random.Random(f"{case.structure} {mode}"))  # noqa: S311 - the same orders each time
    terms = terms_reading.read_terms(case.terms(mode))
    found = engine.targets(orders, plans.plan_of([TermsVersion(key="only", terms=terms)]))
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(databases.url("postgres"))
    try:
        rows = await connection.fetch(
            SQL,
            [order.id for order in orders],
            [order.at for order in orders],
            [order.customer for order in orders],
            [order.net_minor for order in orders],
            [sum(refund.net_minor for refund in order.refunds) for order in orders],
            [order.own[0] + 1 if order.own else 0 for order in orders],
            [lo * (1_000_000 if case.metric == "count" else 1) for lo, _ in case.tiers],
            [rate for _, rate in case.tiers],
            case.structure,
            list(case.caps),
            mode == "line_only",
            case.metric == "count",
        )
    finally:
        await connection.close()
    computed = {target.conversion: target.minor for target in found.commissions}
    assert computed == {row["id"]: row["minor"] for row in rows}
    assert sum(computed.values()) > 0
