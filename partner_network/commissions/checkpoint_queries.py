"""Read, keep and drop what the orders of a stream's spans have been summed up to."""

import hashlib
from datetime import datetime
from uuid import UUID

from partner_network.commissions.queries import Stream
from partner_network.commissions.rules import checkpoints
from partner_network.commissions.rules.facts import Checkpoint
from partner_network.commissions.rules.plan import Plan
from partner_network.commissions.rules.span import Span
from partner_network.database.connections import Connection

FORM = "1"
"""Of what is summed up: a checkpoint of another form is not read."""


def terms_key(plan: Plan) -> str:
    """Return what a checkpoint holds for: these versions, each from its instant on, and this form of it."""
    said = [FORM, *(f"{version.key} {version.valid_from}" for version in plan.versions)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


async def checkpoint_of(connection: Connection, stream: Stream, span: Span) -> Checkpoint | None:
    """Return where a span of a stream stands, if that is known for the terms that hold now."""
    row = await connection.fetchrow(
        """SELECT last_at, last_order, state FROM stream_checkpoints
           WHERE partnership_id = $1 AND starts_at = $2 AND ends_at = $3 AND terms_key = $4""",
        stream.partnership_id,
        span.starts_at,
        span.ends_at,
        terms_key(stream.plan),
    )
    if row is None:
        return None
    return checkpoints.from_json(row["last_at"], row["last_order"], row["state"])


async def keep(
    connection: Connection, stream: Stream, span: Span, checkpoint: Checkpoint, now: datetime
) -> None:
    """Keep where a span stands, in the transaction that books it; the caller holds the stream's lock."""
    await connection.execute(
        """INSERT INTO stream_checkpoints
               (partnership_id, starts_at, ends_at, terms_key, last_at, last_order, state, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           ON CONFLICT (partnership_id, starts_at) DO UPDATE SET ends_at = excluded.ends_at,
               terms_key = excluded.terms_key, last_at = excluded.last_at, state = excluded.state,
               last_order = excluded.last_order, recorded_at = excluded.recorded_at""",
        stream.partnership_id,
        span.starts_at,
        span.ends_at,
        terms_key(stream.plan),
        checkpoint.last_at,
        checkpoint.last_id,
        checkpoints.to_json(checkpoint),
        now,
    )


async def drop(connection: Connection, partnership_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
    """Drop what is known of all spans that reach into this one: its orders have changed."""
    await connection.execute(
        """DELETE FROM stream_checkpoints
           WHERE partnership_id = $1 AND starts_at < $3 AND ends_at > $2""",
        partnership_id,
        starts_at,
        ends_at,
    )
