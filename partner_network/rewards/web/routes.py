"""All doors of credit and perks, for the composition root."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from partner_network.rewards.web import api, pages

ROUTES: Sequence[ControllerRouterHandler] = (*api.ROUTES, pages.show_rewards)
