"""Tell a partner what becomes of its commissions, where it becomes so."""

from collections.abc import Sequence
from datetime import datetime

from partner_network.commissions.hold_queries import Placed
from partner_network.database.connections import Connection
from partner_network.kernel.money import Money
from partner_network.notifications.actions import tell
from partner_network.notifications.rules.values import Value


async def tell_held(connection: Connection, held: Sequence[Placed], reason: str, now: datetime) -> None:
    """Tell a partner that commissions are held, how many, and why."""
    amount = sum(one.pending_minor + one.movable_minor for one in held)
    fact = f"hold {held[0].id} {held[0].n + 1} {len(held)}"
    said = await _said(connection, held, amount, reason)
    await tell.notify(connection, "commission-held", fact, tell.brand(held[0].partner_id), said=said, at=now)


async def tell_released(
    connection: Connection, released: Sequence[Placed], reason: str, now: datetime
) -> None:
    """Tell a partner that commissions are let go, how many, and why."""
    amount = sum(one.held_minor for one in released)
    fact = f"release {released[0].id} {released[0].n} {len(released)}"
    said = await _said(connection, released, amount, reason)
    await tell.notify(
        connection, "commission-released", fact, tell.brand(released[0].partner_id), said=said, at=now
    )


async def _said(
    connection: Connection, some: Sequence[Placed], amount_minor: int, reason: str
) -> dict[str, Value]:
    first = some[0]
    advertiser = await connection.fetchval("SELECT name FROM brands WHERE id = $1", first.advertiser_id)
    return {
        "count": len(some),
        "advertiser": advertiser,
        "amount": Money(amount_minor, first.currency),
        "reason": reason,
    }
