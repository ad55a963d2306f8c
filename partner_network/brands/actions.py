"""Take a company into the network."""

from uuid import UUID

import msgspec

from partner_network.brands import rules
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.kernel.sentences import Sentence


class NewBrand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A company as it wants to appear on contracts and invoices."""

    slug: str
    name: str
    legal_name: str
    address: str
    country: str
    tax_rate_ppm: int = 0
    tax_id: str | None = None


async def create_brand(new: NewBrand) -> UUID:
    """Take a brand in, as the operator. Errors: InvalidError, ConflictError when its slug is taken."""
    async with connections.transaction(eyes="operator") as connection:
        return await create_within(connection, new)


async def create_within(connection: Connection, new: NewBrand) -> UUID:
    """Take a brand in within the caller's transaction."""
    rules.must_be_brand(
        slug=new.slug,
        name=new.name,
        legal_name=new.legal_name,
        address=new.address,
        country=new.country,
        tax_rate_ppm=new.tax_rate_ppm,
    )
    at = await clock.now(connection)
    brand_id = ids.new_id(at)
    # No RETURNING and no named conflict: who brings a brand in cannot see it before they are partners.
    done = await connection.execute(
        """INSERT INTO brands (id, slug, name, legal_name, address, country, tax_rate_ppm, tax_id, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING""",
        brand_id,
        new.slug,
        new.name.strip(),
        new.legal_name.strip(),
        new.address.strip(),
        new.country,
        new.tax_rate_ppm,
        new.tax_id,
        at,
    )
    if done == "INSERT 0 0":
        raise ConflictError(
            Sentence("The short name {slug!r} is taken; choose another.", slug=new.slug),
            fields={"slug": Sentence("taken")},
        )
    return brand_id


async def change_customer_language(connection: Connection, brand_id: UUID, code: str) -> tuple[str, str]:
    """Speak to a brand's customers in another language; return the former and the new one.

    Errors: InvalidError for a language that is none of ours; NotFoundError.
    """
    rules.must_be_customer_language(code)
    former = await connection.fetchval(
        "SELECT customer_language FROM brands WHERE id = $1 FOR UPDATE", brand_id
    )
    if former is None:
        raise NotFoundError("There is no such brand.")
    await connection.execute("UPDATE brands SET customer_language = $2 WHERE id = $1", brand_id, code)
    return former, code
