"""Set an authenticator app up: a key for it, and the first code, which proves that it has the key."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity import factor_queries
from partner_network.identity.actions import audit, telling
from partner_network.identity.actions.factors import giving, recovery
from partner_network.identity.actions.sessions import SignedIn
from partner_network.identity.actions.telling import Happened
from partner_network.identity.rules import factors
from partner_network.identity.rules.devices import Device
from partner_network.identity.rules.factors import WrongCodeError
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.kernel.keyring import Keyring
from partner_network.kernel.sentences import Sentence


class StartedTotp(msgspec.Struct, frozen=True):
    """An authenticator that no code has confirmed yet, and the key to put into it."""

    id: UUID
    key: str


class Enrolled(msgspec.Struct, frozen=True):
    """The session that goes on, and the recovery codes that come with the first factor, told this once."""

    signed_in: SignedIn
    recovery_codes: tuple[str, ...]


async def start_totp(member: Member, name: str, keyring: Keyring) -> StartedTotp:
    """Make a key for an authenticator app; one that was started before and never confirmed goes."""
    name, key, now = factors.must_be_name(name), factors.new_totp_key(), clock.wall_now()
    async with connections.transaction(eyes="doorkeeper") as connection:
        await must_be_free_to_add(connection, member)
        await connection.execute(
            """UPDATE second_factors SET removed_at = $2, sealed_key = NULL
               WHERE member_id = $1 AND confirmed_at IS NULL AND removed_at IS NULL""",
            member.id,
            now,
        )
        started = StartedTotp(ids.new_id(now), key)
        await connection.execute(
            """INSERT INTO second_factors (id, member_id, kind, name, sealed_key, created_at)
               VALUES ($1, $2, 'totp', $3, $4, $5)""",
            started.id,
            member.id,
            name,
            keyring.seal(factors.SEALED_FOR, key.encode()),
            now,
        )
    return started


async def started_totp(member: Member, factor_id: UUID, keyring: Keyring) -> StartedTotp:
    """Read the key of one's own authenticator again, as long as no code has confirmed it."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        return await _started(connection, member, factor_id, keyring, clock.wall_now())


async def confirm_totp(
    member: Member, factor_id: UUID, code: str, keyring: Keyring, *, token: str, device: Device
) -> Enrolled:
    """Take an authenticator into use by its first code; the session goes on as one that gave a factor."""
    now = clock.wall_now()
    async with connections.transaction(eyes="doorkeeper") as connection:
        is_first = await must_be_free_to_add(connection, member)
        started = await _started(connection, member, factor_id, keyring, now)
        step = factors.matching_step(started.key, factors.plain_code(code), now)
        if step is None or not await giving.use_step(connection, factor_id, step, now):
            raise WrongCodeError
        name = await connection.fetchval(
            "UPDATE second_factors SET confirmed_at = $2 WHERE id = $1 RETURNING name", factor_id, now
        )
        await tell_added(connection, member, factor_id, name, now)
        await audit.record(
            connection,
            member,
            "add factor",
            "second factor",
            factor_id,
            brands=[member.brand_id],
            after={"kind": "totp"},
        )
        codes = await recovery.replace(connection, member.id, now) if is_first else ()
        return Enrolled(await giving.renew(connection, token, now, device=device), codes)


async def tell_added(
    connection: Connection, member: Member, factor_id: UUID, name: str, now: datetime
) -> None:
    """Let its owner be told, in case it was not them who added it."""
    happened = Happened(
        kind="factor-added", fact=str(factor_id), at=now, person=member.id, said={"factor": name}
    )
    await telling.tell(connection, happened)


async def must_be_free_to_add(connection: Connection, member: Member) -> bool:
    """Refuse to add a factor to those that were not given; return whether it will be the first.

    Held until the transaction ends, so that two first ones at once are a first and a second.
    """
    await connections.lock_all(connection, f"factors:{member.id}")
    held = await factor_queries.factors_within(connection, member.id)
    if held:
        factors.must_have_given(member)
    if len(held) >= factors.FACTORS_MAX:
        raise ConflictError(
            Sentence("You have {most} second factors already; remove one first.", most=factors.FACTORS_MAX)
        )
    return not held


async def _started(
    connection: Connection, member: Member, factor_id: UUID, keyring: Keyring, now: datetime
) -> StartedTotp:
    sealed = await connection.fetchval(
        """SELECT sealed_key FROM second_factors WHERE id = $1 AND member_id = $2 AND kind = 'totp'
               AND confirmed_at IS NULL AND removed_at IS NULL AND created_at > $3""",
        factor_id,
        member.id,
        now - factors.ENROLMENT_LASTS,
    )
    if sealed is None:
        raise NotFoundError("This set-up was finished, replaced or left for too long; begin it again.")
    return StartedTotp(factor_id, keyring.open(factors.SEALED_FOR, sealed).decode())
