"""A receipt says of a code that is nobody's that the order named it, to whoever reported the order."""

from partner_network.attribution import actions
from partner_network.database import connections
from partner_network.kernel import ids
from partner_network.receipts.queries import revisions
from tests.attribution.test_actions import Story, story
from tests.conversions.cast import on, order
from tests.conversions.conftest import blog, shop
from tests.conversions.test_touches import give

__all__ = ["blog", "shop", "story"]


async def test_a_code_that_was_nobodys_is_told_to_the_advertiser_and_not_to_a_partner(story: Story) -> None:
    await give(story.shop, story.radio, "RADIO10", on(1))
    await story.click(story.blog, on(2))
    answer = await story.shop.report(order(1, on(3), code="NO-SUCH"), order(2, on(3), code="radio10"))
    await actions.decide_pending()

    told: list[list[str | None]] = []
    for one in answer.conversions:
        conversion_id = ids.parse("cnv", one.id)
        async with connections.transaction() as connection:
            told.append(
                [
                    (await revisions.reported(connection, conversion_id, asking)).nobodys_code
                    for asking in (story.shop.brand_id, None, story.blog.partner_id)
                ]
            )

    assert told == [["NO-SUCH", "NO-SUCH", None], [None, None, None]]
