"""`[[donations]]`: money that the advertiser pays a charity for what it owes the partner's promotion."""

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated

from msgspec import Meta

from partner_network.agreements.term_values import Event, Match, Minor, Name, Share, Table
from partner_network.kernel.periods import PeriodKind
from partner_network.kernel.reading import Mistake
from partner_network.kernel.sentences import Sentence

CharityName = Annotated[str, Meta(pattern="^[a-z0-9-]{2,40}$")]


class Donation(Table, frozen=True):
    """For each order that matches, a share of its net or an amount per action, to a listed charity.

    `charity` is the name under which the operator lists it; `cap_minor` is the most for one `period`.
    """

    name: Name
    event: Event
    charity: CharityName
    rate_ppm: Share | None = None
    amount_minor: Minor | None = None
    match: Match = Match()
    period: PeriodKind = "month"
    cap_minor: Minor | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        """Return what stays across versions: whom it pays, on what, counted over which period."""
        per = "net" if self.amount_minor is None else "action"
        return "donation", self.event, self.charity, self.period, per


def mistakes_in(donations: Sequence[Donation], components: Collection[str]) -> Iterator[Mistake]:
    """Yield which keys of donations contradict each other or those of components, by path."""
    for index, donation in enumerate(donations):
        path = f"donations[{index}]"
        if donation.name in components:
            yield f"{path}.name", Sentence("a component is called {name!r} already", name=donation.name)
        if (donation.amount_minor is None) == (donation.rate_ppm is None):
            yield f"{path}.amount_minor", Sentence("give a donation either amount_minor or rate_ppm")
        if donation.rate_ppm is not None and donation.event != "sale":
            yield f"{path}.rate_ppm", Sentence("only a sale has a net to take a rate of; give amount_minor")
