"""All doors of the back office, for the composition root."""

from collections.abc import Sequence
from pathlib import Path

from litestar.types import ControllerRouterHandler

from admin import (
    agreements,
    audit,
    cases,
    charities,
    commissions,
    conversions,
    data_browser,
    failed_jobs,
    home,
    ledger,
    network,
    payouts,
    statements,
    traces,
)

TEMPLATES = Path(__file__).parent / "templates"

ROUTES: Sequence[ControllerRouterHandler] = (
    home.show_home,
    network.list_partnerships,
    network.show_partnership,
    network.show_agreement,
    network.list_programs,
    network.list_brands,
    charities.show_charities,
    charities.list_charity,
    charities.delist_charity,
    network.show_invite_form,
    network.invite_partner,
    agreements.show_draft_form,
    agreements.draft_agreement,
    statements.list_statements,
    statements.close_periods,
    statements.show_statement,
    statements.prepare,
    statements.approve,
    conversions.list_conversions,
    conversions.show_receipt,
    conversions.show_missing_order,
    commissions.show_commission,
    commissions.list_held,
    commissions.hold,
    commissions.release,
    commissions.adjust,
    commissions.decide,
    commissions.hold_all,
    commissions.release_all,
    payouts.list_payouts,
    payouts.show_payout,
    traces.show_payout_trace,
    traces.show_statement_trace,
    traces.show_line_trace,
    payouts.release_payout,
    cases.list_cases,
    cases.take_case,
    cases.close_case,
    ledger.show_trial_balance,
    ledger.list_accounts,
    ledger.show_account,
    ledger.take_journal,
    failed_jobs.list_failed_jobs,
    failed_jobs.retry_job,
    audit.show_trail,
    data_browser.browse,
)
