"""Make links and switch them off."""

from uuid import UUID

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import ApiKey, Asking
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.links import queries, rules
from partner_network.links.queries import TrackedLink
from partner_network.programs.rules import WORD_OF, status_at
from partner_network.settings import Settings


async def create_link(
    settings: Settings, *, asking: Asking, partnership_id: UUID, name: str, destination_url: str
) -> TrackedLink:
    """Make a link for a partnership that the asking brand promotes; the operator may for any.

    Errors: NotFoundError for a partnership of others, ConflictError while it is not active, InvalidError
        naming the field for a name or destination that cannot be.
    """
    permissions.must(asking, "manage links")
    name = rules.must_be_name(name)
    async with connections.transaction(eyes=asking.eyes) as connection:
        # The lock: a partnership must not end between this look and the link's insert.
        found = await connection.fetchrow(
            """SELECT p.status, p.ended_at, p.program_id, p.advertiser_id, p.partner_id, g.destination_hosts
               FROM partnerships p LEFT JOIN programs g ON g.id = p.program_id
               WHERE p.id = $1 AND ($2::uuid IS NULL OR p.partner_id = $2) FOR SHARE OF p""",
            partnership_id,
            asking.brand_id,
        )
        if found is None:
            raise NotFoundError("There is no such partnership in which your brand promotes; choose another.")
        status = status_at(found["status"], found["ended_at"], await clock.now(connection))
        if status != "active":
            raise ConflictError(
                Sentence(
                    "The partnership is {status}, not active; links can be made once it is.",
                    status=WORD_OF[status],
                )
            )
        url = rules.must_be_destination(
            destination_url, hosts=found["destination_hosts"], sandbox=settings.sandbox
        )
        at = await clock.now(connection)
        link_id = ids.new_id(at)
        await connection.execute(
            """INSERT INTO links (id, token, partnership_id, program_id, advertiser_id, partner_id, name,
                   destination_url, created_by, created_by_key, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
            link_id,
            rules.new_token(settings.secret_key),
            partnership_id,
            found["program_id"],
            found["advertiser_id"],
            found["partner_id"],
            name,
            url,
            None if isinstance(asking, ApiKey) else asking.id,
            asking.id if isinstance(asking, ApiKey) else None,
            at,
        )
        brands, after = (found["partner_id"], found["advertiser_id"]), {"name": name, "destination_url": url}
        await audit.record(connection, asking, "create", "link", link_id, brands=brands, after=after)
        return await queries.link(connection, link_id)


async def disable_link(*, asking: Asking, link_id: UUID) -> TrackedLink:
    """Switch a link off for good; doing it again changes nothing. Its clicks stay what they are.

    Errors: NotFoundError for a link of others.
    """
    permissions.must(asking, "manage links")
    async with connections.transaction(eyes=asking.eyes) as connection:
        found = await connection.fetchrow(
            """SELECT partner_id, advertiser_id, disabled_at FROM links
               WHERE id = $1 AND ($2::uuid IS NULL OR partner_id = $2) FOR UPDATE""",
            link_id,
            asking.brand_id,
        )
        if found is None:
            raise NotFoundError("There is no such link of your brand; look it up in the list of links.")
        if found["disabled_at"] is None:
            at = await clock.now(connection)
            await connection.execute("UPDATE links SET disabled_at = $2 WHERE id = $1", link_id, at)
            brands = (found["partner_id"], found["advertiser_id"])
            await audit.record(connection, asking, "disable", "link", link_id, brands=brands)
        return await queries.link(connection, link_id)
