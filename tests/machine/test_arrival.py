"""However facts arrive, and whenever they are booked, they come to the same targets and balances."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct

from partner_network.conversions.rules.refunding import Given
from partner_network.conversions.rules.reports import OrderLine
from partner_network.database import connections
from tests import builders
from tests.builders import Order, at
from tests.machine import deeds, facts
from tests.machine.deeds import Sold
from tests.machine.stages import PAIRS, Stage

FACTS = 220
INSTANTS = 14
COMPONENTS = (
    """structure = "graduated"
tiers = [{ from = 0, rate_ppm = 50_000 }, { from = 20_000, rate_ppm = 80_000 }]
cap_minor = { customer = 4_000 }""",
    """structure = "retroactive"
period = "quarter"
tiers = [{ from = 0, rate_ppm = 50_000 }, { from = 60_000, rate_ppm = 77_777 }]
invoice_ppm = [1_000_000, 500_000]""",
    """structure = "graduated"
metric = "count"
tiers = [{ from = 0, amount_minor = 250 }, { from = 5, amount_minor = 333 }]""",
    """structure = "flat"
decay_ppm_per_day = 20_000
cap_minor = { order = 900, period = 9_000 }
tiers = [{ from = 0, rate_ppm = 77_777 }]""",
)
TERMS = """
[[commission.components]]
name = "sales"
event = "sale"
{component}
[[commission.bonuses]]
name = "first"
kind = "first_n"
event = "sale"
metric = "count"
n = 7
period = "quarter"
amount_minor = 99
refund_frees_place = {frees}
[[commission.boosts]]
name = "winter"
component = "sales"
from = "2026-01-10"
until = "2026-02-20"
multiplier_ppm = 1_500_000
cap_minor = 700
[settlement]
currency = "USD"
time_zone = "America/New_York"
late_policy = "{late_policy}"
lock = {{ months = 0, days = 3 }}
clawback = {{ mode = "{mode}", max_age_days = 60, max_share_ppm = 500_000, contest_days = 10 }}
"""


class Click(Struct):
    """A click that an order names, or whose customer is told by itself."""

    pair: tuple[str, str]
    at: datetime
    customer: str | None


class History(Struct):
    """Facts by the instant at which they are told, and the terms they are priced by."""

    terms: list[str]
    told: list[tuple[datetime, list[Any]]]


class Refund(Struct):
    """Money given back on an order told before."""

    order: Sold
    given: Given


class Adjusted(Struct):
    """An order's pay, changed by somebody."""

    sold: Sold
    pair: tuple[str, str]
    minor: int


def _history(lot: random.Random) -> History:
    """Draw a history; what is told at one instant may arrive in any order."""
    told: list[tuple[datetime, list[Any]]] = []
    sold: list[tuple[Sold, datetime]] = []
    left: dict[str, int] = {}
    for n in range(INSTANTS):
        now = at(1, 5) + timedelta(days=9 * n + 4)
        many: list[Any] = []
        for _ in range(FACTS // INSTANTS):
            pair = lot.choice(PAIRS)
            when = now - timedelta(minutes=lot.randrange(1, lot.choice([24, 24 * 9, 24 * 40]) * 60))
            when = max(when, at(1, 1, 2) + timedelta(minutes=lot.randrange(600)))
            before = [one for one, told_at in sold if told_at < now and left[one.order_id]]
            what = lot.random()
            if what < 0.2 and before:
                one = lot.choice(before)
                amount = left[one.order_id] if lot.random() < 0.5 else lot.randrange(left[one.order_id]) + 1
                left[one.order_id] -= amount
                refund_id = f"R{one.order_id}-{left[one.order_id]}"
                many.append(Refund(one, Given(refund_id, now, amount, None)))
            elif what < 0.25 and before:
                one = lot.choice(before)
                partners = [pair for pair in PAIRS if pair[0] == one.shop]
                many.append(Adjusted(one, lot.choice(partners), lot.choice([-100, 50, 75])))
            elif what < 0.4:
                many.append(Click(pair, when, f"c{lot.randrange(9)}"))
            else:
                net = lot.choice([0, lot.randrange(1, 3_000), lot.randrange(1, 20_000)])
                one = Sold(pair[0], f"{len(sold):05}", net, [])
                sold.append((one, now))
                left[one.order_id] = net
                own = Click(pair, when - timedelta(minutes=1), None) if lot.random() < 0.8 else None
                many.append((one, when, f"c{lot.randrange(9)}", own))
        told.append((now, many))
    return History([_terms(lot, component) for component in COMPONENTS], told)


def _terms(lot: random.Random, component: str) -> str:
    return TERMS.format(
        component=component,
        frees=lot.choice(["true", "false"]),
        late_policy=lot.choice(["true_up", "as_of_receipt"]),
        mode=lot.choice(["recompute", "line_only"]),
    )


async def _live(stage: Stage, history: History, lot: random.Random | None) -> tuple[Any, Any]:
    """Tell a history: with a lot, shuffled and booked now and then; without, in order and booked at the end.

    Return what stands booked and what accounts hold.
    """
    copy = await stage.open()
    try:
        await builders.set_clock(at(1, 1, 1))
        for pair, terms in zip(PAIRS, history.terms, strict=True):
            await deeds.sign(stage.cast, pair, terms)
        for now, many in history.told:
            order = list(many)
            if lot is not None:
                lot.shuffle(order)
            await builders.set_clock(now)
            for one in order:
                await _tell(stage, one)
                if lot is not None and lot.random() < 0.3:
                    await deeds.accrue(now)
            await deeds.decide()
        now = history.told[-1][0] + timedelta(days=1)
        await builders.set_clock(now)
        await deeds.accrue(now)
        found = await _found()
        assert await deeds.recompute_all(now) == 0
        assert await _found() == found
        return found
    finally:
        await stage.close(copy)


async def _tell(stage: Stage, one: Any) -> None:
    cast = stage.cast
    match one:
        case Click():
            (click,) = await cast.click(*one.pair, one.at)
            await cast.identify(one.pair[0], {click: one.customer or ""})
        case Refund():
            await deeds.refund(cast, one.order, one.given)
        case Adjusted():
            await cast.adjust(*one.pair, one.sold.order_id, one.minor)
        case (sold, when, customer, own):
            click = None if own is None else (await cast.click(*own.pair, own.at))[0]
            lines = (OrderLine(id="a", net_minor=sold.net_minor, sku="s", category="records"),)
            order = Order(
                order_id=sold.order_id,
                customer=customer,
                at=when,
                net_minor=sold.net_minor,
                click=click,
                lines=lines if sold.net_minor % 2 else (),
            )
            await cast.order(sold.shop, order)
        case _:
            raise TypeError(one)


async def _found() -> tuple[Any, Any]:
    async with connections.transaction() as connection:
        numbers: dict[UUID | None, str] = {
            row["id"]: row["order_id"]
            for row in await connection.fetch("SELECT id, order_id FROM conversions")
        }
        booked = await facts.booked(connection)
        assert booked == facts.due(await facts.streams(connection))
        targets = {
            (key.partnership_id, numbers.get(key.conversion_id), key.name, key.period): minor
            for key, minor in booked.items()
        }
        held = await connection.fetch(
            """SELECT a.kind, a.holder_id, a.counterparty_id,
                   b.debits_posted_minor - b.credits_posted_minor AS minor
               FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id"""
        )
        return targets, sorted(str(tuple(row)) for row in held if row["minor"])


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_facts_booked_bit_by_bit_in_any_order_come_to_what_they_come_to_at_once(
    stage: Stage, seed: int
) -> None:
    history = _history(random.Random(seed))  # noqa: S311 - the same history for the same seed
    assert sum(len(many) for _, many in history.told) >= 200
    at_once = stage.run(_live(stage, history, None))
    lot = random.Random(seed)  # noqa: S311 - the same arrival for the same seed
    assert stage.run(_live(stage, history, lot)) == at_once
    assert len(at_once[0]) > 50
