"""Read which pairs' periods have ended and are not closed, and what keeps them open."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from partner_network.agreements.terms import Settlement
from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.kernel.periods import Period
from partner_network.statements import queries, standing_queries
from partner_network.statements.standing_queries import PairAccount, Standing

_ZONES_APART = timedelta(hours=15)
"""More than any zone is from UTC."""


class Unclosed(msgspec.Struct, frozen=True):
    """A period of one payee with one payer that has ended; ``waiting`` orders keep it open."""

    payee_name: str
    payer_name: str
    currency: str
    period: str
    waiting: int
    payee_slug: str
    payer_slug: str


def may_be_due(standing: Standing, now: datetime) -> bool:
    """Tell whether a month has ended somewhere since there is something to state."""
    if standing.unstated_at is None:
        return False
    since, until = standing.unstated_at - _ZONES_APART, now + _ZONES_APART
    return (since.year, since.month) < (until.year, until.month)


def open_period(standing: Standing, settlement: Settlement, now: datetime) -> Period | None:
    """Return the oldest period with something to state that has ended, or None.

    A posting dated into a closed period is stated in the first open one: what is issued never reopens.
    """
    if standing.unstated_at is None:
        return None
    zone = periods.zone_named(settlement.time_zone)
    period = periods.period_of(standing.unstated_at, settlement.period, zone)
    return period if period.ends_at <= now else None


async def waiting_orders(connection: Connection, account: PairAccount, before: datetime) -> int:
    """Return how many orders before an instant are not computed yet, or not moved though they are due."""
    (waiting,) = await _waiting(connection, [(account, before)])
    return waiting


async def _waiting(connection: Connection, asked: Sequence[tuple[PairAccount, datetime]]) -> list[int]:
    rows = await connection.fetch(
        """SELECT (SELECT count(*) FROM (
               SELECT u.conversion_id FROM unaccrued_conversions u
               JOIN payees p ON p.partnership_id = u.partnership_id
               JOIN conversions v ON v.id = u.conversion_id
               WHERE p.advertiser_id = w.payer_id AND p.payee_id = w.payee_id AND v.occurred_at < w.before
               UNION SELECT u.conversion_id FROM undecided_conversions u
               JOIN conversions v ON v.id = u.conversion_id
               WHERE v.brand_id = w.payer_id AND v.occurred_at < w.before
               UNION SELECT c.conversion_id
               FROM payees p JOIN commissions c ON c.partnership_id = p.partnership_id
               WHERE p.advertiser_id = w.payer_id AND p.payee_id = w.payee_id AND c.matured_at IS NULL
                   AND c.matures_at < w.before AND coalesce(c.charity_id, c.partner_id) = w.payee_id
               UNION SELECT c.conversion_id FROM unmoved_commissions u
               JOIN commissions c ON c.id = u.commission_id
               WHERE c.advertiser_id = w.payer_id
                   AND coalesce(c.charity_id, c.partner_id) = w.payee_id) one) AS waiting
           FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
               WITH ORDINALITY AS w (payer_id, payee_id, before, n) ORDER BY w.n""",
        [account.payer_id for account, _ in asked],
        [account.payee_id for account, _ in asked],
        [before for _, before in asked],
    )
    return [row["waiting"] for row in rows]


async def unclosed(connection: Connection, now: datetime) -> Sequence[Unclosed]:
    """Return what has ended and is not closed, in the order the accounts were opened."""
    may_be = [one for one in await standing_queries.standings(connection) if may_be_due(one, now)]
    accounts = [standing.account for standing in may_be]
    settlements = await queries.settlements_of(connection, [one.names for one in accounts], at=now)
    ended = [
        (standing.account, period)
        for standing, settlement in zip(may_be, settlements, strict=True)
        if (period := open_period(standing, settlement, now)) is not None
    ]
    waiting = await _waiting(connection, [(account, period.ends_at) for account, period in ended])
    return [
        Unclosed(
            account.payee_name,
            account.payer_name,
            account.currency,
            period.label,
            orders,
            account.payee_slug,
            account.payer_slug,
        )
        for (account, period), orders in zip(ended, waiting, strict=True)
    ]
