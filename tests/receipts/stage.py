"""Tune House's order with touches of three partners and a direct visit, decided, behind the real doors."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from partner_network.attribution import actions
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, on, order
from tests.doors import Browser, Network

CLUB_TERMS_DAYS = 2


class Stage(Struct, frozen=True):
    """Radio won order 00001 over Blog; Club's click came too early; Zine has nothing to do with it."""

    network: Network
    shop: Cast
    blog: Partner
    radio: Partner
    club: Partner
    zine: Partner
    clicks: dict[str, UUID]
    conversions: Sequence[str]

    @property
    def path(self) -> str:
        return f"/api/v1/conversions/{self.conversions[0]}/receipt"

    @property
    def page(self) -> str:
        return f"/conversions/{self.conversions[0]}"

    async def seen_by(self, partner: Partner | None, *roles: str) -> Browser:
        """Sign somebody of a partner, or of Tune House, in."""
        brand_id = self.shop.brand_id if partner is None else partner.partner_id
        email = f"{'-'.join(roles) or 'viewer'}@{brand_id}.test"
        await self._known(email, brand_id, roles or ("viewer",))
        return await self.network.signed_in(email)

    async def seen_by_operator(self, role: str = "manager") -> Browser:
        await self._known(f"{role}@operator.test", None, (role,))
        return await self.network.signed_in(f"{role}@operator.test")

    async def _known(self, email: str, brand_id: UUID | None, roles: Sequence[str]) -> None:
        if not await self.network.owner.fetchval("SELECT count(*) FROM members WHERE email = $1", email):
            await self.network.person(email, brand_id, roles)

    async def decide(self) -> None:
        async with self.network.as_worker():
            await actions.decide_pending()


@asynccontextmanager
async def staged(network: Network, attribution: str = "") -> AsyncGenerator[Stage]:
    """Set the stage at the end of March 2026, with the orders decided once."""
    async with network.owner.transaction():
        shop = await cast.tune_house(network.owner, attribution=attribution)
        blog = await cast.partner(network.owner, shop, "blog-and-son")
        radio = await cast.partner(network.owner, shop, "radio-riviera")
        club = await cast.partner(network.owner, shop, "club-sandwich", click_days=CLUB_TERMS_DAYS)
        zine = await cast.partner(network.owner, shop, "zine-zone")
        clicks = {
            "club": await club.click(network.owner, on(1, 8) + timedelta(minutes=7)),
            "blog": await blog.click(network.owner, on(2, 9) + timedelta(minutes=13)),
            "blog-bot": await blog.click(network.owner, on(2, 10) + timedelta(minutes=19), excluded="bot"),
            "radio": await radio.click(network.owner, on(4, 10) + timedelta(minutes=41)),
            "zine": await zine.click(network.owner, on(4, 11) + timedelta(minutes=53)),
        }
    clock.use_simulated_time(sandbox=True)
    try:
        await network.owner.execute(
            "INSERT INTO simulated_clock (simulated_at, wall_at, is_running) VALUES ($1, now(), false)",
            on(31),
        )
        await shop.identify(*(("ada", clicks[name]) for name in ("club", "blog", "blog-bot", "radio")))
        answer = await shop.report(order(1, on(5)), order(2, on(6), customer_id="bob"))
        conversions = [one.id for one in answer.conversions]
        stage = Stage(network, shop, blog, radio, club, zine, clicks, conversions)
        await stage.decide()
        yield stage
    finally:
        clock.use_simulated_time(sandbox=False)


def brand(partner: Partner) -> str:
    """A partner's id as people see it."""
    return ids.shown("bnd", partner.partner_id)
