"""Stripe Connect: recipients, funding and transfers; nothing else in the product speaks to Stripe."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import stripe
from stripe.v2 import core

from partner_network.gateways import stripe_answers, stripe_events, stripe_movements
from partner_network.gateways.stripe_answers import (
    Accepted,
    Balance,
    ConnectedAccount,
    Event,
    Funding,
    Later,
    OurFault,
    Refused,
    StripeRefusedError,
    StripeUnreachableError,
    Transfer,
    TransferOutcome,
    Unknown,
)
from partner_network.gateways.stripe_banks import StripeBanks
from partner_network.gateways.stripe_errors import in_our_words
from partner_network.gateways.stripe_invoices import StripeInvoices
from partner_network.gateways.stripe_movements import Movement
from partner_network.gateways.stripe_payments import StripePayments
from partner_network.gateways.stripe_transport import Transport

__all__ = [
    "Accepted", "Balance", "ConnectedAccount", "Event", "Funding", "Later", "OurFault", "Refused",
    "StripeConnect", "StripeRefusedError", "StripeUnreachableError", "Transfer", "TransferOutcome", "Unknown",
]  # fmt: skip

# Stripe would otherwise be told the platform and the timing of each request.
stripe.enable_telemetry = False

RETRIES = 2
TRANSFERS_PER_S = 25
"""What Stripe takes in its test mode; in live mode it takes four times as many."""
PAGE = 100
TEST_KEYS = ("sk_test_", "rk_test_")


class StripeConnect(StripePayments, StripeInvoices, StripeBanks):
    """One conversation with Stripe; make one for each event loop and close it in the end."""

    def __init__(
        self,
        *,
        secret_key: str,
        api_base: str | None,
        webhook_secret: str,
        sandbox: bool,
        transfers_per_s: int = TRANSFERS_PER_S,
    ) -> None:
        """Refuse a live key in the sandbox and at any address but Stripe's own."""
        self.transfers_per_s = transfers_per_s
        is_test = secret_key.startswith(TEST_KEYS)
        if sandbox and not is_test:
            raise ValueError("The sandbox takes Stripe test keys only: set a key that begins with sk_test_.")
        if api_base is not None and not is_test:
            raise ValueError("A live Stripe key goes to Stripe alone: leave the API base unset.")
        self._webhook_secret = webhook_secret
        self._transport = Transport(real=api_base is None)
        self._client = stripe.StripeClient(
            secret_key,
            max_network_retries=RETRIES,
            http_client=self._transport,
            base_addresses={} if api_base is None else {"api": api_base},
        )

    async def close(self) -> None:
        """Hang up."""
        await self._transport.close_async()

    async def create_recipient(
        self, *, brand_id: str, name: str, email: str, country: str, idempotency_key: str
    ) -> ConnectedAccount:
        """Open an account that may receive transfers once its owner has finished onboarding."""
        with in_our_words():
            account = await self._client.v2.core.accounts.create_async(
                {
                    "contact_email": email,
                    "display_name": name,
                    "dashboard": "express",
                    "defaults": {
                        "responsibilities": {
                            "fees_collector": "application",
                            "losses_collector": "application",
                        }
                    },
                    "identity": {"country": country.lower(), "entity_type": "company"},
                    "configuration": {
                        "recipient": {
                            "capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}
                        }
                    },
                    "metadata": {"brand_id": brand_id},
                    "include": ["configuration.recipient"],
                },
                {"idempotency_key": idempotency_key},
            )
        return _account_of(account)

    async def read_account(self, account_id: str) -> ConnectedAccount:
        """Read whether an account may receive transfers now; the return URL proves nothing."""
        with in_our_words():
            account = await self._client.v2.core.accounts.retrieve_async(
                account_id, {"include": ["configuration.recipient"]}
            )
        return _account_of(account)

    async def onboarding_link(self, account_id: str, *, return_url: str, refresh_url: str) -> str:
        """Make a link, good for a few minutes and one use, to the page where the owner introduces itself."""
        with in_our_words():
            link = await self._client.v2.core.account_links.create_async(
                {
                    "account": account_id,
                    "use_case": {
                        "type": "account_onboarding",
                        "account_onboarding": {"return_url": return_url, "refresh_url": refresh_url},
                    },
                }
            )
        return link.url

    async def create_customer(self, *, brand_id: str, name: str, email: str, idempotency_key: str) -> str:
        """Make the customer whom an advertiser's payments belong to; return its id."""
        with in_our_words():
            customer = await self._client.v1.customers.create_async(
                {"name": name, "email": email, "metadata": {"brand_id": brand_id}},
                {"idempotency_key": idempotency_key},
            )
        return customer.id

    async def read_balance(self, currency: str) -> Balance:
        """Read our balance in one currency, in minor units; zero where Stripe names none."""
        with in_our_words():
            balance = await self._client.v1.balance.retrieve_async()
        wanted = currency.lower()
        return Balance(
            available_minor=sum(part.amount for part in balance.available if part.currency == wanted),
            pending_minor=sum(part.amount for part in balance.pending if part.currency == wanted),
        )

    async def send_transfer(
        self,
        *,
        amount_minor: int,
        currency: str,
        destination: str,
        transfer_group: str,
        description: str,
        idempotency_key: str,
        metadata: Mapping[str, str],
    ) -> TransferOutcome:
        """Send money to a recipient; every answer is a value, so no caller forgets one.

        Units: minor units. Source: the table of DESIGN section 7.
        """
        try:
            transfer = await self._client.v1.transfers.create_async(
                {
                    "amount": amount_minor,
                    "currency": currency.lower(),
                    "destination": destination,
                    "transfer_group": transfer_group,
                    "description": description,
                    "metadata": dict(metadata),
                },
                {"idempotency_key": idempotency_key},
            )
        except stripe.StripeError as error:
            return stripe_answers.outcome_of(error)
        return Accepted(transfer.id)

    async def find_transfers(self, *, transfer_group: str, destination: str) -> list[Transfer]:
        """Look up the transfers of one payout to one recipient, newest first."""
        with in_our_words():
            page = await self._client.v1.transfers.list_async(
                {"transfer_group": transfer_group, "destination": destination, "limit": PAGE}
            )
            return [stripe_answers.transfer_of(found) async for found in page.auto_paging_iter()]

    async def read_transfer(self, transfer_id: str) -> Transfer:
        """Read one transfer. Errors: NotFoundError when Stripe knows none of that id."""
        with in_our_words():
            return stripe_answers.transfer_of(await self._client.v1.transfers.retrieve_async(transfer_id))

    def all_transfers(self) -> AsyncIterator[Transfer]:
        """Walk all transfers, newest first, page by page."""
        return self._walk({"limit": PAGE})

    def transfers_since(self, instant: datetime) -> AsyncIterator[Transfer]:
        """Walk the transfers made at or after an instant, newest first, page by page."""
        return self._walk({"limit": PAGE, "created": {"gte": int(instant.timestamp())}})

    async def _walk(self, wanted: stripe.params.TransferListParams) -> AsyncGenerator[Transfer]:
        with in_our_words():
            page = await self._client.v1.transfers.list_async(wanted)
            async for transfer in page.auto_paging_iter():
                yield stripe_answers.transfer_of(transfer)

    async def movements(self, *, since: datetime | None = None) -> AsyncGenerator[Movement]:
        """Walk what moved our balance, newest first, page by page: all of it, or since an instant."""
        wanted: stripe.params.BalanceTransactionListParams = {
            "limit": PAGE,
            "expand": stripe_movements.EXPANDED,
        }
        if since is not None:
            wanted["created"] = {"gte": int(since.timestamp())}
        with in_our_words():
            page = await self._client.v1.balance_transactions.list_async(wanted)
            async for found in page.auto_paging_iter():
                yield stripe_movements.movement_of(found)

    def verify_webhook(self, payload: bytes, signature: str) -> Event:
        """Read a webhook that Stripe signed within the last five minutes, by wall time.

        Errors: InvalidError when the signature does not fit, is too old, or the payload is no event.
        """
        return stripe_events.verified(payload, signature, self._webhook_secret)


def _account_of(account: core.Account) -> ConnectedAccount:
    # The SDK raises for what Stripe leaves out, and Stripe leaves out what was never requested.
    known: dict[str, Any] = account.to_dict()
    place: Mapping[str, Any] = known
    for name in ("configuration", "recipient", "capabilities", "stripe_balance", "stripe_transfers"):
        place = place.get(name) or {}
    status = "closed" if known.get("closed") else place.get("status", "unrequested")
    return ConnectedAccount(account.id, status)
