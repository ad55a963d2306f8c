"""Decide every conversion of the computed span as one side would, in sets; the few that cannot be, singly."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from partner_network.agreements.terms import ProgramPolicy
from partner_network.attribution.queries.facts import MOST_TOUCHES
from partner_network.database.connections import Connection
from partner_network.receipts.what_if import binding, choosing, reaching, sharing, walking
from partner_network.receipts.what_if.sharing import Shared
from partner_network.receipts.what_if.sides import Side
from partner_network.receipts.what_if.touching import Qualifying


class Span(Struct, frozen=True):
    """The computed span, and what else than its customers' clicks there is: see `orders`."""

    starts_at: datetime
    ends_at: datetime
    has_touches: bool
    has_own_clicks: bool


async def span_of(connection: Connection, program_id: UUID, starts_at: datetime, ends_at: datetime) -> Span:
    """Return the span of `trial_orders`, having put into `trial_own_clicks` what is no customer's click.

    Those are the clicks that an order names as its own and that are not known to be its customer's.
    """
    await connection.execute(
        """DROP TABLE IF EXISTS trial_own_clicks;
           CREATE TEMPORARY TABLE trial_own_clicks ON COMMIT DROP AS
               SELECT o.id, o.click_id FROM trial_orders o
               WHERE o.click_id IS NOT NULL AND NOT EXISTS (
                   SELECT FROM identifications i
                   WHERE i.customer_id = o.customer_id AND i.click_id = o.click_id);
           ANALYZE trial_own_clicks"""
    )
    has_own_clicks = await connection.fetchval("SELECT EXISTS (SELECT FROM trial_own_clicks)")
    has_touches = await connection.fetchval(
        """SELECT EXISTS (SELECT FROM touches
            WHERE brand_id = (SELECT brand_id FROM programs WHERE id = $1) AND program_id = $1)""",
        program_id,
    )
    return Span(starts_at, ends_at, bool(has_touches), bool(has_own_clicks))


async def fill(connection: Connection, side: Side, span: Span, table: str) -> Shared:
    """Decide the conversions of `trial_orders`; put their credits, each with its shares, into a new table."""
    raw, walked = f"{table}_raw", f"{table}_walked"
    await connection.execute(
        f"""DROP TABLE IF EXISTS {table}, {raw}, {walked};
            CREATE TEMPORARY TABLE {walked} (customer_id uuid PRIMARY KEY) ON COMMIT DROP"""
    )
    policies = list(policies_in(side, span))
    await _leave_to_the_walk(connection, side, span, walked)
    has_walked = await connection.fetchval(f"SELECT EXISTS (SELECT FROM {walked})")
    reaches = reaching.reaches_of(side, span.starts_at, span.ends_at)
    for n, (policy, starts_at, ends_at) in enumerate(policies):
        qualifying = Qualifying(
            program_id=side.program_id,
            policy=policy,
            starts_at=starts_at,
            ends_at=ends_at,
            reaches=reaches,
            orders="trial_orders" if policy.customers == "new_only" else "conversions",
            has_touches=span.has_touches,
            has_own_clicks=span.has_own_clicks,
            without=walked if has_walked else None,
        )
        await choosing.choose(connection, qualifying, raw, is_new=n == 0)
    if any(policy.binding_months for policy, _, _ in policies):
        await binding.bind(connection, side, policies, raw, walked)
    await walking.walk_into(connection, side, walked, raw)
    return await sharing.share(connection, raw, table)


def policies_in(side: Side, span: Span) -> Iterator[tuple[ProgramPolicy, datetime, datetime]]:
    """Yield the policies in force in a span, each with its part of it."""
    versions = side.policies
    for n, version in enumerate(versions):
        starts_at = span.starts_at if n == 0 else max(span.starts_at, version.recorded_at)
        ends_at = min([span.ends_at, *(later.recorded_at for later in versions[n + 1 :])])
        if starts_at < ends_at:
            yield version.policy, starts_at, ends_at


def decides_alike(one: Side, other: Side, span: Span) -> bool:
    """Tell whether two sides decide every conversion alike, whatever they pay for it."""
    policies = list(policies_in(one, span))
    if policies != list(policies_in(other, span)):
        return False
    if any(policy.binding_months for policy, _, _ in policies) and one.joined != other.joined:
        return False  # a calendar of the terms says until when a sale binds
    both = [reaching.reaches_of(side, span.starts_at, span.ends_at) for side in (one, other)]
    return both[0].columns == both[1].columns


async def _leave_to_the_walk(connection: Connection, side: Side, span: Span, walked: str) -> None:
    """Name the customers that sets cannot decide for.

    They have more touches than the live engine looks at; or, where only new customers count, an earlier
    order that came later than a later one, and may not have been known in time.
    """
    await connection.execute(
        # Steps of so many through the index land on every customer that has more; those alone are counted.
        f"""INSERT INTO {walked}
            WITH RECURSIVE steps AS (
                (SELECT customer_id, click_id FROM identifications ORDER BY customer_id, click_id LIMIT 1)
                UNION ALL
                SELECT i.* FROM steps s CROSS JOIN LATERAL (
                    SELECT customer_id, click_id FROM identifications
                    WHERE (customer_id, click_id) >= (s.customer_id, s.click_id)
                    ORDER BY customer_id, click_id OFFSET {MOST_TOUCHES} LIMIT 1) i)
            SELECT customer_id FROM identifications WHERE customer_id IN (SELECT customer_id FROM steps)
            GROUP BY customer_id HAVING count(*) > {MOST_TOUCHES}
            INTERSECT SELECT customer_id FROM trial_orders"""
    )
    if span.has_touches:
        await connection.execute(
            f"""INSERT INTO {walked} SELECT customer_id FROM touches WHERE conversion_id IS NULL
                GROUP BY customer_id HAVING count(*) > {MOST_TOUCHES}
                INTERSECT SELECT customer_id FROM trial_orders ON CONFLICT DO NOTHING"""
        )
    if any(policy.customers == "new_only" for policy, _, _ in policies_in(side, span)):
        await connection.execute(
            f"""INSERT INTO {walked} SELECT DISTINCT customer_id FROM trial_orders
                WHERE known_since > recorded_at ON CONFLICT DO NOTHING"""
        )
