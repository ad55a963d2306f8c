"""Take companies into the network, as a person of its operator."""

from uuid import UUID

from partner_network.brands import actions as brands
from partner_network.brands.actions import NewBrand
from partner_network.database import connections
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member


async def take_brand_in(member: Member, new: NewBrand) -> UUID:
    """Take a brand in. Errors: InvalidError, ConflictError when its slug is taken."""
    permissions.must(member, "manage brands")
    async with connections.transaction(eyes=member.eyes) as connection:
        brand_id = await brands.create_within(connection, new)
        after = {"slug": new.slug, "country": new.country, "tax_rate_ppm": new.tax_rate_ppm}
        await audit.record(connection, member, "create", "brand", brand_id, brands=[brand_id], after=after)
    return brand_id
