"""Three brands, their people and the operator's, each going through the door that everybody has.

Tune Harbor sells records. Night Wave (which charges tax) and Vinyl Post promote it; Vinyl Post sells too and
is promoted by Tune Harbor in turn.
"""

import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from PIL import Image

from partner_network.sandbox import people
from partner_network.sandbox.people import Machine, Person, Visitor

NEW_YORK = ZoneInfo("America/New_York")
SHOP, POST, WAVE = "tune-harbor", "vinyl-post", "night-wave"
CONTRACT = {"contract": "cross-promotion", "contract_version": "2026-11"}
POLICY = """
[program.attribution]
model = "last_click"
binding_months = 12
"""
SETTLEMENT = """
[windows]
click_days = 30

[settlement]
currency = "USD"
time_zone = "America/New_York"
hold_days = 5
lock = { months = 0, days = 0 }
minimum_payout_minor = 500
clawback = { mode = "recompute", max_age_days = 180, max_share_ppm = 500_000, contest_days = 10 }
"""
COMPONENT = """
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{tiers}]
"""


class Deal(msgspec.Struct, frozen=True):
    """What one partner gets, as the two brands signed it."""

    partnership: str
    agreement: str
    content_hash: str


class Brand:
    """One brand with its people, as far as they have joined."""

    def __init__(self, brand_id: str, owner: Person) -> None:
        self.id = brand_id
        self.owner = owner
        self.finance: Person
        self.machine: Machine
        self.program: str


class Town:
    """Everybody in the story."""

    def __init__(self, base_url: str, password: str, folder: Path) -> None:
        self.base_url = base_url
        self._password = password
        self._folder = folder
        self._guests: list[Visitor] = []
        self.brands: dict[str, Brand] = {}
        self.deals: dict[tuple[str, str], Deal] = {}
        self.links: dict[tuple[str, str], str] = {}

    async def sign_in(self, email: str) -> Person:
        person = Person(self.base_url)
        self._guests.append(person)
        await person.sign_in(email, self._password)
        return await person.enrol(email, self._folder)

    async def close(self) -> None:
        for guest in self._guests:
            await guest.close()

    async def onboard(self, manager: Person, slug: str, *, tax_rate_ppm: int = 0) -> None:
        name = slug.replace("-", " ").title()
        made = await manager.post(
            "/api/v1/brands",
            {
                "slug": slug,
                "name": name,
                "legal_name": f"{name} Inc.",
                "address": "1 Pier Road\nNew York, NY 10004",
                "country": "US",
                "tax_rate_ppm": tax_rate_ppm,
                "tax_id": None,
            },
        )
        owner = await self._join(manager, f"olive@{slug}.example", "owner", made["id"])
        self.brands[slug] = Brand(made["id"], owner)

    async def hire_finance(self, slug: str) -> None:
        brand = self.brands[slug]
        brand.finance = await self._join(brand.owner, f"finn@{slug}.example", "finance", brand.id)
        await brand.finance.put("/api/v1/payment-method", {"payment_method_id": "pm_card_bypassPending"})

    async def _join(self, inviter: Person, email: str, role: str, brand_id: str) -> Person:
        """Invite a person, who opens the link of the invitation and joins by its form."""
        invited = await inviter.post("/api/v1/invitations", {"email": email, "role": role, "brand": brand_id})
        async with people.browser() as browser:
            page = await browser.get(invited["link"])
            assert page.status_code == 200
            assert email in page.text
            joined = await browser.post(invited["link"], data={"name": "Olive", "password": self._password})
            assert joined.status_code == 303
            assert (await browser.get(invited["link"])).status_code == 404  # used up
        return await self.sign_in(email)

    async def open_program(self, slug: str) -> None:
        brand = self.brands[slug]
        program = await brand.owner.post(
            "/api/v1/programs",
            {
                "slug": slug,
                "name": f"{slug} partners",
                "offer": "Earn on what your readers buy.",
                "default_url": f"https://shop.{slug}.example/",
                "destination_hosts": [f"shop.{slug}.example"],
            },
        )
        await brand.owner.post(f"/api/v1/programs/{program['id']}/versions", {"policy": POLICY})
        issued = await brand.owner.post(
            "/api/v1/api-keys", {"name": "shop", "scopes": ["conversions:write"], "mode": "live"}
        )
        brand.program = program["id"]
        brand.machine = Machine(self.base_url, issued["key"])
        self._guests.append(brand.machine)

    async def draft(self, manager: Person, advertiser: str, partner: str, tiers: Mapping[int, int]) -> None:
        """Invite a partner, who accepts, and draft what it gets: rates in ppm by where they begin."""
        invited = await self.brands[advertiser].owner.post(
            "/api/v1/partnerships",
            {"program": self.brands[advertiser].program, "partner": self.brands[partner].id},
        )
        await self.brands[partner].owner.post(
            f"/api/v1/partnerships/{invited['id']}/answer", {"answer": "accept"}
        )
        rows = ", ".join(f"{{ from = {start}, rate_ppm = {rate} }}" for start, rate in tiers.items())
        terms = f"{POLICY}{SETTLEMENT}{COMPONENT.format(tiers=rows)}"
        drafted = await manager.post(
            "/api/v1/agreements", {"partnership": invited["id"], "terms": terms, **CONTRACT}
        )
        self.deals[advertiser, partner] = Deal(invited["id"], drafted["id"], drafted["content_hash"])

    async def make_link(self, advertiser: str, partner: str) -> None:
        made = await self.brands[partner].owner.post(
            "/api/v1/links",
            {
                "partnership": self.deals[advertiser, partner].partnership,
                "name": "start page",
                "destination_url": f"https://shop.{advertiser}.example/new",
            },
        )
        self.links[advertiser, partner] = made["url"]

    async def introduce_to_stripe(self, slug: str) -> None:
        """Finish Stripe's own page as the brand's owner."""
        owner = self.brands[slug].owner
        page = (await owner.post("/api/v1/payout-account"))["url"]
        async with people.browser() as browser:
            assert (await browser.post(page)).status_code < 400
        assert await owner.get("/api/v1/payout-account") == {"transfers_status": "active"}


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    """An instant of 2026 in New York; December is the one before."""
    return datetime(2025 if month == 12 else 2026, month, day, hour, minute, tzinfo=NEW_YORK)


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (468, 60), "#7a1f2b").save(buffer, "PNG")
    return buffer.getvalue()


def sale(order_id: str, customer: str, when: datetime, net_minor: int, click: str | None) -> dict[str, Any]:
    """One order as the shop's machine writes it."""
    body: dict[str, Any] = {
        "order_id": order_id,
        "event": "sale",
        "customer_id": customer,
        "occurred_at": when.isoformat(),
        "currency": "USD",
        "net_minor": net_minor,
    }
    return body if click is None else {**body, "click_id": click}
