"""What the worker does about credit."""

from datetime import datetime

from partner_network.gateways import clock
from partner_network.rewards.actions import entitle as entitling
from partner_network.rewards.actions import grant as granting
from partner_network.rewards.actions import post as posting
from partner_network.rewards.actions import redeem as redeeming

POST = redeeming.POST


async def grant(now: datetime) -> None:
    """Book what facts have granted or taken back and what time has taken, and post it."""
    await granting.grant_pending(now)
    await entitling.entitle_pending(now)
    await posting.post_moves(now)


async def post(_: bytes) -> None:
    """Post what was redeemed."""
    await posting.post_moves(await clock.now())
