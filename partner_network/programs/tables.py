"""How Piccolo sees programs and partnerships."""

from piccolo.columns import UUID, Array, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from partner_network.brands.tables import Brand
from partner_network.database import connections


class Program(Table, tablename="programs", db=connections.engine):
    """What an advertiser wants promoted."""

    id = UUID(primary_key=True, default=None)
    brand_id = ForeignKey(Brand, default=None, null=False)
    slug = Text(unique=True, default=None)
    name = Text(default=None)
    offer = Text(default=None)
    default_url = Text(default=None)
    destination_hosts = Array(base_column=Text(), default=list)
    created_at = Timestamptz(default=None)


class ProgramVersion(Table, tablename="program_versions", db=connections.engine):
    """A published policy; never changed once it is there."""

    id = UUID(primary_key=True, default=None)
    program_id = ForeignKey(Program, default=None, null=False)
    version = Integer(default=None)
    policy_toml = Text(default=None)
    recorded_at = Timestamptz(default=None)


class ProgramPause(Table, tablename="program_pauses", db=connections.engine):
    """A time in which a program is paused, since its advertiser did not fund what was due."""

    id = UUID(primary_key=True, default=None)
    program_id = ForeignKey(Program, default=None, null=False)
    statement_id = UUID(default=None)
    began_at = Timestamptz(default=None)
    ended_at = Timestamptz(default=None, null=True)


class Partnership(Table, tablename="partnerships", db=connections.engine):
    """A brand that promotes a program."""

    id = UUID(primary_key=True, default=None)
    program_id = ForeignKey(Program, default=None, null=False)
    advertiser_id = ForeignKey(Brand, default=None, null=False)
    partner_id = ForeignKey(Brand, default=None, null=False)
    status = Text(default=None)
    mirror_id = UUID(default=None, null=True)
    created_at = Timestamptz(default=None)
    active_from = Timestamptz(default=None, null=True)
    ended_at = Timestamptz(default=None, null=True)
