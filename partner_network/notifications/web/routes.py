"""All doors of this slice, for the composition root."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from partner_network.notifications.web import choices, inbox, leaving

ROUTES: Sequence[ControllerRouterHandler] = (*inbox.ROUTES, *choices.ROUTES, *leaving.ROUTES)
