"""How Piccolo sees the simulated clock, a table of one row."""

from piccolo.columns import Boolean, Timestamptz
from piccolo.table import Table

from partner_network.database import connections


class SimulatedClock(Table, tablename="simulated_clock", db=connections.engine):
    """Which instant a sandbox pretends it is."""

    one = Boolean(primary_key=True, default=True)
    simulated_at = Timestamptz(default=None)
    wall_at = Timestamptz(default=None)
    is_running = Boolean(default=None)
