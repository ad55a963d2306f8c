"""The demo's clicks and refunds are made by seeded chance around real orders."""

from collections import Counter
from datetime import timedelta

import pytest

from partner_network.sandbox import orders, traffic
from partner_network.sandbox.orders import ZONE, ShopOrder
from partner_network.sandbox.traffic import CLICK_HOURS, LEAD, STORIES, Traffic

SHOP, FRIEND = "shop", "friend"
PARTNERS = ("radio", "blog", FRIEND)
WINDOW = timedelta(days=30)


@pytest.fixture(scope="module")
def sold() -> list[ShopOrder]:
    return orders.read_orders(orders.SAMPLE, seed=1)


def made(sold: list[ShopOrder], *, seed: int = 1) -> Traffic:
    return traffic.make_traffic(sold, seed=seed, shop=SHOP, reciprocal=FRIEND, partners=PARTNERS)


def test_the_same_seed_makes_the_same_traffic_and_another_seed_another(sold: list[ShopOrder]) -> None:
    assert made(sold) == made(sold)
    assert made(sold) != made(sold, seed=2)


def test_every_click_comes_before_an_order_of_its_customer(sold: list[ShopOrder]) -> None:
    last_order = {order.customer_id: order.at for order in sold}
    for click in made(sold).clicks:
        assert click.at < last_order[click.customer_id]


def test_no_click_comes_before_the_network_stands(sold: list[ShopOrder]) -> None:
    assert min(click.at for click in made(sold).clicks) > sold[0].at - LEAD


def test_clicks_come_in_the_order_of_time_and_at_few_moments_of_a_day(sold: list[ShopOrder]) -> None:
    clicks = made(sold).clicks
    assert [click.at for click in clicks] == sorted(click.at for click in clicks)
    assert {click.at.astimezone(ZONE).hour for click in clicks} == set(CLICK_HOURS)


def test_a_customer_is_of_one_advertiser_whom_only_its_own_promoters_serve(sold: list[ShopOrder]) -> None:
    of: dict[str, str] = {}
    for click in made(sold).clicks:
        assert of.setdefault(click.customer_id, click.advertiser) == click.advertiser
        assert click.partner in (PARTNERS if click.advertiser == SHOP else (SHOP,))
    assert {click.partner for click in made(sold).clicks} == {*PARTNERS, SHOP}


def test_one_customer_in_ten_buys_from_the_reciprocal_partner(sold: list[ShopOrder]) -> None:
    customers = {order.customer_id for order in sold}
    theirs = [c for c in customers if traffic.advertiser_of(c, shop=SHOP, reciprocal=FRIEND) == FRIEND]
    assert 0.08 < len(theirs) / len(customers) < 0.12


def test_every_way_to_the_first_order_happens_about_as_often_as_stated(sold: list[ShopOrder]) -> None:
    first = {order.customer_id: order.at for order in reversed(sold)}
    before: dict[str, list[traffic.Click]] = {customer_id: [] for customer_id in first}
    for click in made(sold).clicks:
        if click.at < first[click.customer_id]:
            before[click.customer_id].append(click)
    ways = Counter(way_of(clicks, first[customer_id]) for customer_id, clicks in before.items())
    for story, percent in STORIES.items():
        # A few repeat clicks lie before the first order too; chance does the rest.
        assert abs(100 * ways[story] / len(first) - percent) < 4, (story, ways)


def way_of(clicks: list[traffic.Click], first: object) -> str:
    if not clicks:
        return "by itself"
    kinds = {click.kind for click in clicks}
    if kinds != {"visit"}:
        return "robot" if "robot" in kinds else "no consent"
    assert isinstance(first, type(clicks[0].at))
    if all(first - click.at >= WINDOW for click in clicks):
        return "too old"
    return "one click" if len(clicks) == 1 else "two partners"


def test_refunds_never_exceed_their_order_and_never_come_before_it(sold: list[ShopOrder]) -> None:
    by_id = {order.order_id: order for order in sold}
    refunds = made(sold).refunds
    assert len({refund.order_id for refund in refunds}) == len(refunds)
    for refund in refunds:
        order = by_id[refund.order_id]
        assert 0 < refund.net_minor <= order.net_minor
        assert order.at < refund.at <= sold[-1].at
    partial = [refund for refund in refunds if refund.net_minor < by_id[refund.order_id].net_minor]
    assert 0.02 < len(refunds) / len(sold) < 0.04
    assert 0.25 < len(partial) / len(refunds) < 0.45
