"""What people choose for themselves: their name, the language they read, the clock they go by."""

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import preferences as rules
from partner_network.identity.rules.audit import Personal
from partner_network.identity.rules.permissions import Member
from partner_network.identity.rules.preferences import Preferences


async def preferences_of(member: Member) -> Preferences:
    """Return what a person chose."""
    async with connections.transaction(eyes="doorkeeper") as connection:
        return await _locked(connection, member)


async def keep_preferences(member: Member, wanted: Preferences) -> None:
    """Keep what a person chose. Errors: InvalidError."""
    kept = rules.must_be_preferences(wanted)
    async with connections.transaction(eyes="doorkeeper") as connection:
        former = await _locked(connection, member)
        await _write(connection, member, former, kept)


async def choose_language(member: Member, code: str) -> None:
    """Keep the language that a person wants to read from now on. Errors: InvalidError."""
    language = rules.must_be_language(code)
    async with connections.transaction(eyes="doorkeeper") as connection:
        former = await _locked(connection, member)
        await _write(connection, member, former, Preferences(former.name, language, former.time_zone))


async def _locked(connection: Connection, member: Member) -> Preferences:
    row = await connection.fetchrow(
        "SELECT name, language, time_zone FROM members WHERE id = $1 FOR UPDATE", member.id
    )
    if row is None:
        raise LookupError("a session without its person")
    return Preferences(row["name"], row["language"], row["time_zone"])


async def _write(connection: Connection, member: Member, former: Preferences, kept: Preferences) -> None:
    if kept == former:
        return
    await connection.execute(
        "UPDATE members SET name = $2, language = $3, time_zone = $4 WHERE id = $1",
        member.id,
        kept.name,
        kept.language,
        kept.time_zone,
    )
    before, after = (
        {"name": Personal(member.id, one.name), "language": one.language, "time_zone": one.time_zone}
        for one in (former, kept)
    )
    await audit.record(
        connection,
        member,
        "change",
        "member",
        member.id,
        brands=[member.brand_id],
        before=before,
        after=after,
    )
