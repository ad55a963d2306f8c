"""Everything that money depends on, as it is read: rows by table."""

from uuid import UUID

from msgspec import Struct, field

from partner_network.dashboards.verification import fact_rows as facts
from partner_network.dashboards.verification import money_rows as money
from partner_network.dashboards.verification.audit import Trail
from partner_network.dashboards.verification.notice_rows import PartnershipNotice
from partner_network.dashboards.verification.rate_rows import ExchangeRates
from partner_network.dashboards.verification.receipts import Receipts
from partner_network.dashboards.verification.reward_rows import Rewards
from partner_network.dashboards.verification.sign_off_rows import SignOffs, WriteOff
from partner_network.dashboards.verification.tax_rows import TaxProfile


class Rows(Struct, frozen=True, dict=True, kw_only=True):
    """Rows by table."""

    brands: list[facts.Brand]
    tax_profiles: list[TaxProfile]
    programs: list[facts.Program]
    program_versions: list[facts.ProgramVersion]
    partnerships: list[facts.Partnership]
    memberships: list[facts.Membership]
    agreements: list[facts.Agreement]
    agreement_charities: list[facts.AgreementCharity]
    charities: set[UUID]
    signatures: list[facts.Signature]
    partnership_notices: list[PartnershipNotice]
    terms: list[facts.Terms]
    customers: list[facts.Customer]
    clicks: list[facts.Click]
    identifications: list[facts.Identification]
    conversions: list[facts.Conversion]
    codes: list[facts.Code]
    touches: list[facts.Touch]
    refunds: list[facts.Refund]
    adjustments: list[facts.Adjustment]
    measures: list[facts.QualityMeasure]
    decisions: list[facts.Decision]
    credits: list[facts.Credit]
    waiting: list[facts.Waiting]
    accounts: list[money.Account]
    entries: list[money.Entry]
    transfers: list[money.Transfer]
    commissions: list[money.Commission]
    revisions: list[money.Revision]
    clawbacks: list[money.Clawback]
    clawback_settlements: list[money.ClawbackSettlement]
    holds: list[money.Hold]
    contests: list[money.Contest]
    statements: list[money.Statement]
    statement_lines: list[money.StatementLine]
    preparations: list[money.Preparation]
    approvals: list[money.Approval]
    fundings: list[money.Funding]
    payouts: list[money.Payout]
    attempts: list[money.Attempt]
    stripe_accounts: list[money.StripeAccount]
    former_accounts: list[money.FormerAccount]
    movements: list[money.Movement]
    prepaid_returns: list[money.PrepaidReturn]
    write_offs: list[WriteOff]
    clicks_in_all: int
    misfiled_click: UUID | None
    audit_trail: Trail
    receipts: Receipts
    rates: ExchangeRates
    rewards: Rewards
    checkpoints: list[money.StreamCheckpoint] = field(default_factory=list[money.StreamCheckpoint])
    sign_offs: SignOffs
