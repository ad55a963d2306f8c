"""Replay the months under the simulated clock: click, order, accrue, mature, close, approve, fund, pay."""

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from litestar.status_codes import HTTP_302_FOUND, HTTP_422_UNPROCESSABLE_ENTITY

from partner_network.clicks import jobs as click_jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.sandbox.hearsay import Heard, Said
from partner_network.sandbox.network import Network
from partner_network.sandbox.orders import ZONE, ShopOrder
from partner_network.sandbox.people import RefusedError
from partner_network.sandbox.traffic import Click, GivenBack, Traffic
from partner_network.sandbox.visitors import Visitors

REPORTING_WEEKDAY, REPORTING = 6, time_of_day(23, 59, 59)
"""When the shops report what they sold: late on Sunday, and when a month ends."""
CLOSING = time_of_day(0, 30)
BATCH = 1000
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
ROBOT = "Googlebot/2.1 (+http://www.google.com/bot.html)"
_POLL_S = 0.02
PATIENCE_S = 600
SHOP_TRIES, SHOP_WAITS_S = 60, 0.5
Say = Callable[[str], None]
Dated = TypeVar("Dated", Click, ShopOrder, GivenBack, Said)
Item = TypeVar("Item")


class StuckError(Exception):
    """A job failed and is held; the sentence names it."""


class Stations(msgspec.Struct, frozen=True):
    """How long each station took, in seconds of the wall's time."""

    seconds: dict[str, float] = msgspec.field(default_factory=dict)

    async def take(self, station: str, work: Awaitable[Any]) -> Any:
        """Do the work and count its time to a station."""
        began = time.perf_counter()
        try:
            return await work
        finally:
            self.seconds[station] = self.seconds.get(station, 0.0) + time.perf_counter() - began


class Replay:
    """Drives one network through its months, through the doors that everybody has."""

    def __init__(
        self, network: Network, connection: Connection, must_work: Callable[[], None], say: Say
    ) -> None:
        self._network = network
        self._must_work = must_work
        self._connection = connection
        self._say = say
        self._visitors = Visitors(network.base_url)
        self._last_click: dict[str, tuple[datetime, str]] = {}
        self._to_identify: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._sold: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._given_back: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._said: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._codes: Mapping[str, str] = {}
        self.stations = Stations()

    async def run(self, orders: Sequence[ShopOrder], traffic: Traffic, heard: Heard) -> None:
        """Replay every day up to the last order's, then let time run on from the day after.

        A month is closed when all its days have passed; a last month that is not over stays open.
        """
        clicks, sold, given_back = _by_day(traffic.clicks), _by_day(orders), _by_day(traffic.refunds)
        said, self._codes = _by_day(heard.said), heard.codes
        first, last = min([*clicks, *sold, *said]), max(sold)
        try:
            for month, days in itertools.groupby(_days(first, last), key=_month_of):
                # The calendar does this every minute of the wall's time, in which the replay lives months.
                await click_jobs.prepare_partitions(self._connection, datetime(*month, 1, tzinfo=UTC))
                for day in days:
                    for one in said.get(day, []):
                        self._said[one.advertiser].append(one.told)
                    await self._live_a_day(
                        day,
                        clicks.get(day, []),
                        sold.get(day, []),
                        given_back.get(day, []),
                        is_last=day == last,
                    )
                following = _month_after(date(*month, 1))
                if following <= last + timedelta(days=1):
                    await self._close_month(date(*month, 1), following)
            await self.stations.take("documents", self._until_done("%"))
        finally:
            await self._visitors.close()
        await self._set_clock(
            datetime.combine(last + timedelta(days=1), time_of_day(9), tzinfo=ZONE), running=True
        )

    async def _live_a_day(
        self,
        day: date,
        clicks: Sequence[Click],
        orders: Sequence[ShopOrder],
        refunds: Sequence[GivenBack],
        *,
        is_last: bool,
    ) -> None:
        for at, together in itertools.groupby(clicks, key=_instant_of):
            await self._set_clock(at)
            await self.stations.take("click", self._click(list(together)))
        for order in orders:
            self._sold[self._network.advertiser_of(order.customer_id)].append(self._reported(order))
        for refund in refunds:
            self._given_back[refund.advertiser].append(_refunded(refund))
        if day.weekday() == REPORTING_WEEKDAY or is_last or (day + timedelta(days=1)).day == 1:
            await self._set_clock(datetime.combine(day, REPORTING, tzinfo=ZONE))
            await self.stations.take("order", self._report())

    async def _click(self, clicks: Sequence[Click]) -> None:
        """Follow tracked links, many at once, and keep what the landing address says, as the shop does."""

        async def follow(click: Click) -> None:
            answer = await self._visitors.follow(
                self._network.link_path(click.advertiser, click.partner),
                f"consent={'denied' if click.kind == 'no_consent' else 'granted'}",
                ROBOT if click.kind == "robot" else PERSON,
            )
            if answer.status_code != HTTP_302_FOUND:
                raise StuckError(f"a tracked link answered {answer.status_code}: {answer.text[:200]}")
            landed = parse_qs(urlsplit(answer.headers["location"]).query)
            self._last_click[click.customer_id] = click.at, landed["clk"][0]
            self._to_identify[click.advertiser].append((click.customer_id, landed["clk"][0]))

        await asyncio.gather(*(follow(click) for click in clicks))

    async def _report(self) -> None:
        for advertiser, known in self._to_identify.items():
            for part in _batches(known):
                await self._identify(advertiser, part)
        self._to_identify.clear()
        told = (("touches", self._said), ("conversions", self._sold), ("refunds", self._given_back))
        for noun, facts in told:
            for advertiser, reported in facts.items():
                for part in _batches(reported):
                    await self._network.machines[advertiser].post(f"/api/v1/{noun}", {noun: part})
            facts.clear()

    async def _identify(self, advertiser: str, known: Sequence[tuple[str, str]]) -> None:
        """Tell who clicked, and again while clicks of a busy moment are still on their way from the spool."""
        body = {"identifications": [{"customer_id": c, "click_id": k} for c, k in known]}
        for tries_left in reversed(range(SHOP_TRIES)):
            try:
                await self._network.machines[advertiser].post("/api/v1/identifications", body)
            except RefusedError as refused:
                if refused.status != HTTP_422_UNPROCESSABLE_ENTITY or not tries_left:
                    raise
                await asyncio.sleep(SHOP_WAITS_S)
            else:
                return

    def _reported(self, order: ShopOrder) -> dict[str, Any]:
        body: dict[str, Any] = {
            "order_id": order.order_id,
            "event": "sale",
            "customer_id": order.customer_id,
            "occurred_at": order.at.isoformat(),
            "currency": "USD",
            "net_minor": order.net_minor,
        }
        if order.order_id in self._codes:
            body["code"] = self._codes[order.order_id]
        clicked_at, click_id = self._last_click.get(order.customer_id, (None, None))
        if clicked_at is None or clicked_at > order.at:
            return body
        del self._last_click[order.customer_id]
        return {**body, "click_id": click_id}

    async def _close_month(self, month: date, following: date) -> None:
        """End a month: close, sign off, fund, pay; wait at each step until the worker has done its part."""
        began = time.perf_counter()
        await self.stations.take("accrue", self._until_done("attribution.%", "commissions.%"))
        await self._set_clock(datetime.combine(following, CLOSING, tzinfo=ZONE))
        await self.stations.take("mature and close", self._close())
        signed = await self.stations.take("approve", self._sign_off())
        if signed:
            await self.stations.take("fund and pay", self._fund())
        self._say(f"{month:%B %Y}: {signed} statements signed off, {time.perf_counter() - began:.1f} s")

    async def _close(self) -> None:
        await self._network.preparer.post("/api/v1/closings")
        await self._until_done("statements.close")

    async def _sign_off(self) -> int:
        drafts = [s for s in await self._network.preparer.all("/api/v1/statements") if s["status"] == "draft"]
        for draft in drafts:
            address = f"/api/v1/statements/{draft['id']}"
            read = {"content_hash": draft["content_hash"]}
            await self._network.preparer.post(f"{address}/preparation", read)
            await self._network.approver.post(f"{address}/approval", {**read, "reason": "Lines checked."})
        return len(drafts)

    async def _fund(self) -> None:
        for treasurer in self._network.treasurers.values():
            need = await treasurer.get("/api/v1/funding-need", currency="USD")
            if need["missing_minor"]:
                amount = {"amount_minor": need["missing_minor"], "currency": "USD"}
                await treasurer.post("/api/v1/fundings", amount)
        await self._until_done("payouts.%")

    async def _until_done(self, *jobs: str) -> None:
        for _ in range(round(PATIENCE_S / _POLL_S)):
            self._must_work()
            await self._must_not_be_stuck()
            if not await self._connection.fetchval(
                "SELECT EXISTS (SELECT FROM pgqueuer WHERE entrypoint LIKE ANY($1::text[]))", list(jobs)
            ):
                return
            await asyncio.sleep(_POLL_S)
        raise StuckError(f"the worker has not finished its jobs ({', '.join(jobs)}) for {PATIENCE_S} seconds")

    async def _must_not_be_stuck(self) -> None:
        held = await self._connection.fetchrow(
            """SELECT q.entrypoint, (SELECT l.traceback::text FROM pgqueuer_log l WHERE l.job_id = q.id
                                     AND l.traceback IS NOT NULL ORDER BY l.id DESC LIMIT 1) AS traceback
               FROM pgqueuer q WHERE q.status = 'failed' LIMIT 1"""
        )
        if held is not None:
            raise StuckError(f"the job {held['entrypoint']} failed: {held['traceback']}")

    async def _set_clock(self, at: datetime, *, running: bool = False) -> None:
        await clock.set_simulated(self._connection, at.astimezone(UTC), running=running)


def _refunded(refund: GivenBack) -> dict[str, Any]:
    return {
        "refund_id": refund.refund_id,
        "order_id": refund.order_id,
        "event": "sale",
        "at": refund.at.isoformat(),
        "net_minor": refund.net_minor,
        "reason": "returned by the customer",
    }


def _by_day(events: Sequence[Dated]) -> Mapping[date, list[Dated]]:
    days: dict[date, list[Dated]] = defaultdict(list)
    for event in events:
        days[event.at.astimezone(ZONE).date()].append(event)
    return days


def _days(first: date, last: date) -> Generator[date]:
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)


def _month_of(day: date) -> tuple[int, int]:
    return day.year, day.month


def _month_after(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _instant_of(click: Click) -> datetime:
    return click.at


def _batches(items: Sequence[Item]) -> Generator[Sequence[Item]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
