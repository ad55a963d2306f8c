"""A music shop, a coffee roaster that promotes it, and who makes the links."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec

from partner_network import settings as settings_module
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.links import rules
from partner_network.settings import Settings
from tests.conftest import FreshDatabase

SECRET = "a secret key of the tests, long enough"
MADE_AT = datetime(2026, 1, 2, tzinfo=UTC)


class Cast(msgspec.Struct, frozen=True):
    """Who plays in these tests."""

    shop: UUID
    roaster: UUID
    marketer: UUID
    program: UUID
    partnership: UUID


class Network(msgspec.Struct, frozen=True):
    """A database with the cast in it and what the redirect of one process needs."""

    url: str
    redirect_url: str
    cast: Cast
    settings: Settings

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(self.url)

    async def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        connection = await self.connect()
        try:
            return await connection.fetch(sql, *values)
        finally:
            await connection.close()

    def member(self, brand_id: UUID | None, *roles: str) -> Member:
        """Return the marketer as somebody who acts for a brand, or for the operator."""
        return Member(
            self.cast.marketer, "Mia Marketer", "marketer@roaster.example", brand_id, frozenset(roles)
        )

    async def make_link(self, destination_url: str = "https://shop.example/cds?ref=1#top") -> str:
        token = rules.new_token(self.settings.secret_key)
        await self.fetch(
            """INSERT INTO links (id, token, partnership_id, program_id, advertiser_id, partner_id, name,
                   destination_url, created_by, created_at)
               VALUES ($1, $2, $3, $4, $5, $6, 'Newsletter', $7, $8, $9)""",
            ids.new_id(MADE_AT), token, self.cast.partnership, self.cast.program, self.cast.shop,
            self.cast.roaster, destination_url, self.cast.marketer, MADE_AT,
        )  # fmt: skip
        return token


def settings_in(folder: Path, *, sandbox: bool = False) -> Settings:
    """Return the settings of an installation that keeps its files in the folder."""
    return settings_module.from_environment(
        {
            "PARTNER_NETWORK_SECRET_KEY": SECRET,
            "PARTNER_NETWORK_DATA": str(folder),
            "PARTNER_NETWORK_SANDBOX": "on" if sandbox else "off",
            "PARTNER_NETWORK_BASE_URL": "https://go.example",
            "PARTNER_NETWORK_COUNTRY_HEADER": "CF-IPCountry",
        }
    )


async def seed(database: FreshDatabase, folder: Path, *, sandbox: bool = False) -> Network:
    """Put the cast into an empty database."""
    played = Cast(*(ids.new_id(MADE_AT) for _ in range(5)))
    network = Network(database.url(), database.url("redirect"), played, settings_in(folder, sandbox=sandbox))
    for brand, slug in ((played.shop, "shop"), (played.roaster, "roaster")):
        await network.fetch(
            """INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
               VALUES ($1, $2, $2, $2, 'Example Street 1', 'DE', $3)""",
            brand, slug, MADE_AT,
        )  # fmt: skip
    await network.fetch(
        "INSERT INTO members VALUES ($1, 'marketer@roaster.example', 'Mia Marketer', 'none', $2)",
        played.marketer, MADE_AT,
    )  # fmt: skip
    await network.fetch(
        """INSERT INTO programs VALUES ($1, $2, 'cds', 'CDs', 'Music', 'https://shop.example/',
               '{shop.example,127.0.0.1}', $3)""",
        played.program, played.shop, MADE_AT,
    )  # fmt: skip
    await network.fetch(
        """INSERT INTO partnerships
               (id, program_id, advertiser_id, partner_id, status, created_at, active_from)
           VALUES ($1, $2, $3, $4, 'active', $5, $5)""",
        played.partnership, played.program, played.shop, played.roaster, MADE_AT,
    )  # fmt: skip
    return network
