"""How Piccolo sees agreements; it knows no ranges, so of the terms only whose they are.

Signatures have a key of two columns, which Piccolo cannot map.
"""

from piccolo.columns import JSONB, UUID, BigInt, Bytea, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from partner_network.database import connections
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


class AgreementParties(Table, tablename="agreement_parties", db=connections.engine):
    """Who an agreement names, as it named them."""

    agreement_id = UUID(primary_key=True, default=None)
    parties = JSONB(default=None)


class AgreementDocument(Table, tablename="agreement_documents", db=connections.engine):
    """The PDF of a signed agreement."""

    agreement_id = UUID(primary_key=True, default=None)
    pdf_sha256 = Bytea(default=None)
    file_key = Text(default=None)
    size_bytes = BigInt(default=None)
    rendered_at = Timestamptz(default=None)


class Terms(Table, tablename="terms", db=connections.engine):
    """Which agreement holds for a partnership, in some range of time."""

    id = UUID(primary_key=True, default=None)
    partnership_id = ForeignKey(Partnership, default=None, null=False)
    agreement_id = ForeignKey(Agreement, default=None, null=False)
