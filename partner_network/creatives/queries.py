"""Creatives as the brands of a program see them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.identity.rules.permissions import Asking
from partner_network.kernel.errors import NotFoundError

_CREATIVE = """SELECT c.id, c.program_id, c.title, c.file_name, c.content_type, c.file_key,
    encode(c.sha256, 'hex') AS sha256, c.size_bytes, c.uploaded_at, c.withdrawn_at
    FROM creatives c JOIN programs g ON g.id = c.program_id"""
# $1 is the asking brand, null for the operator. Partners see what is in use, from the review on.
_SEES = """($1::uuid IS NULL OR g.brand_id = $1 OR (c.withdrawn_at IS NULL AND EXISTS (
    SELECT FROM partnerships p WHERE p.program_id = g.id AND p.partner_id = $1
    AND p.status IN ('in_review', 'active', 'paused'))))"""


class Creative(msgspec.Struct, frozen=True):
    """One picture of a program."""

    id: UUID
    program_id: UUID
    title: str
    file_name: str
    content_type: str
    file_key: str
    sha256: str
    size_bytes: int
    uploaded_at: datetime
    withdrawn_at: datetime | None


async def creative_of(asking: Asking, creative_id: UUID) -> Creative:
    """Return a creative that the asking brand owns or may use. Errors: NotFoundError."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        row = await connection.fetchrow(
            f"{_CREATIVE} WHERE {_SEES} AND c.id = $2", asking.brand_id, creative_id
        )
    if row is None:
        raise NotFoundError("There is no such creative for you.")
    return msgspec.convert(dict(row), Creative)


async def creatives_of(
    asking: Asking, *, program_id: UUID | None = None, after: UUID | None, limit: int
) -> Sequence[Creative]:
    """List the creatives that the asking brand owns or may use, of one program or of all."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await connection.fetch(
            f"""{_CREATIVE} WHERE {_SEES} AND ($2::uuid IS NULL OR c.program_id = $2)
                AND ($3::uuid IS NULL OR c.id > $3) ORDER BY c.id LIMIT $4""",
            asking.brand_id,
            program_id,
            after,
            limit,
        )
    return [msgspec.convert(dict(row), Creative) for row in rows]
