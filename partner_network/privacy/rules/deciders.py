"""What is kept about members who decided about money: commissions, clawbacks, payouts."""

from collections.abc import Sequence

from partner_network.kernel.sentences import Sentence
from partner_network.privacy.rules.holdings import Holding, columns

_AS_LONG_AS_MONEY = Sentence("as long as the books: they prove who decided what")

_OF_CHARITIES = Holding(
    table="charities",
    about="members",
    holds=Sentence("who listed a charity, and who took it off the list"),
    ground="legal duty",
    kept=_AS_LONG_AS_MONEY,
    erasure="keep",
    columns=columns("listed_by", "delisted_by"),
    actors=("listed_by", "delisted_by"),
    shown=("listed_at", "delisted_at"),
)

_OF_NOTICES = Holding(
    table="partnership_notices",
    about="members",
    holds=Sentence("who gave notice that a partnership ends, with the reason, and who withdrew it"),
    ground="contract",
    kept=_AS_LONG_AS_MONEY,
    erasure="keep",
    columns=columns("given_by", "withdrawn_by", "reason"),
    actors=("given_by", "withdrawn_by"),
    shown=("reason", "given_at", "ends_at", "withdrawn_at"),
)

HOLDINGS: Sequence[Holding] = (
    _OF_CHARITIES,
    _OF_NOTICES,
    *(
        Holding(
            table=table,
            about="members",
            holds=holds,
            ground="legal duty",
            kept=_AS_LONG_AS_MONEY,
            erasure="keep",
            columns=columns(actor, "preparer_id") if table == "first_approvals" else columns(actor),
            actors=(actor,),
            shown=("reason", "approved_at" if table == "first_approvals" else "at"),
        )
        for table, holds, actor in (
            ("commission_holds", Sentence("who held a commission back, and why"), "decided_by"),
            ("commission_releases", Sentence("who let a held commission go, and why"), "decided_by"),
            ("clawback_contests", Sentence("who contested a clawback, and why"), "contested_by"),
            ("contest_decisions", Sentence("who decided a contest, and why"), "decided_by"),
            (
                "statement_objections",
                Sentence("who objected to a line of a statement, and why"),
                "objected_by",
            ),
            ("objection_answers", Sentence("who answered an objection, and why"), "answered_by"),
            ("approval_limits", Sentence("who set from which amount two people approve, and why"), "set_by"),
            (
                "first_approvals",
                Sentence("who gave a statement the first of two approvals, and why"),
                "approver_id",
            ),
        )
    ),
    Holding(
        table="payout_releases",
        about="members",
        holds=Sentence("who let a held payout go on, and why"),
        ground="legal duty",
        kept=_AS_LONG_AS_MONEY,
        erasure="keep",
        columns=columns("released_by"),
        actors=("released_by",),
        shown=("payout_id", "reason", "released_at"),
    ),
    Holding(
        table="cases",
        about="members",
        holds=Sentence("who owned a case about money and who closed it, and why"),
        ground="legal duty",
        kept=_AS_LONG_AS_MONEY,
        erasure="keep",
        columns=columns("owner_id", "closed_by"),
        actors=("owner_id", "closed_by"),
        shown=("kind", "subject", "reason", "opened_at"),
    ),
    Holding(
        table="prepaid_returns",
        about="members",
        holds=Sentence("who asked to give prepaid money back, who decided it, and why"),
        ground="legal duty",
        kept=_AS_LONG_AS_MONEY,
        erasure="keep",
        columns=columns("asked_by", "decided_by"),
        actors=("asked_by", "decided_by"),
        shown=("amount_minor", "reason", "asked_at", "status"),
    ),
    Holding(
        table="write_offs",
        about="members",
        holds=Sentence("who proposed that the network bears a clawback, who decided it, and why"),
        ground="legal duty",
        kept=_AS_LONG_AS_MONEY,
        erasure="keep",
        columns=columns("proposed_by", "decided_by"),
        actors=("proposed_by", "decided_by"),
        shown=("limit_minor", "reason", "proposed_at", "status"),
    ),
)
