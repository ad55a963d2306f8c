"""Tell people whose turn it is with a statement, where it becomes theirs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from partner_network.database.connections import Connection
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.ledger.accounts import Pair
from partner_network.notifications.actions import tell
from partner_network.notifications.rules.values import Value
from partner_network.statements import queries
from partner_network.statements.approving import Outcome
from partner_network.statements.queries import Statement

DECISIONS = {"upheld": Sentence("upheld"), "declined": Sentence("declined")}


async def tell_closed(connection: Connection, statement_ids: Sequence[UUID]) -> None:
    """Tell the operator's finance which new statements wait to be prepared; carried ones need nobody."""
    for statement_id in statement_ids:
        statement = await queries.statement_of(connection, statement_id)
        if statement.carried_reason is None:
            await tell.notify(
                connection, "statement-to-prepare", statement_id, tell.OPERATOR, said=_said(statement)
            )


async def tell_prepared(connection: Connection, statement: Statement, preparer: Member) -> None:
    """Tell the others of the operator's finance that a statement waits for one of them."""
    said = {**_said(statement), "preparer": preparer.name}
    await tell.notify(
        connection, "statement-to-approve", statement.id, tell.OPERATOR, said=said, but=preparer.id
    )


async def tell_approved(connection: Connection, statement: Statement) -> None:
    """Tell the payee that its statement is issued and approved."""
    to = tell.brand(statement.payee_id)
    await tell.notify(connection, "statement-approved", statement.id, to, said=_said(statement))


async def tell_issued(connection: Connection, statement: Statement) -> None:
    """Tell the payer that a statement it will pay is issued, and that it may object."""
    to = tell.brand(statement.payer_id)
    await tell.notify(connection, "statement-issued", statement.id, to, said=_said(statement))


async def tell_half_approved(connection: Connection, statement: Statement, approver: Member) -> None:
    """Tell the others of the operator's finance that a large statement waits for a second approval."""
    said = {**_said(statement), "approver": approver.name}
    await tell.notify(
        connection, "statement-approved-once", statement.id, tell.OPERATOR, said=said, but=approver.id
    )


async def tell_objected(
    connection: Connection, statement: Statement, objection_id: UUID, reason: str
) -> None:
    """Tell the operator's finance that a payer objects to a line and waits for an answer."""
    said = {**_said(statement), "reason": reason}
    await tell.notify(connection, "statement-objected", objection_id, tell.OPERATOR, said=said)


async def tell_answered(
    connection: Connection, statement: Statement, objection_id: UUID, outcome: Outcome, reason: str
) -> None:
    """Tell both brands how an objection was answered, and why."""
    said = {**_said(statement), "decision": DECISIONS[outcome], "reason": reason}
    for brand_id in (statement.payer_id, statement.payee_id):
        to = tell.brand(brand_id)
        await tell.notify(connection, "objection-answered", objection_id, to, said=said)


async def tell_lapsed(
    connection: Connection, pair: Pair, clawback_ids: Sequence[int], minor: int, now: datetime
) -> None:
    """Tell both brands that clawbacks lapsed at the end of their partnership: the advertiser bears them."""
    await _tell_ended(connection, "clawback-lapsed", (pair, clawback_ids, minor), now)


async def tell_written_off(
    connection: Connection, pair: Pair, clawback_ids: Sequence[int], minor: int, now: datetime
) -> None:
    """Tell both brands that clawbacks lapsed at the end of their partnership: the network bears them."""
    await _tell_ended(connection, "clawback-written-off", (pair, clawback_ids, minor), now)


async def _tell_ended(
    connection: Connection, kind: str, lapsed: tuple[Pair, Sequence[int], int], now: datetime
) -> None:
    pair, clawback_ids, minor = lapsed
    rows = await connection.fetch(
        "SELECT id, name FROM brands WHERE id IN ($1, $2)", pair.partner_id, pair.advertiser_id
    )
    name = {row["id"]: row["name"] for row in rows}
    said: dict[str, Value] = {
        "advertiser": name[pair.advertiser_id],
        "partner": name[pair.partner_id],
        "amount": Money(minor, pair.currency),
        "count": len(clawback_ids),
    }
    for brand_id in (pair.advertiser_id, pair.partner_id):
        fact, to = f"lapse {min(clawback_ids)}", tell.brand(brand_id)
        await tell.notify(connection, kind, fact, to, said=said, at=now)


async def tell_proposed(
    connection: Connection, write_off_id: UUID, said: dict[str, Value], proposer: Member, now: datetime
) -> None:
    """Tell the others of the operator's finance that a write-off waits for one of them."""
    await tell.notify(
        connection, "write-off-proposed", write_off_id, tell.OPERATOR, said=said, but=proposer.id, at=now
    )


def _said(statement: Statement) -> dict[str, Value]:
    return {
        "number": statement.number,
        "statement": ids.shown("stm", statement.id),
        "payee": statement.payee_name,
        "payer": statement.payer_name,
        "period": statement.period,
        "amount": Money(statement.closing_minor, statement.currency),
    }
