"""All doors of receipts, for the composition root."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from partner_network.receipts.web import commission, conversions, missing_orders, receipts, trials, trials_api

ROUTES: Sequence[ControllerRouterHandler] = (
    receipts.read_receipt,
    commission.read_commissions,
    commission.show_commission,
    commission.list_held,
    commission.contest_listed,
    commission.contest,
    conversions.list_conversions,
    conversions.show_receipt,
    missing_orders.explain_missing_order,
    missing_orders.show_missing_order,
    *trials_api.ROUTES,
    *trials.ROUTES,
)
