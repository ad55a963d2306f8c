"""What the worker does about statements."""

from datetime import datetime

from partner_network.attribution import actions as attribution
from partner_network.commissions.actions import accrue, mature
from partner_network.statements.actions import close

CLOSE = "statements.close"


async def bring_up_to_date(now: datetime) -> None:
    """Decide, accrue and mature everything that facts and the calendar ask for."""
    while await attribution.decide_pending():
        pass
    await accrue.accrue_pending(now)
    await mature.mature_due(now)


async def close_periods(now: datetime) -> None:
    """Close every period that has ended, once all its facts are booked."""
    await bring_up_to_date(now)
    await close.close_due(now)
