"""Passkeys: ask one to sign a challenge of ours, make one a second factor, prove a person by one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit
from partner_network.identity.actions.factors import enrolment, giving, recovery
from partner_network.identity.actions.factors.enrolment import Enrolled
from partner_network.identity.actions.factors.giving import Asked, Proof
from partner_network.identity.rules import credentials, factors, passkeys
from partner_network.identity.rules.devices import Device
from partner_network.identity.rules.passkeys import NewPasskey, Site, WrongPasskeyError
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError


async def begin_making(member: Member, site: Site, *, token: str) -> dict[str, Any]:
    """Return what a browser needs to make a passkey for the person whose session this is."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        await enrolment.must_be_free_to_add(connection, member)
        asked = Asked(member.id, credentials.hash_of(token))
        challenge, known = await _challenge(connection, asked)
    return passkeys.creation_options(
        site, challenge, known, member_id=member.id, email=member.email, name=member.name
    )


async def begin_asking(asked: Asked, site: Site) -> dict[str, Any]:
    """Return what a browser needs to ask a passkey of the person who signs in or strengthens a session."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        challenge, known = await _challenge(connection, asked)
    if not known:
        raise ConflictError("You have no passkey; give the code of your authenticator app.")
    return passkeys.request_options(site, challenge, known)


async def add_passkey(
    member: Member, name: str, credential: Mapping[str, Any], site: Site, *, token: str, device: Device
) -> Enrolled:
    """Take a passkey into use that was made for the challenge of this session."""
    name, now = factors.must_be_name(name), clock.wall_now()
    async with connections.transaction(eyes="doorkeeper") as connection:
        challenge = await _used_up(connection, credentials.hash_of(token), now)
    if challenge is None:
        raise WrongPasskeyError
    new, factor_id = passkeys.made(site, challenge, credential), ids.new_id(now)
    async with connections.transaction(eyes="doorkeeper") as connection:
        is_first = await enrolment.must_be_free_to_add(connection, member)
        added = await connection.fetchval(
            """INSERT INTO second_factors (id, member_id, kind, name, credential_id, public_key, sign_count,
                                           created_at, confirmed_at)
               VALUES ($1, $2, 'passkey', $3, $4, $5, $6, $7, $7)
               ON CONFLICT (credential_id) DO NOTHING RETURNING true""",
            factor_id,
            member.id,
            name,
            new.credential_id,
            new.public_key,
            new.sign_count,
            now,
        )
        if not added:
            raise ConflictError("This passkey is in use already; remove it first, or make another.")
        await enrolment.tell_added(connection, member, factor_id, name, now)
        await audit.record(
            connection,
            member,
            "add factor",
            "second factor",
            factor_id,
            brands=[member.brand_id],
            after={"kind": "passkey"},
        )
        codes = await recovery.replace(connection, member.id, now) if is_first else ()
        return Enrolled(await giving.renew(connection, token, now, device=device), codes)


def by_passkey(credential: Mapping[str, Any], site: Site) -> Proof:
    """Prove by what a passkey signed; the challenge is used up whether it was right or not."""

    async def proves(connection: Connection, asked: Asked, now: datetime) -> bool:
        challenge = await _used_up(connection, asked.holder_hash, now)
        if challenge is None:
            return False
        try:
            return await _use(connection, asked, passkeys.id_in(credential), challenge, now)
        except WrongPasskeyError:
            return False

    async def _use(
        connection: Connection, asked: Asked, credential_id: bytes, challenge: bytes, now: datetime
    ) -> bool:
        row = await connection.fetchrow(
            """SELECT id, public_key, sign_count FROM second_factors
               WHERE member_id = $1 AND credential_id = $2 AND removed_at IS NULL FOR UPDATE""",
            asked.member_id,
            credential_id,
        )
        if row is None:
            return False
        key = NewPasskey(credential_id, row["public_key"], row["sign_count"])
        count = passkeys.answered(site, challenge, credential, key)
        await connection.execute(
            "UPDATE second_factors SET sign_count = $2, last_used_at = $3 WHERE id = $1",
            row["id"],
            count,
            now,
        )
        return True

    return Proof(proves, WrongPasskeyError)


async def _challenge(connection: Connection, asked: Asked) -> tuple[bytes, list[bytes]]:
    """Make the one open challenge of a holder, and list the passkeys of the person."""
    challenge, now = passkeys.new_challenge(), clock.wall_now()
    await connection.execute(
        "DELETE FROM passkey_challenges WHERE holder_hash = $1 OR expires_at <= $2", asked.holder_hash, now
    )
    await connection.execute(
        "INSERT INTO passkey_challenges (challenge, holder_hash, expires_at) VALUES ($1, $2, $3)",
        challenge,
        asked.holder_hash,
        now + factors.CHALLENGE_LASTS,
    )
    rows = await connection.fetch(
        """SELECT credential_id FROM second_factors
           WHERE member_id = $1 AND kind = 'passkey' AND removed_at IS NULL ORDER BY id""",
        asked.member_id,
    )
    return challenge, [row["credential_id"] for row in rows]


async def _used_up(connection: Connection, holder_hash: bytes, now: datetime) -> bytes | None:
    """Take the open challenge of a holder away and return it; None when there is none, or it is too old."""
    return await connection.fetchval(
        """WITH used AS (
               DELETE FROM passkey_challenges WHERE holder_hash = $1 RETURNING challenge, expires_at
           ) SELECT challenge FROM used WHERE expires_at > $2""",
        holder_hash,
        now,
    )
