"""How Piccolo sees the tables of reported facts."""

from piccolo.columns import JSONB, UUID, BigInt, Bytea, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from partner_network.database import connections


class Customer(Table, tablename="customers", db=connections.engine):
    """Somebody who buys, known only by the advertiser's own id."""

    id = UUID(primary_key=True, default=None)
    brand_id = UUID(default=None)
    external_id = Text(default=None, null=True)
    first_seen_at = Timestamptz(default=None)
    pseudonym = Bytea(default=None)
    erased_at = Timestamptz(default=None, null=True)


class CustomerKey(Table, tablename="customer_keys", db=connections.engine):
    """What makes a customer's pseudonym, until the customer is erased."""

    customer_id = ForeignKey(Customer, primary_key=True, default=None, null=False)
    pseudonym_key = Bytea(default=None, secret=True)


class Identification(Table, tablename="identifications", db=connections.engine):
    """Which customer stands behind a click, as the advertiser told us."""

    customer_id = ForeignKey(Customer, primary_key=True, default=None, null=False)
    click_id = UUID(primary_key=True, default=None)
    recorded_at = Timestamptz(default=None)


class Conversion(Table, tablename="conversions", db=connections.engine):
    """A sale, lead or activation that an advertiser reported."""

    id = UUID(primary_key=True, default=None)
    brand_id = UUID(default=None)
    program_id = UUID(default=None)
    customer_id = UUID(default=None)
    event = Text(default=None)
    order_id = Text(default=None)
    occurred_at = Timestamptz(default=None)
    recorded_at = Timestamptz(default=None)
    currency = Text(default=None)
    net_minor = BigInt(default=None)
    click_id = UUID(default=None, null=True)
    lines = JSONB(default="[]")
    payload_hash = Bytea(default=None)
    code = Text(default=None, null=True)


class Touch(Table, tablename="touches", db=connections.engine):
    """Evidence, other than a click, that a customer was reached, by a partner or by nobody."""

    id = UUID(primary_key=True, default=None)
    brand_id = UUID(default=None)
    program_id = UUID(default=None)
    partnership_id = UUID(default=None, null=True)
    partner_id = UUID(default=None, null=True)
    customer_id = UUID(default=None)
    kind = Text(default=None)
    evidence = Text(default=None)
    channel = Text(default=None)
    at = Timestamptz(default=None)
    recorded_at = Timestamptz(default=None)
    consent = Text(default=None)
    code = Text(default=None, null=True)
    conversion_id = UUID(default=None, null=True)
    touch_id = Text(default=None, null=True)
    payload_hash = Bytea(default=None)


class Refund(Table, tablename="refunds", db=connections.engine):
    """Money given back on one conversion."""

    id = UUID(primary_key=True, default=None)
    brand_id = UUID(default=None)
    conversion_id = UUID(default=None)
    refund_id = Text(default=None)
    at = Timestamptz(default=None)
    recorded_at = Timestamptz(default=None)
    net_minor = BigInt(default=None)
    line = Text(default=None, null=True)
    reason = Text(default=None)
    payload_hash = Bytea(default=None)
    cancels = Text(default=None, null=True)


class FactInTest(Table, tablename="test_facts", db=connections.engine):
    """What a machine with a test key reported: it looks like the others and never counts."""

    id = UUID(primary_key=True, default=None)
    brand_id = UUID(default=None)
    kind = Text(default=None)
    key = Text(default=None)
    program_id = UUID(default=None, null=True)
    conversion_id = UUID(default=None, null=True)
    payload_hash = Bytea(default=None)
    body = JSONB(default="{}")
    recorded_at = Timestamptz(default=None)
