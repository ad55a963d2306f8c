"""The API keys of a brand as its people see them: never the keys themselves."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.identity.rules import credentials
from partner_network.identity.rules.api_keys import Lifetime, State


class KeyOfBrand(msgspec.Struct, frozen=True):
    """An API key as its brand sees it."""

    id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str | None
    """The name of who made it, as long as they are of the brand."""
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: UUID | None
    last_used_at: datetime | None
    last_used_from: str | None
    """The network of the last use, to the minute."""

    @property
    def is_live(self) -> bool:
        """Say whether what it reports counts."""
        return self.prefix.startswith(credentials.LIVE_KEY)

    def state(self, now: datetime) -> State:
        """Say whether the key is taken now, and whether its end is set."""
        return Lifetime(self.created_at, self.expires_at, self.revoked_at).state(now)


async def keys_of(brand_id: UUID, *, before: UUID | None = None, limit: int) -> Sequence[KeyOfBrand]:
    """List a brand's API keys, ended ones too, the newest first."""
    async with connections.transaction(eyes=brand_id) as connection:
        rows = await connection.fetch(
            """SELECT k.id, k.name, k.prefix, k.scopes, k.created_at, m.name AS created_by, k.expires_at,
                      k.revoked_at, k.replaced_by, k.last_used_at, k.last_used_from
               FROM api_keys k LEFT JOIN members m ON m.id = k.created_by
               WHERE k.brand_id = $1 AND ($2::uuid IS NULL OR k.id < $2) ORDER BY k.id DESC LIMIT $3""",
            brand_id,
            before,
            limit,
        )
    return [msgspec.convert(dict(row), KeyOfBrand) for row in rows]
