"""What always holds of a ledger: after any legal sequence of events, and said where it does not."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partner_network.ledger import accounts, events, invariants
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact, Standing
from partner_network.ledger.invariants import Held, Sums
from partner_network.ledger.rules import Account, Entry, Leg
from tests.ledger.parties import BLOG, NOON, OTHER_WAY, PAIR, SHOP, Paper

SHARE = st.integers(1, 100)


class Story:
    """Draws events one after another, each for no more than its accounts hold."""

    def __init__(self) -> None:
        self.paper = Paper()
        self.entries: list[Entry] = []
        self.reserved: list[tuple[int, Pair, int]] = []

    def book(self, entry: Entry) -> None:
        self.paper.post(entry)
        self.entries.append(entry)

    def fact(self) -> Fact:
        return Fact(f"event:{len(self.entries)}", NOON)

    def some(self, share: int, *of: Account) -> int:
        """Return a share of what is free on every one of some accounts, rounded up."""
        return -(-min(self.paper.free_minor(account) for account in of) * share // 100)


Step = Callable[[Story, Pair, int], Entry | None]


def _if(minor: int, made: Callable[[int], Entry]) -> Entry | None:
    return made(minor) if minor > 0 else None


def _claw_back(s: Story, p: Pair, share: int) -> Entry | None:
    standing = Standing(*(s.paper.free_minor(one) for one in (p.pay_pending, p.pay_held, p.pay_disputed)))
    return events.claw_back(s.fact(), p, share * 3, standing)


def _reserve(s: Story, p: Pair, share: int) -> Entry | None:
    minor = s.some(share, p.pay_funded)
    if minor <= 0:
        return None
    s.reserved.append((len(s.entries), p, minor))
    return events.reserve_payout(s.fact(), p, minor)


def _end(s: Story, p: Pair, share: int) -> Entry | None:
    del p
    if not s.reserved:
        return None
    n, pair, minor = s.reserved.pop()
    end = events.accept_payout if share > 30 else events.void_payout
    return end(s.fact(), pair, minor, pending_id=n)


def _return_settled(s: Story, p: Pair, share: int) -> Entry | None:
    free = s.paper.free_minor(p.prepaid)
    return events.return_settled(s.fact(), p.advertiser_id, p.currency, share * 5, free_minor=free)


def _repay(s: Story, p: Pair, share: int) -> Entry | None:
    owed = s.paper.minor(accounts.chargeback(p.advertiser_id, p.currency))
    return events.repay(s.fact(), p.advertiser_id, p.currency, share * 4, owed_minor=owed)


def _net(s: Story, p: Pair, share: int) -> Entry | None:
    other = Pair(p.advertiser_id, p.partner_id, p.currency)
    return _if(s.some(share, p.pay, other.pay), lambda m: events.net(s.fact(), p, m))


STEPS: dict[str, Step] = {
    "accrue": lambda s, p, n: events.accrue(s.fact(), p, n * 10),
    "accrue more": lambda s, p, n: events.accrue(s.fact(), p, n * 7),
    "mature": lambda s, p, n: _if(s.some(n, p.pay_pending), lambda m: events.mature(s.fact(), p, m)),
    "hold pending": lambda s, p, n: _if(
        s.some(n, p.pay_pending), lambda m: events.hold(s.fact(), p, m, out_of="pay_pending")
    ),
    "hold": lambda s, p, n: _if(s.some(n, p.pay), lambda m: events.hold(s.fact(), p, m, out_of="pay")),
    "release": lambda s, p, n: _if(
        s.some(n, p.pay_held), lambda m: events.release(s.fact(), p, m, back_to="pay")
    ),
    "dispute": lambda s, p, n: _if(s.some(n, p.pay), lambda m: events.dispute(s.fact(), p, m, out_of="pay")),
    "decline": lambda s, p, n: _if(
        s.some(n, p.pay_disputed), lambda m: events.release_disputed(s.fact(), p, m, back_to="pay")
    ),
    "receive": lambda s, p, n: events.receive(s.fact(), p.advertiser_id, p.currency, n * 20),
    "fee": lambda s, p, n: events.charge_fee(s.fact(), p.currency, n),
    "top up": lambda s, p, n: events.top_up(s.fact(), p.currency, n),
    "return unused": lambda s, p, n: _if(
        s.some(n, p.prepaid), lambda m: events.return_unused(s.fact(), p.advertiser_id, p.currency, m)
    ),
    "return settled": _return_settled,
    "repay": _repay,
    "fund": lambda s, p, n: _if(s.some(n, p.prepaid, p.pay, p.recv), lambda m: events.fund(s.fact(), p, m)),
    "reserve": _reserve,
    "end": _end,
    "settle": lambda s, p, n: _if(
        s.some(n, p.payout_clearing), lambda m: events.settle_payout(s.fact(), p, m)
    ),
    "reverse transfer": lambda s, p, n: events.reverse_transfer(s.fact(), p, n),
    "claw back": _claw_back,
    "recover": lambda s, p, n: _if(
        s.some(n, p.pay, p.clawback_due), lambda m: events.recover(s.fact(), p, m)
    ),
    "restore": lambda s, p, n: events.restore(
        s.fact(), p, due_minor=s.some(n, p.clawback_due), recovered_minor=n
    ),
    "forgive": lambda s, p, n: _if(s.some(n, p.clawback_due), lambda m: events.forgive(s.fact(), p, m)),
    "write off": lambda s, p, n: _if(s.some(n, p.clawback_due), lambda m: events.write_off(s.fact(), p, m)),
    "tax": lambda s, p, n: events.tax(s.fact(), p, n, payable_minor=0),
    "credit note": lambda s, p, n: events.tax(s.fact(), p, -n, payable_minor=s.paper.free_minor(p.pay)),
    "net": _net,
}
DRAWN = st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.booleans(), SHARE), max_size=60)


@settings(max_examples=300, deadline=None)
@given(drawn=DRAWN)
def test_every_invariant_holds_after_every_event_of_any_legal_story(
    drawn: list[tuple[str, bool, int]],
) -> None:
    story = Story()
    for name, is_other_way, share in drawn:
        entry = STEPS[name](story, OTHER_WAY if is_other_way else PAIR, share)
        if entry is not None:
            story.book(entry)
        assert list(invariants.breaches(story.paper.held)) == []


def _held(account: Account, *sums: int) -> Held:
    return Held(account, Sums(*sums))


EURO_CASH, OWN = accounts.cash("EUR"), accounts.own("EUR")
P = PAIR
BETWEEN = f"Between partner {BLOG} and advertiser {SHOP} in EUR, "
WHOSE = "prepaid + pay_funded + payout_clearing + own - stripe_fees - writeoff"
BELOW = "no account but cash may fall below zero."
BROKEN: list[tuple[str, list[Held], list[str]]] = [
    (
        "a side is missing",
        [_held(EURO_CASH, 500), _held(OWN, 0, 400), _held(accounts.prepaid(SHOP, "EUR"), 0, 100, 0, 3)],
        ["All pending debits less all credits in EUR are -3, not 0."],
    ),
    (
        "debits without credits",
        [_held(P.recv, 500), _held(P.pay_pending, 0, 499)],
        [
            "All posted debits less all credits in EUR are 1, not 0.",
            (f"{BETWEEN}recv is 500, but pay_pending + pay_held + pay_disputed + pay is 499."),
        ],
    ),
    (
        "recv is not what is owed",
        [_held(P.recv, 500), _held(P.pay, 0, 400), _held(P.pay_funded, 0, 100), _held(EURO_CASH, 100, 100)],
        [
            (f"{BETWEEN}recv is 500, but pay_pending + pay_held + pay_disputed + pay is 400."),
            f"In EUR, cash + chargeback is 0, but {WHOSE} is 100.",
        ],
    ),
    (
        "a clawback of one side",
        [
            _held(P.clawback_due, 40),
            _held(P.clawback_owed, 0, 30),
            _held(P.pay, 0, 10),
            _held(P.recv, 10, 10),
        ],
        [
            (f"{BETWEEN}recv is 0, but pay_pending + pay_held + pay_disputed + pay is 10."),
            (f"{BETWEEN}clawback_due is 40, but clawback_owed is 30."),
        ],
    ),
    (
        "money of nobody",
        [_held(EURO_CASH, 500), _held(P.clawback_owed, 0, 500)],
        [
            (f"{BETWEEN}clawback_due is 0, but clawback_owed is 500."),
            f"In EUR, cash + chargeback is 500, but {WHOSE} is 0.",
        ],
    ),
    (
        "below zero",
        [_held(OWN, 500, 100), _held(EURO_CASH, 100, 500)],
        [f"own in EUR holds -400 with 0 reserved: {BELOW}"],
    ),
    (
        "reserved more than there is",
        [_held(P.pay_funded, 0, 500, 501), _held(P.payout_clearing, 0, 0, 0, 501), _held(EURO_CASH, 500)],
        [(f"pay_funded:{BLOG}:{SHOP} in EUR holds 500 with 501 reserved: {BELOW}")],
    ),
    (
        "reserved more of what is ours than there is",
        [_held(P.recv, 500, 0, 0, 501), _held(P.pay, 0, 500, 501)],
        [
            f"recv:{SHOP}:{BLOG} in EUR holds 500 with 501 reserved: {BELOW}",
            f"pay:{BLOG}:{SHOP} in EUR holds 500 with 501 reserved: {BELOW}",
        ],
    ),
    (
        "more reservations ended than made",
        [_held(P.pay_funded, 0, 0, -5), _held(P.payout_clearing, 0, 0, 0, -5)],
        [
            f"pay_funded:{BLOG}:{SHOP} in EUR has ended more reservations than were made.",
            f"payout_clearing:{BLOG}:{SHOP} in EUR has ended more reservations than were made.",
        ],
    ),
]


@pytest.mark.parametrize(("what", "held", "said"), BROKEN, ids=[row[0] for row in BROKEN])
def test_what_does_not_hold_is_said(what: str, held: list[Held], said: list[str]) -> None:
    assert list(invariants.breaches(held)) == said, what


def test_a_ledger_without_anything_breaks_nothing() -> None:
    assert list(invariants.breaches([])) == []


def test_two_currencies_are_never_summed_together() -> None:
    held = [_held(accounts.cash("EUR"), 100), _held(accounts.own("USD"), 0, 100)]
    assert len(list(invariants.equations(held))) == 4


def test_cash_may_be_below_zero_and_every_equation_still_holds() -> None:
    entry = Entry("fee", "f", NOON, [Leg(accounts.stripe_fees("EUR"), EURO_CASH, 29)])
    assert list(invariants.breaches(Paper([entry]).held)) == []
