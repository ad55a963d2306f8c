"""Who is told what happens: those whom it concerns, once, and only if it did happen."""

import asyncio

import asyncpg
import pytest

from partner_network.database import connections
from partner_network.notifications.actions import tell
from partner_network.notifications.rules.kinds import Kind
from partner_network.notifications.rules.registry import KINDS
from tests.doors import Network
from tests.notifications.cast import HELD, cast_of, tell_held


async def told(network: Network) -> list[str]:
    rows = await network.owner.fetch(
        "SELECT m.email FROM notifications n JOIN members m ON m.id = n.member_id ORDER BY 1"
    )
    return [row["email"] for row in rows]


async def test_a_fact_is_told_to_the_people_of_each_side_who_have_a_role_for_it(network: Network) -> None:
    cast = await cast_of(network)

    assert await tell_held(cast) == 2

    assert await told(network) == ["finn@operator.example", "olivia@needle.example"]


async def test_a_fact_is_told_once_however_often_it_is_told(network: Network) -> None:
    cast = await cast_of(network)

    assert [await tell_held(cast), await tell_held(cast)] == [2, 0]
    assert await tell_held(cast, "payout 2") == 2

    assert len(await told(network)) == 4


async def test_of_two_who_tell_the_same_fact_at_once_one_does(network: Network) -> None:
    cast = await cast_of(network)

    counts = await asyncio.gather(*(tell_held(cast) for _ in range(8)))

    assert sum(counts) == 2
    assert len(await told(network)) == 2


async def test_what_is_rolled_back_is_told_to_nobody_and_leaves_no_job(network: Network) -> None:
    cast = await cast_of(network)

    async def fail() -> None:
        async with connections.transaction(eyes=cast.groove) as connection:
            assert await tell.notify(connection, "payout-held", "1", tell.brand(cast.needle), said=HELD) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await told(network) == []
    assert await network.owner.fetchval("SELECT count(*) FROM pgqueuer") == 0


async def test_whoever_does_it_need_not_be_told(network: Network) -> None:
    cast = await cast_of(network)
    await network.person("fran@operator.example", None, ["finance"])

    async with connections.transaction(eyes="operator") as connection:
        await tell.notify(
            connection, "statement-to-approve", "1", tell.OPERATOR, said={"preparer": "Finn"}, but=cast.finn
        )

    assert await told(network) == ["fran@operator.example"]


async def test_somebody_at_two_brands_is_told_once(network: Network) -> None:
    cast = await cast_of(network)
    await network.person("olivia@needle.example", cast.groove, ["owner"])

    async with connections.transaction(eyes=cast.groove) as connection:
        both = (tell.brand(cast.groove), tell.brand(cast.needle))
        assert await tell.notify(connection, "agreement-in-force", "1", *both, said={}) == 1


async def test_a_kind_is_told_to_no_side_that_it_is_not_for(network: Network) -> None:
    cast = await cast_of(network)

    async with connections.transaction(eyes=cast.groove) as connection:
        with pytest.raises(ValueError, match="job-failed is not told to a brand"):
            await tell.notify(connection, "job-failed", "1", tell.brand(cast.needle), said={})
        with pytest.raises(KeyError):
            await tell.notify(connection, "gossip", "1", tell.brand(cast.needle), said={})


async def test_telling_shows_the_teller_nothing_of_the_other_sides_people(network: Network) -> None:
    cast = await cast_of(network)

    async with connections.transaction(eyes=cast.groove) as connection:
        await tell.notify(connection, "payout-held", "1", tell.brand(cast.needle), said=HELD)
        assert await connection.fetch("SELECT * FROM notifications") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("INSERT INTO notifications (id) VALUES (gen_random_uuid())")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_every_kind_is_for_somebody_and_leads_somewhere(kind: Kind) -> None:
    assert kind.sides
    assert all(kind.page_for(side).startswith("/") for side in kind.sides)
    assert not kind.is_fixed or kind.mail == "at once"
