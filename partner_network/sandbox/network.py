"""Set the demo network up: every brand, person, agreement, link and file through the door it has."""

import asyncio
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec
from PIL import Image, ImageDraw

from partner_network.sandbox import cast, hearsay, people, traffic
from partner_network.sandbox.cast import Brand, Deal
from partner_network.sandbox.people import Machine, Person, Visitor

PAYMENT_METHOD = "pm_card_bypassPending"
"""Stripe's own test card whose money is available at once."""
DESTINATION = "https://shop.{slug}.example/"
ADVERTISERS = (cast.SHOP, cast.RECIPROCAL)
Say = Callable[[str], None]


class Network(msgspec.Struct, frozen=True):
    """The demo network with everybody signed in."""

    base_url: str
    manager: Person
    preparer: Person
    approver: Person
    treasurers: Mapping[str, Person]
    machines: Mapping[str, Machine]
    links: Mapping[tuple[str, str], str]

    def link_path(self, advertiser: str, partner: str) -> str:
        """Return the path of the tracked link by which a partner sends people to an advertiser."""
        return self.links[advertiser, partner]

    def advertiser_of(self, customer_id: str) -> str:
        """Say whose customer somebody is, by the demo's stated rule."""
        return traffic.advertiser_of(customer_id, shop=cast.SHOP, reciprocal=cast.RECIPROCAL)

    async def close(self) -> None:
        """Send everybody home."""
        for visitor in (
            self.manager,
            self.preparer,
            self.approver,
            *self.treasurers.values(),
            *self.machines.values(),
        ):
            await visitor.close()


class Builder:
    """Builds the network step by step, each person signing in once."""

    def __init__(self, base_url: str, password: str, folder: Path, say: Say) -> None:
        self._base_url = base_url
        self._password = password
        self._folder = folder
        self._say = say
        self._owners: dict[str, Person] = {}
        self._brand_ids: dict[str, str] = {}

    async def build(self) -> Network:
        """Build everything, in the order in which it would happen."""
        manager = await self._operator("manager")
        self._say("onboarding the brands")
        await asyncio.gather(*(self._onboard(manager, brand) for brand in cast.BRANDS))
        programs = {slug: await self._open_program(slug) for slug in ADVERTISERS}
        self._say("inviting partners and signing agreements")
        partnerships = {
            (deal.advertiser, deal.partner): await self._sign(manager, deal, programs[deal.advertiser])
            for deal in cast.DEALS
        }
        both = partnerships[cast.SHOP, cast.RECIPROCAL], partnerships[cast.RECIPROCAL, cast.SHOP]
        await manager.post(f"/api/v1/partnerships/{both[0]}/mirror", {"mirror": both[1]})
        self._say("making links, introducing everybody to Stripe")
        links = {pair: await self._make_link(pair, found) for pair, found in partnerships.items()}
        for (advertiser, partner), found in partnerships.items():
            code = {"partnership": found, "code": hearsay.code_of(partner)}
            await self._owners[advertiser].post("/api/v1/codes", code)
        await asyncio.gather(*(self._introduce(deal.partner) for deal in cast.DEALS))
        treasurers = await asyncio.gather(*(self._treasurer(manager, slug) for slug in ADVERTISERS))
        return Network(
            base_url=self._base_url,
            manager=manager,
            preparer=await self._operator("preparer"),
            approver=await self._operator("approver"),
            treasurers=dict(zip(ADVERTISERS, treasurers, strict=True)),
            machines={slug: await self._machine(slug) for slug in ADVERTISERS},
            links=links,
        )

    async def close(self) -> None:
        """Send the owners home."""
        for owner in self._owners.values():
            await owner.close()

    async def _operator(self, part: str) -> Person:
        name, roles = cast.OPERATORS[part]
        email = cast.email_of(name, "network")
        person = await Person(self._base_url).sign_in(email, self._password)
        return await person.enrol(email, self._folder) if "finance" in roles else person

    async def _onboard(self, manager: Person, brand: Brand) -> None:
        made = await manager.post(
            "/api/v1/brands",
            {
                "slug": brand.slug,
                "name": brand.name,
                "legal_name": brand.legal_name,
                "address": brand.address,
                "country": brand.country,
                "tax_rate_ppm": brand.tax_rate_ppm,
                "tax_id": brand.tax_id,
            },
        )
        self._brand_ids[brand.slug] = made["id"]
        owner = await self._join(manager, brand.slug, brand.owner, "owner")
        self._owners[brand.slug] = await owner.enrol(cast.email_of(brand.owner, brand.slug), self._folder)

    async def _join(self, inviter: Person, slug: str, name: str, role: str) -> Person:
        """Invite a person by the manager and accept as that person, with the link that was sent."""
        email = cast.email_of(name, slug)
        invited = await inviter.post(
            "/api/v1/invitations", {"email": email, "role": role, "brand": self._brand_ids[slug]}
        )
        async with Visitor(self._base_url) as visitor:
            await visitor.post(
                "/api/v1/invitations/acceptance",
                {"token": invited["token"], "name": name, "password": self._password},
            )
        return await Person(self._base_url).sign_in(email, self._password)

    async def _open_program(self, slug: str) -> str:
        brand, owner = cast.BRAND_OF[slug], self._owners[slug]
        destination = DESTINATION.format(slug=slug)
        program = await owner.post(
            "/api/v1/programs",
            {
                "slug": slug,
                "name": f"{brand.name} partners",
                "offer": "Send us people who love records; earn on all they buy for a year and a half.",
                "default_url": destination,
                "destination_hosts": [httpx.URL(destination).host],
            },
        )
        await owner.post(f"/api/v1/programs/{program['id']}/versions", {"policy": cast.PROGRAM_POLICY})
        await owner.upload(
            f"/api/v1/programs/{program['id']}/creatives",
            {"title": f"{brand.name} banner, 728 x 90"},
            "banner.png",
            _banner(brand.name),
            "image/png",
        )
        return program["id"]

    async def _sign(self, manager: Person, deal: Deal, program_id: str) -> str:
        advertiser, partner = self._owners[deal.advertiser], self._owners[deal.partner]
        invited = await advertiser.post(
            "/api/v1/partnerships", {"program": program_id, "partner": self._brand_ids[deal.partner]}
        )
        partnership_id: str = invited["id"]
        await partner.post(f"/api/v1/partnerships/{partnership_id}/answer", {"answer": "accept"})
        name, version = cast.CONTRACT
        drafted = await manager.post(
            "/api/v1/agreements",
            {
                "partnership": partnership_id,
                "contract": name,
                "contract_version": version,
                "terms": cast.terms_of(deal),
            },
        )
        for owner in (partner, advertiser):
            read: Any = await owner.get(f"/api/v1/agreements/{drafted['id']}")
            await owner.post(
                f"/api/v1/agreements/{drafted['id']}/signatures", {"content_hash": read["content_hash"]}
            )
        return partnership_id

    async def _make_link(self, pair: tuple[str, str], partnership_id: str) -> str:
        advertiser, partner = pair
        link = await self._owners[partner].post(
            "/api/v1/links",
            {
                "partnership": partnership_id,
                "name": f"{cast.BRAND_OF[advertiser].name}, start page",
                "destination_url": DESTINATION.format(slug=advertiser),
            },
        )
        return httpx.URL(link["url"]).path

    async def _introduce(self, slug: str) -> None:
        """Finish Stripe's onboarding as the partner's owner would, on Stripe's own page."""
        owner = self._owners[slug]
        page = (await owner.post("/api/v1/payout-account"))["url"]
        async with people.browser() as browser:
            answer = await browser.post(page)
            if answer.status_code >= httpx.codes.BAD_REQUEST:
                raise RuntimeError(f"the onboarding page answered {answer.status_code}: {answer.text[:200]}")
        await owner.get("/api/v1/payout-account")

    async def _treasurer(self, manager: Person, slug: str) -> Person:
        name = cast.BRAND_OF[slug].finance or ""
        treasurer = await self._join(manager, slug, name, "finance")
        await treasurer.put("/api/v1/payment-method", {"payment_method_id": PAYMENT_METHOD})
        return treasurer

    async def _machine(self, slug: str) -> Machine:
        issued = await self._owners[slug].post(
            "/api/v1/api-keys",
            {"name": "shop", "scopes": ["conversions:write", "reports:read"], "mode": "live"},
        )
        return Machine(self._base_url, issued["key"])


def _banner(name: str) -> bytes:
    image = Image.new("RGB", (728, 90), "#1d2b3a")
    draw = ImageDraw.Draw(image)
    draw.text((24, 24), f"{name}: records worth turning over", fill="#f5efe0", font_size=30)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
