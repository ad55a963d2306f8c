"""How far a close is, step by step: pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import msgspec

from admin.queries.finance import Standing, Station
from partner_network.kernel.sentences import Sentence

TITLE: Mapping[Station, Sentence] = MappingProxyType(
    {
        "draft": Sentence("Computed"),
        "issued": Sentence("Prepared"),
        "approved": Sentence("Approved"),
        "funded": Sentence("Funded"),
        "paid": Sentence("Paid out"),
    }
)
"""What every statement of a close passes, in this order; a carried one needs none of it."""


class Step(msgspec.Struct, frozen=True):
    """One station of a close: how many statements have come this far, and their sums by currency."""

    title: Sentence
    count: int
    all: int
    sums: Sequence[tuple[str, int]]
    state: Literal["done", "now", "next"]


def steps(standings: Sequence[Standing]) -> Sequence[Step]:
    """Return the stations of a close; none while it has no statement that is to be paid."""
    everyone = sum(one.count for one in standings if one.station in TITLE)
    made: list[Step] = []
    for place, (_, title) in enumerate(TITLE.items()):
        arrived = [one for one in standings if one.station in tuple(TITLE)[place:]]
        count = sum(one.count for one in arrived)
        sums: dict[str, int] = {}
        for one in arrived:
            sums[one.currency] = sums.get(one.currency, 0) + one.minor
        is_reached = any(step.state == "now" for step in made)
        state = "done" if count == everyone else "next" if is_reached else "now"
        made.append(Step(title, count, everyone, sorted(sums.items()), state))
    return made if everyone else []
