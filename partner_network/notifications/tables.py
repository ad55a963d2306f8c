"""How Piccolo sees messages to people, and what each of them chose."""

from piccolo.columns import JSONB, UUID, ForeignKey, Text, Time, Timestamptz
from piccolo.table import Table

from partner_network.brands.tables import Brand
from partner_network.database import connections
from partner_network.identity.tables import Member


class Notification(Table, tablename="notifications", db=connections.engine):
    """One fact as it is told to one person."""

    id = UUID(primary_key=True, default=None)
    member_id = ForeignKey(Member, default=None, null=False)
    side = Text(default=None)
    brand_id = ForeignKey(Brand, default=None)
    kind = Text(default=None)
    fact = Text(default=None)
    said = JSONB(default=None)
    happened_at = Timestamptz(default=None)
    told_at = Timestamptz(default=None)
    read_at = Timestamptz(default=None, null=True)
    mail_due_at = Timestamptz(default=None, null=True)
    letter_id = UUID(default=None, null=True)


class NotificationChoice(Table, tablename="notification_choices", db=connections.engine):
    """When a person wants letters about one kind, where that differs from the kind's own."""

    member_id = ForeignKey(Member, primary_key=True, default=None, null=False)
    kind = Text(default=None)
    mail = Text(default=None)


class NotificationHours(Table, tablename="notification_hours", db=connections.engine):
    """When a person wants no letters, and when the day's letter."""

    member_id = ForeignKey(Member, primary_key=True, default=None, null=False)
    quiet_from = Time(default=None, null=True)
    quiet_until = Time(default=None, null=True)
    digest_at = Time(default=None)
