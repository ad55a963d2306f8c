"""Ask an advertiser for its money by an invoice of Stripe's, step by step, and follow what becomes of it."""

import contextlib
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock, crash_points
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.gateways.stripe_invoices import Invoice, InvoiceRefusedError
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.payouts import rules
from partner_network.payouts.actions import arrive, cases, telling
from partner_network.payouts.rules import GRACE, KEY_LIFE

DESCRIPTION = "Funding {reference}: approved statements of your partners"
_LOST = Sentence("Our request for an invoice never reached Stripe; ask for another.")
_DELETED = Sentence("The draft of the invoice was deleted at Stripe; ask for another.")
_NO_CUSTOMER = Sentence("This advertiser is not known at Stripe yet; ask for the invoice again.")
_PAID_ELSEWHERE = Sentence(
    "Stripe says that this invoice is paid, but not by one payment through Stripe; nothing was booked. The "
    "network’s finance looks into it."
)


class Asked(msgspec.Struct, frozen=True):
    """What an advertiser asked to be invoiced for, and how far that has come; minor units."""

    id: UUID
    advertiser_id: UUID
    amount_minor: int
    currency: str
    idempotency_key: str
    status: str
    customer_id: str | None
    asked_at: datetime | None
    days_until_due: int
    invoice_id: str | None
    invoice_sent_at: datetime | None
    void_asked_at: datetime | None
    payment_intent_id: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more can become of it."""
        return self.status in {"settled", "failed"}


_READ = """SELECT id, advertiser_id, amount_minor, currency, idempotency_key, status, customer_id, asked_at,
        days_until_due, invoice_id, invoice_sent_at, void_asked_at, payment_intent_id
    FROM fundings WHERE id = $1 FOR UPDATE"""


async def follow(stripe: StripeConnect, funding_id: UUID, now: datetime) -> str:
    """Bring an invoice on by every step that is left, and record what became of it; return its status.

    Idempotent: each step has a key of its own, and what Stripe has is read before a step is taken, so that
    one invoice of exactly the amount is made however often this is cut short. Called off, it is ended.
    Errors: StripeUnreachableError when nobody knows, then try again; ConflictError when Stripe's invoice is
        of another amount, then a person must look.
    """
    asked = await _begin(funding_id)
    if asked.is_over:
        return asked.status
    crash_points.reach(14)
    if asked.customer_id is None or asked.asked_at is None:
        return await _fail(asked, "refused", str(_NO_CUSTOMER))
    try:
        invoice_id = asked.invoice_id or await _draft(stripe, asked, asked.customer_id, asked.asked_at)
    except InvoiceRefusedError as refused:
        return await _fail(asked, "refused", refused.detail)
    if invoice_id is None:
        return await _fail(asked, "lost", str(_LOST))
    if asked.invoice_id is None:
        await _remember(asked, invoice_id)
        crash_points.reach(16)
    invoice = await _as_it_stands(stripe, asked, asked.customer_id, invoice_id)
    if isinstance(invoice, str):
        return await _fail(asked, "refused", invoice)
    async with connections.transaction() as connection:
        status = await _record(connection, funding_id, invoice, now)
    crash_points.reach(20)
    return status


async def _begin(funding_id: UUID) -> Asked:
    """Keep whom the invoice is for before the first request, which every repeat then asks the same."""
    async with connections.transaction() as connection:
        await connection.execute(
            """UPDATE fundings f SET customer_id = a.customer_id, asked_at = $2
               FROM stripe_accounts a WHERE f.id = $1 AND f.status = 'requested' AND f.asked_at IS NULL
                   AND a.brand_id = f.advertiser_id AND a.customer_id IS NOT NULL""",
            funding_id,
            clock.wall_now(),
        )
        return await _read(connection, funding_id)


async def _read(connection: Connection, funding_id: UUID) -> Asked:
    row = await connection.fetchrow(_READ, funding_id)
    if row is None:
        raise LookupError("no such funding")
    return Asked(**row)


async def _draft(stripe: StripeConnect, asked: Asked, customer: str, asked_at: datetime) -> str | None:
    """Make the draft, or find the one that an earlier request made; None where none was made in a day."""
    age = clock.wall_now() - asked_at
    if age > GRACE:
        found = await stripe.find_invoice(customer=customer, funding_id=str(asked.id))
        if found is not None or age > KEY_LIFE:
            return found
    invoice_id = await stripe.draft_invoice(
        customer=customer,
        currency=asked.currency,
        days_until_due=asked.days_until_due,
        description=_description(asked),
        idempotency_key=f"{asked.idempotency_key}-invoice",
        metadata={"funding_id": str(asked.id)},
    )
    crash_points.reach(15)
    return invoice_id


def _description(asked: Asked) -> str:
    return DESCRIPTION.format(reference=ids.shown("fnd", asked.id))


async def _remember(asked: Asked, invoice_id: str) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE fundings SET invoice_id = $2 WHERE id = $1 AND invoice_id IS NULL", asked.id, invoice_id
        )


async def _as_it_stands(
    stripe: StripeConnect, asked: Asked, customer: str, invoice_id: str
) -> Invoice | str | None:
    """Take the steps that are left and return the invoice; why it was refused; None where it is gone."""
    invoice = await stripe.read_invoice(invoice_id)
    if invoice is None:
        return None
    if asked.void_asked_at is not None:
        return await _end(stripe, invoice)
    if invoice.status == "draft":
        try:
            await _complete(stripe, asked, customer, invoice)
        except InvoiceRefusedError as refused:
            await _end(stripe, invoice)
            return refused.detail
    if asked.invoice_sent_at is None:
        await _send(stripe, asked, invoice_id)
    return await stripe.read_invoice(invoice_id)


async def _complete(stripe: StripeConnect, asked: Asked, customer: str, draft: Invoice) -> None:
    if not draft.total_minor:
        await stripe.add_to_invoice(
            draft.id,
            customer=customer,
            amount_minor=asked.amount_minor,
            currency=asked.currency,
            description=_description(asked),
            idempotency_key=f"{asked.idempotency_key}-item",
        )
        crash_points.reach(17)
    else:
        _must_be_of(asked, draft)
    await stripe.finalize_invoice(draft.id, idempotency_key=f"{asked.idempotency_key}-finalize")
    crash_points.reach(18)


async def _send(stripe: StripeConnect, asked: Asked, invoice_id: str) -> None:
    try:
        await stripe.send_invoice(invoice_id, idempotency_key=f"{asked.idempotency_key}-send")
    except InvoiceRefusedError:
        # Only Stripe's mail is refused: it is paid, or void, already, and our own letter has the address too.
        return
    crash_points.reach(19)


async def _end(stripe: StripeConnect, invoice: Invoice) -> Invoice | None:
    """End what can be ended; what is paid, or being paid, meanwhile goes on."""
    if invoice.status in {"draft", "open", "uncollectible"}:
        with contextlib.suppress(InvoiceRefusedError):  # what it has become is read now
            await stripe.end_invoice(invoice)
        return await stripe.read_invoice(invoice.id)
    return invoice


def _must_be_of(asked: Asked, invoice: Invoice) -> None:
    if invoice.total_minor != asked.amount_minor:
        raise ConflictError(
            Sentence(
                "Stripe’s invoice is of {theirs} instead of {asked}; nothing was booked, a person must look.",
                theirs=Money(invoice.total_minor, asked.currency),
                asked=Money(asked.amount_minor, asked.currency),
            )
        )


async def _fail(asked: Asked, code: rules.FailureCode, reason: str) -> str:
    await arrive.record_failure(asked.id, code, reason)
    return "failed"


async def _record(connection: Connection, funding_id: UUID, invoice: Invoice | None, now: datetime) -> str:
    """Record how far it has come, once, whoever of several workers brings it."""
    asked = await _read(connection, funding_id)
    if asked.is_over:
        return asked.status
    if invoice is None or invoice.status == "void":
        called_off = asked.void_asked_at is not None or invoice is not None
        reason = "" if called_off else str(_DELETED)
        code: rules.FailureCode = "voided" if called_off else "lost"
        await arrive.fail(connection, funding_id, code, reason, None)
        return "failed"
    _must_be_of(asked, invoice)
    if invoice.payment is not None and invoice.is_paying:
        await _write_down(connection, asked, invoice)
        await connection.execute(  # what is being paid is not called off
            "UPDATE fundings SET void_asked_by = NULL, void_asked_at = NULL WHERE id = $1", funding_id
        )
        return await arrive.record(connection, funding_id, invoice.payment, now)
    if invoice.status == "paid":
        await arrive.fail(connection, funding_id, "refused", str(_PAID_ELSEWHERE), None)
        await cases.open_case(connection, "payment differs", invoice.id, str(_PAID_ELSEWHERE), now)
        return "failed"
    await _wait(connection, asked, invoice, now)
    return "processing"


async def _write_down(connection: Connection, asked: Asked, invoice: Invoice) -> None:
    await connection.execute(
        """UPDATE fundings SET invoice_number = $2, invoice_url = $3, invoice_due_at = $4,
               invoice_sent_at = coalesce(invoice_sent_at, $5), read_at = $5
           WHERE id = $1""",
        asked.id,
        invoice.number,
        invoice.url,
        invoice.due_at,
        clock.wall_now(),
    )


async def _wait(connection: Connection, asked: Asked, invoice: Invoice, now: datetime) -> None:
    """Write down that nobody pays it at the moment, and tell the advertiser what it is to do."""
    await _write_down(connection, asked, invoice)
    await connection.execute(
        """UPDATE fundings SET status = 'processing', payment_intent_id = NULL WHERE id = $1""", asked.id
    )
    amount = Money(asked.amount_minor, asked.currency)
    if invoice.due_at is None or invoice.number is None:
        return
    about = telling.OfInvoice(asked.id, asked.advertiser_id, invoice.number, amount, invoice.due_at)
    await telling.tell_invoiced(connection, about)
    if asked.payment_intent_id is not None and invoice.payment is not None:
        said = rules.why_failed(
            rules.code_of_failure(invoice.payment.failure_code or ""), invoice.payment.failure
        )
        await telling.tell_failed(connection, f"{asked.id} {now:%Y-%m-%d}", asked.advertiser_id, amount, said)
    if invoice.due_at <= now:
        await telling.tell_overdue(connection, about)
