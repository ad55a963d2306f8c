"""What can go wrong on the way, on demand: each fault is armed for one route and a number of requests."""

from typing import Literal, get_args

import msgspec

from partner_network.sandbox.stripe_simulator import refusals
from partner_network.sandbox.stripe_simulator.refusals import RefusedError

Kind = Literal["drop_before", "drop_after", "500", "403", "409", "429"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """A fault: `drop_before` cuts the line before the work, `drop_after` once it is committed."""

    route: str
    kind: Kind
    times: int = 1


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

    def strike(self, route: str) -> Kind | None:
        """Use up one fault of a route, the one armed first."""
        for fault in self._armed:
            if fault.route == route:
                fault.times -= 1
                if fault.times <= 0:
                    self._armed.remove(fault)
                return fault.kind
        return None


def refusal(kind: Kind | None, *, key: str, destination: str) -> RefusedError | None:
    """Say what Stripe would say, for the faults that have words."""
    match kind:
        case "500":
            return refusals.stripe_broke()
        case "403":
            return refusals.no_access(destination)
        case "409":
            return refusals.key_in_use(key)
        case "429":
            return refusals.too_many_requests()
        case _:
            return None
