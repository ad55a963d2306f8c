"""Close a period: recover clawbacks, tax, net, seal both statements of a pair in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from partner_network.agreements.terms import Settlement
from partner_network.commissions import leaving_out
from partner_network.commissions.actions import mature
from partner_network.commissions.leaving_out import LeftOut
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import ids, periods
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.periods import Period
from partner_network.kernel.sentences import Sentence
from partner_network.ledger import actions as ledger
from partner_network.ledger import queries as ledger_queries
from partner_network.ledger.rules import Account, Entry, Leg
from partner_network.statements import line_queries, queries, rules
from partner_network.statements.actions import lines as lines_of
from partner_network.statements.actions import telling
from partner_network.statements.queries import Last, PairAccount
from partner_network.statements.rules import Content

_INSTANT = timedelta(microseconds=1)


class _Side(msgspec.Struct):
    """One direction of a pair while its period closes."""

    account: PairAccount
    settlement: Settlement
    last: Last | None


class Closed(msgspec.Struct, frozen=True):
    """The new statements, and which pairs were left out."""

    statements: list[UUID]
    left_out: tuple[LeftOut, ...]


async def close_due(now: datetime) -> Closed:
    """Close every period that has ended, oldest first.

    Idempotent and safe with several workers: each pair closes under its own lock, and a period that
    another worker closed meanwhile is found closed. A pair that cannot be closed is left out with the
    reason, from its first such period on; all others close.
    """
    async with connections.transaction() as connection:
        accounts = await queries.pair_accounts(connection)
    closed: list[UUID] = []
    left_out: list[LeftOut] = []
    for pair in _pairs(accounts):
        try:
            while (new := await _close_next(pair, now)) is not None:
                closed += new
        except leaving_out.REFUSALS as refusal:
            name = f"{pair[0].payee_slug} and {pair[0].payer_slug}, {pair[0].currency}"
            left_out.append(leaving_out.left_out(name, refusal))
    return Closed(closed, tuple(left_out))


def _pairs(accounts: Sequence[PairAccount]) -> list[list[PairAccount]]:
    """Bring the two directions between the same two brands together, since they may be netted."""
    pairs: dict[tuple[str, ...], list[PairAccount]] = {}
    for account in accounts:
        key = (account.currency, *sorted((account.payee_id.hex, account.payer_id.hex)))
        pairs.setdefault(key, []).append(account)
    return list(pairs.values())


async def _close_next(pair: Sequence[PairAccount], now: datetime) -> list[UUID] | None:
    """Close the oldest open period of a pair that has ended; None when there is none."""
    first = pair[0]
    async with connections.transaction() as connection:
        # Two workers that close the same pair would both read the same unstated postings.
        await connections.lock_all(
            connection, mature.pair_lock(first.currency, first.payee_id, first.payer_id)
        )
        sides = [await _side(connection, account, now) for account in pair]
        open_periods = [p for side in sides if (p := await _open_period(connection, side, now)) is not None]
        if not open_periods:
            return None
        period = min(open_periods)
        # One direction may be further than the other: what it has closed stays closed.
        sides = [side for side in sides if side.last is None or side.last.ends_at < period.ends_at]
        await _must_be_drained(connection, sides, period)
        await _recover(connection, sides, period, now)
        await _tax(connection, sides, period, now)
        await _net(connection, sides, period, now)
        sealed = [await _seal(connection, side, period, now) for side in sides]
        made = [statement_id for statement_id in sealed if statement_id is not None]
        await telling.tell_closed(connection, made)
        return made


async def _side(connection: Connection, account: PairAccount, now: datetime) -> _Side:
    settlement = await queries.settlement_of(
        connection,
        payer_id=account.payer_id,
        payee_id=account.payee_id,
        currency=account.currency,
        at=now,
    )
    return _Side(account, settlement, await queries.last_of(connection, account))


async def _open_period(connection: Connection, side: _Side, now: datetime) -> Period | None:
    """Return the oldest period with something to state that has ended, or None.

    A posting dated into a closed period is stated in the first open one: what is issued never reopens.
    """
    zone = periods.zone_named(side.settlement.time_zone)
    unstated = await queries.first_unstated_at(connection, side.account.account_id)
    if side.last is not None:
        unstated = side.last.ends_at if unstated is None and side.last.closing_minor else unstated
        unstated = unstated and max(unstated, side.last.ends_at)
    if unstated is None:
        return None
    period = periods.period_of(unstated, side.settlement.period, zone)
    return period if period.ends_at <= now else None


async def _must_be_drained(connection: Connection, sides: Sequence[_Side], period: Period) -> None:
    """Refuse to close over facts that no commission reflects yet."""
    for side in sides:
        waiting = await connection.fetchval(
            """SELECT count(*) FROM (
                   SELECT u.conversion_id FROM unaccrued_conversions u
                   JOIN partnerships p ON p.id = u.partnership_id JOIN conversions v ON v.id = u.conversion_id
                   WHERE p.advertiser_id = $1 AND p.partner_id = $2 AND v.occurred_at < $3
                   UNION SELECT u.conversion_id FROM undecided_conversions u
                   JOIN conversions v ON v.id = u.conversion_id
                   WHERE v.brand_id = $1 AND v.occurred_at < $3
                   UNION SELECT c.conversion_id FROM commissions c
                   WHERE c.advertiser_id = $1 AND c.partner_id = $2 AND c.matured_at IS NULL
                       AND c.matures_at < $3
                   UNION SELECT c.conversion_id FROM unmoved_commissions u
                   JOIN commissions c ON c.id = u.commission_id
                   WHERE c.advertiser_id = $1 AND c.partner_id = $2) waiting""",
            side.account.payer_id,
            side.account.payee_id,
            period.ends_at,
        )
        if waiting:
            raise ConflictError(
                Sentence(
                    "{waiting} orders of {label} are not accrued and matured yet; close again after that.",
                    waiting=waiting,
                    label=period.label,
                )
            )


async def _recover(connection: Connection, sides: Sequence[_Side], period: Period, now: datetime) -> None:
    for side in sides:
        account = side.account
        lines = await line_queries.unstated_lines(connection, account.account_id, period.ends_at)
        available = min(await _available(connection, account, period))
        taken = rules.recoveries(
            await queries.clawbacks_past_contest(connection, account, period.ends_at),
            positive_earnings_minor=max(0, rules.earnings_minor(lines)),
            available_minor=available,
        )
        if not taken:
            continue
        pay, recv = _accounts(account, "pay", "recv")
        due, owed = _accounts(account, "clawback_due", "clawback_owed")
        clawbacks = await connection.fetch(
            "SELECT transfer_id, commission_id, clause FROM clawbacks WHERE transfer_id = ANY($1::bigint[])",
            [clawback_id for clawback_id, _ in taken],
        )
        cited = {row["transfer_id"]: row for row in clawbacks}
        booked = await ledger.post(
            connection,
            [
                Entry(
                    "recover",
                    f"recover:{clawback_id}:{period.label}",
                    period.ends_at - _INSTANT,
                    [
                        Leg(pay, due, amount, commission_id=cited[clawback_id]["commission_id"]),
                        Leg(owed, recv, amount, commission_id=cited[clawback_id]["commission_id"]),
                    ],
                    clause=cited[clawback_id]["clause"],
                )
                for clawback_id, amount in taken
            ],
            recorded_at=now,
        )
        await connection.execute(
            """INSERT INTO clawback_settlements (clawback_id, transfer_id, kind, amount_minor)
               SELECT c, t, 'recovered', a
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS x (c, t, a)""",
            [clawback_id for clawback_id, _ in taken],
            [entry.transfer_ids[0] for entry in booked],
            [amount for _, amount in taken],
        )


async def _tax(connection: Connection, sides: Sequence[_Side], period: Period, now: datetime) -> None:
    for side in sides:
        lines = await line_queries.unstated_lines(connection, side.account.account_id, period.ends_at)
        amount = rules.tax_minor(
            earnings_minor=rules.earnings_minor(lines),
            recovered_minor=-sum(line.amount_minor for line in lines if line.kind == "recovered"),
            tax_rate_ppm=side.account.tax_rate_ppm,
        )
        if amount == 0:
            continue
        pay, recv = _accounts(side.account, "pay", "recv")
        key = f"tax:{side.account.account_id}:{period.label}"
        entry = Entry("tax", key, period.ends_at - _INSTANT, [Leg(recv, pay, amount)])
        await ledger.post(connection, [entry], recorded_at=now)


async def _net(connection: Connection, sides: Sequence[_Side], period: Period, now: datetime) -> None:
    if len(sides) < 2 or any(side.settlement.netting != "reciprocal" for side in sides):  # noqa: PLR2004 - both directions of a pair
        return
    one, other = (side.account for side in sides)
    amount = rules.netted_minor(
        sides=[await _available(connection, account, period) for account in (one, other)]
    )
    if amount == 0:
        return
    legs: list[Leg] = []
    for account in (one, other):
        pay, recv = _accounts(account, "pay", "recv")
        legs.append(Leg(pay, recv, amount))
    key = f"net:{one.account_id}:{other.account_id}:{period.label}"
    await ledger.post(connection, [Entry("net", key, period.ends_at - _INSTANT, legs)], recorded_at=now)


async def _available(connection: Connection, account: PairAccount, period: Period) -> tuple[int, int]:
    """Return the account's `pay` effective before the end of the period, and now, in minor units."""
    before = await ledger_queries.balance_before(connection, account.account_id, period.ends_at)
    return before, await ledger_queries.posted_minor(
        connection,
        "pay",
        currency=account.currency,
        holder_id=account.payee_id,
        counterparty_id=account.payer_id,
    )


def _accounts(account: PairAccount, *kinds: str) -> list[Account]:
    """Return accounts between payee and payer: those of the payer's side name the payer first."""
    payee, payer = account.payee_id, account.payer_id
    of = {
        "pay": Account("pay", account.currency, payee, payer),
        "recv": Account("recv", account.currency, payer, payee),
        "clawback_due": Account("clawback_due", account.currency, payee, payer),
        "clawback_owed": Account("clawback_owed", account.currency, payer, payee),
    }
    return [of[kind] for kind in kinds]


async def _seal(connection: Connection, side: _Side, period: Period, now: datetime) -> UUID | None:
    """Freeze what the period says about one account; None when it says nothing and nothing is open."""
    account, last = side.account, side.last
    lines = await line_queries.unstated_lines(connection, account.account_id, period.ends_at)
    opening = 0 if last is None else last.closing_minor
    if not lines and opening == 0:
        return None
    closing = opening + sum(line.amount_minor for line in lines)
    content = Content(
        number=f"{account.payer_slug}-{account.payee_slug}-{period.label}-{account.currency}".upper(),
        payee_id=account.payee_id,
        payer_id=account.payer_id,
        currency=account.currency,
        period=period.label,
        opening_minor=opening,
        closing_minor=closing,
        lines=tuple(lines),
    )
    statement_id = ids.new_id(now)
    minimum = side.settlement.minimum_payout_minor
    seq = 1 if last is None else last.seq + 1
    await connection.execute(
        """INSERT INTO statements (id, number, payee_id, payer_id, currency, account_id, seq, previous_seq,
               period, starts_at, ends_at, opening_minor, closing_minor, minimum_minor, carried_reason,
               totals, content_hash, closed_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($7 - 1, 0), $8, $9, $10, $11, $12, $13, $14, $15,
               $16, $17)""",
        statement_id,
        content.number,
        account.payee_id,
        account.payer_id,
        account.currency,
        account.account_id,
        seq,
        period.label,
        period.starts_at,
        period.ends_at,
        opening,
        closing,
        minimum,
        rules.carried_reason(closing_minor=closing, minimum_minor=minimum),
        msgspec.json.encode(rules.totals(lines)).decode(),
        rules.content_hash(content),
        now,
    )
    await lines_of.insert_lines(connection, statement_id, account.account_id, lines)
    return statement_id
