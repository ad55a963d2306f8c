"""What the worker does about commissions."""

from datetime import datetime

from partner_network.agreements import rules
from partner_network.commissions.actions import accrue as accruing
from partner_network.commissions.actions import holds
from partner_network.commissions.actions import measure as measuring
from partner_network.commissions.actions import move as moving

ACCRUE = rules.ACCRUE
MOVE = holds.MOVE


async def accrue(now: datetime) -> None:
    """Book what facts have changed."""
    await accruing.accrue_pending(now)


async def move(now: datetime) -> None:
    """Book what somebody holds or lets go."""
    await moving.move_held(now)


async def measure(now: datetime) -> None:
    """Measure quality where its date has come, also while nobody buys."""
    await measuring.measure_quality(now)
