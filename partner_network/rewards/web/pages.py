"""A brand's page of credit and perks."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.rewards import page_queries, wording


@get("/rewards", guards=[guards.must_read_credits], include_in_schema=False)
async def show_rewards(member: NamedDependency[Member]) -> Template:
    """Show what the brand granted and holds beside money, with dates and clauses."""
    brand_id = guards.brand_of(member)
    async with connections.transaction(eyes=member.eyes) as connection:
        now = await clock.now(connection)
        page = await page_queries.page_of(connection, brand_id, now)
    return Template("rewards/rewards.html", context={"page": page, "now": now, "words": wording})
