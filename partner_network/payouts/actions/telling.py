"""Tell the two brands and the operator what becomes of payments and payouts, where it becomes so."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from partner_network.database.connections import Connection
from partner_network.kernel import ids
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.notifications.actions import tell
from partner_network.notifications.rules.values import Value
from partner_network.payouts import queries, rules
from partner_network.payouts.queries import Fundable


async def tell_sent(connection: Connection, payout_id: UUID, now: datetime) -> None:
    """Tell the payee that Stripe has accepted the transfer."""
    payout = await _payout(connection, payout_id)
    await tell.notify(
        connection, "payout-sent", payout_id, tell.brand(payout["payee_id"]), said=_said(payout), at=now
    )


async def tell_paid(connection: Connection, payout_id: UUID, now: datetime) -> None:
    """Tell the payee that the money stands on its account."""
    payout = await _payout(connection, payout_id)
    await tell.notify(
        connection, "payout-paid", payout_id, tell.brand(payout["payee_id"]), said=_said(payout), at=now
    )


async def tell_held(connection: Connection, payout_id: UUID, reason: str) -> None:
    """Tell the payee and the operator's finance why a payout waits, anew after each try."""
    payout = await _payout(connection, payout_id)
    said = {**_said(payout), "reason": rules.why_held(reason)}
    to = (tell.brand(payout["payee_id"]), tell.OPERATOR)
    await tell.notify(connection, "payout-held", f"{payout_id} {payout['tries']}", *to, said=said)


async def tell_came_back(connection: Connection, payout_id: UUID, fact: str, amount: Money) -> None:
    """Tell the payee and the operator's finance that Stripe took money of a payout back."""
    payout = await _payout(connection, payout_id)
    to = (tell.brand(payout["payee_id"]), tell.OPERATOR)
    await tell.notify(connection, "payout-returned", fact, *to, said={**_said(payout), "amount": amount})


async def tell_returned(
    connection: Connection, fact: str, advertiser_id: UUID, amount: Money, reason: str
) -> None:
    """Tell an advertiser that its bank took a payment back."""
    said: dict[str, Value] = {"amount": amount, "reason": reason}
    await tell.notify(connection, "payment-returned", fact, tell.brand(advertiser_id), said=said)


async def tell_settled(connection: Connection, funding_id: UUID, advertiser_id: UUID, amount: Money) -> None:
    """Tell an advertiser's finance that its payment has arrived."""
    to = tell.brand(advertiser_id)
    await tell.notify(connection, "payment-settled", funding_id, to, said={"amount": amount})


async def tell_given_back(connection: Connection, ask_id: UUID, advertiser_id: UUID, amount: Money) -> None:
    """Tell an advertiser's finance that unused prepaid money is on its way back."""
    await tell.notify(
        connection, "prepaid-returned", ask_id, tell.brand(advertiser_id), said={"amount": amount}
    )


async def tell_return_failed(
    connection: Connection, return_id: UUID, advertiser_id: UUID, amount: Money
) -> None:
    """Tell an advertiser's finance that its bank did not take what was given back."""
    to = tell.brand(advertiser_id)
    await tell.notify(connection, "prepaid-return-failed", return_id, to, said={"amount": amount})


class OfInvoice(msgspec.Struct, frozen=True):
    """What is told of an invoice."""

    funding_id: UUID
    advertiser_id: UUID
    number: str
    amount: Money
    due_at: datetime


async def tell_invoiced(connection: Connection, invoice: OfInvoice) -> None:
    """Tell an advertiser's finance, once, that an invoice waits to be paid."""
    await _tell_of_invoice(connection, "invoice-open", invoice)


async def tell_overdue(connection: Connection, invoice: OfInvoice) -> None:
    """Remind an advertiser's finance, once, of an invoice whose last day has passed."""
    await _tell_of_invoice(connection, "invoice-overdue", invoice)


async def _tell_of_invoice(connection: Connection, kind: str, invoice: OfInvoice) -> None:
    said: dict[str, Value] = {"number": invoice.number, "amount": invoice.amount, "due": invoice.due_at}
    await tell.notify(connection, kind, invoice.funding_id, tell.brand(invoice.advertiser_id), said=said)


async def tell_failed(
    connection: Connection, funding_id: UUID | str, advertiser_id: UUID, amount: Money, reason: Sentence | str
) -> None:
    """Tell an advertiser's finance that its payment failed, and why."""
    said: dict[str, Value] = {"amount": amount, "reason": reason}
    await tell.notify(connection, "payment-failed", funding_id, tell.brand(advertiser_id), said=said)


async def tell_needed(connection: Connection, uncovered: list[Fundable]) -> None:
    """Tell an advertiser's finance what to pay in, anew whenever another statement is approved.

    While a payment is on its way nothing is asked for.
    """
    oldest = uncovered[0].statement
    on_its_way = await connection.fetchval(
        """SELECT EXISTS (SELECT FROM fundings WHERE advertiser_id = $1 AND currency = $2
                          AND status IN ('requested', 'processing'))""",
        oldest.payer_id,
        oldest.currency,
    )
    if on_its_way:
        return
    need = await queries.need_of(connection, oldest.payer_id, oldest.currency)
    newest = max(uncovered, key=lambda one: one.statement.approved_at or one.statement.closed_at)
    said: dict[str, Value] = {
        "number": oldest.number,
        "amount": Money(need.missing_minor, oldest.currency),
    }
    await tell.notify(
        connection, "payment-needed", newest.statement.id, tell.brand(oldest.payer_id), said=said
    )


async def _payout(connection: Connection, payout_id: UUID) -> asyncpg.Record:
    row = await connection.fetchrow(
        """SELECT o.id, o.payee_id, o.statement_id, o.amount_minor, o.currency, s.number,
               e.name AS payee, r.name AS payer,
               (SELECT count(*) FROM payout_attempts t WHERE t.payout_id = o.id) AS tries
           FROM payouts o JOIN statements s ON s.id = o.statement_id
           JOIN brands e ON e.id = o.payee_id JOIN brands r ON r.id = o.payer_id WHERE o.id = $1""",
        payout_id,
    )
    if row is None:
        raise LookupError("no such payout")
    return row


def _said(payout: asyncpg.Record) -> dict[str, Value]:
    return {
        "number": payout["number"],
        "statement": ids.shown("stm", payout["statement_id"]),
        "payout": ids.shown("pay", payout["id"]),
        "payee": payout["payee"],
        "payer": payout["payer"],
        "amount": Money(payout["amount_minor"], payout["currency"]),
    }
