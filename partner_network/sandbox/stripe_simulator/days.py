"""The virtual clock: when it goes ahead, what days bring happens, each thing at its own time."""

from collections.abc import Callable, Mapping

from partner_network.sandbox.stripe_simulator import (
    accounts,
    balance_settings,
    banks,
    books,
    disputes,
    events,
    invoices,
    payments,
    payouts,
    topups,
)
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json

DAY_S = 86_400
EVERY_DAY = "a_day_begins"


def _becomes_available(call: Call, transaction: Json) -> None:
    if transaction["status"] == "pending":
        books.become_available(call.state, transaction)
        events.tell(call, "balance.available", books.balance_of(call.state, ""))


VERBS: Mapping[str, Callable[[Call, Json], object]] = {
    "bank_decides": payments.bank_decides,
    "becomes_available": _becomes_available,
    "dispute_expires": disputes.expire,
    "invoice_is_due": invoices.become_overdue,
    "payout_arrives": payouts.arrive,
    "payout_bounces": payouts.bounce,
    "payout_leaves": payouts.leave,
    "topup_arrives": topups.arrive,
}


def advance(call: Call, seconds: int) -> int:
    """Go ahead by so many seconds; days pass only here, so nothing happens behind a test's back."""
    state, until = call.state, call.now() + seconds
    if state.db.execute("SELECT 1 FROM plans WHERE verb = ?", (EVERY_DAY,)).fetchone() is None:
        state.plan(EVERY_DAY, "", due_at=_next_midnight(call.now()))
    while (plan := state.next_plan(until=until)) is not None:
        state.set_clock(plan["due_at"])
        if plan["verb"] == EVERY_DAY:
            _begin_day(call)
            state.plan(EVERY_DAY, "", due_at=_next_midnight(call.now()))
        else:
            body = state.find(plan["object"])
            if body is not None:
                VERBS[plan["verb"]](call, body)
    state.set_clock(until)
    return call.now()


def _next_midnight(instant: int) -> int:
    return (instant // DAY_S + 1) * DAY_S


def _begin_day(call: Call) -> None:
    for account in call.state.select(accounts.KIND, {}):
        daily = balance_settings.interval(call.state, account["id"]) == "daily"
        if daily and not account["closed"] and banks.of(call.state, account["id"]):
            payouts.pay_out_everything(call, account["id"])
