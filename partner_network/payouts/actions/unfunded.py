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


async def pause_unfunded(now: datetime) -> None:
    """Pause what is overdue and let go on what is funded again; everybody concerned is told once.

    Idempotent. A pause stops invitations; links lead on, orders count and what was earned stays owed, since
    no clause takes it away.
    """
    async with connections.transaction() as connection:
        overdue = await _overdue(connection, now)
        paused = await connection.fetch(
            """SELECT DISTINCT g.brand_id FROM program_pauses z JOIN programs g ON g.id = z.program_id
               WHERE z.ended_at IS NULL ORDER BY 1"""
        )
    for row in paused:
        overdue.setdefault(row["brand_id"], [])
    for payer_id, late in overdue.items():
        async with connections.transaction() as connection:
            # Two workers would both find nothing paused.
            await connections.lock_all(connection, f"unfunded:{payer_id}")
            if late:
                await _pause(connection, payer_id, late, now)
            else:
                await _go_on(connection, payer_id, now)


async def _overdue(connection: Connection, now: datetime) -> dict[UUID, list[Fundable]]:
    """Return by advertiser what should have been funded by now, oldest cut-off first."""
    waiting = await queries.all_fundable(connection)
    statements = [one.statement for one in waiting]
    contracts = await approval_queries.contracts_of(connection, statements)
    settlements = await statement_queries.settlements_of(
        connection,
        [(one.payer_id, one.payee_id, one.currency) for one in statements],
        at=[one.closed_at for one in statements],
    )
    overdue: dict[UUID, list[Fundable]] = {}
    for one, settlement in zip(waiting, settlements, strict=True):
        days = queries.days_in(contracts[one.statement.id])
        if _due_at(one.statement, days, settlement.time_zone) <= now:
            overdue.setdefault(one.statement.payer_id, []).append(one)
    return overdue


def _due_at(statement: Statement, days: int, time_zone: str) -> datetime:
    """Return when the last day ends on which a statement could be funded in time, in the agreement's zone."""
    zone = periods.zone_named(time_zone)
    approved_on = (statement.approved_at or statement.closed_at).astimezone(zone).date()
    return periods.midnight(approved_on + timedelta(days=days + 1), zone)


def due_by_currency(late: Sequence[Fundable]) -> list[tuple[str, Money]]:
    """Return for each currency its oldest statement and what all of its statements come to."""
    found: dict[str, tuple[str, Money]] = {}
    for one in late:
        amount = Money(one.amount_minor, one.statement.currency)
        number, before = found.get(amount.currency, (one.statement.number, Money(0, amount.currency)))
        found[amount.currency] = (number, before + amount)
    return list(found.values())


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
        for number, amount in due_by_currency(late):
            own: dict[str, Value] = {**said, "amount": amount, "number": number}
            fact = f"{pause_id} {amount.currency}"
            await tell.notify(
                connection, "program-must-be-funded", fact, tell.brand(payer_id), said=own, at=now
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
