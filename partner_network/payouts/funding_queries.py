"""Read what an advertiser pays in, by charge or by invoice, and how far each payment has come."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection
from partner_network.payouts import rules


class PaidIn(msgspec.Struct, frozen=True):
    """A payment of an advertiser to the network; minor units."""

    id: UUID
    amount_minor: int
    currency: str
    way: rules.Way
    status: str
    failure: str | None
    failure_code: str | None
    requested_at: datetime
    settled_at: datetime | None
    payment_intent_id: str | None
    invoice_number: str | None
    invoice_url: str | None
    invoice_due_at: datetime | None
    void_asked_at: datetime | None

    @property
    def is_open_invoice(self) -> bool:
        """Whether an invoice waits for somebody to pay it."""
        return self.state in {"invoice open", "invoice in the making"}

    @property
    def state(self) -> str:
        """How far it has come, for a person: an invoice waits where a charge is on its way."""
        if self.status in {"settled", "failed"}:
            return "called off" if self.failure_code == "voided" else self.status
        if self.way == "charge" or self.payment_intent_id is not None:
            return "on its way"
        if self.void_asked_at is not None:
            return "being called off"
        return "invoice in the making" if self.invoice_url is None else "invoice open"


_PAYMENTS = """
    SELECT id, amount_minor, currency, way, status, failure, failure_code, requested_at, settled_at,
        payment_intent_id, invoice_number, invoice_url, invoice_due_at, void_asked_at
    FROM fundings WHERE advertiser_id = $1"""


async def payments_of(
    connection: Connection, advertiser_id: UUID, *, before: UUID | None = None, limit: int = 100
) -> list[PaidIn]:
    """Return an advertiser's payments, newest first."""
    rows = await connection.fetch(
        _PAYMENTS + " AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        advertiser_id,
        before,
        limit,
    )
    return [PaidIn(**row) for row in rows]


async def open_invoices(connection: Connection, advertiser_id: UUID) -> list[PaidIn]:
    """Return the invoices of an advertiser that wait for somebody to pay them: one a currency at most."""
    rows = await connection.fetch(
        _PAYMENTS + " AND way = 'invoice' AND status IN ('requested', 'processing') ORDER BY id",
        advertiser_id,
    )
    return [one for one in (PaidIn(**row) for row in rows) if one.is_open_invoice]
