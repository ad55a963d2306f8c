"""Read the measures of quality that were stored, and who of a cohort came back."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from partner_network.agreements.quality_terms import Quality
from partner_network.commissions.rules import quality
from partner_network.commissions.rules.facts import Measure
from partner_network.commissions.rules.plan import Plan
from partner_network.commissions.rules.quality import Customer, Key
from partner_network.database.connections import Connection


class Due(msgspec.Struct, frozen=True):
    """A rule of a partnership's terms, and a date at which it is to be measured."""

    partnership_id: UUID
    program_id: UUID
    rule: Quality
    on: date
    zone: ZoneInfo


async def stored(connection: Connection, partnership_id: UUID) -> dict[Key, Measure]:
    """Return all measures of a partnership."""
    rows = await connection.fetch(
        """SELECT rule, measured_on, customers, retained FROM quality_measures WHERE partnership_id = $1""",
        partnership_id,
    )
    return {(row["rule"], row["measured_on"]): Measure(**row) for row in rows}


async def partnerships_to_measure(connection: Connection) -> list[UUID]:
    """Return the partnerships that go on and whose signed terms may have a rule of quality."""
    rows = await connection.fetch(
        """SELECT DISTINCT t.partnership_id FROM terms t JOIN partnerships p ON p.id = t.partnership_id
           JOIN agreements g ON g.id = t.agreement_id
           WHERE upper_inf(t.recorded) AND p.status <> 'ended'
               AND position('quality' IN g.terms_toml) > 0 ORDER BY 1"""
    )
    return [row["partnership_id"] for row in rows]


async def due(
    connection: Connection, partnership_id: UUID, program_id: UUID, plan: Plan, until: datetime
) -> list[Due]:
    """Return what is to be measured for orders that occurred until an instant, since the program's first."""
    first_at = await connection.fetchval(
        "SELECT min(occurred_at) FROM conversions WHERE program_id = $1", program_id
    )
    found: dict[Key, Due] = {}
    for n, version in enumerate(plan.versions):
        starts_at = max(first_at or until, version.valid_from or first_at or until)
        later = plan.versions[n + 1].valid_from if n + 1 < len(plan.versions) else None
        for rule in quality.rules_of(version.components.values()):
            for on in quality.dates_between(rule, starts_at, min(later or until, until), version.zone):
                found[rule.name, on] = Due(partnership_id, program_id, rule, on, version.zone)
    return list(found.values())


async def measured(connection: Connection, one: Due) -> Measure:
    """Return what a rule measures at its date, from what was recorded before it alone."""
    cohort = quality.cohort_of(one.rule, one.on, one.zone)
    rows = await connection.fetch(
        _COHORT, one.partnership_id, one.program_id, cohort.starts_at, cohort.ends_at, cohort.known_until
    )
    customers = (Customer(row["first_at"], row["again_at"]) for row in rows)
    return quality.measure(one.rule, one.on, one.zone, customers)


# The first sale as it was known then; who was credited by the decision that stood then; and the next sale
# that had not been refunded in full by then.
_COHORT = """
    SELECT f.occurred_at AS first_at,
        (SELECT min(s.occurred_at) FROM conversions s
         WHERE s.customer_id = f.customer_id AND s.program_id = f.program_id AND s.event = 'sale'
             AND s.recorded_at < $5
             AND (s.occurred_at, s.order_id COLLATE "C") > (f.occurred_at, f.order_id COLLATE "C")
             AND coalesce((SELECT sum(r.net_minor) FROM refunds r
                           WHERE r.conversion_id = s.id AND r.recorded_at < $5 AND NOT EXISTS (
                               SELECT FROM refunds u WHERE u.brand_id = r.brand_id
                                   AND u.cancels = r.refund_id AND u.recorded_at < $5)), -1) < s.net_minor
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
