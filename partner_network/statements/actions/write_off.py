"""Propose that the network bears what nothing recovers of a clawback, and decide it: two people."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from partner_network.commissions.rules import reasons
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.audit import Verb
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError, NotFoundError
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.statements import lapsing
from partner_network.statements.actions import telling

Decision = Literal["approved", "declined", "withdrawn"]
_CLAWBACK_MAX = 2**63 - 1
_NO_SUCH = Sentence("There is no such clawback; open it from the list of what is due.")
_VERB: dict[Decision, Verb] = {"approved": "approve", "declined": "decline", "withdrawn": "withdraw"}


async def propose_write_off(clawback_id: int, *, reason: str, by: Member, now: datetime) -> UUID:
    """Propose that the network bears what is left of a clawback at the end of its partnership.

    Until another person decides, it does not lapse. Statements go on recovering it meanwhile.
    Errors: ForbiddenError; InvalidError without a reason; NotFoundError; ConflictError when nothing is due
        of it, or it is proposed or approved already.
    """
    permissions.must(by, "manage payouts")
    said = reasons.must_be_said(reason)
    async with connections.transaction(eyes="operator") as connection:
        about = await _read(connection, clawback_id)
        if about["due_minor"] == 0:
            raise ConflictError("Nothing is due of this clawback any more; look at the list again.")
        if about["status"] is not None:
            raise ConflictError("A write-off of this clawback is proposed already; look at the list again.")
        write_off_id = ids.new_id(now)
        await connection.execute(
            """INSERT INTO write_offs (id, clawback_id, limit_minor, reason, proposed_by, proposed_at, status)
               VALUES ($1, $2, $3, $4, $5, $6, 'proposed')""",
            write_off_id,
            clawback_id,
            about["due_minor"],
            said,
            by.id,
            now,
        )
        await _record(connection, by, "ask for", about, {"limit_minor": about["due_minor"], "reason": said})
        amount = Money(about["due_minor"], about["currency"])
        told = {
            "amount": amount,
            "advertiser": about["advertiser"],
            "partner": about["partner"],
            "proposer": by.name,
            "reason": said,
        }
        await telling.tell_proposed(connection, write_off_id, told, by, now)
    return write_off_id


async def decide_write_off(
    clawback_id: int, decision: Decision, *, reason: str, by: Member, now: datetime
) -> None:
    """Approve what another person proposed, so that it is booked at the end; decline it; withdraw one's own.

    Errors: ForbiddenError, also for whoever proposed it and decides it, or withdraws another's; InvalidError
        without a reason; NotFoundError; ConflictError when nothing waits to be decided.
    """
    permissions.must(by, "manage payouts")
    said = reasons.must_be_said(reason)
    async with connections.transaction(eyes="operator") as connection:
        about = await _read(connection, clawback_id)
        if about["status"] != "proposed":
            raise ConflictError("No write-off of this clawback waits for a decision; look at the list again.")
        is_own = about["proposed_by"] == by.id
        if is_own and decision != "withdrawn":
            raise ForbiddenError(
                "Whoever proposed a write-off cannot decide it; withdraw it, or let another person decide."
            )
        if decision == "withdrawn" and not is_own:
            raise ForbiddenError(
                "Another person proposed this write-off; decline it in place of withdrawing it."
            )
        await connection.execute(
            """UPDATE write_offs SET status = $2, decided_by = $3, decided_at = $4, decided_reason = $5
               WHERE clawback_id = $1 AND status = 'proposed'""",
            clawback_id,
            decision,
            by.id,
            now,
            said,
        )
        await _record(connection, by, _VERB[decision], about, {"status": decision, "reason": said})


async def _read(connection: Connection, clawback_id: int) -> asyncpg.Record:
    if not 0 < clawback_id <= _CLAWBACK_MAX:
        raise NotFoundError(_NO_SUCH)
    # Two people at one instant: the second waits, and sees what the first did.
    await connections.lock_all(connection, lapsing.lock_of(clawback_id))
    row = await connection.fetchrow(
        """SELECT o.transfer_id AS clawback_id, o.due_minor, u.currency, p.name AS partner,
               a.name AS advertiser, w.status, w.proposed_by
           FROM open_clawbacks o JOIN ledger_transfers t ON t.id = o.transfer_id
           JOIN ledger_accounts u ON u.id = t.debit_account_id
           JOIN brands p ON p.id = u.holder_id JOIN brands a ON a.id = u.counterparty_id
           LEFT JOIN write_offs w ON w.clawback_id = o.transfer_id AND w.status IN ('proposed', 'approved')
           WHERE o.transfer_id = $1""",
        clawback_id,
    )
    if row is None:
        raise NotFoundError(_NO_SUCH)
    return row


async def _record(
    connection: Connection, by: Member, verb: Verb, about: asyncpg.Record, after: dict[str, object]
) -> None:
    # Neither brand reads what is only thought about: both are told what came of it in the end.
    await audit.record(connection, by, verb, "write-off", about["clawback_id"], after=after)
