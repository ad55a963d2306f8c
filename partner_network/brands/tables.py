"""How Piccolo sees brands, what they are at the tax office, and who agreed to self-billing by whom."""

from piccolo.columns import UUID, BigInt, Date, ForeignKey, Text, Timestamptz
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


class TaxProfile(Table, tablename="tax_profiles", db=connections.engine):
    """A company at the tax office from a day on."""

    id = UUID(primary_key=True, default=None)
    brand_id = ForeignKey(Brand, default=None, null=False)
    valid_from = Date(default=None)
    legal_name = Text(default=None)
    address = Text(default=None)
    country = Text(default=None)
    status = Text(default=None)
    vat_id = Text(default=None, null=True)
    tax_number = Text(default=None, null=True)
    tax_rate_ppm = BigInt(default=None)
    recorded_at = Timestamptz(default=None)
    recorded_by = UUID(default=None)


class SelfBillingAgreement(Table, tablename="self_billing_agreements", db=connections.engine):
    """That a payee lets a payer write its invoices, until one day it does not any more."""

    id = UUID(primary_key=True, default=None)
    payee_id = ForeignKey(Brand, default=None, null=False)
    payer_id = ForeignKey(Brand, default=None, null=False)
    agreed_at = Timestamptz(default=None)
    agreed_by = UUID(default=None)
    ended_at = Timestamptz(default=None, null=True)
    ended_by = UUID(default=None, null=True)
