"""Read what is held, and what was taken back and may be contested: a brand's, or all."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from partner_network.agreements import contracts
from partner_network.commissions import bonus_queries
from partner_network.database.connections import Connection

ROWS_MAX = 500
# A charity sees no order, and a bonus is found on the page of the one that was the first to earn it.
_ORDER = f"""CASE WHEN $1::uuid IS NULL OR c.charity_id IS DISTINCT FROM $1
    THEN coalesce(c.conversion_id, {bonus_queries.earned_by("c")}) END AS conversion_id"""


class Held(Struct, frozen=True):
    """A commission that is held: how much, since when, and why; its order, where the reader may open it."""

    conversion_id: UUID | None
    order_id: str | None
    component: str
    period: str
    partner: str
    advertiser: str
    currency: str
    held_minor: int
    at: datetime
    reason: str


class TakenBack(Struct, frozen=True):
    """A clawback that is due, contested or lapsed; its order, where the reader may open it.

    What lapsed of it, the advertiser bears; the clause is that of the contract, for who may read it.
    Tax of a credit note has no component; its period is that of the statement.
    """

    id: int
    payee_id: UUID
    conversion_id: UUID | None
    order_id: str | None
    component: str | None
    period: str
    partner: str
    advertiser: str
    currency: str
    amount_minor: int
    due_minor: int
    contest_until: datetime
    cause: str | None
    reason: str | None
    contested_at: datetime | None
    outcome: str | None
    lapsed_minor: int
    lapsed_at: datetime | None
    lapsed_by: str | None
    is_written_off: bool
    """Whether the network bears what lapsed, in place of the advertiser."""


async def held(connection: Connection, brand_id: UUID | None) -> list[Held]:
    """Return what is held of a brand's commissions, those it pays and those it is paid; of all for None."""
    rows = await connection.fetch(
        f"""SELECT {_ORDER}, v.order_id, c.component, c.period, p.name AS partner, a.name AS advertiser,
               c.currency,
               coalesce(s.held_minor, 0) AS held_minor, h.at, h.reason
           FROM commission_holds h JOIN commissions c ON c.id = h.commission_id
           JOIN brands p ON p.id = coalesce(c.charity_id, c.partner_id)
           JOIN brands a ON a.id = c.advertiser_id
           LEFT JOIN conversions v ON v.id = c.conversion_id
           LEFT JOIN set_apart s ON s.commission_id = h.commission_id
           WHERE ($1::uuid IS NULL OR $1 IN (c.partner_id, c.charity_id, c.advertiser_id)) AND NOT EXISTS (
               SELECT FROM commission_releases r WHERE r.commission_id = h.commission_id AND r.n = h.n)
           ORDER BY h.at DESC, h.commission_id LIMIT $2""",
        brand_id,
        ROWS_MAX,
    )
    return [Held(**row) for row in rows]


async def taken_back(connection: Connection, brand_id: UUID | None) -> list[TakenBack]:
    """Return clawbacks due, contested or lapsed, of what a brand is paid or pays; of all for None."""
    rows = await connection.fetch(
        f"""SELECT k.transfer_id AS id, p.id AS payee_id, {_ORDER}, v.order_id, c.component,
               coalesce(c.period, split_part(e.key, ':', 3)) AS period,
               p.name AS partner, a.name AS advertiser, e.currency, k.amount_minor, o.due_minor,
               k.contest_until, k.cause, k.reason, x.at AS contested_at, d.outcome,
               coalesce(z.amount_minor, 0) AS lapsed_minor, z.recorded_at AS lapsed_at, z.clause AS lapsed_by,
               coalesce(z.kind = 'written_off', false) AS is_written_off,
               g.contract_name, g.contract_version
           FROM clawbacks k JOIN open_clawbacks o ON o.transfer_id = k.transfer_id
           JOIN ledger_transfers t ON t.id = k.transfer_id JOIN ledger_entries e ON e.id = t.entry_id
           JOIN ledger_accounts u ON u.id = t.debit_account_id
           JOIN brands p ON p.id = u.holder_id JOIN brands a ON a.id = u.counterparty_id
           LEFT JOIN commissions c ON c.id = k.commission_id
           LEFT JOIN conversions v ON v.id = c.conversion_id
           LEFT JOIN clawback_contests x ON x.clawback_id = k.transfer_id
           LEFT JOIN contest_decisions d ON d.clawback_id = k.transfer_id
           LEFT JOIN LATERAL (SELECT s.kind, s.amount_minor, e.recorded_at, e.clause
               FROM clawback_settlements s JOIN ledger_transfers t ON t.id = s.transfer_id
               JOIN ledger_entries e ON e.id = t.entry_id
               WHERE s.clawback_id = k.transfer_id AND s.kind IN ('forgiven', 'written_off')) z ON true
           LEFT JOIN agreements g ON g.id = c.agreement_id
           WHERE ($1::uuid IS NULL OR $1 IN (c.partner_id, u.holder_id, u.counterparty_id))
               AND (o.due_minor > 0 OR x.clawback_id IS NOT NULL OR z.clause IS NOT NULL)
           ORDER BY (x.clawback_id IS NOT NULL AND d.clawback_id IS NULL) DESC, k.transfer_id DESC
           LIMIT $2""",
        brand_id,
        ROWS_MAX,
    )
    return [_taken_back(row) for row in rows]


def _taken_back(row: asyncpg.Record) -> TakenBack:
    values: dict[str, Any] = dict(row)
    contract = values.pop("contract_name"), values.pop("contract_version")
    cited = values["lapsed_by"]
    if cited is not None:
        readable = None not in contract
        values["lapsed_by"] = contracts.clause_of(contracts.published(*contract), cited) if readable else None
    return TakenBack(**values)
