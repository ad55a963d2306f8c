"""The addresses of Stripe that the simulator plays, each with its verb."""

from collections.abc import Callable, Mapping

from partner_network.sandbox.stripe_simulator import (
    accounts,
    balance_settings,
    banks,
    books,
    customers,
    disputes,
    lists,
    methods,
    onboarding,
    payments,
    payouts,
    refunds,
    reversals,
    topups,
    transfers,
)
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json

Verb = Callable[[Call], Json]

ROUTES: Mapping[str, Verb] = {
    "POST /v1/customers": customers.create,
    "POST /v1/payment_methods": methods.create,
    "POST /v1/payment_methods/{id}/attach": methods.attach,
    "POST /v1/payment_intents": payments.create,
    "POST /v1/refunds": refunds.create,
    "POST /v1/disputes/{id}": disputes.update,
    "GET /v1/balance": books.balance,
    "GET /v1/balance_settings": balance_settings.retrieve,
    "POST /v1/balance_settings": balance_settings.update,
    "POST /v1/topups": topups.create,
    "POST /v1/topups/{id}": topups.update,
    "POST /v1/topups/{id}/cancel": topups.cancel,
    "POST /v1/transfers": transfers.create,
    "POST /v1/transfers/{id}": transfers.update,
    "GET /v1/transfers/{id}/reversals": lists.reversals_of,
    "POST /v1/transfers/{id}/reversals": reversals.create,
    "GET /v1/transfers/{id}/reversals/{part}": lists.reversal,
    "POST /v1/transfers/{id}/reversals/{part}": reversals.update,
    "POST /v1/payouts": payouts.create,
    "POST /v1/payouts/{id}": payouts.update,
    "POST /v1/payouts/{id}/cancel": payouts.cancel,
    "GET /v1/accounts/{id}/external_accounts": banks.listed,
    "POST /v1/accounts/{id}/external_accounts": banks.create,
    "GET /v1/accounts/{id}/external_accounts/{part}": banks.retrieve,
    "POST /v1/accounts/{id}/external_accounts/{part}": banks.update,
    "DELETE /v1/accounts/{id}/external_accounts/{part}": banks.delete,
    "POST /v2/core/accounts": accounts.create,
    "GET /v2/core/accounts/{id}": accounts.retrieve,
    "POST /v2/core/accounts/{id}": accounts.update,
    "POST /v2/core/accounts/{id}/close": accounts.close,
    "POST /v2/core/account_links": onboarding.create_link,
    **{f"GET {collection.url}": lists.lister(collection) for collection in lists.COLLECTIONS},
    **{f"GET {collection.url}/{{id}}": lists.reader(collection) for collection in lists.COLLECTIONS},
}
