"""What is left of an order, whose it is and in what money, by MONEY, section 4, from its words alone."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.naive import days
from tests.naive.days import DAY
from tests.naive.deciding import Credit

Row = dict[str, Any]
EXPONENT = {"CLP": 0, "JPY": 0, "EUR": 2, "USD": 2, "GBP": 2, "KWD": 3, "CLF": 4}
WHOLE = 1_000_000


class NoRateError(Exception):
    """No rate was published in the week before."""


def rounded(exact: Fraction) -> int:
    """Return the whole number next to it, half away from zero."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def split(whole: int, parts: Sequence[Fraction]) -> list[int]:
    """Split by largest remainder, ties to the one that stands first; the parts sum to 1."""
    exact = [whole * part for part in parts]
    given = [int(one) for one in exact]
    by_rest = sorted(range(len(parts)), key=lambda i: (given[i] - exact[i], i))
    for i in by_rest[: whole - sum(given)]:
        given[i] += 1
    return given


def rate_on(day: date, base: str, quote: str, rates: Sequence[Row]) -> Fraction:
    """Return the last rate on or before the day, at most seven days back; direct, inverse, then cross."""
    if base == quote:
        return Fraction(1)
    for back in range(8):
        on = {
            (one["base"], one["quote"]): Fraction(one["rate"])
            for one in rates
            if one["date"] == (day - back * DAY).isoformat()
        }
        both = {(quote, base): 1 / rate for (base, quote), rate in on.items()} | on
        if (base, quote) in both:
            return both[base, quote]
        for middle in sorted({code for pair in both for code in pair}):
            if (base, middle) in both and (middle, quote) in both:
                return both[base, middle] * both[middle, quote]
    raise NoRateError(day)


def exchanged(minor: int, order: Row, rates: Sequence[Row]) -> int:
    """Return an amount of the order in the agreement's currency."""
    settlement, of = order["terms"]["settlement"], order["currency"]
    day = days.day_of(order["at"], settlement["time_zone"])
    scale = Fraction(10) ** (EXPONENT[settlement["currency"]] - EXPONENT[of])
    return rounded(minor * rate_on(day, of, settlement["currency"], rates) * scale)


def effective(refunds: Sequence[Row], order: Row) -> list[Row]:
    """Return the refunds that stand: not undone, and not too old."""
    mine = [one for one in refunds if one["conversion"] == order["id"]]
    undoing = {one["cancels"]: one["id"] for one in mine if one["cancels"] is not None}

    def stands(id: str) -> bool:  # noqa: A002 - the facts file's own word
        return id not in undoing or not stands(undoing[id])

    max_age = timedelta(days=order["terms"]["settlement"]["clawback"]["max_age_days"])
    return sorted(
        (
            one
            for one in mine
            if one["cancels"] is None and stands(one["id"]) and one["at"] - order["at"] < max_age
        ),
        key=lambda one: (one["at"], one["id"].encode()),
    )


def lines_of(order: Row) -> list[Row]:
    if order["lines"]:
        return sorted(order["lines"], key=lambda one: one["id"].encode())
    return [{"id": "", "sku": None, "category": None, "net_minor": order["net_minor"]}]


def left_of(order: Row, refunds: Sequence[Row]) -> list[int]:
    """Return what each line has left after these refunds, in their order."""
    nets = [one["net_minor"] for one in order["lines"]]
    left = list(nets)
    for refund in refunds:
        if refund["line"] is not None:
            at = [one["id"] for one in order["lines"]].index(refund["line"])
            left[at] -= refund["net_minor"]
            continue
        taken = _spread(refund["net_minor"], nets)
        if any(rest < part for rest, part in zip(left, taken, strict=True)):
            taken = _spread(refund["net_minor"], left)
        left = [rest - part for rest, part in zip(left, taken, strict=True)]
    return left


def _spread(minor: int, by: Sequence[int]) -> list[int]:
    total = sum(by)
    return split(minor, [Fraction(one, total) for one in by]) if total else [0] * len(by)


def number_of(order: Row, all_orders: Sequence[Row]) -> tuple[int, Row | None]:
    """Return which sale of its customer it is, and the customer's first sale."""
    if order["customer"] is None:
        return 1, order if order["event"] == "sale" else None
    sales = [
        one
        for one in all_orders
        if one["event"] == "sale"
        and (one["customer"], one["program"]) == (order["customer"], order["program"])
    ]
    upto = [one for one in sales if (one["at"], one["id"].encode()) <= (order["at"], order["id"].encode())]
    return max(1, len(upto)), sales[0] if sales else None


def taken_by(
    order: Row, components: Sequence[Row], combine: str, rates: Sequence[Row]
) -> dict[str, list[int]]:
    """Return which lines each component prices, by their place."""
    taken: dict[str, list[int]] = {}
    for place, line in enumerate(order["lines"]):
        for component in components:
            if _fits(order, line, component, rates):
                taken.setdefault(component["name"], []).append(place)
                if combine == "first":
                    break
    return taken


def _fits(order: Row, line: Row, component: Row, rates: Sequence[Row]) -> bool:
    match = component["match"]
    if component["event"] != order["event"]:
        return False
    if match["categories"] and line["category"] not in match["categories"]:
        return False
    if match["skus"] and line["sku"] not in match["skus"]:
        return False
    if match["customer"] != "any" and (match["customer"] == "new") != order["new_customer"]:
        return False
    least = component["min_order_minor"]
    if least and exchanged(order["net_minor"], order, rates) < least:
        return False
    return _in_months(order, component["recurring_months"])


def _in_months(order: Row, months: int) -> bool:
    first = order["first"]
    if first is None or first["id"] == order["id"]:
        return True
    if not months:
        return order["event"] != "sale" and order["at"] <= first["at"]
    return order["at"] < days.months_after(first["at"], months, order["terms"]["settlement"]["time_zone"])


def placed_at(order: Row) -> Any:
    settlement = order["terms"]["settlement"]
    late = order["recorded_at"] >= days.lock_of(order["at"], settlement)
    return order["recorded_at" if late and settlement["late_policy"] == "as_of_receipt" else "at"]


def own(whole: int, partner: str, credits_: Sequence[Credit]) -> list[tuple[int, Credit]]:
    """Return the parts of an amount that a partner's credits get."""
    parts = split(whole, [one.weight for one in credits_])
    return [(part, one) for part, one in zip(parts, credits_, strict=True) if one.partner == partner]
