"""Read which conversions wait for a decision, without ever reading all of them.

Work lists fill and empty all the time, so the planner's statistics of them are never right. `OFFSET 0` keeps
it from turning a look-up for each row into a pass over the whole table.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from partner_network.attribution.cases import Case, Customer
from partner_network.conversions.queries import DECISION_LOCK
from partner_network.database.connections import Connection

TOUCHES_A_BATCH = 200_000
"""About 200 MB of them."""
PLACES = """unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[])
    WITH ORDINALITY AS w (customer_id, program_id, at, order_id, event, n)"""
"""The columns of `places`, as a table."""
EARLIER = """c.customer_id = w.customer_id AND c.program_id = w.program_id AND c.occurred_at <= w.at
    AND (c.occurred_at, c.order_id COLLATE "C", c.event) < (w.at, w.order_id COLLATE "C", w.event)"""
"""Whether a conversion stands before a place among the same customer's; the index finds it by the instant."""
LATER = EARLIER.replace("<", ">")

CASE = """c.id, c.program_id, c.customer_id, c.event, c.order_id, c.occurred_at, c.recorded_at, c.click_id,
    c.currency, c.net_minor, (SELECT encode(r.pseudonym, 'hex') FROM customers r WHERE r.id = c.customer_id)
    AS customer_pseudonym, EXISTS (SELECT FROM decisions d WHERE d.conversion_id = c.id) AS was_decided"""
"""The columns of a `Case`, of conversions `c`."""


_PREFER_INDEXES = """set_config('plan_cache_mode', 'force_generic_plan', true),
    (SELECT count(set_config(name, 'off', true))
     FROM unnest('{enable_seqscan,enable_hashjoin,enable_mergejoin,jit}'::text[]) AS name)"""
"""Keeps a transaction's plans to index look-ups: nothing here may cost more with every month.

Such plans serve one conversion and thousands alike, so each is made once per connection.
"""


async def prefer_indexes(connection: Connection) -> None:
    """Keep what this transaction asks from here on to index look-ups."""
    await connection.execute(f"SELECT {_PREFER_INDEXES}")


async def lock_programs_waiting(connection: Connection) -> list[UUID]:
    """Lock and return the programs that have undecided conversions; from here on, prefer indexes.

    All at once, since a live order waits for each answer; in the order of `connections.lock_all`.
    """
    rows = await connection.fetch(
        f"""SELECT w.program_id, pg_advisory_xact_lock(hashtextextended($1 || w.program_id, 0)),
                {_PREFER_INDEXES}
            FROM (SELECT DISTINCT c.program_id FROM undecided_conversions u CROSS JOIN LATERAL (
                      SELECT program_id FROM conversions WHERE id = u.conversion_id OFFSET 0) c
                  ORDER BY 1) w""",
        DECISION_LOCK,
    )
    return [row["program_id"] for row in rows]


async def take_waiting(connection: Connection, program_ids: Sequence[UUID], limit: int) -> list[Case]:
    """Lock and return the first undecided conversions of programs, in canonical order.

    Whoever is about to put one of them back is waited for, and what they stored is seen from then on.
    Fewer are returned where their customers have too many touches to be held in memory at once.
    """
    rows = await connection.fetch(
        f"""SELECT {CASE} FROM undecided_conversions u CROSS JOIN LATERAL (
                SELECT * FROM conversions WHERE id = u.conversion_id OFFSET 0) c
            WHERE c.program_id = ANY($1::uuid[])
            ORDER BY c.occurred_at, c.order_id COLLATE "C", c.event LIMIT $2 FOR UPDATE OF u""",
        program_ids,
        limit,
    )
    return await _borne(connection, [Case(**row) for row in rows])


async def _borne(connection: Connection, cases: Sequence[Case]) -> list[Case]:
    """Return the first of these cases whose touches one batch can hold in memory; one case in any event.

    A customer's touches of all times are counted, which is enough to tell whoever has far too many.
    """
    if len(cases) <= 1:
        return list(cases)
    rows = await connection.fetch(
        """SELECT w.id, (SELECT count(*) FROM (SELECT FROM identifications WHERE customer_id = w.id
                             LIMIT $2) i)
                   + (SELECT count(*) FROM (SELECT FROM touches
                             WHERE customer_id = w.id AND conversion_id IS NULL LIMIT $2) t) AS touches
           FROM (SELECT DISTINCT unnest($1::uuid[])) AS w (id)""",
        [case.customer_id for case in cases],
        TOUCHES_A_BATCH,
    )
    touches_of = {row["id"]: row["touches"] for row in rows}
    room = TOUCHES_A_BATCH
    for n, case in enumerate(cases):
        room -= touches_of[case.customer_id]
        if room < 0:
            return list(cases[: max(n, 1)])
    return list(cases)


async def followers_of(connection: Connection, cases: Iterable[Case]) -> list[Case]:
    """Return the decided conversions that stand after the first of these among their customers'."""
    first: dict[Customer, Case] = {}
    for case in cases:
        first.setdefault(case.customer, case)
    rows = await connection.fetch(
        f"""SELECT {CASE} FROM {PLACES} CROSS JOIN LATERAL (
                SELECT * FROM conversions c WHERE {LATER} OFFSET 0) c
            WHERE EXISTS (SELECT FROM decisions d WHERE d.conversion_id = c.id OFFSET 0)
                AND NOT EXISTS (SELECT FROM undecided_conversions u WHERE u.conversion_id = c.id OFFSET 0)""",
        *places(list(first.values())),
    )
    return [Case(**row) for row in rows]


def places(cases: Sequence[Case]) -> tuple[list[object], ...]:
    """Return the columns that say among whose conversions these stand, and where."""
    return (
        [case.customer_id for case in cases],
        [case.program_id for case in cases],
        [case.occurred_at for case in cases],
        [case.order_id for case in cases],
        [case.event for case in cases],
    )
