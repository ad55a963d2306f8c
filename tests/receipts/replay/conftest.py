"""Tune House and two partners under a policy that binds customers, with decisions of every sort."""

from uuid import UUID

import pytest

from partner_network.attribution import actions
from partner_network.database import connections
from tests.attribution.test_actions import Story
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import on, order
from tests.conversions.conftest import blog, shop

__all__ = ["blog", "shop"]


class Decided(Story):
    """What was decided, and its clicks by name; the owner of the tables may do what nobody may."""

    clicks: dict[str, UUID]
    owner: FreshDatabase

    async def damage(self, table: str, sql: str) -> None:
        """Change one row, with the table's guards taken away."""
        owner = await self.owner.connect("owner")
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        done = await owner.execute(sql)
        await owner.close()
        assert done.rpartition(" ")[2] == "1", f"{done}: one row was meant"


@pytest.fixture
async def decided(shop: cast.Cast, blog: cast.Partner, database: FreshDatabase) -> Decided:
    """Ada's first order of two touches binds her second; Bob's has none; Cleo's was decided twice."""
    async with connections.transaction() as connection:
        story = Decided(shop, blog, await cast.partner(connection, shop, "radio"))
        await connection.execute(
            """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
               SELECT gen_random_uuid(), program_id, 2, $1, recorded_at FROM program_versions""",
            '[program.attribution]\nmodel = "position_based"\nbinding_months = 2\n',
        )
    story.owner = database
    story.clicks = {
        "ada's first": await story.click(story.blog, on(1)),
        "ada's second": await story.click(story.radio, on(2)),
        "ada's bot": await story.click(story.radio, on(2, 13), excluded="bot"),
        "ada's later": await story.click(story.radio, on(4)),
        "cleo's": await story.click(story.blog, on(6), customer=None),
    }
    await shop.report(
        order(1, on(3)),
        order(2, on(5)),
        order(3, on(6), customer_id="bob"),
        order(4, on(7), customer_id="cleo"),
    )
    await actions.decide_pending()
    await shop.identify(("cleo", story.clicks["cleo's"]))
    await actions.decide_pending()
    return story
