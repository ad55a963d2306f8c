"""Give the second factor: to finish a sign-in, or to strengthen a session; either way under a new token."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity import queries
from partner_network.identity.actions import audit, sessions
from partner_network.identity.actions.sessions import SignedIn
from partner_network.identity.rules import credentials, factors
from partner_network.identity.rules.audit import Actor
from partner_network.identity.rules.devices import Device
from partner_network.identity.rules.factors import SignInOverError, TooManyTriesError, WrongCodeError
from partner_network.kernel.errors import ForbiddenError, PartnerNetworkError
from partner_network.kernel.keyring import Keyring


class Asked(msgspec.Struct, frozen=True):
    """Who is asked for a factor, by the token of the session or the pending sign-in that they hold."""

    member_id: UUID
    holder_hash: bytes


Proves: TypeAlias = Callable[[Connection, Asked, datetime], Awaitable[bool]]
"""Says whether what was given proves the person, and uses it up if so."""


class Proof(msgspec.Struct, frozen=True):
    """What somebody gives to prove who they are, and what they are told when it does not."""

    proves: Proves
    refusal: Callable[[], PartnerNetworkError]


async def finish_sign_in(token: str, proof: Proof, *, device: Device) -> SignedIn:
    """Open the session that a right password has waited for.

    Errors: the proof's own; TooManyTriesError at the last wrong one, after which the password comes first.
    """
    now, holder = clock.wall_now(), credentials.hash_of(token)
    async with connections.transaction(eyes="doorkeeper") as connection:
        # Counted before it is looked at, and kept when it was wrong: no two tries at once share one count.
        row = await connection.fetchrow(
            """UPDATE pending_sign_ins SET tries = tries + 1 WHERE token_hash = $1 AND expires_at > $2
               RETURNING member_id, tries""",
            holder,
            now,
        )
        if row is None:
            raise SignInOverError(
                "This sign-in has waited too long or has ended; begin again with your password."
            )
        is_right = await proof.proves(connection, Asked(row["member_id"], holder), now)
        is_over = is_right or row["tries"] >= factors.TRIES_MAX
        if not is_right:
            await _record_failure(connection, row["member_id"])
        if is_over:
            await connection.execute("DELETE FROM pending_sign_ins WHERE token_hash = $1", holder)
        if is_right:
            places = await queries.places_of(connection, row["member_id"])
            if not places:
                raise ForbiddenError(
                    "This account belongs to no brand any more; ask a colleague to invite you."
                )
            brand_id = places[0].brand_id
            return await sessions.open_for(
                connection, row["member_id"], brand_id, tuple(places), factor_given_at=now, device=device
            )
    raise TooManyTriesError if is_over else proof.refusal()


async def strengthen(token: str, proof: Proof, *, device: Device) -> SignedIn:
    """Replace a session by one that the second factor proved.

    Errors: the proof's own; TooManyTriesError at the last wrong one, with which the session ends.
    """
    now, holder = clock.wall_now(), credentials.hash_of(token)
    async with connections.transaction(eyes="doorkeeper") as connection:
        row = await connection.fetchrow(
            """UPDATE sessions SET factor_tries = factor_tries + 1 WHERE token_hash = $1
               RETURNING member_id, brand_id, factor_tries""",
            holder,
        )
        if row is None:
            raise SignInOverError("This session has ended; sign in again.")
        is_right = await proof.proves(connection, Asked(row["member_id"], holder), now)
        is_over = row["factor_tries"] >= factors.TRIES_MAX
        if is_right:
            return await renew(connection, token, now, device=device)
        await _record_failure(connection, row["member_id"])
        if is_over:
            await sessions.end(connection, token)
    raise TooManyTriesError if is_over else proof.refusal()


async def renew(connection: Connection, token: str, now: datetime, *, device: Device) -> SignedIn:
    """Put a strengthened session in a session's place, within the caller's transaction.

    More rights never come under a token that somebody may have seen before.
    """
    row = await connection.fetchrow(
        "DELETE FROM sessions WHERE token_hash = $1 RETURNING member_id, brand_id", credentials.hash_of(token)
    )
    if row is None:
        raise SignInOverError("This session has ended; sign in again.")
    places = tuple(await queries.places_of(connection, row["member_id"]))
    return await sessions.open_for(
        connection,
        row["member_id"],
        row["brand_id"],
        places,
        factor_given_at=now,
        device=device,
        verb="prove",
    )


async def _record_failure(connection: Connection, member_id: UUID) -> None:
    brands = [place.brand_id for place in await queries.places_of(connection, member_id)]
    await audit.record(connection, "visitor", "fail to sign in", "member", member_id, brands=brands)


def by_code(typed: str, keyring: Keyring) -> Proof:
    """Prove by an authenticator's code, or by a recovery code, whichever was typed."""
    code = factors.plain_code(typed)

    async def proves(connection: Connection, asked: Asked, now: datetime) -> bool:
        if factors.is_totp(code):
            return await _use_totp(connection, asked.member_id, code, now, keyring)
        return await _use_recovery_code(connection, asked.member_id, code, now)

    return Proof(proves, WrongCodeError)


async def _use_totp(
    connection: Connection, member_id: UUID, code: str, now: datetime, keyring: Keyring
) -> bool:
    rows = await connection.fetch(
        """SELECT id, sealed_key FROM second_factors WHERE member_id = $1 AND kind = 'totp'
               AND confirmed_at IS NOT NULL AND removed_at IS NULL ORDER BY id""",
        member_id,
    )
    for row in rows:
        key = keyring.open(factors.SEALED_FOR, row["sealed_key"]).decode()
        step = factors.matching_step(key, code, now)
        if step is not None and await use_step(connection, row["id"], step, now):
            return True
    return False


async def use_step(connection: Connection, factor_id: UUID, step: int, now: datetime) -> bool:
    """Use a step of an authenticator's time up; false when it, or a later one, was used before."""
    return bool(
        await connection.fetchval(
            """UPDATE second_factors SET last_step = $2, last_used_at = $3
               WHERE id = $1 AND removed_at IS NULL AND (last_step IS NULL OR last_step < $2)
               RETURNING true""",
            factor_id,
            step,
            now,
        )
    )


async def _use_recovery_code(connection: Connection, member_id: UUID, code: str, now: datetime) -> bool:
    is_used = bool(
        await connection.fetchval(
            """UPDATE recovery_codes SET used_at = $3
               WHERE member_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING true""",
            member_id,
            credentials.hash_of(code),
            now,
        )
    )
    if is_used:
        by = Actor("member", member_id)
        await audit.record(connection, by, "use recovery code", "recovery codes", member_id)
    return is_used
