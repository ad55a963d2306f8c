"""How a test looks at one thing, after breaking it."""

from typing import Any

import msgspec

from partner_network.operations.checks import finding
from partner_network.operations.checks.finding import Check, Finding
from partner_network.settings import Settings
from tests.conftest import FreshDatabase


async def look(check: Any, settings: Settings) -> Finding:
    """Return what one check finds, as the doctor would say it."""
    [found] = await finding.find(Check("the check", check, "Mend it."), settings)
    return found


def replaced(settings: Settings, **changed: Any) -> Settings:
    return msgspec.structs.replace(settings, **changed)


async def execute(database: FreshDatabase, sql: str) -> None:
    owner = await database.connect("owner")
    await owner.execute(sql)
    await owner.close()
