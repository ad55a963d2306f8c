"""What the calendar asks of privacy."""

from datetime import datetime

from partner_network.privacy.actions import let_go as actions


async def let_go(now: datetime, wall_now: datetime) -> None:
    """Let go what has grown old, once a day."""
    await actions.let_go(now, wall_now)
