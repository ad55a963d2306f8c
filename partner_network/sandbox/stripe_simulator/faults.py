"""What can go wrong on the way, on demand: each fault is armed for one route and a number of requests."""

from typing import Literal, get_args

import msgspec

from partner_network.sandbox.stripe_simulator import refusals
from partner_network.sandbox.stripe_simulator.refusals import RefusedError

Kind = Literal[
    "drop_before", "drop_after", "timeout_before", "timeout_after", "slow",
    "500", "500_unstored", "500_after", "403", "409", "429",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
# These never let the request reach its endpoint; the others of their family strike once its work is kept.
BEFORE: tuple[Kind, ...] = ("drop_before", "timeout_before")
NEVER_ANSWERED: tuple[Kind, ...] = ("timeout_before", "timeout_after")


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """A fault: `..._before` strikes before the work, `..._after` once it is committed.

    `500` is stored and replayed; `500_unstored` fails before anything began; `500_after` hides that the work
    was done. `slow` answers after `seconds`, and its key is in use meanwhile.
    """

    route: str
    kind: Kind
    times: int = 1
    seconds: float = 1.0


class Faults:
    """Those still armed; a restart disarms all."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """Let the next requests of that route fail."""
        self._armed.append(fault)

    def clear(self) -> None:
        """Let everything work again."""
        self._armed.clear()

    def strike(self, route: str) -> Fault | None:
        """Use up one fault of a route, the one armed first."""
        for fault in self._armed:
            if fault.route == route:
                fault.times -= 1
                if fault.times <= 0:
                    self._armed.remove(fault)
                return fault
        return None


def refusal(kind: Kind | None, *, key: str, destination: str) -> RefusedError | None:
    """Say what Stripe would say instead of doing the work, for the faults that have words."""
    match kind:
        case "500":
            return refusals.stripe_broke()
        case "500_unstored":
            return refusals.stripe_broke(stored=False)
        case "403":
            return refusals.no_access(destination)
        case "409":
            return refusals.key_in_use(key)
        case "429":
            return refusals.too_many_requests()
        case _:
            return None
