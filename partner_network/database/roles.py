"""The roles that processes take on: made where the server's administrator has not made them."""

import asyncpg

# As the first migration does; a dump grants rights to these roles, and so wants them before it.
_ENSURE = """DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY
        ARRAY['partner_network_web', 'partner_network_redirect', 'partner_network_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', wanted);
        END IF;
        BEGIN
            EXECUTE format('GRANT %I TO %I', wanted, current_user);
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;  -- they have log-ins of their own
        END;
    END LOOP;
END $$"""


async def ensure(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Make the roles that are missing, and let the owner take them on where it may."""
    await connection.execute(_ENSURE)
