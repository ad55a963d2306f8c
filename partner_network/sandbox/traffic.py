"""Who clicked what before they bought, and what they gave back: made by seeded chance, orders being real."""

import hashlib
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Literal

import msgspec

from partner_network.sandbox.orders import ZONE, ShopOrder

CLICK_HOURS = (6, 18)
"""Clicks come at two moments of a day, many at once."""
LEAD = timedelta(days=62)
"""How long before the first order the network must stand, so that the oldest click finds its link."""
RECIPROCAL_PER_TEN = 1
STORIES = {"one click": 60, "two partners": 10, "too old": 8, "robot": 4, "no consent": 5, "by itself": 13}
"""How a customer came to the first order, in percent."""
REPEAT_CLICK_PERCENT = 12
REFUND_PERCENT = 3
PARTIAL_REFUND_PERCENT = 35
REFUND_DAYS = (2, 4, 9, 14, 21, 40, 75)
Kind = Literal["visit", "robot", "no_consent"]


class Click(msgspec.Struct, frozen=True, gc=False):
    """A visitor who follows a partner's link; only people are known to the shop as customers."""

    at: datetime
    partner: str
    advertiser: str
    kind: Kind
    customer_id: str


class GivenBack(msgspec.Struct, frozen=True, gc=False):
    """A refund that the shop reports."""

    at: datetime
    refund_id: str
    order_id: str
    advertiser: str
    net_minor: int


class Traffic(msgspec.Struct, frozen=True):
    """Everything that happens besides the orders, in the order of time."""

    clicks: tuple[Click, ...]
    refunds: tuple[GivenBack, ...]


def advertiser_of(customer_id: str, *, shop: str, reciprocal: str) -> str:
    """Say whose customer somebody is: one in ten, by the hash of the id, buys from the reciprocal partner."""
    drawn = int.from_bytes(hashlib.sha256(customer_id.encode()).digest()[:8])
    return reciprocal if drawn % 10 < RECIPROCAL_PER_TEN else shop


def make_traffic(
    orders: Sequence[ShopOrder], *, seed: int, shop: str, reciprocal: str, partners: Sequence[str]
) -> Traffic:
    """Make clicks and refunds around real orders; the same seed makes the same."""
    chance = random.Random(seed)
    by_customer: dict[str, list[ShopOrder]] = defaultdict(list)
    for order in orders:
        by_customer[order.customer_id].append(order)
    clicks: list[Click] = []
    for customer_id in sorted(by_customer):
        advertiser = advertiser_of(customer_id, shop=shop, reciprocal=reciprocal)
        promoters = [shop] if advertiser == reciprocal else list(partners)
        clicks += _clicks_of(chance, by_customer[customer_id], advertiser, promoters)
    refunds = _refunds(chance, orders, shop=shop, reciprocal=reciprocal)
    return Traffic(tuple(sorted(clicks, key=lambda click: (click.at, click.customer_id))), tuple(refunds))


def _clicks_of(
    chance: random.Random, orders: Sequence[ShopOrder], advertiser: str, promoters: Sequence[str]
) -> list[Click]:
    first, customer_id = orders[0], orders[0].customer_id

    def click(order: ShopOrder, days: int, kind: Kind = "visit") -> Click:
        return Click(
            _moment_before(chance, order.at, days),
            chance.choice(promoters),
            advertiser,
            kind,
            customer_id,
        )

    (story,) = chance.choices(tuple(STORIES), tuple(STORIES.values()))
    clicks: list[Click] = []
    match story:
        case "one click":
            clicks.append(click(first, chance.randint(0, 20)))
        case "two partners":
            clicks.append(click(first, chance.randint(8, 25)))
            clicks.append(click(first, chance.randint(0, 7)))
        case "too old":
            clicks.append(click(first, chance.randint(31, 60)))
        case "robot":
            clicks.append(click(first, chance.randint(0, 20), "robot"))
        case "no consent":
            clicks.append(click(first, chance.randint(0, 20), "no_consent"))
        case _:
            pass  # came by itself
    return clicks + [
        click(order, chance.randint(0, 10))
        for order in orders[1:]
        if chance.randrange(100) < REPEAT_CLICK_PERCENT
    ]


def _moment_before(chance: random.Random, at: datetime, days: int) -> datetime:
    """Return one of the day's click moments at least ``days`` days, and never less than no time, before."""
    local = at.astimezone(ZONE)
    day = local.date() - timedelta(days=days)
    hours = [hour for hour in CLICK_HOURS if days or hour < local.hour]
    return datetime.combine(day, time(chance.choice(hours)), tzinfo=ZONE).astimezone(UTC)


def _refunds(
    chance: random.Random, orders: Sequence[ShopOrder], *, shop: str, reciprocal: str
) -> list[GivenBack]:
    last_at = orders[-1].at
    refunds: list[GivenBack] = []
    for order in orders:
        if chance.randrange(100) >= REFUND_PERCENT or order.net_minor == 0:
            continue
        is_partial = chance.randrange(100) < PARTIAL_REFUND_PERCENT
        at = order.at + timedelta(days=chance.choice(REFUND_DAYS), hours=3)
        minor = max(1, order.net_minor // 2) if is_partial else order.net_minor
        if at <= last_at:
            refunds.append(
                GivenBack(
                    at,
                    f"R-{order.order_id}",
                    order.order_id,
                    advertiser_of(order.customer_id, shop=shop, reciprocal=reciprocal),
                    minor,
                )
            )
    return sorted(refunds, key=lambda refund: (refund.at, refund.refund_id))
