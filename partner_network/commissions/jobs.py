"""What the worker does about commissions."""

from datetime import datetime

from partner_network.commissions.actions import accrue as accruing

ACCRUE = "commissions.accrue"


async def accrue(now: datetime) -> None:
    """Book what facts have changed."""
    await accruing.accrue_pending(now)
