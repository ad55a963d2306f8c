"""Reading: one object, a list of them page by page, and what `expand` unfolds."""

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from partner_network.sandbox.stripe_simulator import refusals
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import State

LONGEST_PAGE = 100
DEEPEST_EXPANSION = 4
EXPANDABLE: Mapping[str, frozenset[str]] = {
    "payment_intent": frozenset({"customer", "latest_charge"}),
    "charge": frozenset({"balance_transaction", "customer", "payment_intent"}),
    "transfer": frozenset({"balance_transaction"}),
    "balance_transaction": frozenset({"source"}),
}
CREATED = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Collection(msgspec.Struct, frozen=True):
    """One of Stripe's lists: its address, what it holds, and the fields it filters by."""

    url: str
    kind: str
    noun: str
    filters: tuple[str, ...] = ()


COLLECTIONS = (
    Collection("/v1/customers", "customer", "customer", ("email",)),
    Collection("/v1/payment_intents", "payment_intent", "payment_intent", ("customer",)),
    Collection("/v1/charges", "charge", "charge", ("customer", "payment_intent", "transfer_group")),
    Collection(
        "/v1/balance_transactions",
        "balance_transaction",
        "balance transaction",
        ("currency", "source", "type"),
    ),
    Collection("/v1/transfers", "transfer", "transfer", ("destination", "transfer_group")),
    Collection("/v1/events", "event", "event", ("type",)),
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


def reader(collection: Collection) -> Callable[[Call], Json]:
    """Make the verb that retrieves one object of a collection."""

    def retrieve(call: Call) -> Json:
        call.takes("expand")
        body = call.state.find(call.object_id, kind=collection.kind)
        if body is None:
            raise refusals.no_such(collection.noun, call.object_id, param="id", status=404)
        return expand(call.state, body, call.texts("expand"))

    return retrieve


def lister(collection: Collection) -> Callable[[Call], Json]:
    """Make the verb that lists a collection, newest first, by cursor."""

    def listed(call: Call) -> Json:
        call.takes("created", "ending_before", "expand", "limit", "starting_after", *collection.filters)
        limit = call.integer("limit", default=10, at_least=1, at_most=LONGEST_PAGE)
        backwards = call.text("ending_before") is not None
        # One more than asked tells whether there are more.
        rows = call.state.select(
            collection.kind,
            _conditions(call, collection),
            order="ASC" if backwards else "DESC",
            limit=limit + 1,
        )
        page = rows[:limit][::-1] if backwards else rows[:limit]
        for path in call.texts("expand"):
            for item in page:
                expand(call.state, item, [path.removeprefix("data.")])
        return {"object": "list", "url": collection.url, "has_more": len(rows) > limit, "data": page}

    return listed


def _conditions(call: Call, collection: Collection) -> dict[str, str | int]:
    conditions: dict[str, str | int] = {}
    for name in collection.filters:
        value = call.text(name)
        if value is not None:
            conditions[f"json_extract(body, '$.{name}') = ?"] = value
    for name, comparison in (("starting_after", "<"), ("ending_before", ">")):
        cursor = call.text(name)
        if cursor is not None:
            conditions[f"seq {comparison} ?"] = _place_of(call.state, cursor, collection, param=name)
    return conditions | _created(call)


def _place_of(state: State, cursor: str, collection: Collection, *, param: str) -> int:
    place = state.sequence_of(cursor, kind=collection.kind)
    if place is None:
        raise refusals.no_such(collection.noun, cursor, param=param)
    return place


def _created(call: Call) -> dict[str, str | int]:
    created = call.params.get("created")
    if created is None:
        return {}
    bounds = {"=": created} if isinstance(created, str) else call.table("created")
    conditions: dict[str, str | int] = {}
    for name, instant in bounds.items():
        comparison = CREATED.get(name, name)
        if comparison not in {"=", *CREATED.values()} or not str(instant).isdecimal():
            raise RefusedError(f"Invalid timestamp: {instant}", param=f"created[{name}]")
        conditions[f"json_extract(body, '$.created') {comparison} ?"] = int(instant)
    return conditions
