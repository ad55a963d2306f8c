"""Where the simulator's money is: movements whose legs sum to zero, each with its balance transaction."""

from collections.abc import Mapping

from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import PLATFORM, State, new_id

# Where money comes from and goes to: what cards and banks brought in stands below zero.
CARD_NETWORKS = "card_networks"
BANKS = "banks"
IN_TRANSIT = "payouts_in_transit"
FEES = "stripe_fees"
# The platform's own; a connected account's pot bears its id.
PENDING = "pending"
AVAILABLE = "available"
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
    """Read what a pot holds, by currency, in minor units."""
    rows = state.db.execute("SELECT currency, amount FROM holdings WHERE account = ?", (account,))
    return {row["currency"]: row["amount"] for row in rows}


def cash_of(customer: str) -> str:
    """Name the pot of what a customer sent by bank transfer and has not paid anything with; it is its own."""
    return f"cash_balance {customer}"


def available(state: State, account: str, currency: str) -> int:
    """Tell what an account can spend in a currency now, in minor units."""
    return held(state, account or AVAILABLE).get(currency, 0)


def balance(call: Call) -> Json:
    """Answer `GET /v1/balance`, for the platform or the account that `Stripe-Account` names."""
    call.takes("expand")
    return balance_of(call.state, call.account)


def balance_of(state: State, account: str) -> Json:
    """Show what an account has available and pending, in each currency it ever held."""
    spendable = held(state, account or AVAILABLE)
    pending = {} if account else held(state, PENDING)
    currencies = sorted({*spendable, *pending}) or [DEFAULT_CURRENCY]
    shown = {
        "object": "balance",
        "available": [_amount(spendable, currency) for currency in currencies],
        "livemode": False,
        "pending": [_amount(pending, currency) for currency in currencies],
    }
    if account:
        return shown
    return shown | {"connect_reserved": [{"amount": 0, "currency": currency} for currency in currencies]}


def _amount(amounts: Mapping[str, int], currency: str) -> Json:
    amount = amounts.get(currency, 0)
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


def record(
    state: State,
    *,
    kind: str,
    source: Json,
    amount: int,
    description: str | None = None,
    fee: int = 0,
    available_on: int | None = None,
    category: str | None = None,
    account: str = PLATFORM,
) -> Json:
    """Write a balance transaction; `amount` is signed, `fee` comes off it, `category` is for reports."""
    currency, now = source["currency"], state.now()
    available_on = now if available_on is None else available_on
    return state.put(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": available_on,
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [_fee(fee, currency, kind)] if fee else [],
            "net": amount - fee,
            "reporting_category": category or kind,
            "source": source["id"],
            "status": "available" if available_on <= now else "pending",
            "type": kind,
        },
        account=account,
    )


def _fee(fee: int, currency: str, kind: str) -> Json:
    return {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Dispute fee" if kind == "adjustment" else "Stripe processing fees",
        "type": "stripe_fee",
    }


def post(state: State, transaction: Json, *, against: str, account: str = PLATFORM) -> Json:
    """Move the money of a balance transaction: into or out of its owner's pot, against another."""
    pending = account == PLATFORM and transaction["status"] == "pending"
    pot = PENDING if pending else account or AVAILABLE
    amount, fee = transaction["amount"], transaction["fee"]
    legs = {pot: amount - fee, FEES: fee, against: -amount}
    move(state, movement=transaction["id"], currency=transaction["currency"], legs=legs)
    if pending:
        state.plan("becomes_available", transaction["id"], due_at=transaction["available_on"])
    return transaction


def become_available(state: State, transaction: Json) -> None:
    """Let one pending amount settle."""
    if transaction["status"] != "pending":
        return
    net = transaction["net"]
    state.put(
        transaction | {"status": "available", "available_on": min(transaction["available_on"], state.now())}
    )
    move(
        state,
        movement=f"settle {transaction['id']}",
        currency=transaction["currency"],
        legs={PENDING: -net, AVAILABLE: net},
    )


def settle(state: State) -> dict[str, int]:
    """Make everything pending available, as the days that cards take would; return the net by currency."""
    settled: dict[str, int] = {}
    for transaction in state.select("balance_transaction", {"json_extract(body, '$.status') = ?": "pending"}):
        become_available(state, transaction)
        currency = transaction["currency"]
        settled[currency] = settled.get(currency, 0) + transaction["net"]
    return settled
