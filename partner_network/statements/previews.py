"""What a close would state if it came now: computed as a close does it, and written nowhere."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.kernel.errors import NotFoundError
from partner_network.kernel.money import Money
from partner_network.kernel.periods import Period
from partner_network.kernel.sentences import Sentence
from partner_network.statements import (
    carrying,
    due_queries,
    ending_queries,
    queries,
    rules,
    standing_queries,
)
from partner_network.statements.actions import settle
from partner_network.statements.actions.settle import Side
from partner_network.statements.rules import LineKind
from partner_network.statements.standing_queries import PairAccount, Standing

ACCOUNT_MAX = 2**63 - 1
"""The largest number that an account can have."""


class Preview(msgspec.Struct, frozen=True):
    """One direction of a pair as a close would state it now, in minor units; it is no statement."""

    account: PairAccount
    period: Period
    opening_minor: int
    by_kind: dict[LineKind, int]
    count: int
    waiting: int
    """How many orders are not computed or not moved yet; a close waits for them."""
    minimum_minor: int
    is_last: bool
    """Whether it is below the minimum and would be paid all the same."""
    now: datetime

    @property
    def closing_minor(self) -> int:
        """What it would close with."""
        return self.opening_minor + sum(self.by_kind.values())

    @property
    def is_carried(self) -> bool:
        """Tell whether it would be carried to the statement after."""
        reason = carrying.carried_reason(
            closing_minor=self.closing_minor, minimum_minor=self.minimum_minor, is_last=self.is_last
        )
        return reason is not None

    @property
    def why_paid(self) -> Sentence | None:
        """Say why it would be paid though it is below the minimum, None where it is not."""
        if not self.is_last:
            return None
        minimum = Money(self.minimum_minor, self.account.currency)
        return Sentence(
            "It would be paid though it is below the minimum of {amount}: it is the last statement.",
            amount=minimum,
        )

    @property
    def has_ended(self) -> bool:
        """Tell whether the period is over, so that the next close closes it."""
        return self.period.ends_at <= self.now


class _Reckoned(msgspec.Struct):
    """One side while it is previewed: what has been added to what stands on its account, in minor units."""

    side: Side
    waiting: int
    by_kind: dict[LineKind, int]
    pay_minor: int

    @property
    def available_minor(self) -> int:
        """What may still be taken from it."""
        return min(self.side.standing.opening_minor + sum(self.by_kind.values()), self.pay_minor)

    def add(self, kind: LineKind, minor: int) -> None:
        """Add a line that the close would book."""
        if minor:
            self.by_kind[kind] = self.by_kind.get(kind, 0) + minor
            self.pay_minor += minor


async def accounts_of(connection: Connection, brand_id: UUID | None) -> list[Standing]:
    """Return the accounts that a brand is paid from or pays, or all of them for the operator (None)."""
    return [one for one in await standing_queries.standings(connection) if _is_of(one, brand_id)]


def _is_of(standing: Standing, brand_id: UUID | None) -> bool:
    return brand_id is None or brand_id in {standing.account.payee_id, standing.account.payer_id}


async def preview_for(brand_id: UUID | None, account_id: int, now: datetime) -> list[Preview]:
    """Return the preview of an account for a brand that is paid from it or pays, or for the operator (None).

    The walls are asked whose account it is. It is then reckoned with the operator's eyes, as a close does it:
    a charity may not read the agreements by which it is paid.
    Errors: NotFoundError, also for an account between other brands.
    """
    found = []
    if 0 < account_id <= ACCOUNT_MAX:
        async with connections.transaction(eyes=brand_id or "operator") as connection:
            found = await standing_queries.standings(connection, [account_id])
    if not any(_is_of(one, brand_id) for one in found):
        raise NotFoundError("There is no such account; choose one of the list.")
    async with connections.transaction(eyes="operator") as connection:
        return await preview(connection, account_id, now)


async def preview(connection: Connection, account_id: int, now: datetime) -> list[Preview]:
    """Return what a close would state now of an account, and of the one the other way if there is one.

    It is the period that has ended and is not closed, else the present one, up to what is booked now.
    Source: MONEY section 6, in the order of a close: recover, tax, net.
    """
    both = await standing_queries.standings(
        connection, await standing_queries.pair_of(connection, account_id)
    )
    both.sort(key=lambda one: one.account.account_id != account_id)
    settlements = await queries.settlements_of(connection, [one.account.names for one in both], at=now)
    open_ones = [due_queries.open_period(*of, now) for of in zip(both, settlements, strict=True)]
    mine = settlements[0]
    present = periods.period_of(now, mine.period, periods.zone_named(mine.time_zone))
    period = min([one for one in open_ones if one is not None], default=present)
    sides = [
        await _reckon(connection, await settle.read(connection, standing, settlement, period), period)
        for standing, settlement in zip(both, settlements, strict=True)
        if standing.last is None or standing.last.ends_at < period.ends_at
    ]
    netted = rules.set_off_minor([(of.side.settlement, (of.available_minor, of.pay_minor)) for of in sides])
    for of in sides:
        of.add("netted", -netted)
    return [await _shown(connection, of, period, now) for of in sides]


async def _reckon(connection: Connection, side: Side, period: Period) -> _Reckoned:
    """Recover and tax one side, as the close does before it nets."""
    waiting = await due_queries.waiting_orders(connection, side.account, period.ends_at)
    of = _Reckoned(side, waiting, dict(side.totals.by_kind), side.standing.pay_minor)
    due = await queries.clawbacks_past_contest(connection, side.account, period.ends_at)
    taken = rules.recoveries(
        due,
        positive_earnings_minor=max(0, rules.earned_minor(of.by_kind)),
        available_minor=min(side.available),
    )
    for kind, minor in rules.recovered_kinds(due, taken).items():
        of.add(kind, -minor)
    tax = await settle.tax_minor(connection, side, of.by_kind, period)
    of.add("tax", tax if tax > 0 else -rules.covered_minor(tax, payable_minor=of.available_minor))
    return of


async def _shown(connection: Connection, of: _Reckoned, period: Period, now: datetime) -> Preview:
    account, minimum_minor = of.side.account, of.side.settlement.minimum_payout_minor
    closing_minor = of.side.standing.opening_minor + sum(of.by_kind.values())
    is_below = carrying.is_below(closing_minor=closing_minor, minimum_minor=minimum_minor)
    return Preview(
        account,
        period,
        of.side.standing.opening_minor,
        of.by_kind,
        of.side.totals.count,
        of.waiting,
        minimum_minor,
        is_below and not of.waiting and await ending_queries.is_last(connection, account, period.ends_at),
        now,
    )
