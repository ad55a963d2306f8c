"""Reading: one object, a list of them page by page, and what `expand` unfolds."""

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from partner_network.sandbox.stripe_simulator import refusals
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import PLATFORM, State

LONGEST_PAGE = 100
DEEPEST_EXPANSION = 4
EXPANDABLE: Mapping[str, frozenset[str]] = {
    "balance_transaction": frozenset({"source"}),
    "charge": frozenset({"balance_transaction", "customer", "payment_intent", "source_transfer"}),
    "dispute": frozenset({"charge", "payment_intent"}),
    "invoice": frozenset({"customer"}),
    "invoice_payment": frozenset({"invoice"}),
    "invoiceitem": frozenset({"customer", "invoice"}),
    "payment_intent": frozenset({"customer", "latest_charge"}),
    "payout": frozenset({"balance_transaction", "destination", "failure_balance_transaction"}),
    "refund": frozenset({"balance_transaction", "charge", "failure_balance_transaction", "payment_intent"}),
    "topup": frozenset({"balance_transaction"}),
    "transfer": frozenset({"balance_transaction", "destination_payment"}),
    "transfer_reversal": frozenset({"balance_transaction", "destination_payment_refund", "transfer"}),
}
# More digits than any clock or amount, and still an integer to SQLite.
LONGEST_NUMBER = 18
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
RANGES = ("amount", "arrival_date", "created", "due_date")


class Collection(msgspec.Struct, frozen=True):
    """One of Stripe's lists: its address, what it holds, and the fields it filters by."""

    url: str
    kind: str
    noun: str
    filters: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ("created",)


TRANSFERS = Collection("/v1/transfers", "transfer", "transfer", ("destination", "transfer_group"))
REVERSALS = Collection("", "transfer_reversal", "transfer reversal", ("transfer",), ())
BANKS = Collection("", "bank_account", "external account", ("object",), ())
TRANSACTIONS = Collection(
    "/v1/balance_transactions",
    "balance_transaction",
    "balance transaction",
    ("currency", "payout", "source", "type"),
)
INVOICES = Collection(
    "/v1/invoices", "invoice", "invoice", ("collection_method", "customer", "status"), ("created", "due_date")
)
EVENTS = Collection("/v1/events", "event", "event", ("type", "types"))
ENDPOINTS = Collection("/v1/webhook_endpoints", "webhook_endpoint", "webhook endpoint", (), ())
COLLECTIONS = (
    Collection("/v1/customers", "customer", "customer", ("email",)),
    Collection("/v1/payment_intents", "payment_intent", "payment_intent", ("customer",)),
    Collection("/v1/charges", "charge", "charge", ("customer", "payment_intent", "transfer_group")),
    Collection("/v1/payment_methods", "payment_method", "PaymentMethod", ("customer", "type"), ()),
    Collection("/v1/refunds", "refund", "refund", ("charge", "payment_intent")),
    Collection("/v1/disputes", "dispute", "dispute", ("charge", "payment_intent")),
    Collection("/v1/payouts", "payout", "payout", ("destination", "status"), ("arrival_date", "created")),
    Collection("/v1/topups", "topup", "top-up", ("status",), ("amount", "created")),
    INVOICES,
    Collection("/v1/invoiceitems", "invoiceitem", "invoiceitem", ("customer", "invoice")),
    Collection("/v1/invoice_payments", "invoice_payment", "invoice payment", ("invoice", "status")),
    TRANSACTIONS,
    TRANSFERS,
    EVENTS,
    ENDPOINTS,
)


def expand(state: State, body: Json, paths: list[str]) -> Json:
    """Unfold the ids at those paths into the objects they name."""
    for path in paths:
        if path.count(".") >= DEEPEST_EXPANSION:
            raise RefusedError("You cannot expand more than 4 levels of a property.")
        _unfold(state, body, path, path)
    return body


def _unfold(state: State, body: Json, path: str, whole: str) -> None:
    field, _, rest = path.partition(".")
    if field not in EXPANDABLE.get(body.get("object", ""), frozenset()):
        raise RefusedError(f"This property cannot be expanded ({whole}).")
    inner = body[field]
    if isinstance(inner, str):
        body[field] = inner = state.find(inner)
    if rest and inner is not None:
        _unfold(state, cast("Json", inner), rest, whole)


def whole(call: Call, collection: Collection) -> Json:
    """Find the object that the address names, among those of the asking account."""
    body = call.state.find(call.object_id, kind=collection.kind, account=call.account)
    if body is None:
        raise refusals.no_such(collection.noun, call.object_id, param="id", status=404)
    return body


def reader(collection: Collection) -> Callable[[Call], Json]:
    """Make the verb that retrieves one object of a collection."""

    def retrieve(call: Call) -> Json:
        call.takes("expand")
        return expand(call.state, whole(call, collection), call.texts("expand"))

    return retrieve


def lister(collection: Collection) -> Callable[[Call], Json]:
    """Make the verb that lists a collection, newest first, by cursor."""

    def listed(call: Call) -> Json:
        fields = {*collection.filters, *collection.ranges}
        call.takes("ending_before", "expand", "limit", "starting_after", *fields)
        return page(call, collection, url=collection.url, account=call.account)

    return listed


def reversals_of(call: Call) -> Json:
    """Answer `GET /v1/transfers/{id}/reversals`."""
    call.takes("ending_before", "expand", "limit", "starting_after")
    transfer = whole(call, TRANSFERS)
    only = {"json_extract(body, '$.transfer') = ?": transfer["id"]}
    return page(call, REVERSALS, url=f"/v1/transfers/{transfer['id']}/reversals", only=only)


def reversal(call: Call) -> Json:
    """Answer `GET /v1/transfers/{id}/reversals/{part}`."""
    call.takes("expand")
    body = call.state.find(call.part_id, kind=REVERSALS.kind)
    if body is None or body["transfer"] != whole(call, TRANSFERS)["id"]:
        raise refusals.no_such(REVERSALS.noun, call.part_id, param="id", status=404)
    return expand(call.state, body, call.texts("expand"))


def page(
    call: Call,
    collection: Collection,
    *,
    url: str,
    account: str = PLATFORM,
    only: Mapping[str, str | int] | None = None,
) -> Json:
    """Cut one page of a list, newest first."""
    limit = call.integer("limit", default=10, at_least=1, at_most=LONGEST_PAGE)
    backwards = call.text("ending_before") is not None
    # One more than asked tells whether there are more.
    rows = call.state.select(
        collection.kind,
        _conditions(call, collection, account) | dict(only or {}),
        order="ASC" if backwards else "DESC",
        limit=limit + 1,
        account=account,
    )
    shown = rows[:limit][::-1] if backwards else rows[:limit]
    for path in call.texts("expand"):
        for item in shown:
            expand(call.state, item, [path.removeprefix("data.")])
    return {"object": "list", "url": url, "has_more": len(rows) > limit, "data": shown}


def _conditions(call: Call, collection: Collection, account: str) -> dict[str, str | int]:
    conditions: dict[str, str | int] = {}
    for name in collection.filters:
        if name == "types":
            conditions |= _types(call)
        elif (value := call.text(name)) is not None:
            conditions[_filter(call, name, value)] = value
    for name, comparison in (("starting_after", "<"), ("ending_before", ">")):
        cursor = call.text(name)
        if cursor is not None:
            place = call.state.sequence_of(cursor, kind=collection.kind, account=account)
            if place is None:
                raise refusals.no_such(collection.noun, cursor, param=name)
            conditions[f"seq {comparison} ?"] = place
    for name in collection.ranges:
        conditions |= _range(call, name)
    return conditions


def _filter(call: Call, name: str, value: str) -> str:
    if name == "payout":
        payout = call.state.find(value, kind="payout", account=call.account)
        if payout is None:
            raise refusals.no_such("payout", value, param="payout")
        if not payout["automatic"]:
            raise RefusedError(
                "Balance transaction history can only be filtered on automatic payouts, not manual.",
                param="payout",
            )
        return "id IN (SELECT balance_transaction FROM bundles WHERE payout = ?)"
    if name == "type" and value.endswith(".*"):
        return "json_extract(body, '$.type') GLOB ?"
    return f"json_extract(body, '$.{name}') = ?"


def _types(call: Call) -> dict[str, str | int]:
    types = call.texts("types")
    if not types:
        return {}
    if call.text("type") is not None:
        raise RefusedError("You may pass either `type` or `types`, not both.", param="types")
    return {"instr(?, ',' || json_extract(body, '$.type') || ',') > 0": "," + ",".join(types) + ","}


def _range(call: Call, name: str) -> dict[str, str | int]:
    given = call.params.get(name)
    if given is None:
        return {}
    bounds = {"=": given} if isinstance(given, str) else call.tree(name)
    conditions: dict[str, str | int] = {}
    for bound, value in bounds.items():
        comparison = COMPARISONS.get(bound, bound)
        if (
            comparison not in {"=", *COMPARISONS.values()}
            or not str(value).isdecimal()
            or len(str(value)) > LONGEST_NUMBER
        ):
            raise RefusedError(f"Invalid {name}: {value}", param=f"{name}[{bound}]")
        conditions[f"json_extract(body, '$.{name}') {comparison} ?"] = int(value)
    return conditions
