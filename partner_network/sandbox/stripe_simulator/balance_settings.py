"""Balance settings: whether an account's money goes to its bank every day or when it is told to."""

from typing import cast

from partner_network.sandbox.stripe_simulator import events, lists
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import PLATFORM, State

KIND = "balance_settings"
INTERVALS = ("daily", "manual")


def interval(state: State, account: str) -> str:
    """Tell how often an account is paid out; the platform holds its money unless it says otherwise."""
    kept = state.find(f"{KIND} {account}", kind=KIND)
    return kept["interval"] if kept else "manual" if account == PLATFORM else "daily"


def retrieve(call: Call) -> Json:
    """Answer `GET /v1/balance_settings`."""
    call.takes("expand")
    return _shown(call)


def update(call: Call) -> Json:
    """Answer `POST /v1/balance_settings`; of all of it, the payouts' interval is played."""
    call.takes("expand", "payments")
    wanted = call.params.get("payments")
    for part in ("payouts", "schedule"):
        wanted = cast("Json", wanted).get(part) if isinstance(wanted, dict) else None
    chosen = cast("Json", wanted).get("interval") if isinstance(wanted, dict) else None
    if chosen not in INTERVALS:
        raise RefusedError(
            f"The simulator plays these intervals: {', '.join(INTERVALS)}.",
            param="payments[payouts][schedule][interval]",
        )
    call.state.put({"id": f"{KIND} {call.account}", "interval": chosen}, kind=KIND, account=call.account)
    events.tell(call, "balance_settings.updated", _shown(call), account=call.account)
    return lists.expand(call.state, _shown(call), call.texts("expand"))


def _shown(call: Call) -> Json:
    return {
        "object": KIND,
        "payments": {
            "debit_negative_balances": False,
            "payouts": {
                "automatic_transfer_rules_by_currency": None,
                "minimum_balance_by_currency": None,
                "schedule": {"interval": interval(call.state, call.account)},
                "statement_descriptor": None,
                "status": "enabled",
            },
            "settlement_timing": {"delay_days": 2},
        },
    }
