"""Take companies into the network, as a person of its operator."""

from uuid import UUID

from partner_network.brands import actions as brands
from partner_network.brands.actions import NewBrand
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit, people
from partner_network.identity.actions.people import Invitee
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import NotFoundError


async def take_brand_in(member: Member, new: NewBrand, *, owner: Invitee | None = None) -> UUID:
    """Take a brand in and, where it is named, invite its first owner: both, or nothing.

    Errors: InvalidError, ConflictError when its slug is taken.
    """
    async with connections.transaction(eyes=member.eyes) as connection:
        return await take_in_within(connection, member, new, owner=owner)


async def take_in_within(
    connection: Connection, member: Member, new: NewBrand, *, owner: Invitee | None
) -> UUID:
    """Take a brand in within the caller's transaction."""
    permissions.must(member, "manage brands")
    brand_id = await brands.create_within(connection, new)
    after = {"slug": new.slug, "country": new.country, "tax_rate_ppm": new.tax_rate_ppm}
    await audit.record(connection, member, "create", "brand", brand_id, brands=[brand_id], after=after)
    if owner is not None:
        permissions.must(member, "invite members")
        await people.invite(connection, member, owner, role="owner", brand_id=brand_id)
    return brand_id


async def choose_customer_language(member: Member, brand_id: UUID, code: str) -> None:
    """Choose in which language a brand speaks to its customers. Errors: InvalidError, NotFoundError."""
    permissions.must(member, "manage members")
    if member.brand_id not in {None, brand_id}:
        raise NotFoundError("There is no such brand for you.")
    async with connections.transaction(eyes=member.eyes) as connection:
        former, chosen = await brands.change_customer_language(connection, brand_id, code)
        if former == chosen:
            return
        before, after = {"customer_language": former}, {"customer_language": chosen}
        await audit.record(
            connection, member, "change", "brand", brand_id, brands=[brand_id], before=before, after=after
        )
