"""Two brands, their people and the operator's, and facts to tell them."""

from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.kernel.money import Money
from partner_network.notifications.actions import tell
from partner_network.notifications.rules.values import Values
from tests.doors import Network

HELD: Values = {
    "number": "GROOVE-NEEDLE-2026-10-USD",
    "amount": Money(125_000, "USD"),
    "payee": "Needle",
    "payer": "Groove",
    "reason": "The bank refuses it.",
    "payout": "pay_1",
    "statement": "stm_1",
}


class Cast(msgspec.Struct, frozen=True):
    """Groove advertises, Needle promotes."""

    groove: UUID
    needle: UUID
    olivia: UUID
    """Owns Needle and does its finance."""
    ned: UUID
    """Needle's viewer."""
    gina: UUID
    """Groove's finance."""
    finn: UUID
    """The operator's finance."""


async def cast_of(network: Network) -> Cast:
    groove, needle = await network.brand("groove"), await network.brand("needle")
    return Cast(
        groove,
        needle,
        await network.person("olivia@needle.example", needle, ["owner", "finance"]),
        await network.person("ned@needle.example", needle, ["viewer"]),
        await network.person("gina@groove.example", groove, ["finance"]),
        await network.person("finn@operator.example", None, ["finance"]),
    )


async def tell_held(cast: Cast, fact: str = "payout 1", **more: object) -> int:
    """Tell, as the payer would, that a payout to Needle is held."""
    async with connections.transaction(eyes=cast.groove) as connection:
        return await tell.notify(
            connection,
            "payout-held",
            fact,
            tell.brand(cast.needle),
            tell.OPERATOR,
            said={**HELD, **more},  # pyright: ignore[reportArgumentType] - what a test fills in is right
        )
