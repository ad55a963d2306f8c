"""Put orders together that the plans cannot tell apart but by their amounts; the others stay single."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from msgspec import Struct

from partner_network.commissions.rules import grouping
from partner_network.commissions.rules.facts import Alike, Order
from partner_network.commissions.rules.plan import Plan
from partner_network.database.connections import Connection
from partner_network.receipts.what_if.sides import Side
from partner_network.receipts.what_if.values import Asked

_DAY = timedelta(days=1)
_INSTANT = timedelta.resolution


class Grouped(Struct, frozen=True):
    """Orders by partnership: many as one, and who has single ones, which are in `trial_single`."""

    alike: Mapping[UUID, Sequence[Alike]]
    single: frozenset[UUID]


class _Marks(Struct, frozen=True):
    """Where two orders may differ for any of the plans: in time, by net, by the age of their customer."""

    cuts: Sequence[datetime]
    minimums: Sequence[int]
    ages: Sequence[timedelta]
    unsure: Sequence[int]
    """The spans between ages, by number, in which a calendar must tell."""
    counts_orders: bool
    asks_for_customer: bool


async def group(
    connection: Connection,
    sides: Sequence[Side],
    credits_: str,
    asked: Asked,
    span: tuple[datetime, datetime],
) -> Grouped:
    """Group the orders behind a table of credits, for the plans of all sides that it is priced by."""
    plans = {one_id: [side.joined[one_id].plan for side in sides] for one_id in sides[0].joined}
    every = {plan for many in plans.values() for plan in many}
    marks = _marks(every, asked, span)
    arguments = (
        marks.cuts, marks.minimums, marks.ages, marks.unsure, marks.counts_orders, marks.asks_for_customer,
        *_columns(plans, await _told_by_line(connection, credits_, plans)),
    )  # fmt: skip
    await connection.execute("DROP TABLE IF EXISTS trial_single")
    rows = await connection.fetch(_GROUPS.format(credits=credits_, is_single=_IS_SINGLE), *arguments)
    uncredited = await _uncredited(connection, credits_, plans)
    single = frozenset(row["partnership_id"] for row in rows if row["is_single"]).union(
        partnership_id for partnership_id, _ in uncredited
    )
    if single:
        await connection.execute(_SINGLE.format(credits=credits_, is_single=_IS_SINGLE), *arguments)
        await connection.copy_records_to_table("trial_single", records=uncredited)
        await connection.execute("CREATE INDEX ON trial_single (partnership_id); ANALYZE trial_single")
        await connection.execute(f"CREATE INDEX IF NOT EXISTS {credits_}_id ON {credits_} (id)")
        await connection.execute("CREATE INDEX IF NOT EXISTS trial_orders_id ON trial_orders (id)")
    alike: dict[UUID, list[Alike]] = defaultdict(list)
    for n, row in enumerate(rows):
        if not row["is_single"]:
            alike[row["partnership_id"]].append(_alike(f"alike {n}", row))
    return Grouped(alike, single)


def _marks(plans: Iterable[Plan], asked: Asked, span: tuple[datetime, datetime]) -> _Marks:
    plans = list(plans)
    cuts = {asked.since, asked.until, span[1]}.union(*(grouping.cuts(plan, *span) for plan in plans))
    spans = set[tuple[timedelta, timedelta]]().union(*(grouping.recurring_ages(plan) for plan in plans))
    # An age of nothing, or less for a lead before the first order, is apart from all others.
    ages = sorted({_INSTANT, *(age for both in spans for age in both)})
    return _Marks(
        sorted(cuts),
        sorted(set[int]().union(*(grouping.minimums(plan) for plan in plans))),
        ages,
        [
            n
            for n, age in enumerate(ages, start=1)
            if any(certainly <= age < never for certainly, never in spans)
        ],
        any(map(grouping.counts_orders, plans)),
        any(map(grouping.asks_for_customer, plans)),
    )


async def _told_by_line(
    connection: Connection, credits_: str, plans: Mapping[UUID, Sequence[Plan]]
) -> frozenset[UUID]:
    """Return the partnerships where the line of a single order matters, which all others before it move.

    A refund is taken back from its own line, or an adjustment is added to it, and it stays above zero.
    """
    by_line = [one for one, many in plans.items() if any(map(grouping.takes_back_by_line, many))]
    rows = await connection.fetch(
        f"""SELECT DISTINCT partnership_id FROM {credits_}
            WHERE refund_age IS NOT NULL AND partnership_id = ANY($1::uuid[])
            UNION SELECT DISTINCT partnership_id FROM adjustments WHERE partnership_id = ANY($2::uuid[])""",
        by_line,
        list(plans),
    )
    return frozenset(row["partnership_id"] for row in rows)


async def _uncredited(
    connection: Connection, credits_: str, plans: Mapping[UUID, Sequence[Plan]]
) -> list[tuple[UUID, UUID]]:
    """Return the orders that were adjusted for a partnership and are not credited to it: they pay that."""
    rows = await connection.fetch(
        f"""SELECT DISTINCT a.partnership_id, a.conversion_id
            FROM adjustments a JOIN trial_orders w ON w.id = a.conversion_id
            WHERE a.partnership_id = ANY($1::uuid[]) AND NOT EXISTS (
                SELECT FROM {credits_} c
                WHERE c.id = a.conversion_id AND c.partnership_id = a.partnership_id)""",
        list(plans),
    )
    return [(row["partnership_id"], row["conversion_id"]) for row in rows]


def _columns(plans: Mapping[UUID, Sequence[Plan]], told_by_line: frozenset[UUID]) -> tuple[list[object], ...]:
    """Return what each partnership's plans say of its orders, column by column."""
    rows = [
        (
            partnership_id,
            many[0].versions[0].settlement.currency,
            partnership_id in told_by_line
            or not all(map(grouping.may_group, many))
            or len({plan.versions[0].settlement.currency for plan in many}) > 1,
            any(map(grouping.looks_at_lines, many)),
            any(
                version.settlement.late_policy == "as_of_receipt"
                for plan in many
                for version in plan.versions
            ),
            min(version.settlement.clawback.max_age_days for plan in many for version in plan.versions)
            * _DAY,
        )
        for partnership_id, many in plans.items()
    ]
    return tuple([row[n] for row in rows] for n in range(6))


_FROM = """
    FROM {credits} o
    JOIN unnest($7::uuid[], $8::text[], $9::boolean[], $10::boolean[], $11::boolean[], $12::interval[])
        AS p (id, currency, is_single, by_lines, by_receipt, max_age)
        ON p.id = o.partnership_id
    CROSS JOIN LATERAL (SELECT width_bucket(o.occurred_at, $1::timestamptz[]) AS cut,
        o.occurred_at - o.first_order_at AS age) t
"""
_AGE = "coalesce(width_bucket(t.age, $3::interval[]), -1)"
_IS_SINGLE = f"""(p.is_single OR o.currency <> p.currency
        OR coalesce(o.refund_age >= p.max_age, false)
        OR p.by_lines AND o.has_lines
        OR p.by_receipt AND t.cut <> width_bucket(o.recorded_at, $1::timestamptz[])
        OR {_AGE} = ANY($4::integer[]))"""
_GROUPS = f"""
    SELECT o.partnership_id, t.cut, o.event, o.currency, {{is_single}} AS is_single,
        CASE WHEN $2::bigint[] = '{{{{}}}}' THEN 0 ELSE width_bucket(o.net_minor, $2::bigint[]) END
            AS from_net,
        {_AGE} AS age_span, CASE WHEN $5 THEN least(o.order_number, 2) ELSE 1 END AS order_number,
        $6 AND o.known_since IS NOT NULL AS is_known, min(o.occurred_at) AS at,
        min(o.net_minor) AS least_minor, min(t.age) AS age, sum(o.net_part) AS net_minor,
        sum(CASE WHEN o.refund_age IS NOT NULL AND o.left_minor = 0 THEN 0 ELSE o.ppm_part END)::bigint
            AS weight_ppm
    {_FROM} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
# The arguments that only the groups need are named all the same, so that both statements have one list.
_SINGLE = f"""
    CREATE TEMPORARY TABLE trial_single ON COMMIT DROP AS SELECT DISTINCT o.partnership_id, o.id
    {_FROM} WHERE {{is_single}} AND $2::bigint[] IS NOT NULL AND $5::boolean IS NOT NULL
        AND $6::boolean IS NOT NULL
"""


def _alike(name: str, row: asyncpg.Record) -> Alike:
    order = Order(
        id=name,
        event=row["event"],
        at=row["at"],
        recorded_at=row["at"],
        customer="",
        currency=row["currency"],
        net_minor=row["least_minor"],
        new_customer=not row["is_known"],
        order_number=row["order_number"] or 0,
        first_order_at=None if row["age"] is None else row["at"] - row["age"],
    )
    return Alike(order, int(row["net_minor"]), row["weight_ppm"])
