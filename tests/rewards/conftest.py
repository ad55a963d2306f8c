"""Tune House, and Blog, whose terms grant credit and a perk, at noon of 31 March 2026."""

import pytest

from partner_network.database import connections
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner
from tests.conversions.conftest import shop
from tests.doors import network

__all__ = ["network", "shop"]

TERMS = """
[[rewards]]
name = "welcome"
kind = "customer_credit"
event = "sale"
match = { customer = "new" }
amount_minor = 1_000
valid_days = 360
worth = [{ after_days = 180, ppm = 500_000 }]
growth = [{ orders = 2, ppm = 1_500_000 }]
[[rewards]]
name = "back"
kind = "partner_credit"
event = "sale"
rate_ppm = 100_000
[[rewards]]
name = "deep"
kind = "perk"
event = "sale"
perk = "enhanced_analytics"
period = "month"
from = 10_000
"""


@pytest.fixture
async def blog(shop: Cast) -> Partner:
    async with connections.transaction() as connection:
        return await cast.partner(connection, shop, "blog", more_terms=TERMS, contract_version="2026-12")
