"""Whether each role reaches the database, and has no more rights there than its work takes."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from partner_network.database import addresses, migration, numbering
from partner_network.database.addresses import Role
from partner_network.gateways import clock
from partner_network.operations.checks import finding
from partner_network.operations.checks.finding import Finding
from partner_network.settings import Settings

OLDEST_SERVER = 15
CLOCKS_APART_S = 2.0
CONNECT_S = 5.0
_PER_MAJOR = 10_000

_WHO = """SELECT current_user::text AS who, session_user::text AS log_in,
        current_setting('server_version_num')::int AS version,
        bool_or(r.rolsuper) AS is_super, bool_or(r.rolbypassrls) AS sees_through_walls,
        bool_or(r.rolcreaterole) AS makes_roles, bool_or(r.rolcreatedb) AS makes_databases,
        bool_or(r.rolreplication) AS replicates,
        array(SELECT rolname::text FROM pg_roles
              WHERE rolname <> current_user AND pg_has_role(current_user, oid, 'MEMBER')) AS belongs_to
    FROM pg_roles r WHERE r.rolname = current_user"""

# What no process but a migration may do, whatever it is granted by hand.
_TOO_MUCH = """SELECT c.relname || ': ' || string_agg(DISTINCT p, ', ') AS too_much
    FROM pg_class c CROSS JOIN unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER', 'UPDATE', 'DELETE']) AS p
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND (has_table_privilege(c.oid, p)
             OR p = 'UPDATE' AND has_any_column_privilege(c.oid, p))
        AND (p IN ('TRUNCATE', 'REFERENCES', 'TRIGGER') OR EXISTS (
            SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only'))
    GROUP BY c.relname ORDER BY 1"""
_OWNED = """SELECT relname::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relowner = current_user::regrole ORDER BY 1"""
_OPEN_WALLS = """SELECT relname::text FROM pg_class c
    WHERE EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1"""


@asynccontextmanager
async def connected(settings: Settings, role: Role) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
    """Connect as a process of that role does."""
    address = addresses.address_for(settings, role)
    server_settings = {"application_name": "partner-network doctor"}
    if address.role is not None:
        server_settings["role"] = address.role
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        address.url, server_settings=server_settings, timeout=CONNECT_S
    )
    try:
        yield connection
    finally:
        await connection.close()


async def of_owner(settings: Settings) -> Sequence[Finding]:
    """Look at the owner of the tables: walls hold it too, unless it is a superuser."""
    async with connected(settings, "owner") as connection:
        who = await connection.fetchrow(_WHO)
    assert who is not None  # noqa: S101 - everybody is somebody
    what = "database as owner"
    if who["version"] < OLDEST_SERVER * _PER_MAJOR:
        sentence = f"The server is PostgreSQL {who['version'] // _PER_MAJOR}."
        return [finding.failed(what, sentence, f"Move to PostgreSQL {OLDEST_SERVER} or later.")]
    if who["is_super"] or who["sees_through_walls"]:
        to_do = f"ALTER ROLE {who['who']} NOSUPERUSER NOBYPASSRLS."
        return [finding.failed(what, f"{who['who']} sees through the walls between brands.", to_do)]
    return [finding.ok(what, f"PostgreSQL {who['version'] // _PER_MAJOR} answers {who['who']}.")]


async def of_web(settings: Settings) -> Sequence[Finding]:
    """Look at the role of web processes."""
    return await _of_role(settings, "web")


async def of_redirect(settings: Settings) -> Sequence[Finding]:
    """Look at the role that records clicks."""
    return await _of_role(settings, "redirect")


async def of_worker(settings: Settings) -> Sequence[Finding]:
    """Look at the role of the worker."""
    return await _of_role(settings, "worker")


async def _of_role(settings: Settings, role: Role) -> Sequence[Finding]:
    async with connected(settings, role) as connection:
        who = await connection.fetchrow(_WHO)
        assert who is not None  # noqa: S101 - everybody is somebody
        owned = await connection.fetch(_OWNED)
        too_much = await connection.fetch(_TOO_MUCH)
    what = f"database as {role}"
    found = list(_excesses(what, who))
    if owned:
        to_do = "Tables belong to the owner alone: ALTER TABLE ... OWNER TO it."
        found.append(finding.failed(what, f"{who['who']} owns {owned[0][0]}.", to_do))
    elif too_much:
        sentence = f"{who['who']} may do what its work does not take, on {too_much[0][0]}."
        found.append(finding.failed(what, sentence, "REVOKE it."))
    if not found and who["log_in"] != who["who"]:
        to_do = f"Give it a log-in of its own and set {role.upper()}_DATABASE_URL."
        sentence = f"{who['who']} is reached through {who['log_in']}, whose rights it could take back."
        return [finding.warning(what, sentence, to_do)]
    return found or [finding.ok(what, f"{who['who']} has the rights that it needs and no more.")]


def _excesses(what: str, who: asyncpg.Record) -> Iterator[Finding]:
    kinds = {"is_super": "SUPERUSER", "sees_through_walls": "BYPASSRLS", "makes_roles": "CREATEROLE",
             "makes_databases": "CREATEDB", "replicates": "REPLICATION"}  # fmt: skip
    has = [name for column, name in kinds.items() if who[column]]
    if has:
        to_do = f"ALTER ROLE {who['who']} {' '.join(f'NO{name}' for name in has)}."
        yield finding.failed(what, f"{who['who']} is {' and '.join(has)}.", to_do)
    elif who["belongs_to"]:
        to_do = f"REVOKE {who['belongs_to'][0]} FROM {who['who']}."
        yield finding.failed(what, f"{who['who']} can become {', '.join(who['belongs_to'])}.", to_do)


async def migrations(settings: Settings) -> Sequence[Finding]:
    """Look whether the tables are those that this version expects."""
    async with connected(settings, "owner") as connection:
        run = await migration.run_in(connection)
        known = migration.known()
        is_ahead = known != run or await numbering.is_ahead(connection)
    if unknown := [name for name in run if name not in known]:
        sentence = f"The database is of a newer version: it has {unknown[-1]}, which is not known here."
        return [finding.failed("migrations", sentence, "Start the newer version, or restore a backup.")]
    if waiting := [name for name in known if name not in run]:
        sentence = f"{len(waiting)} of {len(known)} migrations have not run, {waiting[0]} first."
        return [finding.failed("migrations", sentence, "Run `partner-network migrate`.")]
    if not is_ahead:
        sentence = "Transactions have numbers that old entries have: a dump was restored by hand."
        return [finding.failed("migrations", sentence, "Run `partner-network migrate` before anything else.")]
    return [finding.ok("migrations", f"All {len(known)} have run.")]


async def walls(settings: Settings) -> Sequence[Finding]:
    """Look whether a wall between brands stands open."""
    async with connected(settings, "owner") as connection:
        open_walls = [row[0] for row in await connection.fetch(_OPEN_WALLS)]
    if open_walls:
        to_do = f"ALTER TABLE {open_walls[0]} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY."
        sentence = f"Row security is not enforced on {', '.join(open_walls)}."
        return [finding.failed("walls", sentence, to_do)]
    return [finding.ok("walls", "Row security is enforced wherever there are policies.")]


async def clocks(settings: Settings) -> Sequence[Finding]:
    """Compare this machine's clock with the database's, and look for simulated time."""
    async with connected(settings, "owner") as connection:
        before = clock.wall_now()
        there = await connection.fetchval("SELECT clock_timestamp()")
        after = clock.wall_now()
        is_simulated = await connection.fetchval("SELECT EXISTS (SELECT FROM simulated_clock)")
    apart_s = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    if apart_s > CLOCKS_APART_S:
        sentence = f"This machine's clock and the database's are {apart_s:.0f} s apart."
        return [finding.failed("clock", sentence, "Let both follow a time server (chrony or the like).")]
    if is_simulated and not settings.sandbox:
        sentence = "Simulated time was used in this database, and the sandbox is off."
        return [finding.failed("clock", sentence, "Use this database for the sandbox alone.")]
    kind = "simulated time is on" if is_simulated else "no simulated time"
    return [finding.ok("clock", f"Same time here and in the database; {kind}.")]
