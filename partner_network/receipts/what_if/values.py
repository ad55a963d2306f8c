"""What is asked, and what it comes to on both sides."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct, field

from partner_network.agreements.terms import ProgramPolicy, Terms

EVERYONE = None
"""Stands for all partnerships of the program among the terms of a change."""


class Change(Struct, frozen=True):
    """What is thought to have been in force in place of what was; what it leaves out stays as it was.

    `terms` are by partnership; those under `EVERYONE` hold for each partnership without its own here.
    A partnership's span (since when it is active, and its end) always stays as it was.
    """

    policy: ProgramPolicy | None = None
    terms: Mapping[UUID | None, Terms] = field(default_factory=dict[UUID | None, Terms])

    def terms_of(self, partnership_id: UUID) -> Terms | None:
        """Return the terms thought to hold for a partnership; None where its own stay."""
        return self.terms.get(partnership_id, self.terms.get(EVERYONE))


class Asked(Struct, frozen=True):
    """The orders asked about, by `occurred_at` in [since, until), and the partnership that asks, if one."""

    since: datetime
    until: datetime
    only_partner: UUID | None = None


class Figures(Struct, frozen=True):
    """What one side comes to, of the orders of the asked span; money in minor units by currency.

    `weight_ppm` is the exact sum of the weights in parts per million of one conversion, each conversion
    shared out by largest remainder, as the count metric has it. `net_minor` is the share of the current
    net, after every refund, in the orders' currencies; commission and bonus are in the agreements', and so
    are donations, which are paid to charities and not to the partner.
    """

    conversions: int = 0
    weight_ppm: int = 0
    net_minor: Mapping[str, int] = field(default_factory=dict[str, int])
    commission_minor: Mapping[str, int] = field(default_factory=dict[str, int])
    bonus_minor: Mapping[str, int] = field(default_factory=dict[str, int])
    donation_minor: Mapping[str, int] = field(default_factory=dict[str, int])


class PartnerRow(Struct, frozen=True):
    """One partner's figures; `unpriced` says why a side could not be priced, and its money is then empty."""

    partnership_id: UUID
    partner_id: UUID
    partner: str
    before: Figures
    after: Figures
    unpriced: str | None = None


class Moved(Struct, frozen=True):
    """A conversion whose net goes elsewhere: what one partnership had and would have of it."""

    conversion_id: UUID
    order_id: str
    event: str
    occurred_at: datetime
    currency: str
    net_minor: int
    partnership_id: UUID
    before_minor: int
    after_minor: int


class Compared(Struct, frozen=True):
    """Both sides of one question, for the orders with `occurred_at` in [since, until).

    Rows are by partner name, those with nothing on either side left out. A question about one partnership
    alone is answered by its one row; totals then are that row's, and nothing is told of anybody else.
    `computed_since` and `computed_until` are the whole periods that had to be computed, where the change is
    thought to have been in force too.
    """

    program_id: UUID
    since: datetime
    until: datetime
    computed_since: datetime
    computed_until: datetime
    rows: tuple[PartnerRow, ...]
    before: Figures
    after: Figures
    conversions: int | None
    """All that were reported; None when one partnership alone is asked about."""
    unattributed_before: int | None
    unattributed_after: int | None
    moved_conversions: int
    """How many have other credits after than before."""
    moved: tuple[Moved, ...]
    """Those with the biggest moves of net, a partnership's part each."""
    unlike_stored: int | None
    """How many conversions stand decided otherwise than before computes, or wait: facts that came after the
    lock date, or decisions that are yet to be made. None when one partnership alone is asked about."""
