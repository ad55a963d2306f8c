"""What two brands have signed already, held still while a draft or a signature is decided."""

from uuid import UUID

from partner_network.agreements import queries, rules
from partner_network.agreements.terms import Settlement, Terms
from partner_network.database.connections import Connection
from partner_network.programs.queries import Partnership


async def lock(connection: Connection, partnership_id: UUID) -> None:
    """Hold a partnership and its mirror until the transaction ends: who drafts or signs at once, queues."""
    await connection.execute(
        "SELECT FROM partnerships WHERE $1 IN (id, mirror_id) ORDER BY id FOR UPDATE", partnership_id
    )


async def settlement_of(connection: Connection, partnership_id: UUID) -> Settlement | None:
    """Return how the newest signed terms of a partnership settle; None before the first."""
    versions = await queries.terms_versions_of(connection, partnership_id)
    return versions[-1].terms.settlement if versions else None


async def must_suit_mirror(connection: Connection, partnership: Partnership, terms: Terms) -> None:
    """Refuse terms that could not be netted with what the reciprocal partnership signed."""
    if partnership.mirror_id is None:
        return
    mirror = await settlement_of(connection, partnership.mirror_id)
    if mirror is not None:
        rules.must_settle_alike(terms.settlement, mirror)


async def must_continue(connection: Connection, partnership_id: UUID, terms: Terms) -> None:
    """Refuse terms that could not be versions of one agreement with those that hold."""
    held = await queries.terms_versions_of(connection, partnership_id)
    rules.must_continue([version.terms for version in held], terms)
