"""The tables of docs/algorithms/ledger.md, computed by the functions that book."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from partner_network.ledger import accounts, events
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact, Standing
from partner_network.ledger.rules import AccountKind, Entry
from tests.ledger.parties import Paper

Rows = list[tuple[str, ...]]
ADVERTISER, PARTNER = UUID(int=1), UUID(int=2)
PAIR = Pair(PARTNER, ADVERTISER, "EUR")
FACT = Fact("k", datetime(2026, 3, 1, tzinfo=UTC))
KINDS: Sequence[AccountKind] = (
    *("recv", "pay_pending", "pay", "clawback_due", "prepaid"),
    *("pay_funded", "payout_clearing", "cash", "chargeback"),
)
HEADER = ("event", "minor", *KINDS)
P, F = PAIR, FACT

# Two of each amount that an event divides, so that every leg it may have is there.
ENTRIES: Mapping[str, Entry] = {
    "accrue": events.accrue(F, P, 2),
    "mature": events.mature(F, P, 2),
    "hold, out of pay_pending": events.hold(F, P, 2, out_of="pay_pending"),
    "hold, out of pay": events.hold(F, P, 2, out_of="pay"),
    "release, back to pay_pending": events.release(F, P, 2, back_to="pay_pending"),
    "release, back to pay": events.release(F, P, 2, back_to="pay"),
    "dispute, out of pay_pending": events.dispute(F, P, 2, out_of="pay_pending"),
    "dispute, out of pay": events.dispute(F, P, 2, out_of="pay"),
    "release_disputed, back to pay_pending": events.release_disputed(F, P, 2, back_to="pay_pending"),
    "release_disputed, back to pay": events.release_disputed(F, P, 2, back_to="pay"),
    "receive": events.receive(F, ADVERTISER, "EUR", 2),
    "charge_fee": events.charge_fee(F, "EUR", 2),
    "top_up": events.top_up(F, "EUR", 2),
    "return_unused": events.return_unused(F, ADVERTISER, "EUR", 2),
    "return_settled": events.return_settled(F, ADVERTISER, "EUR", 2, free_minor=1),
    "repay": events.repay(F, ADVERTISER, "EUR", 2, owed_minor=1),
    "fund": events.fund(F, P, 2),
    "reserve_payout": events.reserve_payout(F, P, 2),
    "accept_payout": events.accept_payout(F, P, 2, pending_id=1),
    "void_payout": events.void_payout(F, P, 2, pending_id=1),
    "settle_payout": events.settle_payout(F, P, 2),
    "reverse_transfer": events.reverse_transfer(F, P, 2),
    "claw_back, before it matured": events.claw_back(F, P, 3, Standing(1, 1, 1)),
    "claw_back, matured": events.claw_back(F, P, 2, Standing()),
    "recover": events.recover(F, P, 2),
    "recover_tax": events.recover_tax(F, P, 2),
    "restore": events.restore(F, P, due_minor=1, recovered_minor=1),
    "forgive": events.forgive(F, P, 2),
    "write_off": events.write_off(F, P, 2),
    "tax": events.tax(F, P, 2, payable_minor=0),
    "tax, negative": events.tax(F, P, -2, payable_minor=1),
    "net": events.net(F, P, 2),
}


def entries(rows: Rows) -> Rows:
    """Say what each event books; what happened is in words and stays as it is."""
    found = {row[1]: row[0] for row in rows}
    return [
        (found.get(name, name), name, entry.kind, _legs(entry), entry.legs[0].phase)
        for name, entry in ENTRIES.items()
    ]


def _legs(entry: Entry) -> str:
    return ", ".join(f"{leg.debit.kind} / {leg.credit.kind}" for leg in entry.legs)


def story(rows: Rows) -> Rows:
    """Book one event after the other and say what accounts hold then."""
    paper = Paper()
    found: Rows = []
    for name, minor, *_ in rows:
        paper.post(STEPS[name](paper, int(minor)))
        held = [str(sum(one.minor for one in paper.held if one.account.kind == kind)) for kind in KINDS]
        found.append((name, minor, *held))
    return found


STEPS: Mapping[str, Callable[[Paper, int], Entry]] = {
    "accrue": lambda _, minor: events.accrue(F, P, minor),
    "mature": lambda _, minor: events.mature(F, P, minor),
    "claw_back": lambda paper, minor: events.claw_back(
        F, P, minor, Standing(paper.minor(P.pay_pending), paper.minor(P.pay_held))
    ),
    "recover": lambda _, minor: events.recover(F, P, minor),
    "receive": lambda _, minor: events.receive(F, ADVERTISER, "EUR", minor),
    "fund": lambda _, minor: events.fund(F, P, minor),
    "reserve_payout": lambda _, minor: events.reserve_payout(F, P, minor),
    "accept_payout": lambda _, minor: events.accept_payout(F, P, minor, pending_id=1),
    "settle_payout": lambda _, minor: events.settle_payout(F, P, minor),
    "return_settled": lambda paper, minor: events.return_settled(
        F, ADVERTISER, "EUR", minor, free_minor=paper.free_minor(P.prepaid)
    ),
    "repay": lambda paper, minor: events.repay(
        F, ADVERTISER, "EUR", minor, owed_minor=paper.minor(accounts.chargeback(ADVERTISER, "EUR"))
    ),
}
COMPUTE: Mapping[tuple[str, ...], Callable[[Rows], Rows]] = {
    ("what happened", "event", "entry", "debit / credit", "phase"): entries,
    HEADER: story,
}
