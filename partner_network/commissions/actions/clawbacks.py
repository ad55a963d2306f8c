"""Record what is to be given back, and how it ends."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from partner_network.commissions.actions import telling
from partner_network.commissions.booking import Change, OpenClawback, Settled
from partner_network.commissions.queries import Stream
from partner_network.database.connections import Connection


async def open_clawbacks(
    connection: Connection, commission_ids: Sequence[int]
) -> dict[int, list[OpenClawback]]:
    """Return by commission what is still due of its clawbacks or was recovered, oldest first."""
    if not commission_ids:
        return {}
    rows = await connection.fetch(
        """SELECT transfer_id, commission_id, due_minor, recovered_minor FROM open_clawbacks
           WHERE commission_id = ANY($1::bigint[]) AND due_minor + recovered_minor > 0
           ORDER BY transfer_id""",
        commission_ids,
    )
    found: dict[int, list[OpenClawback]] = {}
    for row in rows:
        found.setdefault(row["commission_id"], []).append(
            OpenClawback(row["transfer_id"], row["due_minor"], row["recovered_minor"])
        )
    return found


# What was recorded since the revision before, the nearest cause first: what concerns the order itself, then
# what concerns all of the partnership. Of refunds on other orders the newest is named; of orders that were
# reported late, one that waits to be accrued now.
_WITH_CAUSES = """
    WITH elsewhere AS MATERIALIZED (
        SELECT f.id, f.reason, f.recorded_at FROM refunds f WHERE f.brand_id = $8
            AND EXISTS (SELECT FROM credits c
                        WHERE c.conversion_id = f.conversion_id AND c.partnership_id = $7)
        ORDER BY f.recorded_at DESC LIMIT 1)
    INSERT INTO clawbacks (transfer_id, commission_id, amount_minor, contest_until, max_share_ppm, clause,
        cause, cause_id, reason)
    SELECT x.transfer_id, x.commission_id, x.amount_minor, x.contest_until, x.max_share_ppm,
        'settlement.clawback', w.cause, w.id, w.reason
    FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[], $5::timestamptz[], $6::bigint[])
        AS x (transfer_id, commission_id, rev, amount_minor, contest_until, max_share_ppm)
    JOIN commissions c ON c.id = x.commission_id
    JOIN commission_revisions p ON p.commission_id = x.commission_id AND p.rev = x.rev - 1
    LEFT JOIN LATERAL (
        SELECT cause, id, reason FROM (
            SELECT 1 AS place, CASE WHEN f.cancels IS NULL THEN 'refund' ELSE 'refund undone' END AS cause,
                f.id, f.reason, f.recorded_at FROM refunds f
                WHERE f.conversion_id = c.conversion_id AND f.recorded_at >= p.recorded_at
            UNION ALL SELECT 2, 'adjustment', a.id, a.reason, a.recorded_at FROM adjustments a
                WHERE a.conversion_id = c.conversion_id AND a.partnership_id = $7 AND a.minor < 0
                    AND a.recorded_at >= p.recorded_at
            UNION ALL SELECT 3, 'attribution', NULL, NULL, d.decided_at FROM current_decisions d
                WHERE d.conversion_id = c.conversion_id AND d.rev > 1 AND d.decided_at >= p.recorded_at
            UNION ALL SELECT 4, 'terms', t.agreement_id, NULL, lower(t.recorded) FROM terms t
                WHERE t.partnership_id = $7 AND lower(t.recorded) > p.recorded_at
            UNION ALL SELECT 5, 'refund elsewhere', e.id, e.reason, e.recorded_at FROM elsewhere e
                WHERE e.recorded_at >= p.recorded_at
            UNION ALL SELECT 6, 'late order', v.id, NULL, v.recorded_at
                FROM unaccrued_conversions u JOIN conversions v ON v.id = u.conversion_id
                WHERE u.partnership_id = $7 AND v.id IS DISTINCT FROM c.conversion_id
                    AND v.recorded_at >= p.recorded_at AND v.occurred_at <= c.earned_at) found
        ORDER BY recorded_at > p.recorded_at DESC, place, recorded_at DESC LIMIT 1) w ON true
"""


async def record_clawbacks(
    connection: Connection,
    stream: Stream,
    changes: Sequence[Change],
    transfer_ids: Sequence[tuple[int, ...]],
    now: datetime,
) -> None:
    """Record the clawbacks that changes have booked, each with its cause and under its charter.

    The charter is that of the terms by which the commission was priced.
    """
    charter_of = {version.key: version.settlement.clawback for version in stream.plan.versions}
    # Terms that an amendment replaced altogether price nothing any more; what they paid comes back under it.
    newest = stream.plan.versions[-1].settlement.clawback
    taken = [
        (transfers[-1], change, charter_of.get(str(change.agreement_id), newest))
        for change, transfers in zip(changes, transfer_ids, strict=True)
        if change.clawback_minor
    ]
    if not taken:
        return
    await connection.execute(
        _WITH_CAUSES,
        [transfer_id for transfer_id, _, _ in taken],
        [change.commission_id for _, change, _ in taken],
        [change.rev for _, change, _ in taken],
        [change.clawback_minor for _, change, _ in taken],
        [now + timedelta(days=charter.contest_days) for _, _, charter in taken],
        [charter.max_share_ppm for _, _, charter in taken],
        stream.partnership_id,
        stream.advertiser_id,
    )
    await telling.tell_clawed_back(connection, [transfer_id for transfer_id, _, _ in taken], now)


async def record_settlements(connection: Connection, settled: Sequence[tuple[Settled, int]]) -> None:
    """Record what became of which parts of clawbacks, each with the transfer that did it."""
    if not settled:
        return
    await connection.execute(
        """INSERT INTO clawback_settlements (clawback_id, transfer_id, kind, amount_minor)
           SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[])""",
        [part.clawback_id for part, _ in settled],
        [transfer_id for _, transfer_id in settled],
        [part.kind for part, _ in settled],
        [part.amount_minor for part, _ in settled],
    )
