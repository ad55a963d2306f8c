"""Move commissions from pending to payable when their hold and lock are over."""

from datetime import datetime
from uuid import UUID

from partner_network.commissions import booking
from partner_network.commissions.actions.accrue import stream_lock
from partner_network.commissions.booking import Owed
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel.errors import ConflictError
from partner_network.ledger import actions as ledger


async def mature_due(now: datetime) -> int:
    """Mature every commission whose day has come and return how many; idempotent, safe with several workers.

    Errors: ConflictError for a stream that facts have changed and nobody has computed yet.
    Source: MONEY section 2: the later of hold and lock; at once if that is past.
    """
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT DISTINCT partnership_id FROM commissions
               WHERE matured_at IS NULL AND matures_at <= $1 ORDER BY 1""",
            now,
        )
    matured = 0
    for row in rows:
        async with connections.transaction() as connection:
            matured += await _mature_stream(connection, row["partnership_id"], now)
    return matured


async def _mature_stream(connection: Connection, partnership_id: UUID, now: datetime) -> int:
    # Under the stream's lock no accrual can change a target between reading and moving it.
    await connections.lock_all(connection, stream_lock(partnership_id))
    if await connection.fetchval(
        """SELECT EXISTS (SELECT FROM unaccrued_conversions u JOIN conversions v ON v.id = u.conversion_id
                          WHERE u.partnership_id = $1 AND v.recorded_at < $2)""",
        partnership_id,
        now,
    ):
        raise ConflictError("Facts of this partnership are not accrued yet; mature it again after that.")
    rows = await connection.fetch(
        """SELECT c.id, c.partner_id, c.advertiser_id, c.currency, r.target_minor, r.clause,
               greatest(c.matures_at, r.recorded_at) AS effective_at
           FROM commissions c JOIN LATERAL (
               SELECT target_minor, clause, recorded_at FROM commission_revisions
               WHERE commission_id = c.id ORDER BY rev DESC LIMIT 1) r ON true
           WHERE c.partnership_id = $1 AND c.matured_at IS NULL AND c.matures_at <= $2 ORDER BY c.id""",
        partnership_id,
        now,
    )
    if not rows:
        return 0
    owed = Owed(rows[0]["partner_id"], rows[0]["advertiser_id"], rows[0]["currency"])
    moves = [(r["id"], r["target_minor"], r["effective_at"], r["clause"]) for r in rows if r["target_minor"]]
    await ledger.post(connection, booking.maturity_entries(moves, owed), recorded_at=now)
    await connection.execute(
        """UPDATE commissions c SET matured_at = m.at
           FROM unnest($1::bigint[], $2::timestamptz[]) AS m (id, at) WHERE c.id = m.id""",
        [row["id"] for row in rows],
        [row["effective_at"] for row in rows],
    )
    return len(rows)
