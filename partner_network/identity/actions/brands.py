"""Take companies into the network, as a person of its operator."""

from uuid import UUID

from partner_network.brands import actions as brands
from partner_network.brands.actions import NewBrand
from partner_network.database import connections
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import NotFoundError


async def take_brand_in(member: Member, new: NewBrand) -> UUID:
    """Take a brand in. Errors: InvalidError, ConflictError when its slug is taken."""
    permissions.must(member, "manage brands")
    async with connections.transaction(eyes=member.eyes) as connection:
        brand_id = await brands.create_within(connection, new)
        after = {"slug": new.slug, "country": new.country, "tax_rate_ppm": new.tax_rate_ppm}
        await audit.record(connection, member, "create", "brand", brand_id, brands=[brand_id], after=after)
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
