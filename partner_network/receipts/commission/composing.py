"""The commissions on one conversion with everything around them, for whoever asks."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from uuid import UUID

from msgspec import Struct

from partner_network.agreements import contracts, terms_reading
from partner_network.agreements.terms import Component, Settlement
from partner_network.commissions.rules import giving
from partner_network.database.connections import Connection
from partner_network.receipts.commission import arithmetic, queries
from partner_network.receipts.commission.arithmetic import Figures
from partner_network.receipts.commission.queries import (
    Adjusted,
    Hold,
    Lying,
    Revision,
    Row,
    Stated,
    Taken,
)
from partner_network.receipts.queries import revisions, surroundings
from partner_network.receipts.queries.revisions import Reported
from partner_network.receipts.queries.surroundings import GivenBack
from partner_network.receipts.rules import cited


class Commission(Struct, frozen=True, dict=True):
    """One commission: its figures, what changed them, and where its money lies."""

    row: Row
    revisions: Sequence[Revision]
    holds: Sequence[Hold]
    adjustments: Sequence[Adjusted]
    stated: Sequence[Stated]
    taken: Sequence[Taken]
    lying: Lying

    @cached_property
    def figures(self) -> Figures:
        """The figures of the newest revision."""
        return arithmetic.figures_in(self.revisions[0].inputs)

    @property
    def target_minor(self) -> int:
        """What it comes to now."""
        return self.revisions[0].target_minor

    @property
    def holds_good(self) -> bool:
        """Tell whether its figures, computed again, come to what is booked."""
        return self.figures.minor == self.target_minor and self.figures.holds

    @cached_property
    def component(self) -> Component | None:
        """The component of the signed terms that pays; None where an amendment took it out."""
        terms = terms_reading.read_terms(self.row.terms_toml)
        paying = terms.commission.components
        if self.row.charity:
            paying = tuple(giving.as_component(one) for one in terms.donations)
        named = [one for one in paying if one.name == self.row.component]
        return named[0] if named else None

    @cached_property
    def settlement(self) -> Settlement:
        """What the signed terms say about paying."""
        return terms_reading.read_terms(self.row.terms_toml).settlement

    @property
    def rate(self) -> Fraction | None:
        """At how many major units of its currency one of the order's was converted; None where it was not."""
        return None if self.row.rate is None else Fraction(self.row.rate)

    @property
    def open_hold(self) -> Hold | None:
        """The hold that stands; None where it is not held."""
        return next((one for one in self.holds if one.released_at is None), None)

    @property
    def is_by_action(self) -> bool:
        """Tell whether it pays an amount for each action, not a rate on the net."""
        component = self.component
        return component is not None and component.pays_per_action

    def paying(self, key: str) -> str:
        """Return the path of a key by which it pays: of its component, or of its donation as a whole."""
        return "donations" if self.row.charity else f"commission.components.{key}"

    def clause(self, term: str) -> str | None:
        """Return the number of the clause that settles a term; None where this contract settles no such."""
        contract = contracts.published(self.row.contract_name, self.row.contract_version)
        return cited.clause_of(contract, term)


class Composed(Struct, frozen=True):
    """A conversion with the commissions on it that whoever asks may see."""

    reported: Reported
    is_whole: bool
    """Whether all partners' are shown: to the advertiser and the operator."""
    commissions: Sequence[Commission]
    refunds: Sequence[GivenBack]


async def compose(connection: Connection, conversion_id: UUID, asking_brand: UUID | None) -> Composed:
    """Return the commissions on a conversion; a partner's own alone, all to its advertiser and the operator.

    Errors: NotFoundError for anybody else.
    """
    reported = await revisions.reported(connection, conversion_id, asking_brand)
    viewer = revisions.viewer_of(reported, asking_brand)
    rows = await queries.rows_on(connection, conversion_id, None if viewer is None else UUID(viewer))
    wanted = [row.id for row in rows]
    revised = await queries.revisions_of(connection, wanted)
    held = await queries.holds_of(connection, wanted)
    stated = await queries.stated_of(connection, wanted)
    taken = await queries.taken_of(connection, wanted)
    lying = await queries.lying_of(connection, wanted)
    adjusted = await queries.adjustments_on(connection, conversion_id)
    found = [
        Commission(
            row=row,
            revisions=revised[row.id],
            holds=held.get(row.id, ()),
            adjustments=[
                one
                for name, is_bonus, one in adjusted.get(row.partner_id, ())
                if name in _named(row) and is_bonus == (row.kind == "bonus")
            ],
            stated=stated.get(row.id, ()),
            taken=taken.get(row.id, ()),
            lying=lying.get(row.id, Lying()),
        )
        for row in rows
    ]
    refunds = await surroundings.refunds_of(connection, conversion_id)
    return Composed(reported, viewer is None, found, refunds)


def _named(row: Row) -> set[str | None]:
    """Return what an adjustment of a row may name: one of no component is never of a donation."""
    return {row.component} if row.charity else {None, row.component}
