"""Before a statement is sealed: recover clawbacks, tax what was earned, net the two directions of a pair."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from asyncpg import Record

from partner_network.agreements import charity_queries
from partner_network.agreements.terms import Settlement
from partner_network.brands import tax_queries
from partner_network.commissions.actions import clawbacks
from partner_network.commissions.booking import Settled
from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.kernel.periods import Period
from partner_network.ledger import actions as ledger
from partner_network.ledger import events
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact
from partner_network.ledger.rules import Entry
from partner_network.statements import line_queries, queries, rules, standing_queries
from partner_network.statements.line_queries import Reading, Totals
from partner_network.statements.rules import LineKind
from partner_network.statements.standing_queries import Last, PairAccount, Standing

_INSTANT = timedelta(microseconds=1)


class Side(msgspec.Struct):
    """One direction of a pair while its period closes; `lines` and `totals` are of that period."""

    standing: Standing
    settlement: Settlement
    lines: Reading
    totals: Totals

    @property
    def account(self) -> PairAccount:
        """The account that is closed."""
        return self.standing.account

    @property
    def pair(self) -> Pair:
        """Between whom money moves: the payee earns, the payer pays."""
        return Pair(self.account.payee_id, self.account.payer_id, self.account.currency)

    @property
    def last(self) -> Last | None:
        """Its statement before."""
        return self.standing.last

    @property
    def available(self) -> tuple[int, int]:
        """What `pay` holds by postings effective before the end of the period, and now, in minor units."""
        return self.standing.opening_minor + self.totals.minor, self.standing.pay_minor


async def read(connection: Connection, standing: Standing, settlement: Settlement, period: Period) -> Side:
    """Return one direction of a pair with what the period brought it."""
    account = standing.account
    lines = await line_queries.reading(
        connection,
        account.account_id,
        period.ends_at,
        payer_id=account.payer_id,
        payee_id=account.payee_id,
    )
    return Side(standing, settlement, lines, await line_queries.totals(connection, lines))


async def _post(
    connection: Connection, sides: Sequence[Side], entries: Sequence[Entry], now: datetime
) -> list[Sequence[int]]:
    """Book entries of these sides and read them again; return the transfers of each entry."""
    booked = await ledger.post(connection, entries, recorded_at=now)
    for of in sides:
        (of.standing,) = await standing_queries.standings(connection, [of.account.account_id])
        of.totals = await line_queries.totals(connection, of.lines)
    return [entry.transfer_ids for entry in booked]


async def recover(connection: Connection, sides: Sequence[Side], period: Period, now: datetime) -> None:
    """Recover clawbacks past their contest, oldest first, up to the charter's share of what was earned."""
    for of in sides:
        taken = rules.recoveries(
            await queries.clawbacks_past_contest(connection, of.account, period.ends_at),
            positive_earnings_minor=max(0, rules.earned_minor(of.totals.by_kind)),
            available_minor=min(of.available),
        )
        if not taken:
            continue
        rows = await connection.fetch(
            "SELECT transfer_id, commission_id, clause FROM clawbacks WHERE transfer_id = ANY($1::bigint[])",
            [clawback_id for clawback_id, _ in taken],
        )
        cited = {row["transfer_id"]: row for row in rows}
        entries = [_recovery(of, cited[clawback_id], amount, period) for clawback_id, amount in taken]
        booked = await _post(connection, [of], entries, now)
        settled = [
            (Settled(clawback_id, 0, "recovered", amount), transfer_ids[0])
            for (clawback_id, amount), transfer_ids in zip(taken, booked, strict=True)
        ]
        await clawbacks.record_settlements(connection, settled)


def _recovery(of: Side, clawback: Record, minor: int, period: Period) -> Entry:
    """Return the entry that takes what is due of a clawback out of `pay`."""
    commission_id = clawback["commission_id"]
    fact = Fact(
        f"recover:{clawback['transfer_id']}:{period.label}",
        period.ends_at - _INSTANT,
        clawback["clause"],
        commission_id=commission_id,
    )
    return (events.recover_tax if commission_id is None else events.recover)(fact, of.pair, minor)


async def tax_minor(connection: Connection, of: Side, by_kind: Mapping[LineKind, int], period: Period) -> int:
    """Return the tax on what a period newly credits, at the rate of its last day; gifts bear none.

    Nothing is asked about rates where there is nothing to tax.
    """
    earned, recovered = rules.earned_minor(by_kind), -by_kind.get("recovered", 0)
    if earned == recovered or await charity_queries.is_charity(connection, of.account.payee_id):
        return 0
    rate = await tax_queries.rate_on(
        connection,
        payee_id=of.account.payee_id,
        payer_id=of.account.payer_id,
        on=periods.last_day(period.ends_at, periods.zone_named(of.settlement.time_zone)),
    )
    return rules.tax_minor(earnings_minor=earned, recovered_minor=recovered, tax_rate_ppm=rate)


async def tax(connection: Connection, sides: Sequence[Side], period: Period, now: datetime) -> None:
    """Charge the tax of a self-billing invoice, or take that of a credit note back, one line a statement."""
    for of in sides:
        amount = await tax_minor(connection, of, of.totals.by_kind, period)
        if amount == 0:
            continue
        fact = Fact(f"tax:{of.account.account_id}:{period.label}", period.ends_at - _INSTANT)
        payable_minor = max(0, min(of.available))
        entry = events.tax(fact, of.pair, amount, payable_minor=payable_minor)
        (transfer_ids,) = await _post(connection, [of], [entry], now)
        due_minor = max(0, -amount) - rules.covered_minor(amount, payable_minor=payable_minor)
        if due_minor:
            await _record_tax_due(connection, of, transfer_ids[-1], due_minor, period)


async def _record_tax_due(
    connection: Connection, of: Side, transfer_id: int, minor: int, period: Period
) -> None:
    """Record the part of a credit note that later closes recover, the next one first.

    There is nothing to contest: it follows from a hold or an adjustment, which had its own day.
    """
    await connection.execute(
        """INSERT INTO clawbacks
               (transfer_id, amount_minor, contest_until, max_share_ppm, clause, cause)
           VALUES ($1, $2, $3, $4, $5, 'tax')""",
        transfer_id,
        minor,
        period.ends_at,
        of.settlement.clawback.max_share_ppm,
        rules.TAX_DUE_CLAUSE,
    )


async def net(connection: Connection, sides: Sequence[Side], period: Period, now: datetime) -> None:
    """Set off what two brands owe each other, where both have agreed to it."""
    amount = rules.set_off_minor([(of.settlement, of.available) for of in sides])
    if amount == 0:
        return
    one, other = (of.account.account_id for of in sides)
    fact = Fact(f"net:{one}:{other}:{period.label}", period.ends_at - _INSTANT)
    await _post(connection, sides, [events.net(fact, sides[0].pair, amount)], now)
