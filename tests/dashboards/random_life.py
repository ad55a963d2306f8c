"""Five months in which anything may happen in any order, under terms drawn by lot: the same for one seed."""

import contextlib
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from partner_network.agreements.actions import draft, sign
from partner_network.agreements.actions.draft import NewAgreement
from partner_network.agreements.actions.sign import Signer
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.sandbox.stripe_simulator import process
from tests import builders
from tests.builders import BONUS, OPERATOR, SHOP, WEEKLY, Cast, Order, at

Pair = tuple[str, str]

POLICIES = [
    'model = "last_click"',
    'model = "first_click"',
    'model = "linear"',
    'model = "time_decay"',
    'model = "position_based"',
    'model = "last_non_direct"\nbinding_months = 2',
    'model = "linear"\ncustomers = "new_only"',
]
COMPONENTS = [
    """structure = "graduated"
tiers = [{ from = 0, rate_ppm = 100_000 }, { from = 20_000, rate_ppm = 150_000 }]""",
    """structure = "retroactive"
period = "quarter"
tiers = [{ from = 0, rate_ppm = 50_000 }, { from = 30_000, rate_ppm = 123_456 }]""",
    """structure = "flat"
recurring_months = 1
decay_ppm_per_day = 20_000
cap_minor = { order = 900, customer = 1_500, period = 9_000 }
tiers = [{ from = 0, rate_ppm = 77_777 }]""",
    """structure = "retroactive"
metric = "count"
invoice_ppm = [1_000_000, 500_000]
tiers = [{ from = 0, amount_minor = 250 }, { from = 5, amount_minor = 333 }]""",
]
MILESTONE = """
[[commission.bonuses]]
name = "milestone"
kind = "milestone"
event = "sale"
metric = "net_amount"
n = 50_000
period = "month"
amount_minor = 700
refund_frees_place = {refund_frees_place}
"""
BOOST = """
[[commission.boosts]]
name = "winter"
component = "sales"
from = "2026-01-20"
until = "2026-02-10"
multiplier_ppm = 1_500_000
cap_minor = 900
"""
QUALITY = """
[[commission.quality]]
name = "stayed"
component = "sales"
period = "month"
cohort_months = 1
within_months = 1
least_customers = 2
steps = [{ from_ppm = 0, multiplier_ppm = 800_000 }, { from_ppm = 333_333, multiplier_ppm = 1_300_000 }]
"""
SETTLEMENT = """
[settlement]
currency = "USD"
time_zone = "America/New_York"
hold_days = {hold_days}
lock = {{ months = {lock_months}, days = {lock_days} }}
minimum_payout_minor = {minimum}
late_policy = "{late_policy}"
notice_days = {notice_days}

[settlement.clawback]
mode = "{mode}"
max_age_days = {max_age_days}
max_share_ppm = {max_share_ppm}
contest_days = {contest_days}
"""


class RandomLife:
    """One network, and the lot by which it lives."""

    def __init__(self, seed: int, most_hours: int) -> None:
        self._lot = random.Random(seed)  # noqa: S311 -- the same life for the same seed
        self._most_hours = most_hours
        self._component: dict[Pair, str] = {}
        self._clicks: list[tuple[str, UUID, datetime]] = []
        self._orders: list[tuple[str, str, int]] = []
        self._refunded: dict[str, int] = {}
        self._now = at(1, 1, 0)
        self.policies = {slug: self._lot.choice(POLICIES) for slug in (SHOP, WEEKLY)}
        self.taxes = {slug: self._lot.choice([0, 88_750, 190_000]) for slug in builders.TAX_PPM}

    async def agree(self, cast: Cast, advertiser: str, partner: str) -> None:
        """Sign terms drawn by lot; what an amendment may not change stays, and a mirror that differs wins."""
        pair = (advertiser, partner)
        component = self._component.setdefault(pair, self._lot.choice(COMPONENTS))
        new = NewAgreement(cast.partnerships[pair].id, "cross-promotion", "2026-12", self._terms(component))
        try:
            drafted = await draft.draft_agreement(cast.owners[advertiser], new, OPERATOR)
        except InvalidError:
            return
        for slug in pair:
            signer = Signer(cast.owners[slug], "192.0.2.7", "Tests")
            await sign.sign_agreement(signer, drafted.id, drafted.content_hash)

    def _terms(self, component: str) -> str:
        lot = self._lot
        parts = [f'[[commission.components]]\nname = "sales"\nevent = "sale"\n{component}\n']
        if lot.random() < 0.5:
            parts.append(BONUS)
        if lot.random() < 0.3:
            parts.append(MILESTONE.format(refund_frees_place=lot.choice(["true", "false"])))
        if lot.random() < 0.4:
            parts.append(BOOST)
        if lot.random() < 0.6:
            parts.append(QUALITY)
        parts.append(
            SETTLEMENT.format(
                hold_days=lot.choice([0, 5, 30]),
                lock_months=lot.choice([0, 1]),
                lock_days=lot.choice([0, 3]),
                minimum=lot.choice([0, 500, 3_000]),
                late_policy=lot.choice(["true_up", "as_of_receipt"]),
                notice_days=lot.choice([0, 10]),
                mode=lot.choice(["recompute", "line_only"]),
                max_age_days=lot.choice([20, 180]),
                max_share_ppm=lot.choice([333_333, 500_000, 1_000_000]),
                contest_days=lot.choice([0, 10]),
            )
        )
        return "\n".join(parts)

    async def live(self, cast: Cast) -> None:
        """Let five months pass, a few hours at a time, and close each."""
        for month in range(1, 6):
            first_of_next = at(month + 1, 1, 6)
            while True:
                later = self._now + timedelta(hours=self._lot.randrange(1, self._most_hours))
                self._now = min(later, first_of_next)
                await builders.set_clock(self._now)
                if self._now == first_of_next:
                    break
                await self._something(cast)
            await cast.close_month(fund_it=self._lot.random() < 0.8)

    async def _something(self, cast: Cast) -> None:
        happens: list[tuple[int, Callable[[Cast, Pair], Awaitable[None]]]] = [
            (30, self._click),
            (10, self._identify),
            (35, self._sell),
            (12, self._refund),
            (4, self._adjust),
            (2, self._amend),
            (7, self._work),
        ]
        (what,) = self._lot.choices([one for _, one in happens], [often for often, _ in happens])
        await what(cast, self._lot.choice(sorted(cast.partnerships)))

    async def _click(self, cast: Cast, pair: Pair) -> None:
        back = [timedelta(minutes=self._lot.randrange(1, 20 * 24 * 60)) for _ in range(2)]
        instants = [self._now - one for one in back if self._now - one > at(1, 1, 1)]
        made = await cast.click(
            *pair,
            *instants,
            excluded="bot" if self._lot.random() < 0.1 else None,
            consent="denied" if self._lot.random() < 0.1 else "granted",
        )
        self._clicks += [(pair[0], click, when) for click, when in zip(made, instants, strict=True)]

    async def _identify(self, cast: Cast, pair: Pair) -> None:
        own = [click for advertiser, click, _ in self._clicks if advertiser == pair[0]]
        if own:
            await cast.identify(
                pair[0], {click: self._customer() for click in self._lot.sample(own, min(len(own), 3))}
            )

    def _customer(self) -> str:
        return f"c{self._lot.randrange(8)}"

    async def _sell(self, cast: Cast, pair: Pair) -> None:
        sold = [self._order(pair[0]) for _ in range(self._lot.randrange(1, 5))]
        await cast.order(pair[0], *sold)

    def _order(self, advertiser: str) -> Order:
        lot = self._lot
        late = timedelta(hours=lot.randrange(0, lot.choice([2, 6, 31, 3 * 24, 15 * 24, 40 * 24])))
        when = min(self._now, max(self._now - late, at(1, 1, 1)))
        clicks = [click for of, click, clicked in self._clicks if of == advertiser and clicked <= when]
        order = Order(
            order_id=f"{len(self._orders):05}",
            customer=self._customer(),
            at=when,
            net_minor=lot.choice([0, lot.randrange(1, 3_000), lot.randrange(1, 40_000)]),
            click=lot.choice(clicks) if clicks and lot.random() < 0.6 else None,
        )
        self._orders.append((advertiser, order.order_id, order.net_minor))
        return order

    async def _refund(self, cast: Cast, pair: Pair) -> None:
        del pair
        left = [
            (advertiser, order_id, net - self._refunded.get(order_id, 0))
            for advertiser, order_id, net in self._orders
            if net > self._refunded.get(order_id, 0)
        ]
        if left:
            advertiser, order_id, most = self._lot.choice(left)
            amount = most if self._lot.random() < 0.4 else self._lot.randrange(1, most + 1)
            try:
                await cast.refund(advertiser, order_id, amount, self._now)
            except ConflictError:
                return  # two refunds of one order and day have one id in this life
            self._refunded[order_id] = self._refunded.get(order_id, 0) + amount

    async def _adjust(self, cast: Cast, pair: Pair) -> None:
        async with connections.transaction() as connection:
            credited = await connection.fetch(
                """SELECT DISTINCT v.order_id
                   FROM credits k JOIN current_decisions d USING (conversion_id, rev)
                   JOIN conversions v ON v.id = k.conversion_id
                   WHERE k.partnership_id = $1 AND NOT EXISTS (
                       SELECT FROM unaccrued_conversions u WHERE u.conversion_id = v.id) ORDER BY 1""",
                cast.partnerships[pair].id,
            )
        if credited:
            order_id: str = self._lot.choice(credited)["order_id"]
            await cast.adjust(*pair, order_id, self._lot.choice([-200, 150, 400]))

    async def _amend(self, cast: Cast, pair: Pair) -> None:
        await self.agree(cast, *pair)

    async def _work(self, cast: Cast, pair: Pair) -> None:
        del pair
        await cast.work()


@contextlib.asynccontextmanager
async def lived(life: RandomLife, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Cast]:
    """Found a network, let it live to the end with all work done, and yield it while Stripe still answers."""
    monkeypatch.setattr(builders, "POLICY_OF", life.policies)
    monkeypatch.setattr(builders, "TAX_PPM", life.taxes)
    monkeypatch.setattr(builders, "agree", life.agree)
    clock.use_simulated_time(sandbox=True)
    try:
        with process.running(folder / "stripe.sqlite") as address:
            stripe = StripeConnect(
                secret_key="sk_test_x", api_base=address, webhook_secret="whsec_x", sandbox=True
            )
            try:
                await builders.set_clock(at(1, 1, 0))
                cast = await builders.open_network(stripe, address)
                await life.live(cast)
                await cast.work()
                yield cast
            finally:
                await stripe.close()
    finally:
        clock.use_simulated_time(sandbox=False)
