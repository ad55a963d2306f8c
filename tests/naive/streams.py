"""What each order pays by its components, by MONEY, section 4, written from its words alone."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from tests.naive import days, orders
from tests.naive.days import DAY
from tests.naive.orders import WHOLE, rounded

Row = dict[str, Any]
Paid = dict[tuple[str, str, str, str], int]
"""By conversion, partner, component and period."""


class Room:
    """A running sum that stops at a cap."""

    def __init__(self) -> None:
        self.spent = Fraction(0)

    def take(self, exact: Fraction, cap: int | None) -> Fraction:
        fits = exact if cap is None else max(Fraction(0), min(exact, cap - self.spent))
        self.spent += fits
        return fits


def entry_of(order: Row, partner: str, component: Row, facts: Row) -> Row:
    """Return the order's part in a stream: share, count, and each credited touch's part of both."""
    terms, lines = order["terms"], order["taken"][component["name"]]
    line_only = terms["settlement"]["clawback"]["mode"] == "line_only"
    before = sum(order["lines"][i]["net_minor"] for i in lines)
    left = sum(order["left"][i] for i in lines)
    shares = orders.own(before if line_only else left, partner, order["credited"])
    counts = orders.own(WHOLE, partner, order["credited"])
    # Free lines are taken back by a refund that names one of them, or that leaves nothing of the order.
    named = any(refund["line"] == order["lines"][i]["id"] for refund in order["stands"] for i in lines)
    all_gone = bool(order["stands"]) and not sum(order["left"])
    gone = not left and (before > 0 or named or all_gone)
    return {
        "order": order, "component": component, "before": before, "refunded": before - left, "shares": shares,
        "share": orders.exchanged(sum(part for part, _ in shares), order, facts["rates"]),
        "counts": counts, "gone": gone,
        "count": 0 if gone and not line_only else sum(part for part, _ in counts),
        "period": days.label(orders.placed_at(order), component["period"], terms["settlement"]["time_zone"]),
    }  # fmt: skip


def pays_per_action(component: Row) -> bool:
    return component["tiers"][0].get("amount_minor") is not None


def before_multipliers(entry: Row, cum: int, total: int) -> Fraction:
    """Return x_i by the tiers, in minor units."""
    component = entry["component"]
    tiers = component["tiers"]
    by_count = component["metric"] == "count"
    scale = WHOLE if by_count else 1
    per_action = pays_per_action(component)
    key = "amount_minor" if per_action else "rate_ppm"
    if component["structure"] == "graduated":
        own = entry["count"] if by_count else entry["share"]

        def upto(metric: int) -> Fraction:
            bounds = [tier["from"] * scale for tier in tiers[1:]] + [max(metric, 10**30)]
            return sum(
                (
                    Fraction(tier[key], WHOLE) * max(0, min(metric, high) - tier["from"] * scale)
                    for tier, high in zip(tiers, bounds, strict=True)
                ),
                Fraction(0),
            )

        return upto(cum + own) - upto(cum)
    tier = tiers[0]
    if component["structure"] == "retroactive":
        tier = [one for one in tiers if one["from"] * scale <= total][-1]
    return Fraction(tier[key] * (entry["count"] if per_action else entry["share"]), WHOLE)


def boosted(exact: Fraction, entry: Row, rooms: dict[str, Room]) -> Fraction:
    terms, order = entry["order"]["terms"], entry["order"]
    zone = terms["settlement"]["time_zone"]
    force = [
        one
        for one in terms["commission"]["boosts"]
        if one["component"] == entry["component"]["name"]
        and days.midnight(one["from"], zone) <= order["at"] < days.midnight(one["until"], zone)
    ]
    best = sorted(
        (one for one in force if one["stacking"] == "best"),
        key=lambda one: (-one["multiplier_ppm"], one["name"]),
    )[:1]
    for one in sorted(
        [one for one in force if one["stacking"] == "multiply"] + best, key=lambda one: one["name"]
    ):
        extra = exact * Fraction(one["multiplier_ppm"] - WHOLE, WHOLE)
        exact += rooms[one["name"]].take(extra, one["cap_minor"])
    return exact


def decayed(exact: Fraction, entry: Row) -> Fraction:
    ppm = entry["component"]["decay_ppm_per_day"]
    parts = entry["counts"] if pays_per_action(entry["component"]) else entry["shares"]
    whole = sum(part for part, _ in parts)
    if not ppm or not whole:
        return exact
    kept = Fraction(0)
    for part, credit in parts:
        age = 0 if credit.at is None else (entry["order"]["at"] - credit.at) // DAY
        kept += max(Fraction(0), 1 - Fraction(ppm * age, WHOLE)) * part
    return exact * kept / whole


def of_quality(exact: Fraction, entry: Row, partner: str, facts: Row) -> Fraction:
    order = entry["order"]
    zone = order["terms"]["settlement"]["time_zone"]
    for rule in order["terms"]["commission"]["quality"]:
        for one in facts["quality"]:
            measured = days.midnight(date.fromisoformat(one["date"]), zone)
            same = days.label(measured, rule["period"], zone) == days.label(order["at"], rule["period"], zone)
            whose = (rule["component"], partner, order["program"])
            mine = whose == (entry["component"]["name"], one["partner"], one["program"])
            if mine and same and one["rule"] == rule["name"] and one["customers"] >= rule["least_customers"]:
                reached = [
                    step
                    for step in rule["steps"]
                    if one["retained"] * WHOLE >= step["from_ppm"] * one["customers"]
                ]
                exact *= Fraction(reached[-1]["multiplier_ppm"], WHOLE)
    return exact


def pay_stream(entries: Sequence[Row], partner: str, facts: Row) -> Paid:
    """Return what the entries of one stream pay, in canonical order."""
    totals: dict[str, int] = defaultdict(int)
    for entry in entries:
        totals[entry["period"]] += entry["count" if entry["component"]["metric"] == "count" else "share"]
    cum: dict[str, int] = defaultdict(int)
    boosts: dict[str, Room] = defaultdict(Room)
    customers: dict[tuple[str, str], Room] = defaultdict(Room)
    periods: dict[str, Room] = defaultdict(Room)
    found: Paid = {}
    for entry in entries:
        order, component, period = entry["order"], entry["component"], entry["period"]
        exact = before_multipliers(entry, cum[period], totals[period])
        cum[period] += entry["count" if component["metric"] == "count" else "share"]
        exact = decayed(boosted(exact, entry, boosts), entry)
        by_number = component["invoice_ppm"]
        if by_number:
            exact *= Fraction(by_number[min(order["number"], len(by_number)) - 1], WHOLE)
        exact = of_quality(exact, entry, partner, facts)
        caps = component["cap_minor"]
        exact = Room().take(exact, caps.get("order"))
        exact = customers[period, order["customer"] or f"alone {order['id']}"].take(
            exact, caps.get("customer")
        )
        already = rounded(periods[period].spent)
        periods[period].take(exact, caps.get("period"))
        line = rounded(periods[period].spent) - already
        if order["terms"]["settlement"]["clawback"]["mode"] == "line_only":
            back = (
                Fraction(entry["refunded"], entry["before"]) if entry["before"] else Fraction(entry["gone"])
            )
            line -= rounded(line * back)
        found[order["id"], partner, component["name"], period] = line
    return found


def commissions(priced: Sequence[Row], facts: Row) -> Paid:
    """Return what every order pays to every partner, adjustments included, without rows of nothing."""
    streams: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for order in priced:
        for component in order["terms"]["commission"]["components"]:
            if component["name"] in order["taken"]:
                for partner in sorted({one.partner for one in order["credited"]}):
                    entry = entry_of(order, partner, component, facts)
                    streams[order["program"], partner, component["name"]].append(entry)
    found: Paid = {}
    for (_, partner, _), entries in streams.items():
        found |= pay_stream(entries, partner, facts)
    by_id = {order["id"]: order for order in priced}
    adjusted: Paid = defaultdict(int)
    for one in facts["adjustments"]:
        order = by_id.get(one["conversion"])
        component = order and _adjusted_component(order, one["partner"])
        if order and component:
            settlement = order["terms"]["settlement"]
            period = days.label(orders.placed_at(order), component["period"], settlement["time_zone"])
            adjusted[order["id"], one["partner"], component["name"], period] += one["minor"]
    for key, minor in adjusted.items():
        found[key] = max(0, found.get(key, 0) + minor)
    return {key: minor for key, minor in found.items() if minor}


def _adjusted_component(order: Row, partner: str) -> Row | None:
    components = order["terms"]["commission"]["components"]
    paid = any(one.partner == partner for one in order["credited"])
    prices = [one for one in components if paid and one["name"] in order["taken"]]
    return next(iter([*prices, *(one for one in components if one["event"] == order["event"])]), None)
