"""What the demo's customers say is drawn from seed and id alone, around real orders."""

from collections import Counter

import pytest

from partner_network.sandbox import hearsay, orders, traffic
from partner_network.sandbox.hearsay import OWN_CODE, Heard
from partner_network.sandbox.orders import ShopOrder

SHOP, FRIEND = "the-shop", "friend"
PARTNERS = ("riff-radio", "blog", FRIEND)


@pytest.fixture(scope="module")
def sold() -> list[ShopOrder]:
    return orders.read_orders(orders.SAMPLE, seed=1)


def heard(sold: list[ShopOrder], *, seed: int = 1) -> Heard:
    return hearsay.heard_from(sold, seed=seed, shop=SHOP, reciprocal=FRIEND, partners=PARTNERS)


def advertiser(customer_id: str) -> str:
    return traffic.advertiser_of(customer_id, shop=SHOP, reciprocal=FRIEND)


def test_the_same_seed_says_the_same_and_another_seed_another(sold: list[ShopOrder]) -> None:
    assert heard(sold) == heard(sold)
    assert heard(sold) != heard(sold, seed=2)


def test_some_orders_name_a_code_of_the_advertisers_own_partners_and_few_one_of_nobody(
    sold: list[ShopOrder],
) -> None:
    customer_of = {order.order_id: order.customer_id for order in sold}
    codes = heard(sold).codes
    ours = {code for order, code in codes.items() if advertiser(customer_of[order]) == SHOP}
    theirs = {code for order, code in codes.items() if advertiser(customer_of[order]) == FRIEND}

    assert ours == {"RIFF10", "BLOG10", "FRIEND10", OWN_CODE}
    assert theirs == {"THE10", OWN_CODE}
    assert 0.04 < len(codes) / len(sold) < 0.06
    assert 0 < Counter(codes.values())[OWN_CODE] < 0.02 * len(sold)


def test_whoever_is_named_promotes_the_shop_and_a_visit_of_ones_own_comes_before_the_first_order(
    sold: list[ShopOrder],
) -> None:
    first: dict[str, ShopOrder] = {}
    for order in sold:
        first.setdefault(order.customer_id, order)

    for one in heard(sold).said:
        order = first[one.customer_id]
        assert one.advertiser == advertiser(one.customer_id)
        assert one.at == order.at if one.kind == "self_report" else one.at < order.at
        assert (one.partner is None) == (one.kind == "direct")
        assert one.partner in {None, *(PARTNERS if one.advertiser == SHOP else (SHOP,))}
        assert ("partner" in one.told) == (one.kind == "self_report")
    kinds = Counter(one.kind for one in heard(sold).said)
    assert min(kinds.values()) > 0.02 * len(first)
    assert max(kinds.values()) < 0.06 * len(first)
