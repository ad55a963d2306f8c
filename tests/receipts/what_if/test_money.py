"""Orders priced many at a time come to what each of them priced by itself comes to, to the cent."""

import random
from datetime import timedelta

import pytest

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import ProgramPolicy
from partner_network.commissions import quality_queries
from partner_network.commissions.quality_queries import Due
from partner_network.commissions.rules import grouping
from partner_network.commissions.rules.facts import Measure
from partner_network.commissions.rules.plan import Plan
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.receipts.what_if.comparing import what_if
from partner_network.receipts.what_if.values import EVERYONE, Change
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.receipts.what_if.lots import START, TERMS, Lots

TIERED = """
[[commission.components]]
name = "sales"
event = "sale"
structure = "{structure}"
period = "{period}"
min_order_minor = {least}
recurring_months = {months}
match = {{ customer = "{customer}" }}
cap_minor = {{ {cap} }}
tiers = [{{ from = 0, rate_ppm = 33_333 }}, {{ from = 40_001, rate_ppm = 77_777 }}]
[[commission.components]]
name = "rest"
event = "sale"
structure = "flat"
tiers = [{{ from = 0, rate_ppm = 12_345 }}]
[[commission.components]]
name = "leads"
event = "lead"
metric = "count"
structure = "retroactive"
recurring_months = {months}
tiers = [{{ from = 0, amount_minor = 251 }}, {{ from = 4, amount_minor = 333 }}]
"""
BOOST = """
[[commission.boosts]]
name = "winter"
component = "sales"
from = "2026-01-20"
until = "2026-03-10"
multiplier_ppm = 1_333_333
cap_minor = 900
stacking = "multiply"
[[commission.boosts]]
name = "spring"
component = "sales"
from = "2026-03-01"
until = "2026-04-10"
multiplier_ppm = 1_777_777
cap_minor = 400
stacking = "multiply"
"""
QUALITY = """
[[commission.quality]]
name = "stayed"
component = "sales"
period = "{quality_period}"
cohort_months = 1
within_months = 1
least_customers = 3
steps = [{{ from_ppm = 0, multiplier_ppm = 654_321 }}, {{ from_ppm = 400_000, multiplier_ppm = 1_234_567 }}]
"""


async def _measured(_: Connection, one: Due) -> Measure:
    """Measure something else at each date, without anybody having bought."""
    return Measure(one.rule.name, one.on, 1 + one.on.month, one.on.month % 3)


def _terms(lot: random.Random) -> str:
    commission = TIERED.format(
        structure=lot.choice(["graduated", "retroactive"]),
        period=lot.choice(["month", "quarter", "lifetime"]),
        least=lot.choice([0, 5_000]),
        months=lot.choice([0, 1, 2, 12]),
        customer=lot.choice(["any", "new", "returning"]),
        cap=lot.choice(["", "period = 3_000"]),
    )
    return TERMS.format(
        zone="America/New_York",
        lock_months=1,
        max_age_days=lot.choice([10, 180]),
        mode=lot.choice(["recompute", "line_only"]),
        click_days=30,
        view_days=0,
        lead_days=30,
        run_off_days=30,
        commission=commission
        + (BOOST if lot.random() < 0.5 else "")
        + QUALITY.format(quality_period=lot.choice(["month", "quarter"])),
    ).replace("lock = {", f'late_policy = "{lot.choice(["true_up", "as_of_receipt"])}"\nlock = {{')


def _never(_: Plan) -> bool:
    return False


@pytest.mark.parametrize("seed", range(4))
async def test_alike_orders_priced_at_once_come_to_what_they_come_to_one_by_one(
    database: FreshDatabase, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    assert database.name
    monkeypatch.setattr(quality_queries, "measured", _measured)
    lot = random.Random(seed)  # noqa: S311 -- the same terms for the same seed
    paid = 0
    async with connections.transaction() as connection:
        lots = Lots(seed, await cast.tune_house(connection))
        await lots.fill(connection)
        await lots.order(connection, 200)
        since, until = START + timedelta(days=20, hours=7), START + timedelta(days=110)
        for model in ("last_click", "linear", "time_decay"):
            for _ in range(3):
                change = Change(
                    ProgramPolicy(model=model, exclusions=()),
                    {EVERYONE: terms_reading.read_terms(_terms(lot))},
                )
                at_once = await what_if(connection, lots.shop.program_id, since, until, change)
                with monkeypatch.context() as patched:
                    patched.setattr(grouping, "may_group", _never)
                    one_by_one = await what_if(connection, lots.shop.program_id, since, until, change)
                assert at_once == one_by_one
                assert not any(row.unpriced for row in at_once.rows)
                paid += at_once.after.commission_minor.get("USD", 0)
    assert paid > 10_000
