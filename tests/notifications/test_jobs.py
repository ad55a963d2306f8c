"""What the worker tells by itself: of accounts, of keys that end, of jobs that fail."""

from datetime import timedelta

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.notifications import jobs
from partner_network.notifications.actions import keys
from partner_network.notifications.rules.registry import KINDS
from tests.doors import PASSWORD, Network
from tests.notifications.cast import cast_of


async def told(network: Network) -> list[tuple[str, str]]:
    rows = await network.owner.fetch(
        """SELECT n.kind, m.email FROM notifications n JOIN members m ON m.id = n.member_id
           ORDER BY n.kind, m.email"""
    )
    return [(row["kind"], row["email"]) for row in rows]


async def hear(network: Network) -> None:
    """Do what waits for the worker, twice, as after a crash."""
    rows = await network.owner.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = $1", jobs.TELL)
    async with network.as_worker():
        for row in [*rows, *rows]:
            await jobs.tell_of_account(row["payload"])


async def test_what_happens_to_an_account_is_told_to_its_owner_once(network: Network) -> None:
    await cast_of(network)
    olivia = await network.signed_in("olivia@needle.example")  # on a device that was never here
    await olivia.accepted("/api/v1/api-keys", {"name": "shop", "scopes": ["reports:read"], "mode": "test"})
    new = {"old": PASSWORD, "new": "another horse battery staple"}
    assert (await olivia.client.put("/api/v1/password", json=new)).status_code == 204
    again = await olivia.sign_in("olivia@needle.example", new["new"])

    await hear(network)

    assert again.status_code == 201, "and on the same device nothing is told"
    assert await told(network) == [
        (kind, "olivia@needle.example") for kind in ("api-key-made", "new-device", "password-changed")
    ]
    assert KINDS["password-changed"].is_lettered_elsewhere
    due = "SELECT array_agg(kind ORDER BY kind) FROM notifications WHERE mail_due_at IS NOT NULL"
    assert await network.owner.fetchval(due) == ["api-key-made", "new-device"]


async def test_a_brand_is_warned_of_a_key_two_weeks_and_two_days_before_it_ends(network: Network) -> None:
    cast = await cast_of(network)
    now = clock.wall_now()
    await network.owner.execute(
        """INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at, expires_at)
           SELECT gen_random_uuid(), $1, n, 'pnk_live_x', sha256(n::bytea), '{}', $2, $3
           FROM unnest(ARRAY['shop']) n""",
        cast.needle,
        now - timedelta(days=60),
        now + timedelta(days=20),
    )
    counts: list[int] = []
    async with network.as_worker():
        for days in (0, 7, 7, 18.5, 19):
            await keys.tell_of_ends(now + timedelta(days=days))
            counts.append(len(await told(network)))

    assert counts == [0, 1, 1, 2, 2]


async def test_a_job_that_failed_is_told_to_the_operators_admins(network: Network) -> None:
    await cast_of(network)
    await network.person("ada@operator.example", None, ["admin"])

    async with network.as_worker():
        for _ in range(2):
            await jobs.tell_of_failure("statements.close", "12", "12 at noon", "TimeoutError")
        async with connections.transaction() as connection:
            assert (
                await connection.fetchval("SELECT said->'error'->>'text' FROM notifications")
                == "TimeoutError"
            )

    assert await told(network) == [("job-failed", "ada@operator.example")]
