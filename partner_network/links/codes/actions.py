"""Give a promo code to a partnership, and withdraw it."""

from uuid import UUID

import asyncpg

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import ApiKey, Asking
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.links.codes import queries, rules
from partner_network.links.codes.rules import Code
from partner_network.programs.rules import WORD_OF, status_at


async def give_code(*, asking: Asking, partnership_id: UUID, code: str) -> Code:
    """Give a code to a partnership of the asking advertiser's program, for good; the operator may for any.

    Errors: NotFoundError for a partnership of others, ConflictError while it is not active or where the
        brand gave that code before, InvalidError for what is no code.
    """
    permissions.must(asking, "manage codes")
    code = rules.must_be_code(code)
    async with connections.transaction(eyes=asking.eyes) as connection:
        # The lock: a partnership must not end between this look and the code's insert.
        found = await connection.fetchrow(
            """SELECT status, ended_at, program_id, advertiser_id, partner_id FROM partnerships
               WHERE id = $1 AND ($2::uuid IS NULL OR advertiser_id = $2) FOR SHARE""",
            partnership_id,
            asking.brand_id,
        )
        if found is None:
            raise NotFoundError("There is no such partnership in your programs; choose another.")
        status = status_at(found["status"], found["ended_at"], await clock.now(connection))
        if status != "active":
            raise ConflictError(
                Sentence(
                    "The partnership is {status}, not active; codes can be given once it is.",
                    status=WORD_OF[status],
                )
            )
        await connections.lock_all(connection, queries.codes_lock(found["advertiser_id"]))
        return await _insert(asking, connection, partnership_id, found, code)


async def _insert(
    asking: Asking,
    connection: connections.Connection,
    partnership_id: UUID,
    partnership: asyncpg.Record,
    code: str,
) -> Code:
    at = await clock.now(connection)
    made = await connection.fetchval(
        """INSERT INTO codes (id, partnership_id, program_id, advertiser_id, partner_id, code, folded,
               created_by, created_by_key, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           ON CONFLICT ON CONSTRAINT codes_never_change_hands DO NOTHING RETURNING id""",
        ids.new_id(at),
        partnership_id,
        partnership["program_id"],
        partnership["advertiser_id"],
        partnership["partner_id"],
        code,
        rules.folded(code),
        None if isinstance(asking, ApiKey) else asking.id,
        asking.id if isinstance(asking, ApiKey) else None,
        at,
    )
    if made is None:
        raise ConflictError(
            Sentence(
                "The code {code!r} was given before, and a code never changes hands; choose another.",
                code=code,
            ),
            fields={"code": Sentence("given before")},
        )
    brands = (partnership["advertiser_id"], partnership["partner_id"])
    await audit.record(connection, asking, "create", "code", made, brands=brands, after={"code": code})
    return await queries.code(connection, made)


async def withdraw_code(*, asking: Asking, code_id: UUID) -> Code:
    """Withdraw a code for good; doing it again changes nothing. What it brought before stays what it is.

    Errors: NotFoundError for a code of others.
    """
    permissions.must(asking, "manage codes")
    async with connections.transaction(eyes=asking.eyes) as connection:
        found = await connection.fetchrow(
            """SELECT advertiser_id, partner_id FROM codes
               WHERE id = $1 AND ($2::uuid IS NULL OR advertiser_id = $2)""",
            code_id,
            asking.brand_id,
        )
        if found is None:
            raise NotFoundError("There is no such code of your programs; look it up in the list of codes.")
        await connections.lock_all(connection, queries.codes_lock(found["advertiser_id"]))
        withdrawn = await connection.fetchval(
            """UPDATE codes SET withdrawn_at = greatest($2, created_at)
               WHERE id = $1 AND withdrawn_at IS NULL RETURNING id""",
            code_id,
            await clock.now(connection),
        )
        if withdrawn is not None:
            brands = (found["advertiser_id"], found["partner_id"])
            await audit.record(connection, asking, "withdraw", "code", code_id, brands=brands)
        return await queries.code(connection, code_id)
