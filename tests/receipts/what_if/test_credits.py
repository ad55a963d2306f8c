"""In sets every conversion has the credits that the walk gives it: touch, partnership, exact weight."""

import itertools
import random
from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from msgspec.structs import replace

from partner_network.agreements.terms import CodePolicy, Evidence, Exclusion, Model, ProgramPolicy
from partner_network.attribution import walk
from partner_network.attribution.cases import Case
from partner_network.attribution.queries import facts
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.receipts.what_if import deciding, orders, sides
from partner_network.receipts.what_if.sides import Side
from partner_network.receipts.what_if.values import Change
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.receipts.what_if.lots import DAYS, START, Lots

Credits = dict[UUID, frozenset[tuple[UUID, UUID, Fraction]]]
MODELS: list[Model] = [
    "last_click",
    "last_non_direct",
    "first_click",
    "linear",
    "position_based",
    "time_decay",
]
CODE_POLICIES: list[CodePolicy] = ["click_required", "always", "tie_only", "never"]
EVIDENCE: list[Evidence] = ["click_id", "code", "cookie", "self_report"]
EXCLUSIONS: list[tuple[Exclusion, ...]] = [("bot", "prefetch", "no_consent"), ("bot",), ()]
BEGIN, END = START, START + timedelta(days=DAYS)


def _policies(seed: int) -> list[ProgramPolicy]:
    """Every model, with the rest drawn by lot."""
    lot = random.Random(seed)  # noqa: S311 -- the same policies for the same seed
    found: list[ProgramPolicy] = []
    for model in MODELS:
        evidence = lot.sample(EVIDENCE, lot.choice([2, 4, 4]))
        exclusions = lot.choice(EXCLUSIONS)
        found.append(
            ProgramPolicy(
                model=model,
                half_life_days=lot.choice([1, 7]),
                position_ppm=lot.choice(
                    [(400_000, 200_000, 400_000), (500_000, 0, 500_000), (333_333, 333_334, 333_333)]
                ),
                evidence=tuple(evidence),
                code_policy=lot.choice(CODE_POLICIES),
                binding_months=lot.choice([0, 0, 1, 2]),
                customers=lot.choice(["all", "all", "new_only"]),
                exclusions=exclusions,
            )
        )
    return found


async def walked(connection: Connection, side: Side) -> Credits:
    """The credits that the live engine's walk gives each conversion there is."""
    rows = await connection.fetch(
        """SELECT id, program_id, customer_id, event, order_id, occurred_at, recorded_at, click_id, currency,
               net_minor, '' AS customer_pseudonym FROM conversions
           ORDER BY occurred_at, order_id COLLATE "C", event"""
    )
    batch = [Case(**row) for row in rows]
    known = await facts.known_about(connection, batch, {side.program_id: side.policies})
    partnerships = dict(known.partnerships) | {one.id: one.partnership for one in side.joined.values()}
    return {
        one.case.id: frozenset(
            (UUID(touch), partnership_id, weight) for touch, partnership_id, weight in one.credits
        )
        for one in walk.decide_in_order(batch, replace(known, partnerships=partnerships))
        if one.credits
    }


async def in_sets(connection: Connection, side: Side) -> Credits:
    await orders.prepare(connection)
    await orders.load(connection, side.program_id, BEGIN, END, with_history=True)
    span = await deciding.span_of(connection, side.program_id, BEGIN, END)
    await deciding.fill(connection, side, span, "trial_before")
    rows = await connection.fetch(
        """SELECT id, touch_id, partnership_id, numerator::text, denominator::text, net_part, ppm_part
           FROM trial_before"""
    )
    found: dict[UUID, set[tuple[UUID, UUID, Fraction]]] = defaultdict(set)
    for row in rows:
        weight = Fraction(int(row["numerator"]), int(row["denominator"]))
        found[row["id"]].add((row["touch_id"], row["partnership_id"], weight))
    return {conversion_id: frozenset(credits_) for conversion_id, credits_ in found.items()}


@pytest.mark.parametrize(("seed", "has_touches"), list(itertools.product(range(4), [False, True])))
async def test_every_conversion_has_the_credits_of_the_walk(
    database: FreshDatabase, seed: int, has_touches: bool
) -> None:
    assert database.name
    async with connections.transaction() as connection:
        lots = Lots(seed, await cast.tune_house(connection))
        await lots.fill(connection)
        if has_touches:
            await lots.touch(connection, 60)
        await lots.order(connection, 120)
        before = await sides.as_it_is(connection, lots.shop.program_id)
        credited = 0
        for policy in _policies(seed):
            side = sides.as_changed(before, Change(policy=policy))
            expected = await walked(connection, side)
            assert await in_sets(connection, side) == expected, policy
            credited += len(expected)
        assert credited > 40
