"""What happens next to a payout, a payment or a statement, who does it, where: one step for each status."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import msgspec

from admin import mending
from partner_network.kernel.sentences import Sentence

FINAL = frozenset({"settled", "paid", "carried"})
"""Statuses after which nobody has anything to do."""
_BY_ITSELF = Sentence("The network does it by itself.")
_FINANCE = Sentence("The network’s finance does it.")
_CASES = ("/admin/cases?show=open", Sentence("Open the cases"))
_OWED = ("/admin/promises", Sentence("See what is promised"))


Invoice: TypeAlias = Literal["none", "to be sent", "sent", "called off"]
"""How far the invoice is by which an advertiser is asked for money, if it is asked by one."""


class NextStep(msgspec.Struct, frozen=True):
    """What is next, who does it, and the page where it is done or seen."""

    what: Sentence
    who: Sentence
    href: str
    label: Sentence


_PAYOUT: Mapping[str, NextStep] = MappingProxyType(
    {
        "reserved": NextStep(
            Sentence("It is funded and is sent to Stripe within minutes."), _BY_ITSELF, *_CASES
        ),
        "submitting": NextStep(
            Sentence("The request to Stripe is under way; it is repeated under the same key until answered."),
            _BY_ITSELF,
            *_CASES,
        ),
        "unknown": NextStep(
            Sentence(
                "Stripe has not answered clearly. The same request is repeated or looked up; after a day "
                "without an answer it is a case."
            ),
            _BY_ITSELF,
            *_CASES,
        ),
        "accepted": NextStep(
            Sentence(
                "Stripe has made the transfer; it is compared and settled within minutes. One that differs "
                "is a case."
            ),
            _BY_ITSELF,
            *_CASES,
        ),
        "failed": NextStep(
            Sentence(
                "Stripe refused the last attempt. Another one follows under a new key as soon as the balance "
                "at Stripe covers it; if fees have used it up, the operator brings money of its own."
            ),
            _FINANCE,
            "/admin/ledger",
            Sentence("See what is at Stripe"),
        ),
        "reversed": NextStep(
            Sentence("Stripe took part or all of it back; what came back is sent again under this approval."),
            _BY_ITSELF,
            *_CASES,
        ),
    }
)


def of_payout(status: str, held_reason: str | None, href: str) -> NextStep | None:
    """Return what is next for a payout whose own page is at ``href``; None for one that is settled."""
    what = mending.what_to_do(held_reason)
    if what is not None:
        return NextStep(what, _FINANCE, href, Sentence("See what to do"))
    return None if status in FINAL else _PAYOUT[status]


_UNDER_WAY: Mapping[str, NextStep] = MappingProxyType(
    {
        "requested": NextStep(
            Sentence("It was asked for, and Stripe is asked to take it within minutes."), _BY_ITSELF, *_CASES
        ),
        "processing": NextStep(
            Sentence(
                "The bank has it: a card settles within days, a debit within a week or two. Then approved "
                "statements are funded, the oldest first."
            ),
            _BY_ITSELF,
            *_OWED,
        ),
        "to be sent": NextStep(
            Sentence("An invoice was asked for; Stripe makes and sends it within minutes."),
            _BY_ITSELF,
            *_CASES,
        ),
        "called off": NextStep(
            Sentence("The invoice is being called off at Stripe; then it cannot be paid any more."),
            _BY_ITSELF,
            *_CASES,
        ),
    }
)
"""Of payments that are not over yet: by their status, and those by an invoice by how far that is."""


def of_funding(
    status: str,
    *,
    taken_back_minor: int,
    is_followed: bool,
    payer: str,
    invoice: Invoice = "none",
) -> NextStep | None:
    """Return what is next for a payment of an advertiser; None for one that settled or was followed."""
    who = Sentence("{brand}’s finance pays in.", brand=payer)
    is_over = is_followed or (status == "settled" and taken_back_minor <= 0)
    match status:
        case "failed" | "settled" if is_over:
            return None
        case "failed":
            what = Sentence("Nothing was taken. What its page Home says is missing can be paid in again.")
            return NextStep(what, who, *_OWED)
        case "settled":
            what = Sentence("A bank took it back, after statements were funded with it: it is paid in again.")
            return NextStep(what, who, *_CASES)
        case "requested" if invoice == "sent":
            return NextStep(Sentence("The invoice is sent and waits to be paid."), who, *_OWED)
        case "requested" | "processing":
            return _UNDER_WAY[invoice if status == "requested" and invoice in _UNDER_WAY else status]
        case _:
            raise ValueError(f"nobody has said what is next for a payment that is {status}")


def of_statement(status: str, *, href: str, payer: str, payout: NextStep | None) -> NextStep | None:
    """Return what is next for a statement; ``payout`` is what is next for its payout, if it is funded."""
    match status:
        case "draft":
            what = Sentence("Somebody reads it and prepares it.")
            return NextStep(what, _FINANCE, href, Sentence("Read and prepare it"))
        case "issued":
            what = Sentence("Another person than who prepared it approves it.")
            return NextStep(what, _FINANCE, "/admin/approvals", Sentence("Open the approvals"))
        case "approved" | "part_paid" if payout is not None:
            return payout
        case "approved" | "part_paid":
            what = Sentence("It is paid out as soon as what it needs has settled.")
            return NextStep(what, Sentence("{brand}’s finance pays in.", brand=payer), *_OWED)
        case _ if status in FINAL:
            return None
        case _:
            raise ValueError(f"nobody has said what is next for a statement that is {status}")
