"""How Piccolo sees the trials that people asked for, and what came of each night's replay."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from partner_network.brands.tables import Brand
from partner_network.database import connections
from partner_network.identity.tables import Member
from partner_network.programs.tables import Partnership, Program


class Trial(Table, tablename="trials", db=connections.engine):
    """Other terms tried on a period of the past; nothing is booked."""

    id = UUID(primary_key=True, default=None)
    program_id = ForeignKey(Program, default=None, null=False)
    partnership_id = ForeignKey(Partnership, default=None)
    advertiser_id = ForeignKey(Brand, default=None, null=False)
    brand_id = ForeignKey(Brand, default=None, null=False)
    asked_by = ForeignKey(Member, default=None)
    is_by_operator = Boolean(default=None)
    starts_on = Date(default=None)
    ends_on = Date(default=None)
    time_zone = Text(default=None)
    terms_toml = Text(default=None)
    asked_at = Timestamptz(default=None)
    started_at = Timestamptz(default=None, null=True)
    finished_at = Timestamptz(default=None, null=True)
    result = JSONB(default=None, null=True)
    error = JSONB(default=None, null=True)


class Replay(Table, tablename="replays", db=connections.engine):
    """What came of deciding a program's last closed period again in one night."""

    program_id = ForeignKey(Program, primary_key=True, default=None, null=False)
    night = Date(primary_key=True, default=None)
    starts_at = Timestamptz(default=None)
    ends_at = Timestamptz(default=None)
    began_at = Timestamptz(default=None)
    ended_at = Timestamptz(default=None, null=True)
    orders = Integer(default=None, null=True)
    decisions = Integer(default=None, null=True)
    waiting = Integer(default=None, null=True)
    without_receipt = Integer(default=None, null=True)
    differing = Integer(default=None, null=True)
    differences = Array(base_column=Text(), default=list)
    digest = Bytea(default=None, null=True)
