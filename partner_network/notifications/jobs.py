"""What the worker does about messages: post letters, hear of facts from below, warn of keys that end."""

from datetime import datetime

from partner_network.gateways import clock
from partner_network.notifications.actions import post, tell
from partner_network.settings import Settings

MAIL = tell.MAIL


async def mail(settings: Settings) -> None:
    """Post the letters whose time has come."""
    await post.post_due(settings, clock.wall_now())


async def follow_calendar(settings: Settings, wall_now: datetime) -> None:
    """Do what each minute asks for."""
    await post.post_due(settings, wall_now)
