"""What partners' own accounts at Stripe pay out to their banks, and which of our transfers it took along."""

from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime
from typing import Any, Literal

import msgspec
import stripe

from partner_network.gateways.stripe_errors import in_our_words

PAGE = 100


class BankPayout(msgspec.Struct, frozen=True):
    """A payout of a connected account to its bank; minor units. One that was cancelled came back too."""

    id: str
    currency: str
    amount_minor: int
    status: Literal["in_transit", "paid", "failed"]
    failure: str | None
    arrives_on: date
    made_at: datetime
    is_automatic: bool


class Bundle(msgspec.Struct, frozen=True):
    """What one payout to a bank took along: transfers of ours, and payouts whose money had come back."""

    transfers: tuple[str, ...]
    came_back: tuple[str, ...]


class StripeBanks:
    """The part of a conversation with Stripe that looks at what partners' accounts pay out to their banks."""

    _client: stripe.StripeClient

    async def read_bank_payout(self, payout_id: str, *, account: str) -> BankPayout:
        """Read one payout of a connected account to its bank."""
        with in_our_words():
            shown = await self._client.v1.payouts.retrieve_async(payout_id, None, {"stripe_account": account})
        return _bank_payout(shown)

    async def bank_payouts(self, *, account: str, since: datetime) -> AsyncGenerator[BankPayout]:
        """Walk the payouts of a connected account made at or after an instant, newest first."""
        wanted: stripe.params.PayoutListParams = {"limit": PAGE, "created": {"gte": int(since.timestamp())}}
        with in_our_words():
            page = await self._client.v1.payouts.list_async(wanted, {"stripe_account": account})
            async for shown in page.auto_paging_iter():
                yield _bank_payout(shown)

    async def bundle_of(self, payout_id: str, *, account: str) -> Bundle:
        """Read what an automatic payout took along: our transfers, and earlier payouts that had come back."""
        transfers: list[str] = []
        came_back: list[str] = []
        with in_our_words():
            page = await self._client.v1.balance_transactions.list_async(
                {"payout": payout_id, "limit": PAGE, "expand": ["data.source"]}, {"stripe_account": account}
            )
            async for found in page.auto_paging_iter():
                whole = found.to_dict()
                source: dict[str, Any] = whole["source"] if isinstance(whole.get("source"), dict) else {}
                if source.get("source_transfer"):
                    transfers.append(source["source_transfer"])
                elif found.type in {"payout_failure", "payout_cancel"} and source.get("id") != payout_id:
                    came_back.append(str(source.get("id")))
        return Bundle(tuple(transfers), tuple(came_back))


def _bank_payout(shown: stripe.Payout) -> BankPayout:
    is_back = shown.status in {"failed", "canceled"}
    return BankPayout(
        id=shown.id,
        currency=shown.currency.upper(),
        amount_minor=shown.amount,
        status="failed" if is_back else "paid" if shown.status == "paid" else "in_transit",
        failure=(shown.failure_message or shown.failure_code or shown.status) if is_back else None,
        arrives_on=datetime.fromtimestamp(shown.arrival_date, UTC).date(),
        made_at=datetime.fromtimestamp(shown.created, UTC),
        is_automatic=shown.automatic,
    )
