"""Pause the programs of advertisers who leave approved statements unfunded, and let them go on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import ids, periods
from partner_network.kernel.money import Money
from partner_network.notifications.actions import tell
from partner_network.notifications.rules.values import Value
from partner_network.payouts import queries
from partner_network.payouts.queries import Fundable
from partner_network.statements import approval_queries
from partner_network.statements import queries as statement_queries
from partner_network.statements.queries import Statement

DAYS_WITHOUT_CLAUSE = 14
"""How long an approved statement may wait under a contract that fixes no days."""


async def pause_unfunded(now: datetime) -> None:
    """Pause what is overdue and let go on what is funded again; everybody concerned is told once.

    Idempotent. A pause stops invitations; links lead on, orders count and what was earned stays owed, since
    no clause takes it away.
    """
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT s.payer_id, s.currency FROM statements s
               JOIN statement_approvals a ON a.statement_id = s.id
               WHERE NOT EXISTS (SELECT FROM payouts o WHERE o.statement_id = s.id)
               UNION SELECT g.brand_id, s.currency FROM program_pauses z
               JOIN programs g ON g.id = z.program_id JOIN statements s ON s.id = z.statement_id
               WHERE z.ended_at IS NULL ORDER BY 1, 2"""
        )
        overdue: dict[UUID, list[Fundable]] = {}
        for row in rows:
            waiting = await queries.fundable_statements(connection, row["payer_id"], row["currency"])
            late = [one for one in waiting if await _due_at(connection, one.statement) <= now]
            overdue.setdefault(row["payer_id"], []).extend(late)
    for payer_id, late in overdue.items():
        async with connections.transaction() as connection:
            # Two workers would both find nothing paused.
            await connections.lock_all(connection, f"unfunded:{payer_id}")
            if late:
                await _pause(connection, payer_id, late, now)
            else:
                await _go_on(connection, payer_id, now)


async def _due_at(connection: Connection, statement: Statement) -> datetime:
    """Return when the last day ends on which a statement could be funded in time, in the agreement's zone."""
    contract = await approval_queries.contract_of(connection, statement)
    figure = None if contract is None else contract.figures.get("funding_days")
    days = DAYS_WITHOUT_CLAUSE if figure is None else figure.value
    pair = (statement.payer_id, statement.payee_id, statement.currency)
    (settlement,) = await statement_queries.settlements_of(connection, [pair], at=statement.closed_at)
    zone = periods.zone_named(settlement.time_zone)
    approved_on = (statement.approved_at or statement.closed_at).astimezone(zone).date()
    return periods.midnight(approved_on + timedelta(days=days + 1), zone)


async def _pause(connection: Connection, payer_id: UUID, late: Sequence[Fundable], now: datetime) -> None:
    oldest = late[0].statement
    programs = await connection.fetch(
        """SELECT g.id, g.name, b.name AS advertiser FROM programs g JOIN brands b ON b.id = g.brand_id
           WHERE g.brand_id = $1 AND NOT EXISTS (
               SELECT FROM program_pauses z WHERE z.program_id = g.id AND z.ended_at IS NULL)
           ORDER BY g.id""",
        payer_id,
    )
    for program in programs:
        pause_id = ids.new_id(now)
        await connection.execute(
            "INSERT INTO program_pauses (id, program_id, statement_id, began_at) VALUES ($1, $2, $3, $4)",
            pause_id,
            program["id"],
            oldest.id,
            now,
        )
        said: dict[str, Value] = {"program": program["name"], "advertiser": program["advertiser"]}
        await _tell_partners(connection, "program-unfunded", (pause_id, program["id"]), said, now)
        amount = Money(sum(one.amount_minor for one in late), oldest.currency)
        own: dict[str, Value] = {**said, "amount": amount, "number": oldest.number}
        await tell.notify(
            connection, "program-must-be-funded", pause_id, tell.brand(payer_id), said=own, at=now
        )


async def _go_on(connection: Connection, payer_id: UUID, now: datetime) -> None:
    ended = await connection.fetch(
        """UPDATE program_pauses z SET ended_at = $2 FROM programs g JOIN brands b ON b.id = g.brand_id
           WHERE g.id = z.program_id AND g.brand_id = $1 AND z.ended_at IS NULL
           RETURNING z.id, z.program_id, g.name, b.name AS advertiser""",
        payer_id,
        now,
    )
    for pause in ended:
        said: dict[str, Value] = {"program": pause["name"], "advertiser": pause["advertiser"]}
        kind = "program-funded-again"
        await _tell_partners(connection, kind, (pause["id"], pause["program_id"]), said, now)
        await tell.notify(connection, kind, pause["id"], tell.brand(payer_id), said=said, at=now)


async def _tell_partners(
    connection: Connection, kind: str, pause: tuple[UUID, UUID], said: dict[str, Value], now: datetime
) -> None:
    pause_id, program_id = pause
    partners = await connection.fetch(
        """SELECT partner_id FROM partnerships WHERE program_id = $1 AND status IN ('active', 'paused')
           ORDER BY partner_id""",
        program_id,
    )
    to = (*(tell.brand(row["partner_id"]) for row in partners), tell.OPERATOR)
    await tell.notify(connection, kind, pause_id, *to, said=said, at=now)
