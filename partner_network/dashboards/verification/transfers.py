"""Stripe: what it says that it paid and took in, beside what we believe."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from uuid import UUID

from partner_network.dashboards.verification import kinds, payouts
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Attempt, Payout
from partner_network.gateways.stripe_connect import Funding, StripeConnect, Transfer
from partner_network.gateways.stripe_invoices import Invoice
from partner_network.kernel import ids


async def check_charges(books: Books, stripe: StripeConnect) -> Kind:
    """Compare every settled funding with the payment at Stripe."""
    settled = [one for one in books.fundings if one.status == "settled" and one.payment_intent_id is not None]
    shown = {one.id: await stripe.read_funding(one.payment_intent_id or "") for one in settled}
    invoices = {
        one.id: await stripe.read_invoice(one.invoice_id) for one in settled if one.invoice_id is not None
    }
    differences = chain(_charges(books, shown), _invoices(books, invoices))
    return kinds.compared("charges", len(shown), "amounts and fees as Stripe took them", differences)


def _invoices(books: Books, shown: Mapping[UUID, Invoice | None]) -> Iterator[str]:
    """Yield where a settled invoice is at Stripe not paid by the very payment that was booked."""
    for funding in books.fundings:
        if funding.status != "settled" or funding.id not in shown:
            continue
        invoice = shown[funding.id]
        said = None if invoice is None else (invoice.status, invoice.total_minor)
        paid_by = None if invoice is None or invoice.payment is None else invoice.payment.payment_intent_id
        if said != ("paid", funding.amount_minor) or paid_by != funding.payment_intent_id:
            yield f"{payouts.named_funding(books, funding)}: Stripe shows no invoice that it paid."


def _charges(books: Books, shown: Mapping[UUID, Funding]) -> Iterator[str]:
    for funding in books.fundings:
        name = payouts.named_funding(books, funding)
        charge = shown.get(funding.id)
        if funding.status != "settled":
            continue
        if charge is None:
            yield f"{name} is settled, but names no payment at Stripe."
            continue
        if not charge.available or charge.amount_minor != funding.amount_minor:
            yield f"{name}: Stripe shows {charge.amount_minor:,}, {charge.status}."
        if charge.fee_minor != payouts.fee_minor(books, funding):
            yield f"{name}: Stripe took a fee of {charge.fee_minor:,}; booked is another."


async def check_transfers(books: Books, stripe: StripeConnect, read_at: datetime) -> Kind:
    """Compare every transfer that Stripe shows with the attempt that sent it, both ways."""
    shown = {transfer.id: transfer async for transfer in stripe.all_transfers()}
    sums: dict[str, int] = {}
    for transfer in shown.values():
        sums[transfer.currency] = sums.get(transfer.currency, 0) + transfer.amount_minor
    said = ", ".join(kinds.minor(amount, currency) for currency, amount in sorted(sums.items()))
    found = f"at Stripe as booked{f', {said}' if said else ''}"
    return kinds.compared("transfers", len(shown), found, _transfers(books, shown, read_at))


def _transfers(books: Books, shown: Mapping[str, Transfer], read_at: datetime) -> Iterator[str]:
    payout_of = {payout.id: payout for payout in books.payouts}
    known: set[str] = set()
    under_way: set[str] = set()
    for attempt in books.attempts:
        payout = payout_of[attempt.payout_id]
        if attempt.stripe_transfer_id is not None:
            known.add(attempt.stripe_transfer_id)
            yield from _sent(books, payout, attempt, shown.get(attempt.stripe_transfer_id))
        elif attempt.status in payouts.LIVE:
            under_way.add(ids.shown("pay", payout.id))
    for transfer in shown.values():
        # What was sent after we had read our books is in them by now, or about to be.
        is_after = transfer.created >= read_at.replace(microsecond=0)
        if transfer.id not in known and transfer.transfer_group not in under_way and not is_after:
            amount = kinds.minor(transfer.amount_minor, transfer.currency)
            yield (
                f"Stripe shows transfer {transfer.id} of {amount} to {transfer.destination}, "
                "which nobody booked."
            )


def _sent(books: Books, payout: Payout, attempt: Attempt, transfer: Transfer | None) -> Iterator[str]:
    name = payouts.named_attempt(books, payout, attempt)
    if transfer is None:
        yield f"{name} was accepted as {attempt.stripe_transfer_id}, which Stripe does not know."
        return
    ours = (
        attempt.amount_minor,
        payout.currency,
        attempt.destination,
        ids.shown("pay", payout.id),
        books.statement[payout.statement_id].number,
    )
    theirs = (
        transfer.amount_minor,
        transfer.currency,
        transfer.destination,
        transfer.transfer_group,
        transfer.description,
    )
    if ours != theirs:
        yield f"{name} should be {_spoken(ours)}; Stripe shows {_spoken(theirs)}."
    if transfer.reversed_minor != attempt.reversed_minor:
        taken, booked = transfer.reversed_minor, attempt.reversed_minor
        yield f"{name}: Stripe took {taken:,} of it back; booked is {booked:,}."


def _spoken(transfer: tuple[int, str, str, str | None, str | None]) -> str:
    amount, currency, destination, group, description = transfer
    return f"{kinds.minor(amount, currency)} to {destination} in group {group} for {description}"
