"""What customers say besides clicking: codes at the checkout, who sent them, and that nobody did.

Drawn from seed and id alone, so that it is the same whatever else changes.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from partner_network.sandbox.orders import ShopOrder
from partner_network.sandbox.traffic import advertiser_of

CODE_PERCENT = 4
"""Of orders: a customer heard of a partner's code."""
NOBODYS_PERCENT = 1
"""Of orders: the shop's own code, which belongs to no partner."""
NAMED_PERCENT = 4
"""Of customers: asked who sent them, they name a partner."""
DIRECT_PERCENT = 3
"""Of customers: they typed the shop's address a day before their first order."""
OWN_CODE = "WELCOME5"
_BEFORE = timedelta(days=1)


class Said(msgspec.Struct, frozen=True, gc=False):
    """A touch that the shop reports: whom a customer named, or that nobody sent them."""

    at: datetime
    touch_id: str
    advertiser: str
    customer_id: str
    kind: Literal["self_report", "direct"]
    partner: str | None

    @property
    def told(self) -> dict[str, str]:
        """What the shop's machine writes."""
        body = {
            "touch_id": self.touch_id,
            "kind": self.kind,
            "customer_id": self.customer_id,
            "at": self.at.isoformat(),
        }
        return body if self.partner is None else body | {"partner": self.partner}


class Heard(msgspec.Struct, frozen=True):
    """All that was said: codes by order, and touches in the order of time."""

    codes: Mapping[str, str]
    said: tuple[Said, ...]


def heard_from(
    orders: Sequence[ShopOrder], *, seed: int, shop: str, reciprocal: str, partners: Sequence[str]
) -> Heard:
    """Return what the customers of these orders said; the same seed makes the same."""
    return Heard(
        codes_named(orders, seed=seed, shop=shop, reciprocal=reciprocal, partners=partners),
        said_by(orders, seed=seed, shop=shop, reciprocal=reciprocal, partners=partners),
    )


def code_of(partner: str) -> str:
    """Return the code that a shop gives to a partner: RIFF10 to riff-radio."""
    return f"{partner.split('-', maxsplit=1)[0].upper()}10"


def codes_named(
    orders: Sequence[ShopOrder], *, seed: int, shop: str, reciprocal: str, partners: Sequence[str]
) -> dict[str, str]:
    """Return the code that a customer typed, by order; few did."""
    named: dict[str, str] = {}
    for order in orders:
        drawn = _drawn(seed, "code", order.order_id)
        advertiser = advertiser_of(order.customer_id, shop=shop, reciprocal=reciprocal)
        promoters = [shop] if advertiser == reciprocal else partners
        if drawn % 100 < CODE_PERCENT:
            named[order.order_id] = code_of(promoters[drawn // 100 % len(promoters)])
        elif drawn % 100 < CODE_PERCENT + NOBODYS_PERCENT:
            named[order.order_id] = OWN_CODE
    return named


def said_by(
    orders: Sequence[ShopOrder], *, seed: int, shop: str, reciprocal: str, partners: Sequence[str]
) -> tuple[Said, ...]:
    """Return what customers said and did before their first order, in the order of time."""
    first: dict[str, ShopOrder] = {}
    for order in orders:
        first.setdefault(order.customer_id, order)
    said = _said(first, seed, shop, reciprocal, partners)
    return tuple(sorted(said, key=lambda one: (one.at, one.touch_id)))


def _said(
    first: Mapping[str, ShopOrder], seed: int, shop: str, reciprocal: str, partners: Sequence[str]
) -> Iterator[Said]:
    for customer_id, order in first.items():
        drawn = _drawn(seed, "said", customer_id)
        advertiser = advertiser_of(customer_id, shop=shop, reciprocal=reciprocal)
        promoters = [shop] if advertiser == reciprocal else partners
        if drawn % 100 < NAMED_PERCENT:
            partner = promoters[drawn // 100 % len(promoters)]
            yield Said(order.at, f"asked-{order.order_id}", advertiser, customer_id, "self_report", partner)
        elif drawn % 100 < NAMED_PERCENT + DIRECT_PERCENT:
            at = order.at - _BEFORE
            yield Said(at, f"visit-{order.order_id}", advertiser, customer_id, "direct", None)


def _drawn(seed: int, about: str, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{about}:{name}".encode()).digest()[:8])
