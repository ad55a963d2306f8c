"""Grant perks to partners who reached what they are for, and end those whose orders were refunded."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from partner_network.commissions import span_queries as spans
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import ids, periods
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.kernel.periods import Period
from partner_network.rewards import fact_queries, perk_queries
from partner_network.rewards.fact_queries import Rewarding
from partner_network.rewards.perk_queries import Entitled
from partner_network.rewards.rules import perks
from partner_network.rewards.rules.perks import Counted, PerkKey, Reached

log = structlog.get_logger()


async def ask(connection: Connection, rewarding: Rewarding, instants: Iterable[datetime]) -> None:
    """Put up the periods whose perks orders at those instants may change."""
    touched = perks.periods_touched(instants, rewarding.stream.plan, rewarding.rewards)
    await connection.execute(
        """INSERT INTO unmeasured_perks AS u (partnership_id, kind, starts_at)
           SELECT $1, * FROM unnest($2::text[], $3::timestamptz[]) ORDER BY 2, 3
           ON CONFLICT (partnership_id, kind, starts_at) DO UPDATE SET kind = u.kind""",
        rewarding.stream.partnership_id,
        [period.kind for period in touched],
        [period.starts_at for period in touched],
    )


async def entitle_pending(now: datetime) -> int:
    """Look at every period that waits; return how many perks were granted or ended.

    Idempotent. A partnership whose facts cannot be computed is left out and named in the log.
    """
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT DISTINCT partnership_id FROM unmeasured_perks ORDER BY 1")
    changed = 0
    for row in rows:
        try:
            async with connections.transaction() as connection:
                changed += await _entitle(connection, row["partnership_id"], now)
        except (ConflictError, InvalidError) as error:
            log.warning("perks left out", partnership=str(row["partnership_id"]), why=error.detail)
    return changed


async def _entitle(connection: Connection, partnership_id: UUID, now: datetime) -> int:
    await connections.lock_all(connection, f"perks:{partnership_id}")
    rows = await connection.fetch(
        """DELETE FROM unmeasured_perks WHERE partnership_id = $1 RETURNING kind, starts_at""", partnership_id
    )
    rewarding = await fact_queries.rewarding(connection, partnership_id)
    zone = rewarding.stream.plan.versions[0].zone
    changed = 0
    for row in rows:
        period = periods.period_of(row["starts_at"], row["kind"], zone)
        reached = await reached_in(connection, rewarding, period)
        standing = await perk_queries.of_period(connection, partnership_id, period.label)
        changed += await _grant(connection, rewarding, reached, standing, now)
        changed += await _end(connection, reached, standing, now)
    return changed


async def reached_in(
    connection: Connection, rewarding: Rewarding, period: Period
) -> Mapping[PerkKey, Reached]:
    """Return the perks that the orders of a period reach."""
    facts = await spans.orders_between(
        connection, rewarding.stream, period.starts_at, period.ends_at, history="none"
    )
    counted = [Counted(fact.conversion_id, fact.order) for fact in facts]
    found = perks.perks_of(counted, rewarding.stream.plan, rewarding.rewards)
    return {key: one for key, one in found.items() if key[2] == period.label}


async def _grant(
    connection: Connection,
    rewarding: Rewarding,
    reached: Mapping[PerkKey, Reached],
    standing: Sequence[Entitled],
    now: datetime,
) -> int:
    holding = {one.key for one in standing if one.ended_at is None}
    new = [one for key, one in reached.items() if key not in holding]
    await connection.execute(
        """INSERT INTO entitlements (partnership_id, advertiser_id, partner_id, recorded_at, id, agreement_id,
               reward, period, n, perk, conversion_id, reached, granted_at, ends_at, clause)
           SELECT $1, $2, $3, $4, * FROM unnest($5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::int[],
               $10::text[], $11::uuid[], $12::bigint[], $13::timestamptz[], $14::timestamptz[],
               $15::text[])""",
        rewarding.stream.partnership_id,
        rewarding.stream.advertiser_id,
        rewarding.stream.partner_id,
        now,
        [ids.new_id(now) for _ in new],
        [UUID(one.key[0]) for one in new],
        [one.key[1] for one in new],
        [one.key[2] for one in new],
        [1 + sum(old.key == one.key for old in standing) for one in new],
        [one.perk for one in new],
        [one.conversion_id for one in new],
        [one.reached for one in new],
        [one.granted_at for one in new],
        [one.ends_at for one in new],
        [one.clause for one in new],
    )
    return len(new)


async def _end(
    connection: Connection,
    reached: Mapping[PerkKey, Reached],
    standing: Sequence[Entitled],
    now: datetime,
) -> int:
    lost = [one.id for one in standing if one.ended_at is None and one.key not in reached]
    await connection.execute(
        "INSERT INTO entitlement_ends (entitlement_id, ended_at) SELECT *, $2 FROM unnest($1::uuid[])",
        lost,
        now,
    )
    return len(lost)
