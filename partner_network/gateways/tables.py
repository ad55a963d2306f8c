"""How Piccolo sees the simulated clock, a table of one row, and the letters on their way."""

from piccolo.columns import UUID, Boolean, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table

from partner_network.database import connections


class SimulatedClock(Table, tablename="simulated_clock", db=connections.engine):
    """Which instant a sandbox pretends it is."""

    one = Boolean(primary_key=True, default=True)
    simulated_at = Timestamptz(default=None)
    wall_at = Timestamptz(default=None)
    is_running = Boolean(default=None)


class LetterOnItsWay(Table, tablename="letters", db=connections.engine):
    """A letter that waits, or that went out and says nothing any more."""

    id = UUID(primary_key=True, default=None)
    kind = Text(default=None)
    sealed = Bytea(default=None, null=True, secret=True)
    created_at = Timestamptz(default=None)
    due_at = Timestamptz(default=None)
    trying_until = Timestamptz(default=None, null=True)
    attempts = Integer(default=0)
    sent_at = Timestamptz(default=None, null=True)
    held_at = Timestamptz(default=None, null=True)
    last_error = Text(default=None, null=True)
