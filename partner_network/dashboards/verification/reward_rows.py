"""Credit, its moves and redemptions, and perks, as the database holds them."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from partner_network.database.connections import Connection
from partner_network.rewards import perk_queries, queries
from partner_network.rewards.perk_queries import Entitled
from partner_network.rewards.queries import Held


class RedemptionRow(Struct, frozen=True):
    """What was asked to be redeemed, of whom, and when it was taken back."""

    id: UUID
    advertiser_id: UUID
    customer_id: UUID | None
    partner_id: UUID | None
    currency: str
    amount_minor: int
    redeemed_at: datetime
    cancelled_at: datetime | None


class Rewards(Struct, frozen=True):
    """Everything that was granted beside money, and who still waits for the worker."""

    credits: list[Held]
    redemptions: list[RedemptionRow]
    entitled: list[Entitled]
    waiting_customers: set[tuple[UUID, UUID]]
    waiting_moves: set[tuple[UUID, int]]
    waiting_perks: set[UUID]


_REDEMPTIONS = """SELECT r.id, r.advertiser_id, r.customer_id, r.partner_id, r.currency, r.amount_minor,
    r.redeemed_at, x.cancelled_at
    FROM credit_redemptions r LEFT JOIN credit_redemption_cancels x ON x.redemption_id = r.id ORDER BY r.id"""


async def read(connection: Connection) -> Rewards:
    """Read it all."""
    return Rewards(
        credits=await queries.all_credits(connection),
        redemptions=[RedemptionRow(**row) for row in await connection.fetch(_REDEMPTIONS)],
        entitled=await perk_queries.all_perks(connection),
        waiting_customers={
            (row["program_id"], row["customer_id"])
            for row in await connection.fetch("SELECT program_id, customer_id FROM unrewarded_customers")
        },
        waiting_moves={
            (row["credit_id"], row["rev"])
            for row in await connection.fetch("SELECT credit_id, rev FROM unposted_moves")
        },
        waiting_perks={
            row["partnership_id"]
            for row in await connection.fetch("SELECT partnership_id FROM unmeasured_perks")
        },
    )
