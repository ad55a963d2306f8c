"""Erase a customer whom a brand names: the key of the pseudonym goes, and the money stays as it is."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.conversions import queries as conversions
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Asking
from partner_network.kernel import ids
from partner_network.privacy.queries import customers as queries


class Erased(msgspec.Struct, frozen=True):
    """That it was done: when, and how many facts stay that nobody can tie to the customer any more."""

    id: UUID
    erased_at: datetime
    counts: dict[str, int]


async def erase_customer(asking: Asking, brand_id: UUID, external_id: str) -> Erased:
    """Take the brand's id of a customer away for good, and destroy what its pseudonym was made with.

    Orders, refunds and clicks stay, since commissions cite them, under a pseudonym that is nobody's.
    Errors: NotFoundError where nothing is held about a customer of that id, or not any more.
    """
    permissions.must(asking, "manage customers")
    async with connections.transaction(eyes=asking.eyes) as connection:
        # The lock under which facts are stored: none that comes meanwhile joins a customer who is going.
        await connections.lock_all(connection, conversions.facts_lock(brand_id))
        customer_id = await queries.customer_of(connection, brand_id, external_id)
        erased = Erased(
            ids.new_id(now := await clock.now(connection)),
            now,
            await queries.counts_of_customer(connection, customer_id),
        )
        await connection.execute(
            "UPDATE customers SET external_id = NULL, erased_at = $2 WHERE id = $1", customer_id, now
        )
        await connection.execute(
            "DELETE FROM test_facts WHERE brand_id = $1 AND body ->> 'customer_id' = $2",
            brand_id,
            external_id,
        )
        await _mark(connection, brand_id, customer_id, erased)
        await audit.record(connection, asking, "erase", "customer", customer_id, brands=[brand_id])
    return erased


async def _mark(connection: Connection, brand_id: UUID, customer_id: UUID, erased: Erased) -> None:
    await connection.execute(
        """INSERT INTO erasures (id, about, subject_id, brand_id, asked_by, erased_at, counts)
           VALUES ($1, 'customer', $2, $3, 'the brand', $4, $5)""",
        erased.id,
        customer_id,
        brand_id,
        erased.erased_at,
        msgspec.json.encode(erased.counts).decode(),
    )
