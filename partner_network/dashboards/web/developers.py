"""The page of a brand's engineers: their keys, what their machines reported, and samples that run."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Template

from partner_network.dashboards.queries import deliveries
from partner_network.dashboards.web import samples
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity import key_queries
from partner_network.identity.key_queries import KeyOfBrand
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.identity.web.description import PATH as DESCRIPTION_PATH
from partner_network.settings import Settings

KEYS_SHOWN = 5
KEYS_READ = 50
DELIVERIES = 10
PROGRAMS = 5


@get("/developers", guards=[guards.must_manage_api_keys])
async def show_developers(
    member: NamedDependency[Member], settings: NamedDependency[SkipValidation[Settings]]
) -> Template:
    """Show an owner what the brand's engineers see as their home."""
    return await page_of(member, settings)


async def page_of(member: Member, settings: Settings) -> Template:
    """Show a brand's keys, deliveries and samples."""
    brand_id = guards.brand_of(member)
    keys = await _keys_in_use(brand_id)
    async with connections.transaction(eyes=brand_id) as connection:
        now = await clock.now(connection)
        programs = await deliveries.program_keys_of(connection, brand_id, PROGRAMS)
        reported = await deliveries.deliveries_of(connection, brand_id, now, DELIVERIES)
    return Template("portal/developers.html", context=_shown(settings, keys, programs, reported, now.date()))


def _shown(
    settings: Settings,
    keys: list[tuple[KeyOfBrand, str]],
    programs: list[deliveries.ProgramKey],
    reported: list[deliveries.Delivery],
    on: date,
) -> dict[str, Any]:
    return {
        "keys": keys[:KEYS_SHOWN],
        "keys_in_all": len(keys),
        "has_test_key": any(not key.is_live for key, _ in keys),
        "programs": programs,
        "deliveries": reported,
        "samples": samples.samples_for(settings.base_url, programs[0].slug if programs else None, on),
        "base_url": settings.base_url,
        "description": DESCRIPTION_PATH,
    }


async def _keys_in_use(brand_id: UUID) -> list[tuple[KeyOfBrand, str]]:
    now = clock.wall_now()
    found = await key_queries.keys_of(brand_id, limit=KEYS_READ)
    return [(key, key.state(now)) for key in found if key.state(now) not in {"ended", "revoked"}]
