"""The addresses of Stripe that the simulator plays, each with its verb."""

from collections.abc import Callable, Mapping

from partner_network.sandbox.stripe_simulator import (
    accounts,
    books,
    customers,
    lists,
    onboarding,
    payments,
    transfers,
)
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json

Verb = Callable[[Call], Json]

ROUTES: Mapping[str, Verb] = {
    "POST /v1/customers": customers.create,
    "POST /v1/payment_intents": payments.create,
    "GET /v1/balance": books.balance,
    "POST /v1/transfers": transfers.create,
    "POST /v2/core/accounts": accounts.create,
    "GET /v2/core/accounts/{id}": accounts.retrieve,
    "POST /v2/core/accounts/{id}": accounts.update,
    "POST /v2/core/accounts/{id}/close": accounts.close,
    "POST /v2/core/account_links": onboarding.create_link,
    **{f"GET {collection.url}": lists.lister(collection) for collection in lists.COLLECTIONS},
    **{f"GET {collection.url}/{{id}}": lists.reader(collection) for collection in lists.COLLECTIONS},
}
