"""In whatever order facts arrive, and wherever batches are cut, the same facts lead to the same decisions."""

import random
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from partner_network.attribution import actions
from partner_network.database import connections
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, days, on, order

POLICIES = (
    "",
    "binding_months = 1",
    'customers = "new_only"',
    'customers = "new_only"\nbinding_months = 2',
    'model = "linear"\nbinding_months = 1',
)
DELAYS = st.sampled_from([0, 0, 0, 1, 30, 55, 90])
CUSTOMERS = st.sampled_from(["ada", "bob"])


class Click(Struct, frozen=True):
    at: datetime
    partner: int
    customer: str
    recorded_at: datetime


class Sale(Struct, frozen=True):
    at: datetime
    customer: str
    event: str
    recorded_at: datetime


def click(day: int, hour: int, partner: int, customer: str, delay: int) -> Click:
    at = on(1, hour) + days(day)
    return Click(at, partner, customer, at + days(delay))


def sale(day: int, hour: int, customer: str, event: str, delay: int) -> Sale:
    at = on(1, hour) + days(day)
    return Sale(at, customer, event, at + days(delay))


WHEN = (st.integers(0, 50), st.sampled_from([0, 9, 12]))
CLICKS = st.builds(click, *WHEN, st.integers(0, 1), CUSTOMERS, DELAYS)
SALES = st.builds(sale, *WHEN, CUSTOMERS, st.sampled_from(["sale", "sale", "lead"]), DELAYS)
numbers = count()


async def told(policy: str, clicks: list[Click], sales: list[Sale], chance: random.Random | None) -> set[Any]:
    """Tell the facts to a shop of its own and return its decisions.

    With chance: in random order, deciding now and then; without: in the order given, deciding once.
    """
    number = next(numbers)
    async with connections.transaction() as connection:
        shop = await cast.tune_house(connection, f"shop-{number}", policy)
        partners = [await cast.partner(connection, shop, f"partner-{number}-{n}") for n in range(2)]
        ids = [await partners[one.partner].click(connection, one.at) for one in clicks]
    facts: list[tuple[Click | Sale, int]] = [*((one, n) for n, one in enumerate(clicks))]
    facts += [(one, n) for n, one in enumerate(sales)]
    if chance is not None:
        chance.shuffle(facts)
    for fact, n in facts:
        await cast.set_clock(fact.recorded_at)
        await tell(shop, fact, n, ids)
        if chance is not None and chance.random() < 0.4:
            await actions.decide_pending(limit=chance.choice([1, 2, 100]))
    while await actions.decide_pending():
        pass
    return await decided(shop, partners)


async def tell(shop: Cast, fact: Click | Sale, n: int, ids: list[UUID]) -> None:
    if isinstance(fact, Click):
        await shop.identify((fact.customer, ids[n]))
    else:
        await shop.report(order(n, fact.at, customer_id=fact.customer, event=fact.event))


async def decided(shop: Cast, partners: list[Partner]) -> set[Any]:
    rows = await connections.pool().fetch(
        """SELECT v.order_id, d.outcome, b.order_id AS bound_to, c.partnership_id, c.touched_at,
               c.weight_numerator, c.weight_denominator
           FROM conversions v JOIN current_decisions d ON d.conversion_id = v.id
           LEFT JOIN conversions b ON b.id = d.bound_to
           LEFT JOIN credits c ON c.conversion_id = d.conversion_id AND c.rev = d.rev
           WHERE v.program_id = $1""",
        shop.program_id,
    )
    named = {one.partnership_id: n for n, one in enumerate(partners)}
    return {(*row[:3], named.get(row["partnership_id"]), *row[4:]) for row in rows}


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(
    policy=st.sampled_from(POLICIES),
    clicks=st.lists(CLICKS, max_size=5),
    sales=st.lists(SALES, min_size=1, max_size=6),
    seed=st.integers(0, 2**32),
)
async def test_arrival_order_and_batch_cuts_change_no_decision(
    shop: Cast, policy: str, clicks: list[Click], sales: list[Sale], seed: int
) -> None:
    assert shop.brand_id  # the fixture stops the clock; each example has a shop of its own
    once = await told(policy, clicks, sales, None)
    chance = random.Random(seed)  # noqa: S311 - a shuffle that hypothesis can repeat
    assert await told(policy, clicks, sales, chance) == once
    assert await connections.pool().fetchval("SELECT count(*) FROM undecided_conversions") == 0
