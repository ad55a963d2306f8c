"""How Piccolo sees what was granted beside money, and what became of it."""

from piccolo.columns import JSONB, UUID, BigInt, Bytea, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from partner_network.agreements.tables import Agreement
from partner_network.brands.tables import Brand
from partner_network.conversions.tables import Conversion, Customer
from partner_network.database import connections
from partner_network.programs.tables import Partnership, Program


class RewardCredit(Table, tablename="reward_credits", db=connections.engine):
    """Credit with an advertiser that one order granted, to its customer or to the partner."""

    id = UUID(primary_key=True, default=None)
    conversion_id = ForeignKey(Conversion, default=None, null=False)
    partnership_id = ForeignKey(Partnership, default=None, null=False)
    advertiser_id = ForeignKey(Brand, default=None, null=False)
    partner_id = ForeignKey(Brand, default=None, null=False)
    agreement_id = ForeignKey(Agreement, default=None, null=False)
    reward = Text(default=None)
    kind = Text(default=None)
    customer_id = ForeignKey(Customer, default=None, null=False)
    currency = Text(default=None)
    granted_at = Timestamptz(default=None)
    ends_at = Timestamptz(default=None, null=True)
    worth = JSONB(default=None)
    clause = Text(default=None)
    recorded_at = Timestamptz(default=None)


class CreditRedemption(Table, tablename="credit_redemptions", db=connections.engine):
    """Credit that a customer, or a partner, used up with the advertiser."""

    id = UUID(primary_key=True, default=None)
    advertiser_id = ForeignKey(Brand, default=None, null=False)
    key = Text(default=None)
    payload_hash = Bytea(default=None)
    customer_id = ForeignKey(Customer, default=None)
    partner_id = ForeignKey(Brand, default=None)
    currency = Text(default=None)
    amount_minor = BigInt(default=None)
    redeemed_at = Timestamptz(default=None)


class CreditRedemptionCancel(Table, tablename="credit_redemption_cancels", db=connections.engine):
    """A redemption that the advertiser took back."""

    redemption_id = ForeignKey(CreditRedemption, primary_key=True, default=None, null=False)
    cancelled_at = Timestamptz(default=None)


class RewardMove(Table, tablename="reward_moves", db=connections.engine):
    """One move of a credit, and how the credit stood after it."""

    credit_id = ForeignKey(RewardCredit, primary_key=True, default=None, null=False)
    rev = Integer(primary_key=True, default=None)
    previous_rev = Integer(default=None, null=True)
    previous_left_minor = BigInt(default=None)
    kind = Text(default=None)
    change_minor = BigInt(default=None)
    left_minor = BigInt(default=None)
    face_minor = BigInt(default=None)
    worth_ppm = Integer(default=None)
    redemption_id = ForeignKey(CreditRedemption, default=None)
    at = Timestamptz(default=None)
    recorded_at = Timestamptz(default=None)


class UnpostedMove(Table, tablename="unposted_moves", db=connections.engine):
    """A move that the ledger does not hold yet."""

    credit_id = UUID(primary_key=True, default=None)
    rev = Integer(primary_key=True, default=None)


class RewardedProgram(Table, tablename="rewarded_programs", db=connections.engine):
    """A program in which an agreement once signed grants rewards."""

    program_id = ForeignKey(Program, primary_key=True, default=None, null=False)


class UnrewardedCustomer(Table, tablename="unrewarded_customers", db=connections.engine):
    """A customer whose orders in a program changed since their rewards were computed."""

    program_id = ForeignKey(Program, primary_key=True, default=None, null=False)
    customer_id = ForeignKey(Customer, primary_key=True, default=None, null=False)


class UnmeasuredPerk(Table, tablename="unmeasured_perks", db=connections.engine):
    """A period of a partnership whose perks are to be looked at again."""

    partnership_id = ForeignKey(Partnership, primary_key=True, default=None, null=False)
    kind = Text(primary_key=True, default=None)
    starts_at = Timestamptz(primary_key=True, default=None)


class Entitlement(Table, tablename="entitlements", db=connections.engine):
    """A perk of a partner: by what it reached, from when until when."""

    id = UUID(primary_key=True, default=None)
    partnership_id = ForeignKey(Partnership, default=None, null=False)
    advertiser_id = ForeignKey(Brand, default=None, null=False)
    partner_id = ForeignKey(Brand, default=None, null=False)
    agreement_id = ForeignKey(Agreement, default=None, null=False)
    reward = Text(default=None)
    perk = Text(default=None)
    period = Text(default=None)
    n = Integer(default=None)
    conversion_id = ForeignKey(Conversion, default=None, null=False)
    reached = BigInt(default=None)
    granted_at = Timestamptz(default=None)
    ends_at = Timestamptz(default=None)
    clause = Text(default=None)
    recorded_at = Timestamptz(default=None)


class EntitlementEnd(Table, tablename="entitlement_ends", db=connections.engine):
    """A perk that ended before its time, because what granted it was taken back."""

    entitlement_id = ForeignKey(Entitlement, primary_key=True, default=None, null=False)
    ended_at = Timestamptz(default=None)
