"""How Piccolo sees commissions, their revisions and what is clawed back."""

from piccolo.columns import JSONB, UUID, BigInt, Date, ForeignKey, Integer, Numeric, Text, Timestamptz
from piccolo.table import Table

from partner_network.agreements.tables import Agreement
from partner_network.brands.tables import Brand
from partner_network.conversions.tables import Conversion
from partner_network.database import connections
from partner_network.database.columns import Xid8
from partner_network.identity.tables import Member
from partner_network.ledger.tables import LedgerEntry
from partner_network.programs.tables import Partnership


class UnaccruedConversion(Table, tablename="unaccrued_conversions", db=connections.engine):
    """A conversion whose commission is to be computed, again or for the first time."""

    partnership_id = ForeignKey(Partnership, primary_key=True, default=None, null=False)
    conversion_id = ForeignKey(Conversion, primary_key=True, default=None, null=False)


class StreamCheckpoint(Table, tablename="stream_checkpoints", db=connections.engine):
    """What the orders of a span of a stream are summed up to; a short cut, never a truth of its own."""

    partnership_id = ForeignKey(Partnership, primary_key=True, default=None, null=False)
    starts_at = Timestamptz(primary_key=True, default=None)
    ends_at = Timestamptz(default=None)
    terms_key = Text(default=None)
    last_at = Timestamptz(default=None)
    last_order = Text(default=None)
    state = JSONB(default=None)
    recorded_at = Timestamptz(default=None)


class StoppedStream(Table, tablename="stopped_streams", db=connections.engine):
    """A stream whose facts or terms cannot be priced, and what is wrong with them."""

    partnership_id = ForeignKey(Partnership, primary_key=True, default=None, null=False)
    agreement_id = ForeignKey(Agreement, default=None)
    clause = Text(default=None)
    sentence = Text(default=None)
    since = Timestamptz(default=None)
    tried_at = Timestamptz(default=None)


class Adjustment(Table, tablename="adjustments", db=connections.engine):
    """An outcome that changes money and that no recompute undoes."""

    id = UUID(primary_key=True, default=None)
    conversion_id = ForeignKey(Conversion, default=None, null=False)
    partnership_id = ForeignKey(Partnership, default=None, null=False)
    at = Timestamptz(default=None)
    recorded_at = Timestamptz(default=None)
    minor = BigInt(default=None)
    reason = Text(default=None)
    decided_by = ForeignKey(Member, default=None, null=False)
    component = Text(default=None, null=True)
    bonus = Text(default=None, null=True)


class QualityMeasure(Table, tablename="quality_measures", db=connections.engine):
    """How many of a partner's earlier customers stayed, as measured at a date by one rule."""

    partnership_id = ForeignKey(Partnership, primary_key=True, default=None, null=False)
    rule = Text(primary_key=True, default=None)
    measured_on = Date(primary_key=True, default=None)
    customers = BigInt(default=None)
    retained = BigInt(default=None)
    recorded_at = Timestamptz(default=None)


class Commission(Table, tablename="commissions", db=connections.engine):
    """What one partnership earns on one conversion, or as a bonus, by one component."""

    id = BigInt(primary_key=True, default=None)
    kind = Text(default=None)
    conversion_id = ForeignKey(Conversion, default=None)
    partnership_id = ForeignKey(Partnership, default=None, null=False)
    advertiser_id = ForeignKey(Brand, default=None, null=False)
    partner_id = ForeignKey(Brand, default=None, null=False)
    agreement_id = ForeignKey(Agreement, default=None, null=False)
    component = Text(default=None)
    period = Text(default=None)
    currency = Text(default=None)
    earned_at = Timestamptz(default=None)
    matures_at = Timestamptz(default=None)
    matured_at = Timestamptz(default=None, null=True)
    charity_id = UUID(default=None, null=True)


class CommissionRevision(Table, tablename="commission_revisions", db=connections.engine):
    """One state of what a commission should be, with all it was computed from."""

    commission_id = ForeignKey(Commission, primary_key=True, default=None, null=False)
    rev = Integer(primary_key=True, default=None)
    previous_rev = Integer(default=None, null=True)
    previous_target_minor = BigInt(default=None)
    target_minor = BigInt(default=None)
    entry_id = ForeignKey(LedgerEntry, default=None)
    inputs = JSONB(default=None)
    clause = Text(default=None)
    engine_version = Text(default=None)
    recorded_at = Timestamptz(default=None)


class Clawback(Table, tablename="clawbacks", db=connections.engine):
    """What a partner gives back of a matured commission or of tax: due from it, owed to the advertiser."""

    transfer_id = BigInt(primary_key=True, default=None)
    commission_id = ForeignKey(Commission, default=None, null=True)
    amount_minor = BigInt(default=None)
    contest_until = Timestamptz(default=None)
    max_share_ppm = BigInt(default=None)
    clause = Text(default=None)
    cause = Text(default=None, null=True)
    cause_id = UUID(default=None, null=True)
    reason = Text(default=None, null=True)


class ClawbackSettlement(Table, tablename="clawback_settlements", db=connections.engine):
    """A bit of how a clawback ends."""

    clawback_id = ForeignKey(Clawback, primary_key=True, default=None, null=False)
    transfer_id = BigInt(primary_key=True, default=None)
    kind = Text(default=None)
    amount_minor = BigInt(default=None)


class CommissionHold(Table, tablename="commission_holds", db=connections.engine):
    """Somebody's decision to hold a commission back."""

    commission_id = ForeignKey(Commission, primary_key=True, default=None, null=False)
    n = Integer(primary_key=True, default=None)
    previous_n = Integer(default=None, null=True)
    reason = Text(default=None)
    decided_by = ForeignKey(Member, default=None, null=False)
    at = Timestamptz(default=None)


class CommissionRelease(Table, tablename="commission_releases", db=connections.engine):
    """The end of a hold."""

    commission_id = BigInt(primary_key=True, default=None)
    n = Integer(primary_key=True, default=None)
    reason = Text(default=None)
    decided_by = ForeignKey(Member, default=None, null=False)
    at = Timestamptz(default=None)


class UnmovedCommission(Table, tablename="unmoved_commissions", db=connections.engine):
    """A hold or a release whose money waits to be moved."""

    commission_id = BigInt(primary_key=True, default=None)
    n = Integer(primary_key=True, default=None)
    move = Text(primary_key=True, default=None)


class ClawbackContest(Table, tablename="clawback_contests", db=connections.engine):
    """A partner's objection to a clawback."""

    clawback_id = BigInt(primary_key=True, default=None)
    reason = Text(default=None)
    contested_by = ForeignKey(Member, default=None, null=False)
    at = Timestamptz(default=None)
    made_in = Xid8(default=None)


class ContestDecision(Table, tablename="contest_decisions", db=connections.engine):
    """What a manager decided about a contest; upheld, by the adjustment that gives it back."""

    clawback_id = BigInt(primary_key=True, default=None)
    outcome = Text(default=None)
    adjustment_id = ForeignKey(Adjustment, default=None)
    reason = Text(default=None)
    decided_by = ForeignKey(Member, default=None, null=False)
    at = Timestamptz(default=None)
    made_in = Xid8(default=None)


class RateLoad(Table, tablename="rate_loads", db=connections.engine):
    """One file of published exchange rates that was put on record."""

    id = BigInt(primary_key=True, default=None)
    source = Text(default=None)
    loaded_at = Timestamptz(default=None)


class ExchangeRate(Table, tablename="exchange_rates", db=connections.engine):
    """What one major unit of `base` was worth in `quote` on a day, as published."""

    day = Date(primary_key=True, default=None)
    base = Text(primary_key=True, default=None)
    quote = Text(primary_key=True, default=None)
    rate = Numeric(default=None)
    load_id = ForeignKey(RateLoad, default=None, null=False)


class OrderRate(Table, tablename="order_rates", db=connections.engine):
    """What an order in another currency is converted at: an exact fraction, fixed for good."""

    conversion_id = ForeignKey(Conversion, primary_key=True, default=None, null=False)
    quote = Text(primary_key=True, default=None)
    day = Date(primary_key=True, default=None)
    numerator = Numeric(default=None)
    denominator = Numeric(default=None)
    published_on = Date(default=None)
    how = Text(default=None)
    via = Text(default=None, null=True)
    load_id = ForeignKey(RateLoad, default=None, null=False)
    recorded_at = Timestamptz(default=None)
