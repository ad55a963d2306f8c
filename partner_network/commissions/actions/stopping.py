"""Keep what a stream cannot go on for, until it goes through again."""

from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from partner_network.commissions import leaving_out
from partner_network.commissions.rules.unpriceable import UnpriceableError
from partner_network.database import connections

REFUSALS = (*leaving_out.REFUSALS, asyncpg.DataError)
"""What stops one stream alone: terms, facts or figures that cannot be; anything else is a fault of ours."""
_log = structlog.get_logger()


async def stop(partnership_id: UUID, refusal: Exception, now: datetime) -> None:
    """Store why a stream was not booked, for the operator to see; it is tried again with every run.

    The agreement is the one that the refusal names, else the newest in force.
    """
    said = leaving_out.left_out(str(partnership_id), refusal)
    named = refusal if isinstance(refusal, UnpriceableError) else None
    async with connections.transaction() as connection:
        await connection.execute(
            """INSERT INTO stopped_streams AS s
                   (partnership_id, agreement_id, clause, sentence, since, tried_at)
               SELECT $1, coalesce($2, (SELECT t.agreement_id FROM terms t WHERE t.partnership_id = $1
                       AND upper_inf(t.recorded) ORDER BY lower(t.valid) DESC NULLS LAST LIMIT 1)),
                   $3, $4, $5, $5
               WHERE EXISTS (SELECT FROM unaccrued_conversions WHERE partnership_id = $1)
               ON CONFLICT (partnership_id) DO UPDATE SET agreement_id = excluded.agreement_id,
                   clause = excluded.clause, sentence = excluded.sentence,
                   tried_at = greatest(s.since, excluded.tried_at)""",
            partnership_id,
            None if named is None else UUID(named.version),
            "settlement" if named is None else named.clause,
            str(said.reason),
            now,
        )
    await _log.awarning("stream stopped", partnership=str(partnership_id), reason=str(said.reason))
