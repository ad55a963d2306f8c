"""How Piccolo sees the marks that erasures leave."""

from piccolo.columns import JSONB, UUID, Text, Timestamptz
from piccolo.table import Table

from partner_network.database import connections


class Erasure(Table, tablename="erasures", db=connections.engine):
    """That somebody was erased; it holds nothing of whom."""

    id = UUID(primary_key=True, default=None)
    about = Text(default=None)
    subject_id = UUID(default=None)
    brand_id = UUID(default=None, null=True)
    asked_by = Text(default=None)
    erased_at = Timestamptz(default=None)
    counts = JSONB(default=None)


class Retention(Table, tablename="retentions", db=connections.engine):
    """How far one kind of letting go has come."""

    task = Text(primary_key=True, default=None)
    ran_at = Timestamptz(default=None)
    place = UUID(default=None, null=True)
