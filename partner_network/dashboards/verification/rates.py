"""Rates: what each order in another currency was converted at, found again in what was published by then."""

from collections.abc import Iterator

from partner_network.commissions.rules.rates import Found, Rate, Rates
from partner_network.dashboards.verification import kinds, orders
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.rate_rows import FixedRate
from partner_network.kernel.errors import InvalidError


def check(books: Books) -> Kind:
    """Find the rate of every order again, from the rates that were loaded when it was fixed."""
    found = "found again in what was published, all alike"
    return kinds.compared("rates", len(books.rates.fixed), found, _differences(books))


def _differences(books: Books) -> Iterator[str]:
    rates = books.rates
    for one in rates.published:
        if one.load_id not in rates.loads:
            yield f"The rate {one.base}/{one.quote} of {one.day} is from no load: {one.load_id}."
    zones = {
        (plan.versions[0].settlement.currency, plan.versions[0].zone)
        for plan in orders.plan_of(books).values()
    }
    by_load = _by_load(books)
    for one in rates.fixed:
        conversion = books.conversion[one.conversion_id]
        name = f"The rate of the {books.order_name(one.conversion_id)} to {one.quote}"
        days = {
            conversion.occurred_at.astimezone(zone).date()
            for currency, zone in zones
            if currency == one.quote
        }
        if one.day not in days:
            yield f"{name} is for {one.day}; the order is of {conversion.occurred_at}."
        loaded_at = rates.loads.get(one.load_id)
        if loaded_at is None or loaded_at > one.recorded_at:
            yield f"{name} cites load {one.load_id}, which was not there yet at {one.recorded_at}."
            continue
        try:
            wanted = by_load[one.load_id].found(one.day, conversion.currency, one.quote)
        except InvalidError as missing:
            yield f"{name} is {one.rate}; {missing}"
            continue
        if Found(one.rate, one.published_on, one.how, one.via) != wanted:
            yield f"{name} is {_said(one)}; what was published by then gives {_said(wanted)}."


def _by_load(books: Books) -> dict[int, Rates]:
    """Return, for each newest load that an order cites, the rates that were known with it."""
    cited = {one.load_id for one in books.rates.fixed}
    return {
        load_id: Rates(
            Rate(one.day, one.base, one.quote, one.rate)
            for one in books.rates.published
            if one.load_id <= load_id
        )
        for load_id in cited
    }


def _said(one: FixedRate | Found) -> str:
    via = "" if one.via is None else f" through {one.via}"
    return f"{one.rate} ({one.how}{via}, published {one.published_on})"
