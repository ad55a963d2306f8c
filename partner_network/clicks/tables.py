"""How Piccolo sees clicks, and the salts under which visitors are recognised for a day."""

from piccolo.columns import UUID, Array, Bytea, Date, Text, Timestamptz
from piccolo.table import Table

from partner_network.database import connections


class Click(Table, tablename="clicks", db=connections.engine):
    """One click; never changed once it is there."""

    click_id = UUID(primary_key=True, default=None)
    at = Timestamptz(default=None)
    recorded_at = Timestamptz(default=None)
    link_id = UUID(default=None)
    partnership_id = UUID(default=None)
    program_id = UUID(default=None)
    advertiser_id = UUID(default=None)
    partner_id = UUID(default=None)
    visitor_key = Bytea(default=None, null=True)
    consent = Text(default=None)
    excluded = Text(default=None, null=True)
    country = Text(default=None, null=True)
    network_prefix = Text(default=None, null=True)
    subs = Array(base_column=Text(), default=list)


class VisitorSalt(Table, tablename="visitor_salts", db=connections.engine):
    """The salt of one day; only the redirect may read it, and it is destroyed within two."""

    day = Date(primary_key=True, default=None)
    salt = Bytea(default=None, secret=True)
