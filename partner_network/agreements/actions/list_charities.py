"""List a brand as a charity, and end that: what was signed before goes on."""

from uuid import UUID

from partner_network.brands import reach
from partner_network.brands.actions import NewBrand
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit
from partner_network.identity.actions import brands as taking_in
from partner_network.identity.actions.people import Invitee
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError, NotFoundError


async def take_charity_in(member: Member, new: NewBrand, *, owner: Invitee) -> UUID:
    """Take a charity in as a brand of its own, invite its first owner and list it: all of it, or nothing.

    Errors: ForbiddenError; InvalidError, also where Stripe could never pay it; ConflictError when its slug
    is taken.
    """
    permissions.must(member, "list charities")
    async with connections.transaction(eyes=member.eyes) as connection:
        brand_id = await taking_in.take_in_within(connection, member, new, owner=owner)
        await _list(connection, member, brand_id, owner.settings.platform_country)
    return brand_id


async def list_charity(
    member: Member, brand_id: UUID, *, platform_country: str = reach.DEFAULT_PLATFORM
) -> None:
    """List a brand, so that terms drafted from now on may name it.

    Errors: ForbiddenError; NotFoundError; ConflictError for one that is listed, or that has a partnership;
    InvalidError where Stripe could never pay it.
    """
    permissions.must(member, "list charities")
    async with connections.transaction(eyes=member.eyes) as connection:
        await _list(connection, member, brand_id, platform_country)


async def _list(connection: Connection, member: Member, brand_id: UUID, platform_country: str) -> None:
    # The brand's lock: whoever joins it to a program at once goes before or after.
    found = await connection.fetchrow(
        """SELECT b.country, EXISTS (SELECT FROM partnerships p
               WHERE $1 IN (p.advertiser_id, p.partner_id)) AS is_partner,
               EXISTS (SELECT FROM charities h
                   WHERE h.brand_id = $1 AND h.delisted_at IS NULL) AS is_listed
           FROM brands b WHERE b.id = $1 FOR UPDATE OF b""",
        brand_id,
    )
    if found is None:
        raise NotFoundError("There is no such brand.")
    if found["is_listed"]:
        raise ConflictError("This brand is listed as a charity already.")
    if found["is_partner"]:
        raise ConflictError(
            "This brand has partnerships. A charity takes donations and nothing else: "
            "take it in as a brand of its own, then list that."
        )
    reach.must_give(found["country"], platform=platform_country)
    at = await clock.now(connection)
    await connection.execute(
        """INSERT INTO charities (brand_id, listed_at, listed_by) VALUES ($1, $2, $3)
           ON CONFLICT (brand_id) DO UPDATE SET listed_at = excluded.listed_at,
               listed_by = excluded.listed_by, delisted_at = NULL, delisted_by = NULL""",
        brand_id,
        at,
        member.id,
    )
    await audit.record(connection, member, "publish", "charity", brand_id, brands=[brand_id])


async def delist_charity(member: Member, brand_id: UUID) -> None:
    """End the listing of a charity: no new terms name it, what is signed goes on giving.

    Errors: ForbiddenError; NotFoundError for one that is not listed.
    """
    permissions.must(member, "list charities")
    async with connections.transaction(eyes=member.eyes) as connection:
        at = await clock.now(connection)
        done = await connection.execute(
            """UPDATE charities SET delisted_at = $2, delisted_by = $3
               WHERE brand_id = $1 AND delisted_at IS NULL""",
            brand_id,
            at,
            member.id,
        )
        if done == "UPDATE 0":
            raise NotFoundError("This brand is not listed as a charity.")
        await audit.record(connection, member, "withdraw", "charity", brand_id, brands=[brand_id])
