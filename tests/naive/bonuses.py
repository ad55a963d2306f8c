"""Bonuses by MONEY, section 4, and the moments of a milestone, written from their words alone."""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.naive import days, orders
from tests.naive.orders import WHOLE, rounded

Row = dict[str, Any]
Paid = dict[tuple[str, str, str], int]
"""By partner, bonus and period."""


def bonuses(priced: Sequence[Row], facts: Row) -> Paid:
    """Return every bonus of every partner and period, without rows of nothing."""
    members: dict[tuple[str, str, str, str], list[tuple[Row, Row]]] = defaultdict(list)
    for order in priced:
        for bonus in order["terms"]["commission"]["bonuses"]:
            if bonus["event"] == order["event"]:
                zone = order["terms"]["settlement"]["time_zone"]
                period = days.label(orders.placed_at(order), bonus["period"], zone)
                for partner in {one.partner for one in order["credited"]}:
                    members[order["program"], partner, bonus["name"], period].append((order, bonus))
    found: Paid = defaultdict(int)
    for (_, partner, name, period), many in members.items():
        kind = many[0][1]["kind"]
        paid = _first_n(many, partner) if kind == "first_n" else _milestone(many, partner, facts)
        found[partner, name, period] += rounded(paid)
    return {key: minor for key, minor in found.items() if minor}


def _count(order: Row, partner: str) -> int:
    return sum(part for part, _ in orders.own(WHOLE, partner, order["credited"]))


def _is_gone(order: Row, stands: Sequence[Row]) -> bool:
    return bool(stands) and not sum(orders.left_of(order, stands))


def _first_n(members: Sequence[tuple[Row, Row]], partner: str) -> Fraction:
    places, paid = 0, Fraction(0)
    for order, bonus in members:
        gone = _is_gone(order, order["stands"])
        takes = 0 if gone and bonus["refund_frees_place"] else _count(order, partner)
        inside = max(0, min(places + takes, bonus["n"] * WHOLE) - places)
        places += takes
        paid += 0 if gone else Fraction(inside * bonus["amount_minor"], WHOLE)
    return paid


def _metric(order: Row, stands: Sequence[Row], bonus: Row, partner: str, facts: Row) -> int:
    if bonus["metric"] == "count":
        return 0 if _is_gone(order, stands) else _count(order, partner)
    left = sum(orders.left_of(order, stands))
    return orders.exchanged(
        sum(part for part, _ in orders.own(left, partner, order["credited"])), order, facts["rates"]
    )


def _n(bonus: Row) -> int:
    return bonus["n"] * (WHOLE if bonus["metric"] == "count" else 1)


def _milestone(members: Sequence[tuple[Row, Row]], partner: str, facts: Row) -> Fraction:
    stays = not members[0][1]["refund_frees_place"]
    if not stays:
        running = 0
        for order, bonus in members:
            running += _metric(order, order["stands"], bonus, partner, facts)
            if running >= _n(bonus):
                return Fraction(bonus["amount_minor"])
        return Fraction(0)
    # It stays once it was true: what happened is played again, one after the other, orders before refunds.
    played = [(order["at"], 0, order["id"].encode(), order, bonus) for order, bonus in members]
    played += [
        (act["at"], 1, act["id"].encode(), order, bonus) for order, bonus in members for act in order["acts"]
    ]
    happened: set[str] = set()
    for _, _, id_, _, reaching in sorted(played, key=lambda one: one[:3]):
        happened.add(id_.decode())
        running = 0
        for order, bonus in members:
            if order["id"] in happened:
                acts = [one for one in order["acts"] if one["id"] in happened]
                running += _metric(order, orders.effective(acts, order), bonus, partner, facts)
        if running >= _n(reaching):
            return Fraction(reaching["amount_minor"])
    return Fraction(0)
