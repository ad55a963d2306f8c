"""Warn a brand of API keys that end, in time to rotate them."""

from datetime import datetime, timedelta

from partner_network.database import connections
from partner_network.notifications.actions import tell

WARNED_DAYS_BEFORE = (14, 2)


async def tell_of_ends(wall_now: datetime) -> None:
    """Tell of every key in force that ends within two weeks, and once more within two days.

    A key that was made for less time than that, or has a follower already, ends as it was meant to.
    """
    async with connections.transaction() as connection:
        for days in WARNED_DAYS_BEFORE:
            rows = await connection.fetch(
                """SELECT k.id, k.name, k.brand_id, k.expires_at, b.name AS place
                   FROM api_keys k JOIN brands b ON b.id = k.brand_id
                   WHERE k.revoked_at IS NULL AND k.replaced_by IS NULL
                       AND k.expires_at > $1 AND k.expires_at <= $1 + $2::interval
                       AND k.created_at < k.expires_at - $2::interval
                       AND NOT EXISTS (SELECT FROM notifications n
                                       WHERE n.kind = 'api-key-ends' AND n.fact = k.id::text || $3)""",
                wall_now,
                timedelta(days=days),
                _mark(days),
            )
            for row in rows:
                await tell.notify(
                    connection,
                    "api-key-ends",
                    f"{row['id']}{_mark(days)}",
                    tell.brand(row["brand_id"]),
                    said={"name": row["name"], "place": row["place"], "ends": row["expires_at"].date()},
                    at=wall_now,
                )


def _mark(days: int) -> str:
    return f" in {days} days"
