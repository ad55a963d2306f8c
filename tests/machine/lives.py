"""The machine: whatever people and the calendar do, in whatever order, and what holds after every step."""

from collections import defaultdict
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeVar
from uuid import UUID

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from partner_network.commissions.actions.contests import Outcome
from partner_network.conversions.rules.refunding import Given
from partner_network.conversions.rules.reports import OrderLine
from partner_network.database import connections
from partner_network.kernel.errors import ConflictError, InvalidError
from tests import builders
from tests.builders import Order, at
from tests.machine import books, credit, deeds, facts
from tests.machine import terms as drawn
from tests.machine.deeds import Sold
from tests.machine.stages import PAIRS, Stage

T = TypeVar("T")
Then = Literal["work", "accrue", "leave"]
_THEN: st.SearchStrategy[Then] = st.sampled_from(["work", "work", "work", "accrue", "leave"])
_PAIR = st.integers(0, len(PAIRS) - 1)
_NETS = st.one_of(st.sampled_from([0, 1, 999, 10_000]), st.integers(1, 30_000))
_LATE_HOURS = st.sampled_from([0, 0, 0, 1, 50, 24 * 20, 24 * 45, 24 * 75])
_WHICH = st.integers(0, 999)


class Sale(NamedTuple):
    """What somebody buys, and how late the shop tells it."""

    customer: str
    net_minor: int
    late_hours: int
    lines: int
    currency: str


_CUSTOMERS = st.sampled_from(["c0", "c1", "c2"])
_CURRENCIES = st.sampled_from(["USD"] * 7 + ["EUR", "JPY", "SEK"])
_SALES = st.builds(Sale, _CUSTOMERS, _NETS, _LATE_HOURS, st.integers(0, 3), _CURRENCIES)
_START = at(1, 1, 1)
_LAST = at(10, 1)


class Life(RuleBasedStateMachine):
    """One network's life; `stage` is set by the test that runs it."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.cast = self.stage.cast
        self.now = _START
        self.orders: list[Sold] = []
        self.streams: dict[tuple[str, str], tuple[str, str]] = {}
        self.boosts: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self.reports: list[tuple[datetime, list[tuple[Any, ...]]]] = []
        self.copy = self.run(self.stage.open())
        self.kronor_since: datetime | None = None
        self.redemptions = 0
        self.run(builders.set_clock(self.now))
        self.run(deeds.load_rates(self.now, "USD", "JPY"))

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Do something in the one loop."""
        return self.stage.run(what)

    def tick(self) -> None:
        """Let a minute pass: what is known at an instant is known before what comes next."""
        self.now += timedelta(minutes=1)
        self.run(builders.set_clock(self.now))

    def then(self, what: Then) -> None:
        """Let the worker come by, or come by half, or not."""
        if what != "leave":
            self.run(self.cast.work() if what == "work" else deeds.accrue(self.now))

    @initialize(data=st.data())
    def sign(self, data: st.DataObject) -> None:
        """All four pairs sign their first terms."""
        for pair in PAIRS:
            self.streams[pair] = data.draw(drawn.STREAMS, label=f"stream of {pair}")
            terms = data.draw(drawn.terms(self.streams[pair]), label=f"terms of {pair}")
            self._sign(pair, terms)

    def _sign(self, pair: tuple[str, str], terms: str) -> None:
        """Sign, where one partner brings rewards, which stay as they are."""
        rewards = builders.REWARDS if pair[1] == builders.SMALL else ""
        self.run(deeds.sign(self.cast, pair, terms + rewards))

    @rule(which=_PAIR, sale=_SALES, then=_THEN)
    def sell(self, which: int, sale: Sale, then: Then) -> None:
        """A partner's visitor buys; the shop tells it at once, or too late for the lock."""
        self.tick()
        pair = PAIRS[which]
        when = self._before(sale.late_hours)
        (click,) = self.run(self.cast.click(*pair, when))
        self._sell(pair[0], sale, when, click)
        self.then(then)

    @rule(sale=_SALES, hours=st.sampled_from([1, 30, 200]), then=_THEN)
    def sell_together(self, sale: Sale, hours: int, then: Then) -> None:
        """Two partners reach one customer, whose next order is shared between them."""
        self.tick()
        shop = PAIRS[0][0]
        for n, pair in enumerate(PAIRS[:2]):
            (click,) = self.run(self.cast.click(*pair, self._before(sale.late_hours + hours * (n + 1))))
            self.run(self.cast.identify(shop, {click: sale.customer}))
        self._sell(shop, sale, self._before(sale.late_hours), None)
        self.then(then)

    @rule(
        which=_PAIR,
        customer=st.sampled_from(["c0", "c1", "c2"]),
        hours=st.sampled_from([1, 30, 200]),
        then=_THEN,
    )
    def identify_later(self, which: int, customer: str, hours: int, then: Then) -> None:
        """A shop learns only now whose an earlier click was, so decisions are made again."""
        self.tick()
        pair = PAIRS[which]
        (click,) = self.run(self.cast.click(*pair, self._before(hours)))
        self.run(self.cast.identify(pair[0], {click: customer}))
        self.then(then)

    def _before(self, hours: int) -> datetime:
        return max(_START, self.now - timedelta(hours=hours))

    def _sell(self, shop: str, sale: Sale, when: datetime, click: UUID | None) -> None:
        number = f"{len(self.orders):05}"
        parts = deeds.parts(sale.net_minor, sale.lines)
        order = Order(
            order_id=number,
            customer=sale.customer,
            at=when,
            net_minor=sale.net_minor,
            click=click,
            currency=sale.currency,
            lines=tuple(
                OrderLine(id=name, net_minor=part, sku=name, category="records")
                for name, part in parts.items()
            ),
        )
        self.run(self.cast.order(shop, order))
        self.orders.append(Sold(shop, number, sale.net_minor, list(parts)))

    @precondition(lambda self: self.orders)
    @rule(which=_WHICH, ppm=st.sampled_from([1, 333_333, 500_000, 1_000_000]), line=_WHICH, then=_THEN)
    def refund(self, which: int, ppm: int, line: int, then: Then) -> None:
        """Part of an order, all that is left of it, or a line's worth is given back."""
        self.tick()
        order = self.orders[which % len(self.orders)]
        left = order.net_minor - sum(order.refunds.values())
        amount = max(1, left * ppm // 1_000_000)
        assume(left >= amount)
        of_line = f"l{line % 3}" if f"l{line % 3}" in order.lines and ppm < 1_000_000 else None
        refund_id = f"R{order.order_id}-{order.told}"
        try:
            self.run(deeds.refund(self.cast, order, Given(refund_id, self.now, amount, of_line)))
        except ConflictError:
            return  # that line has less left than this
        order.refunds[refund_id] = amount
        order.told += 1
        self.then(then)

    @precondition(lambda self: any(order.refunds for order in self.orders))
    @rule(which=_WHICH, then=_THEN)
    def cancel_refund(self, which: int, then: Then) -> None:
        """A refund turns out never to have happened."""
        self.tick()
        refunded = [order for order in self.orders if order.refunds]
        order = refunded[which % len(refunded)]
        refund_id = sorted(order.refunds)[which % len(order.refunds)]
        undoing = Given(f"U{refund_id}", self.now, 0, None, refund_id)
        self.run(deeds.refund(self.cast, order, undoing))
        del order.refunds[refund_id]
        order.told += 1
        self.then(then)

    @precondition(lambda self: self.orders)
    @rule(which=_WHICH, minor=st.sampled_from([-200, 150, 400]), then=_THEN)
    def adjust(self, which: int, minor: int, then: Then) -> None:
        """Somebody makes an order pay more, or less, whatever is computed."""
        self.tick()
        if self.run(deeds.adjust(self.cast, which, minor, self.now)):
            self.then(then)

    @precondition(lambda self: self.orders)
    @rule(which=_WHICH, is_all=st.booleans(), then=_THEN)
    def hold(self, which: int, is_all: bool, then: Then) -> None:
        """A commission is held back, or all of a partnership's are."""
        self.tick()
        if self.run(deeds.hold(self.cast, None if is_all else which, PAIRS[which % 4], self.now)):
            self.then(then)

    @precondition(lambda self: self.orders)
    @rule(which=_WHICH, is_all=st.booleans(), then=_THEN)
    def release(self, which: int, is_all: bool, then: Then) -> None:
        """What is held is let go."""
        self.tick()
        if self.run(deeds.release(self.cast, None if is_all else which, PAIRS[which % 4], self.now)):
            self.then(then)

    @precondition(lambda self: self.orders)
    @rule(which=_WHICH, outcome=st.sampled_from([None, "upheld", "declined"]), then=_THEN)
    def contest(self, which: int, outcome: Outcome | None, then: Then) -> None:
        """A partner contests a clawback, and somebody decides, or not yet."""
        self.tick()
        if self.run(deeds.contest(self.cast, which, outcome, self.now)):
            self.then(then)

    @precondition(lambda self: self.kronor_since is None)
    @rule(then=_THEN)
    def load_rates(self, then: Then) -> None:
        """The rates are loaded that nobody had loaded, and what stood still goes on."""
        self.tick()
        self.run(deeds.load_rates(self.now, "SEK"))
        self.kronor_since = self.now
        self.then(then)

    @precondition(lambda self: self.orders)
    @rule(customer=_CUSTOMERS, minor=st.sampled_from([1, 250, 1_000]), cancel=st.booleans(), then=_THEN)
    def redeem(self, customer: str, minor: int, cancel: bool, then: Then) -> None:
        """A customer redeems credit at the till, and perhaps gives back what was bought with it."""
        self.tick()
        self.redemptions += 1
        if self.run(deeds.redeem(self.cast, f"till-{self.redemptions}", customer, minor, cancel=cancel)):
            self.then(then)

    @rule(which=_PAIR, data=st.data(), is_boost=st.booleans(), then=_THEN)
    def amend(self, which: int, data: st.DataObject, is_boost: bool, then: Then) -> None:
        """Both sides sign other terms, at the very moment of what came last, perhaps with one boost more."""
        pair = PAIRS[which]
        boosts = self.boosts[pair]
        if is_boost:
            boost = data.draw(drawn.BOOSTS, label="boost")
            named = boost.partition("component")[0]
            boosts = [*(old for old in boosts if not old.startswith(named)), boost]
        terms = data.draw(drawn.terms(self.streams[pair], tuple(boosts)), label="terms")
        try:
            self._sign(pair, terms)
        except InvalidError as refused:
            if "goes on where" not in str(refused):
                raise
            return
        self.boosts[pair] = boosts
        self.then(then)

    @rule(hours=st.sampled_from([1, 7, 24, 24 * 6, 24 * 17, 24 * 40]))
    def wait(self, hours: int) -> None:
        """Time passes; what the books say as of now is kept, to be compared for ever after."""
        assume(self.now < _LAST)
        self.now += timedelta(hours=hours)
        self.run(builders.set_clock(self.now))
        self.reports.append((self.now, self.run(self._said(self.now))))

    @rule()
    def work(self) -> None:
        """The worker decides, accrues and matures all there is."""
        self.tick()
        self.run(self.cast.work())

    @rule(sign_off=st.booleans(), fund=st.booleans())
    def close(self, sign_off: bool, fund: bool) -> None:
        """What has ended is closed; perhaps two people sign it off, perhaps it is funded and paid."""
        self.tick()
        self.run(self._close(sign_off=sign_off, fund=fund))

    async def _close(self, *, sign_off: bool, fund: bool) -> None:
        await deeds.close_everything(self.now)
        if sign_off:
            await self.cast.sign_off()
        await deeds.pay(self.cast, fund=fund)
        await deeds.must_be_sent(self.cast)

    @rule()
    def recompute_all(self) -> None:
        """Whenever everything is computed again, there is nothing to book."""
        self.tick()
        self.run(self.cast.work())
        assert self.run(deeds.recompute_all(self.now)) == 0

    @invariant()
    def the_ledger_is_right(self) -> None:
        """Hold the books against MONEY section 5, and what they said before against what they say now."""
        self.run(self._look())

    async def _look(self) -> None:
        async with connections.transaction() as connection:
            await books.must_balance(connection)
            await books.must_be_let_work(connection, "SEK", self.kronor_since)
            await credit.must_hold(connection)
            await books.must_net_to_targets(connection)
            await books.must_chain(connection)
            await books.must_pay_what_is_owed(connection)
        for known_before, said in self.reports[-4:]:
            assert await self._said(known_before) == said, f"the past changed before {known_before}"
        await self._compare()

    async def _compare(self) -> None:
        """What is booked is what the whole history comes to, but for streams that wait or stand still."""
        async with connections.transaction() as connection:
            if await connection.fetchval("SELECT EXISTS (SELECT FROM undecided_conversions)"):
                return
            waiting = await facts.waiting(connection)
            found = await facts.streams(connection)
            found = {one: stream for one, stream in found.items() if one not in waiting}
            booked, due = await facts.booked(connection), facts.due(found)
            keys = {*(key for key in booked if key.partnership_id in found), *due}
            wrong = [(key, booked.get(key), due.get(key)) for key in keys]
            wrong = [one for one in wrong if one[1] != one[2]]
            assert not wrong, wrong
            deeds.must_pay_nothing_on_nothing(found)
            await credit.must_be_taken_back(connection, found)

    @staticmethod
    async def _said(known_before: datetime) -> list[tuple[Any, ...]]:
        async with connections.transaction() as connection:
            return await books.reported(connection, known_before)

    def teardown(self) -> None:
        """Prove the whole network by the product's own proof, and throw it away."""
        try:
            if self.streams:
                self.run(deeds.load_rates(self.now, "SEK"))
                self.kronor_since = self.kronor_since or self.now
                self.run(self.cast.work())
                self.run(self._look())
                self.run(deeds.must_be_proved())
                for known_before, said in self.reports:
                    assert self.run(self._said(known_before)) == said
        finally:
            self.run(self.stage.close(self.copy))
