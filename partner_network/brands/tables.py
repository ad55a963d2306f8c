"""How Piccolo sees the table of brands."""

from piccolo.columns import UUID, BigInt, Text, Timestamptz
from piccolo.table import Table

from partner_network.database import connections


class Brand(Table, tablename="brands", db=connections.engine):
    """A company in the network."""

    id = UUID(primary_key=True, default=None)
    slug = Text(unique=True, default=None)
    name = Text(default=None)
    legal_name = Text(default=None)
    address = Text(default=None)
    country = Text(default=None)
    tax_rate_ppm = BigInt(default=0)
    tax_id = Text(default=None, null=True)
    created_at = Timestamptz(default=None)
    customer_language = Text(default="en")
