"""What is kept about members who decided about single commissions and clawbacks."""

from collections.abc import Sequence

from partner_network.kernel.sentences import Sentence
from partner_network.privacy.rules.holdings import Holding, columns

_AS_LONG_AS_MONEY = Sentence("as long as the books: they prove who decided what")

HOLDINGS: Sequence[Holding] = tuple(
    Holding(
        table=table,
        about="members",
        holds=holds,
        ground="legal duty",
        kept=_AS_LONG_AS_MONEY,
        erasure="keep",
        columns=columns(actor),
        actors=(actor,),
        shown=("reason", "at"),
    )
    for table, holds, actor in (
        ("commission_holds", Sentence("who held a commission back, and why"), "decided_by"),
        ("commission_releases", Sentence("who let a held commission go, and why"), "decided_by"),
        ("clawback_contests", Sentence("who contested a clawback, and why"), "contested_by"),
        ("contest_decisions", Sentence("who decided a contest, and why"), "decided_by"),
    )
)
