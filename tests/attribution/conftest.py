"""Tune House with two partners, at noon of 31 March 2026."""

from tests.conversions.conftest import blog, shop
from tests.doors import network

__all__ = ["blog", "network", "shop"]
