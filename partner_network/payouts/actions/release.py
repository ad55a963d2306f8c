"""Let a held payout go on, by a person's reason: whatever held it, finance always has a next step."""

from datetime import datetime
from uuid import UUID

from partner_network.commissions.rules import reasons
from partner_network.database import connections, jobs
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.payouts import rules


async def release_payout(payout_id: UUID, *, reason: str, by: Member, now: datetime) -> None:
    """Let a held payout be sent again.

    An attempt that was refused is followed by another under a new key. One without an answer is looked up at
    Stripe first: found, it is the payment; not found, it is given up and another one follows.
    Errors: ForbiddenError; NotFoundError; InvalidError without a reason; ConflictError when nothing holds it.
    """
    permissions.must(by, "manage payouts")
    said = reasons.must_be_said(reason)
    async with connections.transaction(eyes=by.eyes) as connection:
        row = await connection.fetchrow(
            "SELECT held_reason, payee_id, payer_id FROM payouts WHERE id = $1 FOR UPDATE", payout_id
        )
        if row is None:
            raise NotFoundError("There is no such payout; open it from the list of payouts.")
        if row["held_reason"] is None:
            raise ConflictError("Nothing holds this payout any more; look at its page again.")
        await connection.execute(
            """INSERT INTO payout_releases
                   (payout_id, n, attempt_n, held_reason, reason, released_by, released_at)
               SELECT $1, (SELECT count(*) + 1 FROM payout_releases WHERE payout_id = $1),
                   (SELECT coalesce(max(n), 0) FROM payout_attempts WHERE payout_id = $1), $2, $3, $4, $5""",
            payout_id,
            row["held_reason"],
            said,
            by.id,
            now,
        )
        await connection.execute("UPDATE payouts SET held_reason = NULL WHERE id = $1", payout_id)
        await jobs.enqueue(connection, rules.PAY)
        await audit.record(
            connection,
            by,
            "release",
            "payout",
            payout_id,
            brands=[row["payee_id"], row["payer_id"]],
            before={"held_reason": row["held_reason"]},
            after={"reason": said},
        )
