"""Read promo codes: for the people of both brands, and for orders that name one."""

from collections.abc import Iterable
from uuid import UUID

from partner_network.database.connections import Connection
from partner_network.kernel.errors import NotFoundError
from partner_network.links.codes import rules
from partner_network.links.codes.rules import Code

_COLUMNS = ", ".join(Code.__struct_fields__)


def codes_lock(advertiser_id: UUID) -> str:
    """Name the lock under which a brand's codes are given and withdrawn, and read for its orders.

    So that an order and the giving of its code, at once, agree on which came first.
    """
    return f"codes:{advertiser_id}"


async def code(connection: Connection, code_id: UUID) -> Code:
    """Return one code. Errors: NotFoundError."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM codes WHERE id = $1", code_id)
    if row is None:
        raise NotFoundError("There is no such code for you.")
    return Code(**row)


async def codes_of(
    connection: Connection, brand_id: UUID, *, after: UUID | None = None, limit: int
) -> list[Code]:
    """Return up to ``limit`` codes of a brand, given by it or to it, the first given first."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM codes WHERE $1 IN (advertiser_id, partner_id)
                AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3""",
        brand_id,
        after,
        limit,
    )
    return [Code(**row) for row in rows]


async def codes_named(connection: Connection, advertiser_id: UUID, told: Iterable[str]) -> dict[str, Code]:
    """Return the codes of a brand by what somebody typed; what is nobody's is left out."""
    typed = set(told)
    rows = await connection.fetch(
        f"SELECT {_COLUMNS}, folded FROM codes WHERE advertiser_id = $1 AND folded = ANY($2::text[])",
        advertiser_id,
        [rules.folded(one) for one in typed],
    )
    known = {row["folded"]: Code(**{name: row[name] for name in Code.__struct_fields__}) for row in rows}
    return {one: known[key] for one in typed if (key := rules.folded(one)) in known}
