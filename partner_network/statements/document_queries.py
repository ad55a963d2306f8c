"""Read one statement as its document shows it."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from partner_network.brands import tax_queries, taxes
from partner_network.brands.taxes import Taxed
from partner_network.database.connections import Connection
from partner_network.kernel import ids, periods
from partner_network.kernel.sentences import Sentence
from partner_network.languages.spoken import Language
from partner_network.statements import approval_queries, carrying, queries, rules
from partner_network.statements.documents import (
    Line,
    Movement,
    Party,
    SignOff,
    StatementDocument,
    Tax,
)
from partner_network.statements.queries import Statement, StatementLine


class Issuer(msgspec.Struct, frozen=True):
    """In whose network a statement is made, and where its live page is."""

    operator_name: str
    base_url: str


async def kinds_made(connection: Connection, statement_id: UUID) -> frozenset[str]:
    """Return which documents of a statement were made already."""
    rows = await connection.fetch(
        "SELECT kind FROM statement_documents WHERE statement_id = $1", statement_id
    )
    return frozenset(row["kind"] for row in rows)


async def document_of(connection: Connection, statement_id: UUID, issuer: Issuer) -> StatementDocument:
    """Return a statement as its PDF and CSV show it; money in minor units."""
    statement = await queries.statement_of(connection, statement_id)
    lines = await queries.lines_of(connection, statement_id)
    settlement = await queries.settlement_of(
        connection,
        payer_id=statement.payer_id,
        payee_id=statement.payee_id,
        currency=statement.currency,
        at=statement.ends_at,
    )
    zone = periods.zone_named(settlement.time_zone)
    last_day = periods.last_day(statement.ends_at, zone)
    issued_on = statement.closed_at.astimezone(zone).date()
    both = await tax_queries.taxed(connection, (statement.payee_id, statement.payer_id))
    payee, payer = both[statement.payee_id], both[statement.payer_id]
    people = await _people(connection, statement)
    return StatementDocument(
        number=statement.number,
        payer=_party(payer, issued_on),
        payee=_party(payee, issued_on),
        operator_name=issuer.operator_name,
        period_label=statement.period,
        first_day=statement.starts_at.astimezone(zone).date(),
        last_day=last_day,
        time_zone=settlement.time_zone,
        currency=statement.currency,
        issued_on=issued_on,
        opening_minor=statement.opening_minor,
        closing_minor=statement.closing_minor,
        content_hash=statement.content_hash.hex(),
        verify_url=f"{issuer.base_url}/statements/{ids.shown('stm', statement.id)}",
        language=await _language(connection, statement.payee_id),
        lines=tuple(
            Line(
                on=(line.occurred_at or line.effective_at).astimezone(zone).date(),
                kind=line.kind,
                amount_minor=line.amount_minor,
                order_id=line.order_id,
                program=line.program,
                component=line.component,
                earning_period=line.earning_period,
                clause=line.clause,
                base_minor=line.order_net_minor,
            )
            for line in lines
            if line.kind not in {"tax", "netted", "paid", "returned"}
        ),
        taxes=_taxes(statement, taxes.rate_on(payee, payer, last_day), lines),
        netted=_movements(lines, zone, {"netted": Sentence("against what you owe")}),
        paid=_movements(lines, zone, {"paid": Sentence("by transfer"), "returned": Sentence("by the bank")}),
        carried_reason=_carried_reason(statement),
        last_reason=await approval_queries.why_last(connection, statement),
        prepared_by=people.get("prepared"),
        approved_by=people.get("approved"),
    )


def _carried_reason(statement: Statement) -> str | None:
    if statement.carried_reason is None:
        return None
    return carrying.why_carried(
        closing_minor=statement.closing_minor,
        minimum_minor=statement.minimum_minor,
        currency=statement.currency,
    )


def _taxes(statement: Statement, rate_ppm: int, lines: list[StatementLine]) -> tuple[Tax, ...]:
    totals = statement.totals
    base = sum(totals.get(kind, 0) for kind in rules.EARNING_KINDS) + totals.get("recovered", 0)
    return tuple(
        Tax(
            label=Sentence("Tax on self-billed commission"),
            base_minor=base,
            rate_ppm=rate_ppm,
            amount_minor=line.amount_minor,
            clause=line.clause,
        )
        for line in lines
        if line.kind == "tax"
    )


def _movements(
    lines: list[StatementLine], zone: ZoneInfo, references: Mapping[str, str]
) -> tuple[Movement, ...]:
    return tuple(
        Movement(
            on=line.effective_at.astimezone(zone).date(),
            reference=references[line.kind],
            amount_minor=line.amount_minor,
            clause=line.clause,
        )
        for line in lines
        if line.kind in references
    )


def _party(company: Taxed, on: date) -> Party:
    """Return a company as it was called on the day of issue."""
    known = taxes.in_force(company.profiles, on) or company.before
    return Party(
        legal_name=known.legal_name,
        address=tuple(known.address.splitlines()),
        tax_id=known.shown_number,
    )


async def _language(connection: Connection, payee_id: UUID) -> Language:
    return await connection.fetchval("SELECT customer_language FROM brands WHERE id = $1", payee_id)


async def _people(connection: Connection, statement: Statement) -> dict[str, SignOff]:
    signed = {
        "prepared": (statement.preparer_id, statement.prepared_at),
        "approved": (statement.approver_id, statement.approved_at),
    }
    names = {
        row["id"]: row["name"]
        for row in await connection.fetch(
            "SELECT id, name FROM member_names WHERE id = ANY($1::uuid[])",
            [member_id for member_id, _ in signed.values() if member_id is not None],
        )
    }
    return {
        what: SignOff(name=names[member_id], at=at)
        for what, (member_id, at) in signed.items()
        if member_id is not None and at is not None
    }
