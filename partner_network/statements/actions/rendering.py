"""Ask the worker for documents: of statements that are final, and of invoices that something kept back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.statements import rules
from partner_network.statements.rules import BillBrand, RenderStatement


async def ask_for_carried(connection: Connection, statement_ids: Sequence[UUID]) -> None:
    """Ask for the documents of new statements that are carried: nobody signs them, they are final."""
    rows = await connection.fetch(
        "SELECT id FROM statements WHERE id = ANY($1::uuid[]) AND carried_reason IS NOT NULL ORDER BY id",
        statement_ids,
    )
    for row in rows:
        await jobs.enqueue(connection, rules.RENDER, RenderStatement(row["id"]))


async def ask_for_missing(connection: Connection) -> None:
    """Ask for the documents of statements that are final and have none, unless they are asked for already.

    Such are those that were carried before carried statements had documents. A job that failed waits for
    people; it is not asked for again beside them.
    """
    rows = await connection.fetch(
        """SELECT s.id FROM statements s
           WHERE (s.carried_reason IS NOT NULL
                  OR EXISTS (SELECT FROM statement_approvals a WHERE a.statement_id = s.id))
               AND NOT EXISTS (SELECT FROM statement_documents d
                               WHERE d.statement_id = s.id AND d.kind = 'pdf')
           ORDER BY s.id"""
    )
    queued = await connection.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = $1", rules.RENDER)
    asked = {msgspec.json.decode(row["payload"], type=RenderStatement).statement_id for row in queued}
    for row in rows:
        if row["id"] not in asked:
            await jobs.enqueue(connection, rules.RENDER, RenderStatement(row["id"]))


async def ask_once_in_force(connection: Connection, job: BillBrand, now: datetime) -> None:
    """Ask for the invoices of a brand when the profile that they wait for holds."""
    after = None if job.holds_at is None else clock.wait_until(job.holds_at, since=now)
    await jobs.enqueue(connection, rules.BILL, job, after=after)


async def ask_for_invoices(connection: Connection, brand_id: UUID) -> None:
    """Ask again for the invoices that something of this brand may have kept back.

    Every final statement is asked for, whether it has documents yet or not: of one that is being rendered now
    nobody knows whether its invoice was decided before the change or after it.
    """
    rows = await connection.fetch(
        """SELECT s.id FROM statements s
           WHERE $1 IN (s.payee_id, s.payer_id)
               AND (s.carried_reason IS NOT NULL
                    OR EXISTS (SELECT FROM statement_approvals a WHERE a.statement_id = s.id))
               AND NOT EXISTS (SELECT FROM statement_documents d
                               WHERE d.statement_id = s.id AND d.kind = 'invoice')
           ORDER BY s.id""",
        brand_id,
    )
    for row in rows:
        await jobs.enqueue(connection, rules.RENDER, RenderStatement(row["id"]))
