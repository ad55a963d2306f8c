"""Where the simulator's money is: movements whose legs sum to zero, and balances that never go below it."""

from collections.abc import Mapping

from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import State, new_id, now

# What cards brought in is owed to the networks: the one account that stands below zero.
CARD_NETWORKS = "card_networks"
PENDING = "pending"
AVAILABLE = "available"
FEES = "stripe_fees"
DEFAULT_CURRENCY = "usd"


def move(state: State, *, movement: str, currency: str, legs: Mapping[str, int]) -> None:
    """Book one movement; its legs sum to zero, in minor units."""
    if sum(legs.values()) != 0:
        raise ValueError(f"the legs of {movement} do not sum to zero: {legs}")
    booked = [(account, amount) for account, amount in legs.items() if amount]
    state.db.executemany(
        "INSERT INTO legs (movement, account, currency, amount) VALUES (?, ?, ?, ?)",
        [(movement, account, currency, amount) for account, amount in booked],
    )
    for account, amount in booked:
        # An upsert would check the row it first tries to insert, and a withdrawal alone is below zero.
        state.db.execute("INSERT OR IGNORE INTO holdings VALUES (?, ?, 0)", (account, currency))
        state.db.execute(
            "UPDATE holdings SET amount = amount + ? WHERE account = ? AND currency = ?",
            (amount, account, currency),
        )


def held(state: State, account: str) -> dict[str, int]:
    """Read what an account holds, by currency, in minor units."""
    rows = state.db.execute("SELECT currency, amount FROM holdings WHERE account = ?", (account,))
    return {row["currency"]: row["amount"] for row in rows}


def balance(call: Call) -> Json:
    """Answer `GET /v1/balance`."""
    call.takes()
    available, pending = held(call.state, AVAILABLE), held(call.state, PENDING)
    currencies = sorted({*available, *pending}) or [DEFAULT_CURRENCY]
    return {
        "object": "balance",
        "available": [_amount(available, currency) for currency in currencies],
        "connect_reserved": [{"amount": 0, "currency": currency} for currency in currencies],
        "livemode": False,
        "pending": [_amount(pending, currency) for currency in currencies],
    }


def _amount(amounts: Mapping[str, int], currency: str) -> Json:
    amount = amounts.get(currency, 0)
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


def record(
    state: State,
    *,
    kind: str,
    source: Json,
    amount: int,
    fee: int,
    available_on: int,
    description: str | None,
) -> Json:
    """Write the balance transaction of a charge or a transfer; `amount` is signed, `fee` comes off it."""
    currency = source["currency"]
    fees = [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return state.put(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": available_on,
            "balance_type": "payments",
            "created": now(),
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": fees if fee else [],
            "net": amount - fee,
            "reporting_category": kind,
            "source": source["id"],
            "status": "available" if available_on <= now() else "pending",
            "type": kind,
        }
    )


def settle(state: State) -> dict[str, int]:
    """Make everything pending available, as the days that cards take would; return the net by currency."""
    settled: dict[str, int] = {}
    pending = {"json_extract(body, '$.status') = ?": "pending"}
    for transaction in state.select("balance_transaction", pending, order="ASC", limit=-1):
        currency, net = transaction["currency"], transaction["net"]
        state.put(transaction | {"status": "available", "available_on": now()})
        move(
            state,
            movement=f"settle {transaction['id']}",
            currency=currency,
            legs={PENDING: -net, AVAILABLE: net},
        )
        settled[currency] = settled.get(currency, 0) + net
    return settled


def statement(state: State) -> Json:
    """Show all balances, what each destination got, and every way in which the books disagree."""
    balances: dict[str, dict[str, int]] = {}
    for row in state.db.execute(
        "SELECT account, currency, sum(amount) AS amount FROM legs GROUP BY 1, 2 ORDER BY 1, 2"
    ):
        balances.setdefault(row["account"], {})[row["currency"]] = row["amount"]
    transferred: dict[str, dict[str, int]] = {}
    totals: dict[str, dict[str, int]] = {}
    for row in state.db.execute(
        "SELECT json_extract(body, '$.destination') AS destination,"
        " json_extract(body, '$.currency') AS currency,"
        " sum(json_extract(body, '$.amount')) AS amount, count(*) AS count"
        " FROM objects WHERE kind = 'transfer' GROUP BY 1, 2 ORDER BY 1, 2"
    ):
        transferred.setdefault(row["destination"], {})[row["currency"]] = row["amount"]
        total = totals.setdefault(row["currency"], {"count": 0, "amount": 0})
        total["count"] += row["count"]
        total["amount"] += row["amount"]
    return {
        "balances": balances,
        "transferred": transferred,
        "transfers": totals,
        "sums": _sums(balances),
        "differences": _differences(state, balances, transferred),
    }


def _sums(balances: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for amounts in balances.values():
        for currency, amount in amounts.items():
            sums[currency] = sums.get(currency, 0) + amount
    return sums


def _differences(
    state: State,
    balances: Mapping[str, Mapping[str, int]],
    transferred: Mapping[str, Mapping[str, int]],
) -> list[str]:
    found = [f"all legs in {currency} sum to {total}" for currency, total in _sums(balances).items() if total]
    for account, amounts in balances.items():
        if held(state, account) != amounts:
            found.append(f"{account} holds {held(state, account)}, its legs say {dict(amounts)}")
        if account.startswith("acct_") and transferred.get(account) != amounts:
            found.append(f"{account} holds {dict(amounts)}, its transfers say {transferred.get(account)}")
    for row in state.db.execute(
        "SELECT json_extract(body, '$.currency') AS currency, sum(json_extract(body, '$.net')) AS net"
        " FROM objects WHERE kind = 'balance_transaction' GROUP BY 1"
    ):
        own = sum(balances.get(account, {}).get(row["currency"], 0) for account in (AVAILABLE, PENDING))
        if own != row["net"]:
            found.append(f"the balance in {row['currency']} is {own}, its transactions say {row['net']}")
    return found
