"""All pages of the portal, for the composition root."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from partner_network.dashboards.web import (
    agreements,
    balances,
    codes,
    creatives,
    developers,
    home,
    link_codes,
    links,
    metrics,
    statements,
    stripe,
    traces,
)

ROUTES: Sequence[ControllerRouterHandler] = (
    home.show_home,
    home.fund_statements,
    home.read_earnings,
    developers.show_developers,
    links.show_links,
    links.make_link,
    links.end_link,
    codes.show_codes,
    codes.give_code,
    codes.withdraw_code,
    link_codes.show_code,
    link_codes.send_drawing,
    link_codes.send_picture,
    balances.show_balances,
    agreements.show_agreements,
    agreements.show_agreement,
    agreements.sign_agreement,
    agreements.open_document,
    agreements.answer_invitation,
    creatives.show_creatives,
    creatives.open_file,
    statements.show_statements,
    statements.show_statement,
    statements.open_document,
    stripe.show_payout_account,
    stripe.begin_onboarding,
    stripe.return_from_stripe,
    stripe.refresh_link,
    stripe.show_payment_method,
    stripe.save_payment_method,
    metrics.read_metrics,
    *traces.ROUTES,
)
