"""Seal what was recorded: one at a time, whoever asks, only what is committed."""

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules import audit
from partner_network.identity.rules.audit import Seal

RECORDS_MAX = 10_000
"""How many records one seal takes at most; a backlog is sealed in several."""
LOCK = 7_301_975_205  # any number of our own


async def seal_now() -> int:
    """Seal every committed record that waits, and return how many there were."""
    sealed = 0
    while count := await seal_some():
        sealed += count
    return sealed


async def seal_some() -> int:
    """Chain the records that wait, in one seal, and return how many; none while another process seals."""
    async with connections.transaction() as connection:
        # Under the lock each statement sees all that the sealer before us has committed.
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
            return 0
        rows = await connection.fetch(
            """WITH taken AS (DELETE FROM unsealed_audit_records WHERE record_id IN (
                   SELECT record_id FROM unsealed_audit_records ORDER BY record_id LIMIT $1)
                   RETURNING record_id)
               SELECT r.id, r.leaf_hash FROM taken JOIN audit_records r ON r.id = taken.record_id
               ORDER BY r.id""",
            RECORDS_MAX,
        )
        if rows:
            last = await connection.fetchrow("SELECT no, hash FROM audit_seals ORDER BY no DESC LIMIT 1")
            records = [(row["id"], row["leaf_hash"]) for row in rows]
            at = clock.wall_now()
            await _keep(
                connection, audit.next_seal(records, None if last is None else (last["no"], last["hash"]), at)
            )
            await _keep_members(connection, [record_id for record_id, _ in records])
        return len(rows)


async def _keep(connection: Connection, seal: Seal) -> None:
    await connection.execute(
        """INSERT INTO audit_seals (no, first_id, last_id, record_count, root, previous_hash, sealed_at, hash)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        seal.no,
        seal.first_id,
        seal.last_id,
        seal.record_count,
        seal.root,
        seal.previous_hash,
        seal.sealed_at,
        audit.seal_hash(seal),
    )


async def _keep_members(connection: Connection, record_ids: list[int]) -> None:
    await connection.execute(
        """INSERT INTO audit_seal_members (record_id, seal_no, position)
           SELECT m.id, (SELECT max(no) FROM audit_seals), m.n
           FROM unnest($1::bigint[]) WITH ORDINALITY AS m (id, n)""",
        record_ids,
    )
