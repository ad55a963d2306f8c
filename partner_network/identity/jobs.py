"""What the worker does about people: the part of a reset that tells a stranger nothing by its length."""

from partner_network.identity.actions import resets
from partner_network.settings import Settings

OFFER_RESET = resets.OFFER


async def offer_reset(sealed: bytes, settings: Settings) -> None:
    """Send somebody who forgot the password a link, if the address has an account."""
    await resets.offer_reset(sealed, settings)
