from uuid import uuid4

from partner_network.database import roles
from tests.conftest import FreshDatabase


async def test_a_role_that_is_missing_is_made_without_a_log_in_and_can_be_taken_on(
    database: FreshDatabase,
) -> None:
    name = f"role_{uuid4().hex[:8]}"
    owner = await database.connect("owner")
    for _ in range(2):
        await roles.ensure(owner, [name])
    await owner.execute(f"SET ROLE {name}")
    may = await owner.fetchrow(
        "SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = $1", name
    )
    await owner.execute(f"RESET ROLE; DROP ROLE {name}")
    await owner.close()
    assert may is not None
    assert tuple(may) == (False, False, False)


async def test_roles_that_somebody_else_made_are_left_as_they_are(database: FreshDatabase) -> None:
    owner = await database.connect("owner")
    before = await owner.fetch("SELECT * FROM pg_roles ORDER BY rolname")
    await roles.ensure(owner)
    assert await owner.fetch("SELECT * FROM pg_roles ORDER BY rolname") == before
    await owner.close()
