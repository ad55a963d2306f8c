"""What the machine once found, each as the smallest story of it."""

from datetime import timedelta
from uuid import UUID

from partner_network.agreements.actions import draft
from partner_network.conversions.rules.refunding import Given
from partner_network.database import connections
from partner_network.kernel.errors import NotFoundError
from partner_network.receipts.commission import composing
from partner_network.receipts.what_if.comparing import what_if
from partner_network.receipts.what_if.values import Change
from tests import builders
from tests.builders import RADIO, SHOP, WEEKLY, Cast, Order, at
from tests.machine import books, deeds, facts
from tests.machine.deeds import Sold
from tests.machine.stages import Stage

TERMS = """
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{{ from = 0, rate_ppm = {rate_ppm} }}]
[settlement]
currency = "USD"
time_zone = "America/New_York"
notice_days = 0
minimum_payout_minor = 0
"""
PAIR = (SHOP, RADIO)


async def _story(stage: Stage) -> list[int]:
    """A sale of 100.00 at 5 % is booked; at that very moment both sides sign 8 %."""
    copy = await stage.open()
    try:
        await builders.set_clock(at(1, 1, 1))
        await deeds.sign(stage.cast, PAIR, TERMS.format(rate_ppm=50_000))
        now = at(1, 2)
        await builders.set_clock(now)
        (click,) = await stage.cast.click(*PAIR, now - timedelta(minutes=1))
        order = Order(order_id="1", customer="c", at=now, net_minor=10_000, click=click)
        await stage.cast.order(SHOP, order)
        await deeds.accrue(now)
        await deeds.sign(stage.cast, PAIR, TERMS.format(rate_ppm=80_000))
        await deeds.accrue(now)
        await deeds.must_be_proved()
        async with connections.transaction() as connection:
            rows = await connection.fetch("SELECT target_minor FROM current_targets ORDER BY commission_id")
        return [row["target_minor"] for row in rows]
    finally:
        await stage.close(copy)


def test_an_order_of_the_moment_terms_begin_is_priced_by_them_however_early_it_was_booked(
    stage: Stage,
) -> None:
    assert stage.run(_story(stage)) == [0, 800]


async def _other_windows(stage: Stage) -> list[int]:
    """A sale 20 days after its click is booked; at that very moment both sides sign a window of 10 days."""
    copy = await stage.open()
    try:
        await builders.set_clock(at(1, 1, 1))
        await deeds.sign(stage.cast, PAIR, "[windows]\nclick_days = 30\n" + TERMS.format(rate_ppm=50_000))
        now = at(1, 22)
        await builders.set_clock(now)
        (click,) = await stage.cast.click(*PAIR, now - timedelta(days=20))
        order = Order(order_id="1", customer="c", at=now, net_minor=10_000, click=click)
        await stage.cast.order(SHOP, order)
        await deeds.accrue(now)
        await deeds.sign(stage.cast, PAIR, "[windows]\nclick_days = 10\n" + TERMS.format(rate_ppm=80_000))
        await deeds.accrue(now)
        await deeds.must_be_proved()
        async with connections.transaction() as connection:
            rows = await connection.fetch("SELECT target_minor FROM current_targets ORDER BY commission_id")
        return [row["target_minor"] for row in rows]
    finally:
        await stage.close(copy)


def test_an_order_of_the_moment_terms_begin_is_decided_by_their_windows(stage: Stage) -> None:
    assert stage.run(_other_windows(stage)) == [0]


class Handed:
    """An order of 100.00 that pays 5 %, whose credit goes from Vinyl Weekly to Night Radio and back."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.sold = Sold(SHOP, "1", 10_000, [])
        self.now = at(1, 2)

    async def tick(self) -> None:
        """Let a minute pass: what is known at an instant is known before what comes next."""
        self.now += timedelta(minutes=1)
        await builders.set_clock(self.now)

    async def begin(self, *, adjusted: int) -> None:
        """Sell what Vinyl Weekly alone is known to have brought, and adjust what it gets for it."""
        policy = '[program.attribution]\nmodel = "last_click"\n'
        await builders.set_clock(at(1, 1, 1))
        await draft.publish_program_version(self.cast.owners[SHOP], self.cast.programs[SHOP], policy)
        for partner in (WEEKLY, RADIO):
            await deeds.sign(self.cast, (SHOP, partner), TERMS.format(rate_ppm=50_000))
        await builders.set_clock(self.now)
        await self.cast.order(SHOP, Order(order_id="1", customer="c", at=at(1, 2), net_minor=10_000))
        await self.learn_of(WEEKLY, 8)
        await self.cast.adjust(SHOP, WEEKLY, "1", adjusted)

    async def learn_of(self, partner: str, hour: int) -> None:
        """Learn that the customer had clicked a partner's link at an hour of that day."""
        await self.tick()
        (click,) = await self.cast.click(SHOP, partner, at(1, 2, hour))
        await self.cast.identify(SHOP, {click: "c"})
        await deeds.accrue(self.now)

    async def refund(self, refund_id: str, net_minor: int) -> None:
        await self.tick()
        await deeds.refund(self.cast, self.sold, Given(refund_id, self.now, net_minor, None))
        await deeds.accrue(self.now)

    async def pays(self) -> dict[str, int]:
        """Return what is booked by partner, which is what every other way to compute it comes to."""
        await deeds.accrue(self.now)
        await deeds.must_be_proved()
        assert await deeds.recompute_all(self.now) == 0
        async with connections.transaction() as connection:
            booked = await facts.booked(connection)
            assert booked == facts.due(await facts.streams(connection))
            await books.must_net_to_targets(connection)
            tried = await what_if(connection, self.cast.programs[SHOP], at(1, 1), at(2, 1), Change())
            conversion_id = await connection.fetchval("SELECT id FROM conversions")
        found = {self._slug(key.partnership_id): minor for key, minor in booked.items()}
        assert tried.before == tried.after
        money = {self._slug(row.partnership_id): row.after.commission_minor for row in tried.rows}
        assert {slug: minor["USD"] for slug, minor in money.items() if minor} == found
        assert await self._shown(conversion_id) == found
        return found

    async def _shown(self, conversion_id: UUID) -> dict[str, int]:
        """Return what the pages of the commission say, each partner's own as it sees it."""
        shown: dict[str, int] = {}
        for slug in (WEEKLY, RADIO):
            async with connections.transaction(eyes=self.cast.brands[slug]) as connection:
                try:
                    seen = await composing.compose(connection, conversion_id, self.cast.brands[slug])
                except NotFoundError:  # nobody knows yet that it had a part in the order
                    continue
            for one in seen.commissions:
                assert one.holds_good, one
                shown[slug] = one.target_minor
        return {slug: minor for slug, minor in shown.items() if minor}

    def _slug(self, partnership_id: UUID) -> str:
        (slug,) = [b for (_, b), one in self.cast.partnerships.items() if one.id == partnership_id]
        return slug


async def _handed_over(stage: Stage) -> list[dict[str, int]]:
    copy = await stage.open()
    try:
        handed = Handed(stage.cast)
        await handed.begin(adjusted=400)
        found = [await handed.pays()]
        await handed.learn_of(RADIO, 9)
        found.append(await handed.pays())
        await handed.refund("R1", 2_500)
        found.append(await handed.pays())
        await handed.learn_of(WEEKLY, 10)
        found.append(await handed.pays())
        await handed.learn_of(RADIO, 11)
        await handed.refund("R2", 7_500)
        found.append(await handed.pays())
    finally:
        await stage.close(copy)
    return found


def test_an_adjustment_stays_with_its_partner_wherever_the_credit_of_its_order_goes(stage: Stage) -> None:
    assert stage.run(_handed_over(stage)) == [
        {WEEKLY: 900},  # 5 % of 100.00, and 4.00
        {WEEKLY: 400, RADIO: 500},
        {WEEKLY: 400, RADIO: 375},  # 5 % of 75.00
        {WEEKLY: 775},
        {WEEKLY: 400},
    ]


async def _less_than_nothing(stage: Stage) -> list[dict[str, int]]:
    copy = await stage.open()
    try:
        handed = Handed(stage.cast)
        await handed.begin(adjusted=-150)
        found = [await handed.pays()]
        await handed.learn_of(RADIO, 9)
        found.append(await handed.pays())
        await handed.learn_of(WEEKLY, 10)
        found.append(await handed.pays())
    finally:
        await stage.close(copy)
    return found


def test_what_was_adjusted_down_takes_nothing_from_a_partner_that_has_no_credit_left(stage: Stage) -> None:
    assert stage.run(_less_than_nothing(stage)) == [{WEEKLY: 350}, {RADIO: 500}, {WEEKLY: 350}]


async def _paid_out(stage: Stage) -> dict[str, int]:
    copy = await stage.open()
    try:
        handed = Handed(stage.cast)
        await handed.begin(adjusted=400)
        await handed.learn_of(RADIO, 9)
        # The order matures on 1 March, with its lock; the close of that month is due on 1 April.
        await builders.set_clock(at(4, 2))
        await deeds.close_everything(at(4, 2))
        await stage.cast.sign_off()
        await deeds.pay(stage.cast, fund=True)
        await deeds.must_be_sent(stage.cast)
        await deeds.must_be_proved()
        async with connections.transaction() as connection:
            await books.must_balance(connection)
            await books.must_pay_what_is_owed(connection)
            rows = await connection.fetch(
                """SELECT b.slug, a.amount_minor FROM payout_attempts a JOIN payouts p ON p.id = a.payout_id
                   JOIN statements s ON s.id = p.statement_id JOIN brands b ON b.id = s.payee_id"""
            )
    finally:
        await stage.close(copy)
    return {row["slug"]: row["amount_minor"] for row in rows}


def test_an_adjustment_without_a_credit_is_stated_and_paid_out(stage: Stage) -> None:
    # Night Radio's 5.00 have 8.875 % of tax on top: 0.44 and a fraction.
    assert stage.run(_paid_out(stage)) == {WEEKLY: 400, RADIO: 544}
