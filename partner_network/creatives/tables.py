"""How Piccolo sees the table of creatives."""

from piccolo.columns import UUID, BigInt, Bytea, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from partner_network.database import connections
from partner_network.identity.tables import Member
from partner_network.programs.tables import Program


class Creative(Table, tablename="creatives", db=connections.engine):
    """One picture of a program."""

    id = UUID(primary_key=True, default=None)
    program_id = ForeignKey(Program, default=None, null=False)
    title = Text(default=None)
    file_name = Text(default=None)
    content_type = Text(default=None)
    file_key = Text(default=None)
    sha256 = Bytea(default=None)
    size_bytes = BigInt(default=None)
    uploaded_by = ForeignKey(Member, default=None, null=False)
    uploaded_at = Timestamptz(default=None)
    withdrawn_at = Timestamptz(default=None, null=True)
