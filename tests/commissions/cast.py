"""Small builders for the rules of commissions."""

from datetime import UTC, datetime

from partner_network.agreements.terms import (
    Clawback,
    Commission,
    Component,
    Settlement,
    Terms,
    Tier,
)
from partner_network.commissions.rules import plan, targets
from partner_network.commissions.rules.facts import Order, Refund, Target, Targets, TermsVersion

TIERS = (Tier(0, 50_000), Tier(1_000_000, 80_000), Tier(2_000_000, 100_000))
SALES = Component(name="sales", event="sale", tiers=TIERS)


def at(month: int, day: int = 1, hour: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def terms(*components: Component, settlement: Settlement | None = None, **commission: object) -> Terms:
    return Terms(
        settlement=settlement or Settlement(currency="EUR", time_zone="Europe/Berlin"),
        commission=Commission(components=components or (SALES,), **commission),  # pyright: ignore[reportArgumentType]  # a test names the keys it means
    )


def settlement(**keys: object) -> Settlement:
    return Settlement(currency="EUR", time_zone="Europe/Berlin", **keys)  # pyright: ignore[reportArgumentType]  # a test names the keys it means


def line_only() -> Settlement:
    return settlement(clawback=Clawback(mode="line_only"))


def order(id: str, net_minor: int, when: datetime = at(3, 5), **facts: object) -> Order:  # noqa: A002, B008  # a test reads best with the field's own name; a datetime never changes
    return Order(
        **{  # pyright: ignore[reportArgumentType]  # a test names the facts it means
            "id": id,
            "event": "sale",
            "at": when,
            "recorded_at": when,
            "customer": id,
            "currency": "EUR",
            "net_minor": net_minor,
            **facts,
        }
    )


def refund(net_minor: int, when: datetime = at(5), id: str = "r1", **facts: object) -> Refund:  # noqa: A002, B008  # as above
    return Refund(id=id, at=when, net_minor=net_minor, **facts)  # pyright: ignore[reportArgumentType]  # as above


def paid(orders: list[Order], of: Terms) -> dict[str, int]:
    """Return minor units by conversion, summed over components."""
    sums: dict[str, int] = {}
    for row in rows(orders, of):
        sums[row.conversion] = sums.get(row.conversion, 0) + row.minor
    return sums


def rows(orders: list[Order], of: Terms) -> tuple[Target, ...]:
    return computed(orders, of).commissions


def computed(orders: list[Order], of: Terms) -> Targets:
    return targets.targets(orders, plan.plan_of([TermsVersion(key="v1", terms=of)]))
