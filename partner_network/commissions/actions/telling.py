"""Tell a partner what becomes of its commissions, where it becomes so."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from partner_network.commissions.hold_queries import Placed
from partner_network.database.connections import Connection
from partner_network.kernel import ids
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.notifications.actions import tell
from partner_network.notifications.rules.values import Value


async def tell_held(connection: Connection, held: Sequence[Placed], reason: str, now: datetime) -> None:
    """Tell a partner that commissions are held, how many, and why."""
    amount = sum(one.pending_minor + one.movable_minor for one in held)
    fact = f"hold {held[0].id} {held[0].n + 1} {len(held)}"
    said = await _said(connection, held, amount, reason)
    await tell.notify(connection, "commission-held", fact, tell.brand(held[0].payee_id), said=said, at=now)


async def tell_released(
    connection: Connection, released: Sequence[Placed], reason: str, now: datetime
) -> None:
    """Tell a partner that commissions are let go, how many, and why."""
    amount = sum(one.held_minor for one in released)
    fact = f"release {released[0].id} {released[0].n} {len(released)}"
    said = await _said(connection, released, amount, reason)
    await tell.notify(
        connection, "commission-released", fact, tell.brand(released[0].payee_id), said=said, at=now
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


async def tell_clawed_back(connection: Connection, clawback_ids: Sequence[int], now: datetime) -> None:
    """Tell whom it is taken from how much of what had matured comes back, why, and until when to contest it.

    An order may take back from its partner and from charities: each hears of its own.
    """
    rows = await connection.fetch(
        """SELECT min(k.transfer_id) AS first, b.name AS advertiser,
               coalesce(c.charity_id, c.partner_id) AS payee_id, c.currency,
               sum(k.amount_minor)::bigint AS minor, min(k.contest_until) AS until, count(*) AS count,
               min(k.reason) AS reason
           FROM clawbacks k JOIN commissions c ON c.id = k.commission_id
           JOIN brands b ON b.id = c.advertiser_id
           WHERE k.transfer_id = ANY($1::bigint[]) GROUP BY 2, 3, 4""",
        clawback_ids,
    )
    for row in rows:
        said: dict[str, Value] = {
            "advertiser": row["advertiser"],
            "amount": Money(row["minor"], row["currency"]),
            "count": row["count"],
            "until": row["until"],
            "reason": row["reason"] or Sentence("the order was computed anew"),
        }
        fact, to = f"clawback {row['first']}", tell.brand(row["payee_id"])
        await tell.notify(connection, "clawback-made", fact, to, said=said, at=now)


async def tell_contested(connection: Connection, clawback_id: int, reason: str, now: datetime) -> None:
    """Tell the operator's managers that a partner contests a clawback."""
    _, said = await _of_clawback(connection, clawback_id)
    said["reason"] = reason
    fact = f"contest {clawback_id}"
    await tell.notify(connection, "clawback-contested", fact, tell.OPERATOR, said=said, at=now)


async def tell_decided(
    connection: Connection, clawback_id: int, outcome: Sentence, reason: str, now: datetime
) -> None:
    """Tell a partner how its contest was decided."""
    payee_id, said = await _of_clawback(connection, clawback_id)
    said |= {"decision": outcome, "reason": reason}
    fact = f"contest {clawback_id}"
    await tell.notify(connection, "contest-decided", fact, tell.brand(payee_id), said=said, at=now)


async def _of_clawback(connection: Connection, clawback_id: int) -> tuple[UUID, dict[str, Value]]:
    rows = await connection.fetch(
        """SELECT b.id, b.name, c.currency, k.amount_minor FROM clawbacks k
           JOIN commissions c ON c.id = k.commission_id
           JOIN brands b ON b.id = coalesce(c.charity_id, c.partner_id)
           WHERE k.transfer_id = $1""",
        clawback_id,
    )
    one = rows[0]
    return one["id"], {"partner": one["name"], "amount": Money(one["amount_minor"], one["currency"])}


async def tell_adjusted(connection: Connection, adjustment_id: UUID) -> None:
    """Tell a partner that an order pays more or less by a decision."""
    rows = await connection.fetch(
        """SELECT v.id, v.order_id, c.currency, a.minor, a.reason,
               CASE c.component WHEN a.component THEN coalesce(c.charity_id, h.partner_id)
                                ELSE h.partner_id END AS payee_id FROM adjustments a
           JOIN conversions v ON v.id = a.conversion_id JOIN partnerships h ON h.id = a.partnership_id
           JOIN commissions c ON c.conversion_id = a.conversion_id AND c.partnership_id = a.partnership_id
           WHERE a.id = $1 ORDER BY c.component IS DISTINCT FROM a.component LIMIT 1""",
        adjustment_id,
    )
    for row in rows:
        said: dict[str, Value] = {
            "order": row["order_id"],
            "conversion": ids.shown("cnv", row["id"]),
            "amount": Money(row["minor"], row["currency"]),
            "reason": row["reason"],
        }
        to = tell.brand(row["payee_id"])
        await tell.notify(connection, "commission-adjusted", adjustment_id, to, said=said)
