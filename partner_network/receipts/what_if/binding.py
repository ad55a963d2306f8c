"""Let a customer's first attributed sale bind the later ones, where a policy says so.

Nothing binds that sale itself, so it is decided already, and one pass over the customers does. Where an order
came so late that it may not have been known to one that stands after it, the walk decides for the customer.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from partner_network.agreements.terms import ProgramPolicy
from partner_network.attribution.cases import Partnership
from partner_network.attribution.queries import decisions
from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.receipts.what_if.sides import Side

Policies = Sequence[tuple[ProgramPolicy, datetime, datetime]]


async def bind(connection: Connection, side: Side, policies: Policies, raw: str, walked: str) -> None:
    """Replace the credits of bound conversions by those of the sale that binds them."""
    await _find_bonds(connection, side, policies[0][1], raw)
    late = await connection.execute(
        f"""INSERT INTO {walked} SELECT DISTINCT b.customer_id FROM trial_bonds b
            JOIN trial_orders o ON o.customer_id = b.customer_id AND {_AFTER}
            WHERE b.recorded_at > o.recorded_at ON CONFLICT DO NOTHING"""
    )
    if not late.endswith(" 0"):
        await connection.execute(
            f"""DELETE FROM {raw} c USING trial_orders o, {walked} w
                WHERE o.id = c.id AND w.customer_id = o.customer_id"""
        )
        await connection.execute(
            f"DELETE FROM trial_bonds b USING {walked} w WHERE w.customer_id = b.customer_id"
        )
    for policy, starts_at, ends_at in policies:
        if policy.binding_months:
            await _bind_until(connection, side, policy.binding_months)
            await _inherit(connection, starts_at, ends_at, raw)


_AFTER = (
    """(o.occurred_at, o.order_id COLLATE "C", o.event) > (b.occurred_at, b.order_id COLLATE "C", 'sale')"""
)


async def _find_bonds(connection: Connection, side: Side, starts_at: datetime, raw: str) -> None:
    """Name each customer's first attributed sale, of those that bought again, with its credits.

    One from before the computed span binds as it stands decided.
    """
    await connection.execute(
        f"""DROP TABLE IF EXISTS trial_bonds, trial_bond_credits;
            CREATE TEMPORARY TABLE trial_bonds ON COMMIT DROP AS
                SELECT DISTINCT ON (o.customer_id) o.id, o.customer_id, o.occurred_at, o.recorded_at,
                    o.order_id, NULL::timestamptz AS ends_at
                FROM trial_orders o WHERE o.event = 'sale' AND o.id IN (SELECT id FROM {raw})
                ORDER BY o.customer_id, o.occurred_at, o.order_id COLLATE "C";
            CREATE TEMPORARY TABLE trial_bond_credits ON COMMIT DROP AS
                SELECT c.* FROM {raw} c JOIN trial_bonds b ON b.id = c.id"""
    )
    earlier = await connection.fetch(
        """SELECT DISTINCT ON (v.customer_id) v.id, v.customer_id, v.occurred_at, v.recorded_at, v.order_id,
               d.rev
           FROM conversions v JOIN current_decisions d ON d.conversion_id = v.id
           WHERE v.program_id = $1 AND v.occurred_at < $2 AND v.event = 'sale' AND d.outcome = 'attributed'
               AND v.customer_id IN (SELECT customer_id FROM trial_orders)
           ORDER BY v.customer_id, v.occurred_at, v.order_id COLLATE "C" """,
        side.program_id,
        starts_at,
    )
    if not earlier:
        return
    await connection.execute(
        "DELETE FROM trial_bonds WHERE customer_id = ANY($1::uuid[])", [row["customer_id"] for row in earlier]
    )
    names = ("id", "customer_id", "occurred_at", "recorded_at", "order_id")
    await connection.copy_records_to_table(
        "trial_bonds", records=[tuple(row[name] for name in names) for row in earlier], columns=names
    )
    await _copy_credits(connection, [(row["id"], row["rev"]) for row in earlier])


async def _copy_credits(connection: Connection, decided: Sequence[tuple[UUID, int]]) -> None:
    found = await decisions.credits_of(connection, decided)
    rows: list[tuple[object, ...]] = []
    for conversion_id, credited in found.items():
        whole = math.lcm(*(credit.weight.denominator for credit, _ in credited))
        rows += [
            (
                conversion_id,
                partnership_id,
                UUID(credit.touch),
                credit.touched_at,
                int(credit.weight * whole),
                whole,
            )
            for credit, partnership_id in credited
        ]
    await connection.copy_records_to_table("trial_bond_credits", records=rows)


async def _bind_until(connection: Connection, side: Side, months: int) -> None:
    """Say until when each sale binds, by the calendar of its first partner's agreement."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (b.id) b.id, b.occurred_at, c.partnership_id
           FROM trial_bonds b JOIN trial_bond_credits c ON c.id = b.id
           JOIN partnerships p ON p.id = c.partnership_id
           WHERE EXISTS (SELECT FROM trial_orders o WHERE o.customer_id = b.customer_id AND o.id <> b.id)
           ORDER BY b.id, p.partner_id, c.touch_id"""
    )
    ends = list(_ends(side, months, ((row["partnership_id"], row["occurred_at"]) for row in rows)))
    await connection.execute("UPDATE trial_bonds SET ends_at = NULL WHERE ends_at IS NOT NULL")
    await connection.execute(
        """UPDATE trial_bonds b SET ends_at = w.ends_at
           FROM unnest($1::uuid[], $2::timestamptz[]) AS w (id, ends_at) WHERE w.id = b.id""",
        [row["id"] for row in rows],
        ends,
    )


def _ends(side: Side, months: int, bonds: Iterable[tuple[UUID, datetime]]) -> Iterable[datetime | None]:
    for partnership_id, at in bonds:
        terms = _partnership(side, partnership_id).terms_at(at)
        zone = None if terms is None else periods.zone_named(terms.settlement.time_zone)
        yield None if zone is None else periods.add_months(at, months, zone)


def _partnership(side: Side, partnership_id: UUID) -> Partnership:
    return side.joined[partnership_id].partnership


async def _inherit(connection: Connection, starts_at: datetime, ends_at: datetime, raw: str) -> None:
    await connection.execute("DROP TABLE IF EXISTS trial_bound")
    await connection.execute(
        f"""CREATE TEMPORARY TABLE trial_bound ON COMMIT DROP AS
            SELECT o.id, b.id AS bond_id
            FROM trial_bonds b JOIN trial_orders o ON o.customer_id = b.customer_id
            WHERE {_AFTER} AND o.occurred_at >= b.occurred_at AND o.occurred_at < b.ends_at
                AND o.occurred_at >= $1 AND o.occurred_at < $2""",
        starts_at,
        ends_at,
    )
    await connection.execute(f"DELETE FROM {raw} c USING trial_bound t WHERE t.id = c.id")
    await connection.execute(
        f"""INSERT INTO {raw} (id, partnership_id, touch_id, touched_at, numerator, denominator)
            SELECT t.id, c.partnership_id, c.touch_id, c.touched_at, c.numerator, c.denominator
            FROM trial_bound t JOIN trial_bond_credits c ON c.id = t.bond_id"""
    )
