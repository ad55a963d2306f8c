"""The trial balance: every pot, and every way in which money and objects tell different stories."""

from collections.abc import Mapping
from typing import Any

from partner_network.sandbox.stripe_simulator import books
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import PLATFORM, State

Amounts = dict[str, dict[str, int]]
UNDER_WAY = ("pending", "in_transit")


def statement(state: State) -> Json:
    """Show all balances, what each destination got and kept, and every difference."""
    balances = _by_account(
        state, "SELECT account, currency, sum(amount) AS amount FROM legs GROUP BY 1, 2 ORDER BY 1, 2"
    )
    totals: Amounts = {}
    for row in state.db.execute(
        "SELECT json_extract(body, '$.currency') AS currency,"
        " sum(json_extract(body, '$.amount') - json_extract(body, '$.amount_reversed')) AS amount,"
        " count(*) AS count FROM objects WHERE kind = 'transfer' GROUP BY 1 ORDER BY 1"
    ):
        totals[row["currency"]] = {"count": row["count"], "amount": row["amount"]}
    return {
        "balances": balances,
        "transferred": _transferred(state),
        "transfers": totals,
        "sums": _sums(balances),
        "differences": [
            *_unbalanced(state, balances),
            *_transactions_differ(state, balances),
            *_transfers_differ(state),
            *_parts_differ(state),
            *_payouts_differ(state, balances),
            *_invoices_differ(state),
        ],
    }


def _transferred(state: State) -> Amounts:
    # What was taken back by reversals is not transferred.
    return _by_account(
        state,
        "SELECT json_extract(body, '$.destination') AS account, json_extract(body, '$.currency') AS currency,"
        " sum(json_extract(body, '$.amount') - json_extract(body, '$.amount_reversed')) AS amount"
        " FROM objects WHERE kind = 'transfer' GROUP BY 1, 2 ORDER BY 1, 2",
    )


def _by_account(state: State, sql: str, *values: Any) -> Amounts:
    found: Amounts = {}
    for row in state.db.execute(sql, values):
        found.setdefault(row["account"], {})[row["currency"]] = row["amount"]
    return found


def _sums(balances: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for amounts in balances.values():
        for currency, amount in amounts.items():
            sums[currency] = sums.get(currency, 0) + amount
    return sums


def _unbalanced(state: State, balances: Amounts) -> list[str]:
    found = [f"all legs in {currency} sum to {total}" for currency, total in _sums(balances).items() if total]
    rows = state.db.execute(
        "SELECT movement, currency, sum(amount) AS amount FROM legs GROUP BY 1, 2 HAVING sum(amount) <> 0"
    )
    found += [f"the legs of {row['movement']} sum to {row['amount']} {row['currency']}" for row in rows]
    for account, amounts in balances.items():
        if books.held(state, account) != amounts:
            found.append(f"{account} holds {books.held(state, account)}, its legs say {amounts}")
    return found


def _transactions_differ(state: State, balances: Amounts) -> list[str]:
    # A connected account's pot bears its id; the platform has one for each status.
    told = _by_account(
        state,
        "SELECT CASE account WHEN ? THEN json_extract(body, '$.status') ELSE account END AS account,"
        " json_extract(body, '$.currency') AS currency, sum(json_extract(body, '$.net')) AS amount"
        " FROM objects WHERE kind = 'balance_transaction' GROUP BY 1, 2",
        PLATFORM,
    )
    pots = {books.AVAILABLE, books.PENDING, *told, *(pot for pot in balances if pot.startswith("acct_"))}
    return [
        f"{pot} is {_plain(balances.get(pot))}, its transactions say {_plain(told.get(pot))}"
        for pot in sorted(pots)
        if _plain(balances.get(pot)) != _plain(told.get(pot))
    ]


def _transfers_differ(state: State) -> list[str]:
    arrived = _by_account(
        state,
        "SELECT account, json_extract(body, '$.currency') AS currency,"
        " sum(json_extract(body, '$.amount')) AS amount FROM objects WHERE kind = 'balance_transaction'"
        " AND account <> ? AND json_extract(body, '$.type') IN ('payment', 'payment_refund') GROUP BY 1, 2",
        PLATFORM,
    )
    sent = _transferred(state)
    return [
        f"{account} received {_plain(arrived.get(account))}, its transfers say {_plain(sent.get(account))}"
        for account in sorted({*sent, *arrived})
        if _plain(arrived.get(account)) != _plain(sent.get(account))
    ]


def _parts_differ(state: State) -> list[str]:
    found: list[str] = []
    for whole, field, part, link in (
        ("transfer", "amount_reversed", "transfer_reversal", "transfer"),
        ("charge", "amount_refunded", "refund", "charge"),
    ):
        rows = state.db.execute(
            "SELECT whole.id, json_extract(whole.body, '$.' || ?) AS said,"
            " coalesce(sum(json_extract(part.body, '$.amount')), 0) AS parts"
            " FROM objects AS whole LEFT JOIN objects AS part"
            " ON part.kind = ? AND json_extract(part.body, '$.' || ?) = whole.id"
            " AND coalesce(json_extract(part.body, '$.status'), '') <> 'failed'"
            " WHERE whole.kind = ? GROUP BY whole.id HAVING said <> parts",
            (field, part, link, whole),
        )
        found += [f"{row['id']} says {field} {row['said']}, its parts {row['parts']}" for row in rows]
    return found


def _payouts_differ(state: State, balances: Amounts) -> list[str]:
    under_way = _by_account(
        state,
        "SELECT 'all' AS account, json_extract(body, '$.currency') AS currency,"
        " sum(json_extract(body, '$.amount')) AS amount FROM objects"
        " WHERE kind = 'payout' AND json_extract(body, '$.status') IN (?, ?) GROUP BY 2",
        *UNDER_WAY,
    ).get("all")
    in_transit = balances.get(books.IN_TRANSIT)
    if _plain(under_way) == _plain(in_transit):
        return []
    return [f"{books.IN_TRANSIT} is {_plain(in_transit)}, payouts under way say {_plain(under_way)}"]


def _invoices_differ(state: State) -> list[str]:
    rows = state.db.execute(
        "SELECT invoice.id, json_extract(invoice.body, '$.amount_paid') AS said,"
        " coalesce(sum(json_extract(intent.body, '$.amount_received')), 0) AS received"
        " FROM objects AS invoice LEFT JOIN objects AS payment ON payment.kind = 'invoice_payment'"
        " AND json_extract(payment.body, '$.invoice') = invoice.id LEFT JOIN objects AS intent"
        " ON intent.id = json_extract(payment.body, '$.payment.payment_intent')"
        " WHERE invoice.kind = 'invoice' GROUP BY invoice.id HAVING said <> received"
    )
    return [f"{row['id']} says amount_paid {row['said']}, its payments {row['received']}" for row in rows]


def _plain(amounts: Mapping[str, int] | None) -> dict[str, int]:
    return {currency: amount for currency, amount in (amounts or {}).items() if amount}
