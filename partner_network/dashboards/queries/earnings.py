"""Read what a brand earns and where each part of it is now, from the ledger's balances."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from partner_network.agreements import terms_reading
from partner_network.database.connections import Connection
from partner_network.kernel import periods


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """A payee's money in one currency by where it is now, in minor units; every part is 0 or more.

    ``earned + tax`` is the sum of all parts less what is to be taken back or was given up.
    """

    currency: str
    earned_minor: int
    tax_minor: int
    pending_minor: int
    held_minor: int
    disputed_minor: int
    payable_minor: int
    funded_minor: int
    clearing_minor: int
    paid_minor: int
    netted_minor: int
    due_back_minor: int
    given_up_minor: int

    @property
    def on_its_way_minor(self) -> int:
        """What is funded or handed to Stripe and has not arrived."""
        return self.funded_minor + self.clearing_minor


class MonthEarned(msgspec.Struct, frozen=True):
    """What one calendar month brought in one currency, after refunds, in minor units."""

    month: str
    currency: str
    commission_minor: int
    bonus_minor: int

    @property
    def earned_minor(self) -> int:
        """Commission and bonuses together."""
        return self.commission_minor + self.bonus_minor


_PARTS = """
    WITH mine AS (
        SELECT a.currency, a.kind, b.debits_posted_minor AS debits, b.credits_posted_minor AS credits
        FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
        WHERE a.holder_id = $1 AND a.kind IN ('pay_pending', 'pay_held', 'pay_disputed', 'pay', 'pay_funded',
                                              'payout_clearing', 'clawback_due')),
    moved AS (
        SELECT a.currency, e.kind, sum(CASE a.id WHEN t.credit_account_id THEN t.amount_minor
                                       ELSE -t.amount_minor END)::bigint AS minor
        FROM ledger_accounts a
        JOIN ledger_transfers t ON t.debit_account_id = a.id OR t.credit_account_id = a.id
        JOIN ledger_entries e ON e.id = t.entry_id
        WHERE a.holder_id = $1 AND t.phase IN ('posted', 'post') AND ((a.kind, e.kind) IN (
            ('pay', 'tax'), ('pay', 'net'), ('payout_clearing', 'settle'), ('pay_funded', 'return'),
            ('clawback_due', 'forgive'), ('clawback_due', 'write_off'))
            -- what had lapsed and was earned again: it is made due once more
            OR a.kind = 'clawback_due' AND e.kind = 'restore' AND a.id = t.debit_account_id)
        GROUP BY a.currency, e.kind)
    SELECT currency, kind, (credits - debits)::bigint AS minor FROM mine
    UNION ALL SELECT currency, 'moved:' || kind, minor FROM moved
"""


async def whereabouts_of(
    connection: Connection, payee_id: UUID, months: Sequence[MonthEarned] | None = None
) -> list[Whereabouts]:
    """Return where a payee's money is, one for each currency in which it ever had any; minor units.

    ``months`` is what ``earned_by_month`` returned, where the caller read it already.
    Source: the accounts of MONEY section 5; earned is the sum of the commissions' present targets.
    """
    sums: dict[str, dict[str, int]] = {}
    for month in await earned_by_month(connection, payee_id) if months is None else months:
        of_currency = sums.setdefault(month.currency, {})
        of_currency["earned"] = of_currency.get("earned", 0) + month.earned_minor
    for row in await connection.fetch(_PARTS, payee_id):
        of_currency = sums.setdefault(row["currency"], {})
        of_currency[row["kind"]] = of_currency.get(row["kind"], 0) + row["minor"]
    return [_whereabouts(currency, sums[currency]) for currency in sorted(sums)]


def _whereabouts(currency: str, sums: Mapping[str, int]) -> Whereabouts:
    def of(*kinds: str) -> int:
        return sum(sums.get(kind, 0) for kind in kinds)

    return Whereabouts(
        currency=currency,
        earned_minor=of("earned"),
        tax_minor=of("moved:tax"),
        pending_minor=of("pay_pending"),
        held_minor=of("pay_held"),
        disputed_minor=of("pay_disputed"),
        payable_minor=of("pay"),
        funded_minor=of("pay_funded"),
        clearing_minor=of("payout_clearing"),
        # What a reversed transfer brought back stands in pay_funded again.
        paid_minor=-of("moved:settle") - of("moved:return"),
        netted_minor=-of("moved:net"),
        due_back_minor=-of("clawback_due"),
        given_up_minor=of("moved:forgive", "moved:write_off", "moved:restore"),
    )


async def earned_by_month(connection: Connection, payee_id: UUID) -> list[MonthEarned]:
    """Return what each month brought a payee, the first one first, by the calendar of each agreement."""
    zones = await _zones(connection, payee_id)
    rows = await connection.fetch(
        """SELECT to_char(c.earned_at AT TIME ZONE z.zone, 'YYYY-MM') AS month, c.currency,
               sum(CASE c.kind WHEN 'commission' THEN r.target_minor ELSE 0 END)::bigint AS commission_minor,
               sum(CASE c.kind WHEN 'bonus' THEN r.target_minor ELSE 0 END)::bigint AS bonus_minor
           FROM commissions c
           CROSS JOIN LATERAL (SELECT target_minor FROM commission_revisions v
                               WHERE v.commission_id = c.id ORDER BY v.rev DESC LIMIT 1) r
           JOIN unnest($2::uuid[], $3::text[]) AS z (agreement_id, zone) ON z.agreement_id = c.agreement_id
           WHERE c.partnership_id IN (SELECT id FROM partnerships WHERE partner_id = $1)
               AND c.charity_id IS NULL
           GROUP BY 1, 2 ORDER BY 2, 1""",
        payee_id,
        list(zones),
        list(zones.values()),
    )
    return [MonthEarned(**row) for row in rows]


def without_gaps(earned: Sequence[MonthEarned], until: str) -> list[MonthEarned]:
    """Return the months of each currency with those between, up to ``until``, that brought nothing."""
    filled: list[MonthEarned] = []
    for currency in sorted({one.currency for one in earned}):
        by_month = {one.month: one for one in earned if one.currency == currency}
        month, last = min(by_month), max(until, *by_month)
        while month <= last:
            filled.append(by_month.get(month, MonthEarned(month, currency, 0, 0)))
            month = _next(month)
    return filled


def _next(month: str) -> str:
    zone = periods.zone_named("UTC")
    period = periods.next_period(periods.parse_period(month, zone), zone)
    return period.label


async def _zones(connection: Connection, payee_id: UUID) -> dict[UUID, str]:
    rows = await connection.fetch(
        """SELECT g.id, g.terms_toml FROM agreements g JOIN partnerships p ON p.id = g.partnership_id
           WHERE p.partner_id = $1""",
        payee_id,
    )
    return {row["id"]: terms_reading.read_terms(row["terms_toml"]).settlement.time_zone for row in rows}
