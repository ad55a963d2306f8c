"""What a replay came to, in one object, read from the books and from the Stripe simulator."""

import asyncpg
import msgspec

from partner_network.database.connections import Connection
from partner_network.sandbox import people


class Results(msgspec.Struct, frozen=True):
    """The figures of one replay; money in minor units (US cents)."""

    orders: int
    customers: int
    clicks: int
    conversions: int
    attributed: int
    unattributed: int
    refunds: int
    commission_minor: int
    tax_minor: int
    statements: int
    statements_paid: int
    paid_minor: int
    netted_minor: int
    unrecovered_minor: int
    outstanding_minor: int
    stripe_transfers: int
    stripe_transfers_minor: int
    ledger_sum_minor: int
    seconds: float

    @property
    def adds_up(self) -> bool:
        """Say whether everything earned was paid, set off, given up or is still there, to the cent."""
        return (
            self.commission_minor + self.tax_minor
            == self.paid_minor + self.netted_minor + self.outstanding_minor - self.unrecovered_minor
        )


_FIGURES = """
    WITH legs AS (
        SELECT d.kind AS debit, c.kind AS credit, e.kind AS entry, t.amount_minor
        FROM ledger_transfers t JOIN ledger_entries e ON e.id = t.entry_id
        JOIN ledger_accounts d ON d.id = t.debit_account_id
        JOIN ledger_accounts c ON c.id = t.credit_account_id
        WHERE t.phase IN ('posted', 'post')
    ), held AS (
        SELECT a.kind, sum(CASE WHEN a.is_debit_normal THEN b.debits_posted_minor - b.credits_posted_minor
                                ELSE b.credits_posted_minor - b.debits_posted_minor END) AS minor
        FROM ledger_balances b JOIN ledger_accounts a ON a.id = b.account_id GROUP BY a.kind
    )
    SELECT (SELECT count(*) FROM conversions) AS conversions,
        (SELECT count(*) FROM customers) AS customers,
        (SELECT count(*) FROM clicks) AS clicks,
        (SELECT count(*) FROM current_decisions WHERE outcome = 'attributed') AS attributed,
        (SELECT count(*) FROM current_decisions WHERE outcome = 'unattributed') AS unattributed,
        (SELECT count(*) FROM refunds) AS refunds,
        (SELECT coalesce(sum(target_minor), 0) FROM current_targets)::bigint AS commission_minor,
        (SELECT coalesce(sum(CASE WHEN debit = 'recv' THEN amount_minor ELSE -amount_minor END), 0)
         FROM legs WHERE entry = 'tax')::bigint AS tax_minor,
        (SELECT count(*) FROM statements) AS statements,
        (SELECT count(DISTINCT payout_id) FROM payout_attempts WHERE status IN ('accepted', 'settled'))
            AS statements_paid,
        (SELECT coalesce(sum(CASE WHEN debit = 'payout_clearing' AND credit = 'cash' THEN amount_minor
                                  WHEN debit = 'cash' AND credit = 'pay_funded' THEN -amount_minor END), 0)
         FROM legs)::bigint AS paid_minor,
        (SELECT coalesce(sum(amount_minor), 0) FROM legs WHERE entry = 'net')::bigint AS netted_minor,
        (SELECT coalesce(sum(CASE debit WHEN 'clawback_due' THEN -amount_minor ELSE amount_minor END), 0)
         FROM legs
         WHERE entry IN ('forgive', 'write_off') AND credit = 'clawback_due'
             OR entry = 'restore' AND debit = 'clawback_due')::bigint AS unrecovered_minor,
        (SELECT coalesce(sum(CASE WHEN kind = 'clawback_due' THEN -minor ELSE minor END), 0) FROM held
         WHERE kind IN ('pay_pending', 'pay_held', 'pay_disputed', 'pay', 'pay_funded', 'payout_clearing',
                        'clawback_due'))::bigint AS outstanding_minor,
        (SELECT coalesce(sum(debits_posted_minor) - sum(credits_posted_minor), 0)
         FROM ledger_balances)::bigint AS ledger_sum_minor
"""


async def read_results(
    connection: Connection, stripe_url: str, stripe_key: str, *, orders: int, seconds: float
) -> Results:
    """Return the figures; the transfers are counted at the simulator, not in our books."""
    row: asyncpg.Record | None = await connection.fetchrow(_FIGURES)
    if row is None:
        raise RuntimeError("the figures could not be read")
    amounts = await _transfers(stripe_url, stripe_key)
    return Results(
        orders=orders,
        **row,
        stripe_transfers=len(amounts),
        stripe_transfers_minor=sum(amounts),
        seconds=round(seconds, 1),
    )


async def _transfers(stripe_url: str, stripe_key: str) -> list[int]:
    amounts: list[int] = []
    last: dict[str, str] = {}
    headers = {"authorization": f"Bearer {stripe_key}"}
    async with people.browser(base_url=stripe_url, headers=headers) as client:
        while True:
            answer = await client.get("/v1/transfers", params={"limit": "100", **last})
            page = answer.raise_for_status().json()
            amounts += [transfer["amount"] - transfer["amount_reversed"] for transfer in page["data"]]
            if not page["has_more"]:
                return amounts
            last = {"starting_after": page["data"][-1]["id"]}
