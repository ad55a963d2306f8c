"""What is asked of Stripe about advertisers' payments after they were charged: found again, given back."""

from collections.abc import Mapping

import msgspec
import stripe

from partner_network.gateways import stripe_answers
from partner_network.gateways.stripe_answers import Funding
from partner_network.gateways.stripe_errors import in_our_words

PAGE = 100
WITH_MONEY = ["latest_charge.balance_transaction"]
DEFINITE = (400, 404)
"""A request that Stripe could read and refused: no money moved for it."""
OVER = ("failed", "canceled")


class Refund(msgspec.Struct, frozen=True):
    """Money that goes back to the one who paid; `failure` says why none does, and none ever will."""

    id: str | None
    failure: str = ""


class StripePayments:
    """The part of a conversation with Stripe that looks after payments."""

    _client: stripe.StripeClient

    async def fund(
        self,
        *,
        amount_minor: int,
        currency: str,
        customer: str,
        payment_method: str,
        idempotency_key: str,
        metadata: Mapping[str, str],
    ) -> Funding:
        """Charge an advertiser now, without it being there.

        Units: minor units.
        Errors: DeclinedError when the payment is declined; StripeUnreachableError when nobody knows:
            send it again with the same key.
        """
        with in_our_words():
            intent = await self._client.v1.payment_intents.create_async(
                {
                    "amount": amount_minor,
                    "currency": currency.lower(),
                    "customer": customer,
                    "payment_method": payment_method,
                    # Nobody is there to be sent to a bank's page.
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "confirm": True,
                    "off_session": True,
                    "metadata": dict(metadata),
                    "expand": WITH_MONEY,
                },
                {"idempotency_key": idempotency_key},
            )
        return stripe_answers.funding_of(intent)

    async def read_funding(self, payment_intent_id: str) -> Funding:
        """Read how far a payment has come; only what is available may be transferred."""
        with in_our_words():
            intent = await self._client.v1.payment_intents.retrieve_async(
                payment_intent_id, {"expand": WITH_MONEY}
            )
        return stripe_answers.funding_of(intent)

    async def find_funding(self, *, customer: str, funding_id: str) -> Funding | None:
        """Look for the payment that was asked for under a name of ours; None where Stripe made none."""
        with in_our_words():
            page = await self._client.v1.payment_intents.list_async({"customer": customer, "limit": PAGE})
            async for intent in page.auto_paging_iter():
                if intent.metadata.to_dict().get("funding_id") == funding_id:
                    return await self.read_funding(intent.id)
        return None

    async def give_back(
        self, *, payment_intent_id: str, amount_minor: int, idempotency_key: str, metadata: Mapping[str, str]
    ) -> Refund:
        """Give a part of a payment back to the one who paid.

        Units: minor units.
        Errors: StripeUnreachableError when nobody knows: ask again with the same key; StripeRefusedError for
            a fault of ours, which says nothing about an earlier request with this key.
        """
        with in_our_words():
            try:
                refund = await self._client.v1.refunds.create_async(
                    {
                        "payment_intent": payment_intent_id,
                        "amount": amount_minor,
                        "metadata": dict(metadata),
                    },
                    {"idempotency_key": idempotency_key},
                )
            except stripe.InvalidRequestError as refused:
                if refused.http_status not in DEFINITE:
                    raise
                return Refund(None, refused.user_message or str(refused))
        return _refund_of(refund)

    async def find_refund(self, *, payment_intent_id: str, return_id: str) -> Refund | None:
        """Look for the refund that was asked for under a name of ours; None where Stripe made none."""
        with in_our_words():
            page = await self._client.v1.refunds.list_async(
                {"payment_intent": payment_intent_id, "limit": PAGE}
            )
            async for refund in page.auto_paging_iter():
                if (refund.metadata.to_dict() if refund.metadata else {}).get("return_id") == return_id:
                    return _refund_of(refund)
        return None


def _refund_of(refund: stripe.Refund) -> Refund:
    if refund.status in OVER:
        return Refund(None, f"Stripe could not give the money back ({refund.status}).")
    return Refund(refund.id)
