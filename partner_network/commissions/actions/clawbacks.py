"""Record what is to be given back, and how it ends."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from partner_network.commissions.booking import Change, OpenClawback, Settled
from partner_network.commissions.queries import Stream
from partner_network.database.connections import Connection


async def open_clawbacks(
    connection: Connection, commission_ids: Sequence[int]
) -> dict[int, list[OpenClawback]]:
    """Return by commission what is still due of its clawbacks or was recovered, oldest first."""
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


async def record_clawbacks(
    connection: Connection,
    stream: Stream,
    changes: Sequence[Change],
    transfer_ids: Sequence[tuple[int, ...]],
    now: datetime,
) -> None:
    """Record the clawbacks that changes have booked, each under the charter its commission was priced by."""
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
        """INSERT INTO clawbacks
               (transfer_id, commission_id, amount_minor, contest_until, max_share_ppm, clause)
           SELECT *, 'settlement.clawback' FROM unnest(
               $1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[])""",
        [transfer_id for transfer_id, _, _ in taken],
        [change.commission_id for _, change, _ in taken],
        [change.clawback_minor for _, change, _ in taken],
        [now + timedelta(days=charter.contest_days) for _, _, charter in taken],
        [charter.max_share_ppm for _, _, charter in taken],
    )


async def record_settlements(connection: Connection, settled: Sequence[tuple[Settled, int]]) -> None:
    """Record which parts of clawbacks were restored or returned, each with the transfer that did it."""
    await connection.execute(
        """INSERT INTO clawback_settlements (clawback_id, transfer_id, kind, amount_minor)
           SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[])""",
        [part.clawback_id for part, _ in settled],
        [transfer_id for _, transfer_id in settled],
        [part.kind for part, _ in settled],
        [part.amount_minor for part, _ in settled],
    )
