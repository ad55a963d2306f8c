"""How Piccolo sees the table of links."""

from piccolo.columns import UUID, Text, Timestamptz
from piccolo.table import Table

from partner_network.database import connections


class Link(Table, tablename="links", db=connections.engine):
    """One tracked link of one partnership."""

    id = UUID(primary_key=True, default=None)
    token = Text(unique=True, default=None)
    partnership_id = UUID(default=None)
    program_id = UUID(default=None)
    advertiser_id = UUID(default=None)
    partner_id = UUID(default=None)
    name = Text(default=None)
    destination_url = Text(default=None)
    created_by = UUID(default=None, null=True)
    created_by_key = UUID(default=None, null=True)
    created_at = Timestamptz(default=None)
    disabled_at = Timestamptz(default=None, null=True)


class Code(Table, tablename="codes", db=connections.engine):
    """One promo code of one partnership."""

    id = UUID(primary_key=True, default=None)
    partnership_id = UUID(default=None)
    program_id = UUID(default=None)
    advertiser_id = UUID(default=None)
    partner_id = UUID(default=None)
    code = Text(default=None)
    folded = Text(default=None)
    created_by = UUID(default=None, null=True)
    created_by_key = UUID(default=None, null=True)
    created_at = Timestamptz(default=None)
    withdrawn_at = Timestamptz(default=None, null=True)
