"""Hand out all that is held about somebody, and record that it was: a copy is a thing that can be lost."""

from uuid import UUID

from partner_network.database import connections
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Asking, Member
from partner_network.privacy.queries import customers, members
from partner_network.privacy.queries.customers import CustomerExport
from partner_network.privacy.queries.members import Export


async def hand_out_member(member: Member) -> Export:
    """Return all that is held about the signed-in person, at every brand they belong to."""
    async with connections.transaction(eyes=member.eyes, isolation="repeatable_read") as connection:
        await audit.record(connection, member, "export", "member", member.id, brands=[member.brand_id])
        return await members.export_of_member(connection, member)


async def hand_out_customer(asking: Asking, brand_id: UUID, external_id: str) -> CustomerExport:
    """Return all that is held about a customer of the brand. Errors: NotFoundError where that is nothing."""
    permissions.must(asking, "manage customers")
    async with connections.transaction(eyes=asking.eyes, isolation="repeatable_read") as connection:
        customer_id = await customers.customer_of(connection, brand_id, external_id)
        await audit.record(connection, asking, "export", "customer", customer_id, brands=[brand_id])
        return await customers.export_of_customer(connection, customer_id, external_id)
