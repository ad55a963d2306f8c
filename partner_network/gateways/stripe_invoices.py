"""What is asked of Stripe about invoices that advertisers pay: drafted, sent, read, ended."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
import stripe

from partner_network.gateways import stripe_answers
from partner_network.gateways.stripe_answers import Funding
from partner_network.gateways.stripe_errors import in_our_words
from partner_network.gateways.stripe_payments import DEFINITE, PAGE, WITH_MONEY
from partner_network.kernel.errors import InvalidError, NotFoundError
from partner_network.kernel.sentences import Sentence

NO_MONEY_COMES = ("canceled",)


class InvoiceRefusedError(InvalidError):
    """Stripe could read what we asked of an invoice and said no: nothing changed for it."""


class Invoice(msgspec.Struct, frozen=True):
    """An invoice as Stripe knows it; amounts in minor units."""

    id: str
    status: str
    """`draft`, `open`, `paid`, `uncollectible` or `void`."""
    total_minor: int
    number: str | None
    url: str | None
    """Stripe's page on which it is paid."""
    due_at: datetime | None
    funding_id: str | None = None
    payments: int = 0
    """By how many payments it is or was to be paid; more than one only where a person at Stripe splits it."""
    payment: Funding | None = None
    """The one payment of it."""

    @property
    def is_paying(self) -> bool:
        """Whether its one payment is under way or has succeeded."""
        return self.payment is not None and not self.payment.is_over


class StripeInvoices:
    """The part of a conversation with Stripe that is about invoices."""

    _client: stripe.StripeClient

    async def draft_invoice(
        self,
        *,
        customer: str,
        currency: str,
        days_until_due: int,
        description: str,
        idempotency_key: str,
        metadata: Mapping[str, str],
    ) -> str:
        """Make a draft that asks for nothing yet and that nothing advances by itself; return its id.

        How it may be paid is what is switched on in Stripe's settings for invoices of that currency.
        Errors: InvoiceRefusedError; StripeUnreachableError: nobody knows, ask again with the same key.
        """
        with _refusals():
            invoice = await self._client.v1.invoices.create_async(
                {
                    "customer": customer,
                    "currency": currency.lower(),
                    "collection_method": "send_invoice",
                    "days_until_due": days_until_due,
                    "auto_advance": False,
                    "pending_invoice_items_behavior": "exclude",
                    "description": description,
                    "metadata": dict(metadata),
                },
                {"idempotency_key": idempotency_key},
            )
        return invoice.id

    async def add_to_invoice(
        self,
        invoice_id: str,
        *,
        customer: str,
        amount_minor: int,
        currency: str,
        description: str,
        idempotency_key: str,
    ) -> None:
        """Write what a draft asks for. Units: minor units.

        Errors: InvoiceRefusedError; StripeUnreachableError: nobody knows, ask again with the same key.
        """
        with _refusals():
            await self._client.v1.invoice_items.create_async(
                {
                    "customer": customer,
                    "invoice": invoice_id,
                    "amount": amount_minor,
                    "currency": currency.lower(),
                    "description": description,
                },
                {"idempotency_key": idempotency_key},
            )

    async def finalize_invoice(self, invoice_id: str, *, idempotency_key: str) -> None:
        """Give a draft its number and its page; from here on it can be paid. Errors: as above."""
        with _refusals():
            await self._client.v1.invoices.finalize_invoice_async(
                invoice_id, {"auto_advance": False}, {"idempotency_key": idempotency_key}
            )

    async def send_invoice(self, invoice_id: str, *, idempotency_key: str) -> None:
        """Let Stripe mail it to its customer. Errors: as above."""
        with _refusals():
            await self._client.v1.invoices.send_invoice_async(
                invoice_id, {}, {"idempotency_key": idempotency_key}
            )

    async def end_invoice(self, invoice: Invoice) -> None:
        """Make sure that nobody can pay it any more: a draft goes, an open one becomes void.

        Errors: as above. Stripe refuses while a payment of it is under way, and once it is paid. No key of
        ours: its no would be repeated for a day, and twice void is void.
        """
        with _refusals():
            if invoice.status == "draft":
                await self._client.v1.invoices.delete_async(invoice.id)
            else:
                await self._client.v1.invoices.void_invoice_async(invoice.id)

    async def read_invoice(self, invoice_id: str) -> Invoice | None:
        """Read an invoice with the payment of it; None where its draft was deleted."""
        try:
            with in_our_words():
                found = await self._client.v1.invoices.retrieve_async(invoice_id)
                page = await self._client.v1.invoice_payments.list_async(
                    {"invoice": invoice_id, "limit": PAGE}
                )
                parts = [one async for one in page.auto_paging_iter() if one.status not in NO_MONEY_COMES]
                intents = [
                    one.payment.payment_intent for one in parts if one.payment.type == "payment_intent"
                ]
                payment = await self._payment_of(intents[0]) if len(parts) == len(intents) == 1 else None
        except NotFoundError:
            return None
        return Invoice(
            id=found.id,
            status=found.status or "draft",
            total_minor=found.total,
            number=found.number,
            url=found.hosted_invoice_url,
            due_at=None if found.due_date is None else datetime.fromtimestamp(found.due_date, UTC),
            funding_id=(found.metadata.to_dict() if found.metadata else {}).get("funding_id"),
            payments=len(parts),
            payment=payment,
        )

    async def _payment_of(self, named: str | stripe.PaymentIntent | None) -> Funding | None:
        if named is None:
            return None
        intent_id = named if isinstance(named, str) else named.id
        intent = await self._client.v1.payment_intents.retrieve_async(intent_id, {"expand": WITH_MONEY})
        return stripe_answers.funding_of(intent)

    async def find_invoice(self, *, customer: str, funding_id: str) -> str | None:
        """Look for the invoice that was asked for under a name of ours; None where Stripe made none."""
        with in_our_words():
            page = await self._client.v1.invoices.list_async({"customer": customer, "limit": PAGE})
            async for found in page.auto_paging_iter():
                if (found.metadata.to_dict() if found.metadata else {}).get("funding_id") == funding_id:
                    return found.id
        return None


@contextmanager
def _refusals() -> Generator[None]:
    with in_our_words():
        try:
            yield
        except stripe.InvalidRequestError as refused:
            if refused.http_status not in DEFINITE:
                raise
            why = refused.user_message or str(refused)
            raise InvoiceRefusedError(Sentence("Stripe refused the invoice: {why}", why=why)) from refused
