"""Upload creatives and withdraw them."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from partner_network.creatives import queries, rules
from partner_network.creatives.queries import Creative
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.file_store.store import FileStore
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError

# A picture takes a few hundred megabytes while it is made anew, and a second: many at once must neither fill
# the memory nor hold up the threads in which passwords are checked.
_ONE_AT_A_TIME = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")


async def upload_creative(
    files: FileStore, *, member: Member, program_id: UUID, title: str, content: bytes
) -> Creative:
    """Take a picture into a program's library, made anew and kept under its own hash."""
    permissions.must(member, "manage creatives")
    title = rules.must_be_title(title)
    brand_id = await _owner(member, program_id)
    picture = await asyncio.get_running_loop().run_in_executor(_ONE_AT_A_TIME, rules.made_anew, content)
    # Before the transaction: a row without its file would be a broken download, a file without a row is dust.
    key = f"creatives/{hashlib.sha256(picture.content).hexdigest()}"
    stored = await files.put(key, picture.content, picture.content_type)
    async with connections.transaction(eyes=member.eyes) as connection:
        at = await clock.now(connection)
        creative_id = ids.new_id(at)
        await connection.execute(
            """INSERT INTO creatives (id, program_id, title, file_name, content_type, file_key, sha256,
                                      size_bytes, uploaded_by, uploaded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
            creative_id,
            program_id,
            title,
            rules.file_name_of(title, picture.format),
            picture.content_type,
            stored.key,
            bytes.fromhex(stored.sha256),
            stored.size,
            member.id,
            at,
        )
        after = {"title": title, "sha256": stored.sha256}
        await audit.record(
            connection, member, "create", "creative", creative_id, brands=[brand_id], after=after
        )
    return await queries.creative_of(member, creative_id)


async def withdraw_creative(member: Member, creative_id: UUID) -> Creative:
    """Take a creative out of use; partners no longer see it, and a second time changes nothing."""
    permissions.must(member, "manage creatives")
    creative = await queries.creative_of(member, creative_id)
    brand_id = await _owner(member, creative.program_id)
    async with connections.transaction(eyes=member.eyes) as connection:
        at = await clock.now(connection)
        done = await connection.execute(
            "UPDATE creatives SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL", creative_id, at
        )
        if done == "UPDATE 1":
            await audit.record(connection, member, "withdraw", "creative", creative_id, brands=[brand_id])
    return await queries.creative_of(member, creative_id)


async def _owner(member: Member, program_id: UUID) -> UUID:
    """Return whose program it is. Errors: NotFoundError when it is not the member's to fill."""
    async with connections.transaction(eyes=member.eyes) as connection:
        brand_id: UUID | None = await connection.fetchval(
            "SELECT brand_id FROM programs WHERE id = $1 AND ($2::uuid IS NULL OR brand_id = $2)",
            program_id,
            member.brand_id,
        )
    if brand_id is None:
        raise NotFoundError("There is no such program of your brand.")
    return brand_id
