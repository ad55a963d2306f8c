"""What happens around credit, in a line each."""

from datetime import datetime
from uuid import UUID, uuid4

from partner_network.attribution import actions as attribution
from partner_network.commissions.actions import accrue
from partner_network.database import connections
from partner_network.identity.rules.permissions import ApiKey
from partner_network.ledger import queries as ledger
from partner_network.rewards import queries
from partner_network.rewards.actions import entitle, grant, post, redeem
from partner_network.rewards.queries import Held
from partner_network.rewards.redemption_queries import Redeemed
from partner_network.rewards.rules.wishes import Redemption
from tests.conversions.cast import Cast, Partner, days, on, order

NOW = on(31)


async def run(now: datetime = NOW) -> None:
    """Decide, accrue, grant and post whatever waits."""
    while await attribution.decide_pending():
        pass
    await accrue.accrue_pending(now)
    await grant.grant_pending(now)
    await entitle.entitle_pending(now)
    await post.post_moves(now)


async def bought(shop: Cast, blog: Partner, number: int, at: datetime, **fields: object) -> None:
    """A sale, to Ada unless told, that the blog's click brought an hour before."""
    async with connections.transaction() as connection:
        click_id = await blog.click(connection, at - days(1 / 24))
    await shop.identify((str(fields.get("customer_id", "ada")), click_id))
    await shop.report(order(number, at, **fields))


async def held(shop: Cast) -> dict[str, Held]:
    """All credit, by reward; of several, the last."""
    async with connections.transaction() as connection:
        rows = await queries.credits_page(connection, shop.brand_id, limit=100)
    return {one.reward: one for one in rows}


async def balances() -> dict[str, int]:
    """What the ledger holds in units of credit, by kind of account."""
    async with connections.transaction() as connection:
        rows = await ledger.balances(connection)
    return {row.kind: row.posted_minor for row in rows if row.currency.startswith("X-")}


def key_of(brand_id: UUID) -> ApiKey:
    return ApiKey(uuid4(), brand_id, frozenset({"credits:redeem", "credits:read"}), is_live=True)


async def redeemed(shop: Cast, key: str, minor: int, **wish: str) -> Redeemed:
    """Redeem so much of Ada's credit unless another is named."""
    who = wish or {"customer": "ada"}
    return (await redeem.redeem(key_of(shop.brand_id), Redemption(key, "USD", minor, **who)))[0]
