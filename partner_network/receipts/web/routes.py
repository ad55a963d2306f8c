"""All doors of receipts, for the composition root."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from partner_network.receipts.web import receipts, trials_api

ROUTES: Sequence[ControllerRouterHandler] = (receipts.read_receipt, *trials_api.ROUTES)
