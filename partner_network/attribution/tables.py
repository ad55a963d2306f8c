"""How Piccolo sees decisions; of a key of several columns it knows the last one, the others name the rest.

What waits to be decided is a list of work and mapped so that somebody can see it wait.
"""

from piccolo.columns import JSONB, UUID, Array, Bytea, ForeignKey, Integer, Numeric, Text, Timestamptz
from piccolo.table import Table

from partner_network.brands.tables import Brand
from partner_network.conversions.tables import Conversion
from partner_network.database import connections
from partner_network.programs.tables import Partnership, ProgramVersion


class UndecidedConversion(Table, tablename="undecided_conversions", db=connections.engine):
    """A conversion that attribution has yet to look at."""

    conversion_id = UUID(primary_key=True, default=None)


class Decision(Table, tablename="decisions", db=connections.engine):
    """One revision of who gets a conversion and why."""

    conversion_id = ForeignKey(Conversion, primary_key=True, default=None, null=False)
    rev = Integer(primary_key=True, default=None)
    previous_rev = Integer(default=None, null=True)
    program_version_id = ForeignKey(ProgramVersion, default=None, null=False)
    model = Text(default=None)
    outcome = Text(default=None)
    bound_to = ForeignKey(Conversion, default=None)
    candidates = JSONB(default=None)
    decided_at = Timestamptz(default=None)


class Credit(Table, tablename="credits", db=connections.engine):
    """The share of a conversion that one touch of one partnership has, as a fraction."""

    conversion_id = ForeignKey(Conversion, primary_key=True, default=None, null=False)
    rev = Integer(primary_key=True, default=None)
    touch_id = UUID(primary_key=True, default=None)
    partnership_id = ForeignKey(Partnership, default=None, null=False)
    touched_at = Timestamptz(default=None)
    weight_numerator = Numeric(default=None)
    weight_denominator = Numeric(default=None)


class Receipt(Table, tablename="receipts", db=connections.engine):
    """What one decision was made from, the root over it, and which partners it concerns."""

    conversion_id = ForeignKey(Conversion, primary_key=True, default=None, null=False)
    rev = Integer(primary_key=True, default=None)
    facts = Text(default=None)
    salt = Bytea(default=None, secret=True)
    root = Bytea(default=None)
    partner_ids = Array(base_column=UUID(), default=list)


class Candidacy(Table, tablename="candidacies", db=connections.engine):
    """That a partner's touch was looked at for a conversion, or that the partner inherited credit for it."""

    partner_id = ForeignKey(Brand, primary_key=True, default=None, null=False)
    conversion_id = ForeignKey(Conversion, primary_key=True, default=None, null=False)
