"""How Piccolo sees agreements, their signatures and the terms that hold."""

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Bytea, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from partner_network.brands.tables import Brand
from partner_network.database import connections
from partner_network.database.columns import TstzRange
from partner_network.identity.tables import Member
from partner_network.programs.tables import Partnership, ProgramVersion


class Agreement(Table, tablename="agreements", db=connections.engine):
    """Terms under a published contract; never changed once drafted."""

    id = UUID(primary_key=True, default=None)
    number = Text(unique=True, default=None)
    partnership_id = ForeignKey(Partnership, default=None, null=False)
    program_version_id = ForeignKey(ProgramVersion, default=None, null=False)
    contract_name = Text(default=None)
    contract_version = Text(default=None)
    terms_toml = Text(default=None)
    content_hash = Bytea(default=None)
    drafted_by = ForeignKey(Member, default=None, null=False)
    drafted_at = Timestamptz(default=None)


class Charity(Table, tablename="charities", db=connections.engine):
    """A brand that takes donations, as the operator lists it."""

    brand_id = UUID(primary_key=True, default=None)
    listed_at = Timestamptz(default=None)
    listed_by = ForeignKey(Member, default=None, null=False)
    delisted_at = Timestamptz(default=None, null=True)
    delisted_by = ForeignKey(Member, default=None)


class AgreementCharity(Table, tablename="agreement_charities", db=connections.engine):
    """A charity that an agreement gives to, with the parties of the agreement."""

    agreement_id = UUID(primary_key=True, default=None)
    charity_id = ForeignKey(Charity, primary_key=True, default=None, null=False)
    partnership_id = UUID(default=None)
    advertiser_id = UUID(default=None)
    partner_id = UUID(default=None)


class AgreementParties(Table, tablename="agreement_parties", db=connections.engine):
    """Who an agreement names, as it named them."""

    agreement_id = UUID(primary_key=True, default=None)
    parties = JSONB(default=None)


class Signature(Table, tablename="signatures", db=connections.engine):
    """One brand's signature under exactly what was drafted."""

    agreement_id = ForeignKey(Agreement, primary_key=True, default=None, null=False)
    brand_id = ForeignKey(Brand, primary_key=True, default=None, null=False)
    signed_hash = Bytea(default=None)
    member_id = ForeignKey(Member, default=None, null=False)
    name = Text(default=None)
    role = Text(default=None)
    signed_at = Timestamptz(default=None)
    address_prefix = Text(default=None)
    user_agent = Text(default=None)


class AgreementDocument(Table, tablename="agreement_documents", db=connections.engine):
    """The PDF of a signed agreement."""

    agreement_id = UUID(primary_key=True, default=None)
    pdf_sha256 = Bytea(default=None)
    file_key = Text(default=None)
    size_bytes = BigInt(default=None)
    rendered_at = Timestamptz(default=None)


class Terms(Table, tablename="terms", db=connections.engine):
    """Which agreement holds for a partnership when, as known when."""

    id = UUID(primary_key=True, default=None)
    partnership_id = ForeignKey(Partnership, default=None, null=False)
    agreement_id = ForeignKey(Agreement, default=None, null=False)
    valid = TstzRange(default=None)
    recorded = TstzRange(default=None)


class PartnershipNotice(Table, tablename="partnership_notices", db=connections.engine):
    """Notice by which one of its parties ends a partnership."""

    id = UUID(primary_key=True, default=None)
    partnership_id = ForeignKey(Partnership, default=None, null=False)
    advertiser_id = ForeignKey(Brand, default=None, null=False)
    partner_id = ForeignKey(Brand, default=None, null=False)
    agreement_id = ForeignKey(Agreement, default=None, null=False)
    clause = Text(default=None)
    given_for = ForeignKey(Brand, default=None, null=False)
    given_by = ForeignKey(Member, default=None, null=False)
    by_operator = Boolean(default=None)
    given_at = Timestamptz(default=None)
    for_good_cause = Boolean(default=None)
    reason = Text(default=None)
    ends_at = Timestamptz(default=None)
    withdrawn_at = Timestamptz(default=None, null=True)
    withdrawn_by = ForeignKey(Member, default=None, null=True)
