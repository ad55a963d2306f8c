"""Read the measures of quality that were stored, and who of a cohort came back."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from partner_network.agreements import terms_reading
from partner_network.agreements.quality_terms import Quality
from partner_network.commissions.rules import quality
from partner_network.commissions.rules.facts import Measure
from partner_network.commissions.rules.quality import Customer, Key
from partner_network.database.connections import Connection
from partner_network.kernel import periods


class Ruled(msgspec.Struct, frozen=True):
    """A rule of quality in a partnership's terms, and the span of instants whose orders go by it."""

    partnership_id: UUID
    program_id: UUID
    rule: Quality
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime


async def stored(connection: Connection, partnership_id: UUID) -> dict[Key, Measure]:
    """Return all measures of a partnership."""
    rows = await connection.fetch(
        """SELECT rule, measured_on, customers, retained FROM quality_measures WHERE partnership_id = $1""",
        partnership_id,
    )
    return {(row["rule"], row["measured_on"]): Measure(**row) for row in rows}


async def ruled(connection: Connection, now: datetime) -> list[Ruled]:
    """Return every rule of quality in signed terms, with since when and until when its orders may occur.

    Nothing is measured for a time before the program's first conversion, or after the run-off of an end.
    """
    rows = await connection.fetch(
        """SELECT p.id, p.program_id, lower(t.valid) AS starts_at, upper(t.valid) AS ends_at, g.terms_toml,
               p.ended_at, (SELECT min(v.occurred_at) FROM conversions v WHERE v.program_id = p.program_id)
                   AS first_at,
               row_number() OVER (PARTITION BY p.id ORDER BY lower(t.valid) DESC NULLS LAST) = 1 AS is_last
           FROM terms t JOIN partnerships p ON p.id = t.partnership_id
           JOIN agreements g ON g.id = t.agreement_id
           WHERE upper_inf(t.recorded) AND position('quality' IN g.terms_toml) > 0 ORDER BY p.id""",
    )
    found: list[Ruled] = []
    for row in rows:
        terms = terms_reading.read_terms(row["terms_toml"])
        zone = periods.zone_named(terms.settlement.time_zone)
        starts_at = max(at for at in (row["starts_at"], row["first_at"] or now) if at is not None)
        ends_at = row["ends_at"]
        if row["is_last"]:  # the last terms still price what comes after the end, while the run-off lasts
            ends_at = row["ended_at"] and row["ended_at"] + timedelta(days=terms.windows.run_off_days)
        found += [
            Ruled(row["id"], row["program_id"], rule, zone, starts_at, min(now, ends_at or now))
            for rule in terms.commission.quality_rules
        ]
    return found


async def measured(connection: Connection, one: Ruled, on: date) -> Measure:
    """Return what a rule measures of its partnership at a date, from what was recorded before it alone."""
    cohort = quality.cohort_of(one.rule, on, one.zone)
    rows = await connection.fetch(
        _COHORT, one.partnership_id, one.program_id, cohort.starts_at, cohort.ends_at, cohort.known_until
    )
    customers = (Customer(row["first_at"], row["again_at"]) for row in rows)
    return quality.measure(one.rule, on, one.zone, customers)


# The first sale as it was known then; who was credited by the decision that stood then; and the next sale
# that had not been refunded in full by then.
_COHORT = """
    SELECT f.occurred_at AS first_at,
        (SELECT min(s.occurred_at) FROM conversions s
         WHERE s.customer_id = f.customer_id AND s.program_id = f.program_id AND s.event = 'sale'
             AND s.recorded_at < $5
             AND (s.occurred_at, s.order_id COLLATE "C") > (f.occurred_at, f.order_id COLLATE "C")
             AND coalesce((SELECT sum(r.net_minor) FROM refunds r
                           WHERE r.conversion_id = s.id AND r.recorded_at < $5), -1) < s.net_minor
        ) AS again_at
    FROM conversions f
    WHERE f.program_id = $2 AND f.event = 'sale' AND f.occurred_at >= $3 AND f.occurred_at < $4
        AND f.recorded_at < $5
        AND NOT EXISTS (SELECT FROM conversions e
            WHERE e.customer_id = f.customer_id AND e.program_id = f.program_id AND e.event = 'sale'
                AND e.recorded_at < $5
                AND (e.occurred_at, e.order_id COLLATE "C") < (f.occurred_at, f.order_id COLLATE "C"))
        AND EXISTS (SELECT FROM decisions d JOIN credits c USING (conversion_id, rev)
            WHERE d.conversion_id = f.id AND c.partnership_id = $1 AND d.decided_at < $5
                AND NOT EXISTS (SELECT FROM decisions later WHERE later.conversion_id = d.conversion_id
                                    AND later.previous_rev = d.rev AND later.decided_at < $5))
"""


def dates_of(one: Ruled) -> Iterator[date]:
    """Yield the dates at which a rule is measured for the orders of its span."""
    at = one.starts_at
    while at < one.ends_at:
        yield quality.date_of(one.rule, at, one.zone)
        at = periods.period_of(at, one.rule.period, one.zone).ends_at
