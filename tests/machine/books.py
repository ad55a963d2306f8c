"""What must be true of the ledger, of statements and of payouts after every step, whatever it was."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from partner_network.database.connections import Connection

_ASSETS = {"cash", "recv", "clawback_due", "chargeback", "stripe_fees", "writeoff", "credit_granted"}
_HELD_BY_PARTNERS = ("pay_pending", "pay_held", "pay_disputed", "pay")


async def must_balance(connection: Connection) -> None:
    """Debits are credits, counters are the sums of legs, and the equations of MONEY section 5 hold."""
    legs = await connection.fetch("SELECT * FROM ledger_transfers")
    accounts = {row["id"]: row for row in await connection.fetch("SELECT * FROM ledger_accounts")}
    counters = {row["account_id"]: row for row in await connection.fetch("SELECT * FROM ledger_balances")}
    counted = _counted(legs)
    for account_id, account in accounts.items():
        names = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")
        said = tuple(counters[account_id][f"{name}_minor"] for name in names)
        assert said == counted[account_id], account
    for currency in {account["currency"] for account in accounts.values()}:
        own = {i: account for i, account in accounts.items() if account["currency"] == currency}
        sums = [sum(counted[i][n] for i in own) for n in range(4)]
        assert (sums[0], sums[2]) == (sums[1], sums[3]), f"{currency}: {sums}"
        _must_equal(own, counted)


def _counted(legs: Sequence[Any]) -> defaultdict[int, tuple[int, int, int, int]]:
    counted: defaultdict[int, tuple[int, int, int, int]] = defaultdict(lambda: (0, 0, 0, 0))
    for leg in legs:
        amount = leg["amount_minor"]
        posted = amount if leg["phase"] in {"posted", "post"} else 0
        pending = {"posted": 0, "pending": amount, "post": -amount, "void": -amount}[leg["phase"]]
        debit, credit = leg["debit_account_id"], leg["credit_account_id"]
        one, other = counted[debit], counted[credit]
        counted[debit] = (one[0] + posted, one[1], one[2] + pending, one[3])
        counted[credit] = (other[0], other[1] + posted, other[2], other[3] + pending)
    return counted


def _must_equal(accounts: dict[int, Any], counted: defaultdict[int, tuple[int, int, int, int]]) -> None:
    """Compare what advertisers owe with what partners are owed, and cash with whose it is."""
    pairs: defaultdict[tuple[Any, Any], defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    whole: defaultdict[str, int] = defaultdict(int)
    for account_id, account in accounts.items():
        kind, (debits, credits_, pending_out, _) = account["kind"], counted[account_id]
        holds = debits - credits_ if kind in _ASSETS else credits_ - debits
        assert kind == "cash" or holds >= 0, f"{kind} holds {holds}"
        if kind not in _ASSETS:
            assert holds >= pending_out, f"{kind} holds {holds} and has {pending_out} on its way"
        whole[kind] += holds
        payee_first = kind.startswith("pay") or kind == "clawback_due"
        of = (account["holder_id"], account["counterparty_id"])
        pairs[of if payee_first else of[::-1]][kind] += holds
    for pair, held in pairs.items():
        assert held["recv"] == sum(held[kind] for kind in _HELD_BY_PARTNERS), (pair, dict(held))
        assert held["clawback_due"] == held["clawback_owed"], (pair, dict(held))
    assert whole["cash"] + whole["chargeback"] == (
        whole["prepaid"]
        + whole["pay_funded"]
        + whole["payout_clearing"]
        + whole["own"]
        - whole["stripe_fees"]
        - whole["writeoff"]
    ), dict(whole)


async def must_net_to_targets(connection: Connection) -> None:
    """All legs of a commission together come to its newest target, wherever its money lies."""
    rows = await connection.fetch(
        """SELECT c.id, (SELECT target_minor FROM commission_revisions r WHERE r.commission_id = c.id
                         ORDER BY rev DESC LIMIT 1) AS target_minor,
               coalesce(sum(CASE WHEN a.kind IN ('pay_pending', 'pay_held', 'pay_disputed', 'pay')
                   THEN CASE a.id WHEN t.credit_account_id THEN t.amount_minor ELSE -t.amount_minor END
                   WHEN a.kind = 'clawback_due'
                   THEN CASE a.id WHEN t.credit_account_id THEN t.amount_minor ELSE -t.amount_minor END
                   ELSE 0 END), 0)::bigint AS moved_minor
           FROM commissions c LEFT JOIN ledger_transfers t ON t.commission_id = c.id
           LEFT JOIN ledger_accounts a ON a.id IN (t.debit_account_id, t.credit_account_id)
           GROUP BY c.id"""
    )
    for row in rows:
        assert row["moved_minor"] == row["target_minor"], dict(row)


async def must_be_let_work(connection: Connection, missing: str, loaded_at: datetime | None) -> None:
    """Nothing stops a stream but a rate that was not loaded when it was tried; it says which."""
    for row in await connection.fetch("SELECT * FROM stopped_streams"):
        assert f"needs a rate {missing}/USD" in row["sentence"], dict(row)
        assert row["clause"] == "settlement.currency", dict(row)
        assert loaded_at is None or row["tried_at"] < loaded_at, dict(row)


async def must_chain(connection: Connection) -> None:
    """Statements open with what the one before closed with, add up, equal the ledger, and state once."""
    statements = await connection.fetch("SELECT * FROM statements ORDER BY account_id, seq")
    lines = await connection.fetch("SELECT * FROM statement_lines")
    legs = {row["id"]: row for row in await connection.fetch("SELECT * FROM ledger_transfers")}
    stated: set[tuple[int, int]] = set()
    for line in lines:
        place = (line["account_id"], line["transfer_id"])
        assert place not in stated, f"{place} is stated twice"
        stated.add(place)
    opening: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in statements:
        account_id = one["account_id"]
        own = [line for line in lines if line["statement_id"] == one["id"]]
        seq, closed = opening[account_id]
        assert (one["seq"], one["opening_minor"]) == (seq + 1, closed), one["number"]
        assert one["closing_minor"] == closed + sum(line["amount_minor"] for line in own), one["number"]
        opening[account_id] = one["seq"], one["closing_minor"]
        for line in own:
            leg = legs[line["transfer_id"]]
            assert leg["effective_at"] < one["ends_at"], one["number"]
            moved = leg["amount_minor"] if leg["credit_account_id"] == account_id else -leg["amount_minor"]
            assert line["amount_minor"] == moved, one["number"]


async def must_be_cut_off(connection: Connection, statement_ids: Sequence[Any]) -> None:
    """What has just been closed closes with what the ledger holds of postings before its end."""
    rows = await connection.fetch(
        """SELECT s.number, s.closing_minor, coalesce(sum(
               CASE t.credit_account_id WHEN s.account_id THEN t.amount_minor ELSE -t.amount_minor END), 0)
               ::bigint AS held_minor
           FROM statements s LEFT JOIN ledger_transfers t ON t.phase IN ('posted', 'post')
               AND t.effective_at < s.ends_at AND s.account_id IN (t.credit_account_id, t.debit_account_id)
           WHERE s.id = ANY($1::uuid[]) AND NOT EXISTS (
               SELECT FROM statements later WHERE later.account_id = s.account_id AND later.seq > s.seq)
           GROUP BY s.id""",
        statement_ids,
    )
    for row in rows:
        assert row["closing_minor"] == row["held_minor"], dict(row)


async def must_pay_what_is_owed(connection: Connection) -> None:
    """No payout exceeds what its statement closes with, and each has at most one attempt that lives."""
    rows = await connection.fetch(
        """SELECT p.id, p.amount_minor, s.closing_minor,
               (SELECT count(*) FROM payout_attempts a WHERE a.payout_id = p.id AND a.status <> 'failed')
                   AS live,
               (SELECT coalesce(sum(a.amount_minor), 0) FROM payout_attempts a
                WHERE a.payout_id = p.id AND a.status <> 'failed') AS sent_minor
           FROM payouts p JOIN statements s ON s.id = p.statement_id"""
    )
    for row in rows:
        assert row["amount_minor"] <= row["closing_minor"], dict(row)
        assert row["live"] <= 1, dict(row)
        assert row["sent_minor"] in {0, row["amount_minor"]}, dict(row)


async def reported(connection: Connection, known_before: datetime) -> list[tuple[Any, ...]]:
    """Return what the books said of every account, as they had been recorded before an instant."""
    rows = await connection.fetch(
        """SELECT a.id, t.effective_at >= $1 AS is_ahead, t.phase,
               sum(t.amount_minor) FILTER (WHERE t.debit_account_id = a.id)::bigint AS debits,
               sum(t.amount_minor) FILTER (WHERE t.credit_account_id = a.id)::bigint AS credits,
               count(DISTINCT e.id) AS entries
           FROM ledger_accounts a JOIN ledger_transfers t ON a.id IN (t.debit_account_id, t.credit_account_id)
           JOIN ledger_entries e ON e.id = t.entry_id
           WHERE e.recorded_at < $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
        known_before,
    )
    sealed = await connection.fetch(
        """SELECT s.number, encode(s.content_hash, 'hex'), s.closing_minor,
               (SELECT sum(amount_minor)::bigint FROM statement_lines l WHERE l.statement_id = s.id)
           FROM statements s WHERE s.closed_at < $1 ORDER BY 1""",
        known_before,
    )
    targets = await connection.fetch(
        """SELECT commission_id, max(rev), sum(target_minor - previous_target_minor)::bigint
           FROM commission_revisions WHERE recorded_at < $1 GROUP BY 1 ORDER BY 1""",
        known_before,
    )
    return [tuple(row) for row in (*rows, *sealed, *targets)]
