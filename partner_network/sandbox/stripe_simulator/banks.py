"""External accounts: the bank accounts that payouts go to, and which of Stripe's test numbers refuse them."""

from collections.abc import Mapping
from typing import cast

from partner_network.sandbox.stripe_simulator import accounts, events, lists, refusals
from partner_network.sandbox.stripe_simulator.call import CURRENCIES, Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import PLATFORM, State, new_id

KIND = "bank_account"
# Stripe's test account numbers by their last digits, and the failure code of a payout to them.
FAILURES: Mapping[str, str] = {
    "1116": "no_account",
    "1113": "account_closed",
    "2227": "insufficient_funds",
    "3335": "debit_not_authorized",
    "4440": "invalid_currency",
    "3001": "no_account",
    "3004": "account_closed",
}
# These banks first seem to take a payout and send it back days later.
LATE = ("1113", "3004")


def create(call: Call) -> Json:
    """Answer `POST /v1/accounts/{id}/external_accounts`; the first in a currency becomes its default."""
    call.takes("bank_account", "default_for_currency", "expand", "external_account", "metadata")
    account_id = _account(call)
    given = call.params.get("external_account", call.params.get("bank_account"))
    if not isinstance(given, dict):
        raise RefusedError(
            "The simulator takes bank accounts as details, not as tokens.", param="external_account"
        )
    details = cast("Json", given)
    texts = {name: value for name, value in details.items() if isinstance(value, str)}
    for name in ("country", "account_number"):
        if not texts.get(name):
            raise refusals.missing(f"external_account[{name}]")
    currency = texts.get("currency", "usd" if texts["country"].upper() == "US" else "eur").lower()
    if currency not in CURRENCIES:
        raise RefusedError(f"Invalid currency: {currency}", param="external_account[currency]")
    if texts["country"].upper() == "US" and not texts.get("routing_number"):
        raise refusals.missing("external_account[routing_number]")
    bank = add(
        call.state, account_id, currency=currency, country=texts["country"].upper(),
        last4=texts["account_number"][-4:],
        is_default=default_of(call.state, account_id, currency) is None,
        routing_number=texts.get("routing_number"), holder=texts.get("account_holder_name"),
    )  # fmt: skip
    if call.flag("default_for_currency"):
        make_default(call.state, bank)
    events.tell(call, "account.external_account.created", call.state.get(bank["id"]), account=account_id)
    return call.state.get(bank["id"])


def add(
    state: State,
    account: str,
    *,
    currency: str,
    country: str,
    last4: str,
    is_default: bool,
    routing_number: str | None = None,
    holder: str | None = None,
) -> Json:
    """Keep a bank account of a connected account, or of the platform."""
    bank: Json = {
        "id": new_id("ba"),
        "object": KIND,
        "account": account or None,  # the platform's own bank belongs to no connected account
        "account_holder_name": holder,
        "account_holder_type": "company",
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": country,
        "currency": currency,
        "customer": None,
        "default_for_currency": is_default,
        "fingerprint": f"bank{last4}",
        "last4": last4,
        "metadata": {},
        "routing_number": routing_number,
        "status": "new",
    }
    return state.put(bank, account=account)


def of(state: State, account: str) -> list[Json]:
    """List an account's bank accounts."""
    return state.select(KIND, {}, account=account)


def default_of(state: State, account: str, currency: str) -> Json | None:
    """Find where payouts in a currency go; the platform's own bank is always there."""
    for bank in of(state, account):
        if bank["currency"] == currency and bank["default_for_currency"]:
            return bank
    if account == PLATFORM and not state.select(
        KIND, {"json_extract(body, '$.currency') = ?": currency}, account=account
    ):
        return add(
            state,
            account,
            currency=currency,
            country="US",
            last4="6789",
            routing_number="110000000",
            is_default=True,
        )
    return None


def make_default(state: State, bank: Json) -> None:
    """Let payouts in the bank account's currency go there."""
    for other in of(state, bank["account"]):
        if other["currency"] == bank["currency"]:
            state.put(other | {"default_for_currency": other["id"] == bank["id"]})


def update(call: Call) -> Json:
    """Answer `POST /v1/accounts/{id}/external_accounts/{part}`; a changed account is tried anew."""
    call.takes("account_holder_name", "account_holder_type", "default_for_currency", "expand", "metadata")
    account_id, bank = _account(call), _bank(call)
    bank["metadata"] |= call.table("metadata")
    bank["account_holder_name"] = call.text("account_holder_name") or bank["account_holder_name"]
    bank["account_holder_type"] = call.text("account_holder_type") or bank["account_holder_type"]
    call.state.put(bank)
    if call.flag("default_for_currency"):
        make_default(call.state, bank)
    bank = call.state.get(bank["id"])
    events.tell(call, "account.external_account.updated", bank, account=account_id)
    return bank


def delete(call: Call) -> Json:
    """Answer `DELETE /v1/accounts/{id}/external_accounts/{part}`; a default stays."""
    call.takes()
    account_id, bank = _account(call), _bank(call)
    if bank["default_for_currency"]:
        raise RefusedError(
            "You cannot delete the default external account for your default currency. Please make another"
            " external account the default using the `default_for_currency` param, and then delete this one.",
            stored=True,
        )
    call.state.remove(bank["id"])
    events.tell(call, "account.external_account.deleted", bank, account=account_id)
    return {"id": bank["id"], "object": KIND, "currency": bank["currency"], "deleted": True}


def retrieve(call: Call) -> Json:
    """Answer `GET /v1/accounts/{id}/external_accounts/{part}`."""
    call.takes("expand")
    _account(call)
    return _bank(call)


def listed(call: Call) -> Json:
    """Answer `GET /v1/accounts/{id}/external_accounts`."""
    account_id = _account(call)
    call.takes("ending_before", "expand", "limit", "object", "starting_after")
    return lists.page(
        call, lists.BANKS, url=f"/v1/accounts/{account_id}/external_accounts", account=account_id
    )


def _account(call: Call) -> str:
    account = call.state.find(call.object_id, kind=accounts.KIND)
    if account is None:
        raise refusals.no_access(call.object_id)
    if account["closed"]:
        raise refusals.account_closed(call.object_id)
    return call.object_id


def _bank(call: Call) -> Json:
    bank = call.state.find(call.part_id, kind=KIND, account=call.object_id)
    if bank is None:
        raise refusals.no_such("external account", call.part_id, param="id", status=404)
    return bank
