"""Each row of MONEY section 5, with figures by hand."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest

from partner_network.ledger import accounts, events
from partner_network.ledger.events import Fact, Standing
from partner_network.ledger.rules import Account, Entry
from tests.ledger.parties import BLOG, NOON, OTHER_WAY, PAIR, SHOP

FACT = Fact("k", NOON, "commission.components[0]", "as agreed", 7)
CASH, OWN = accounts.cash("EUR"), accounts.own("EUR")
FEES, WRITEOFF = accounts.stripe_fees("EUR"), accounts.writeoff("EUR")
PREPAID, CHARGEBACK = accounts.prepaid(SHOP, "EUR"), accounts.chargeback(SHOP, "EUR")
P = PAIR

Row: TypeAlias = tuple[str, Entry, Sequence[tuple[Account, Account, int]]]


def rows() -> Sequence[Row]:
    return [
        ("accrue", events.accrue(FACT, P, 400), [(P.recv, P.pay_pending, 400)]),
        ("mature", events.mature(FACT, P, 400), [(P.pay_pending, P.pay, 400)]),
        ("hold", events.hold(FACT, P, 30, out_of="pay_pending"), [(P.pay_pending, P.pay_held, 30)]),
        ("hold", events.hold(FACT, P, 30, out_of="pay"), [(P.pay, P.pay_held, 30)]),
        ("release", events.release(FACT, P, 30, back_to="pay_pending"), [(P.pay_held, P.pay_pending, 30)]),
        ("release", events.release(FACT, P, 30, back_to="pay"), [(P.pay_held, P.pay, 30)]),
        ("dispute", events.dispute(FACT, P, 20, out_of="pay_pending"), [(P.pay_pending, P.pay_disputed, 20)]),
        ("dispute", events.dispute(FACT, P, 20, out_of="pay"), [(P.pay, P.pay_disputed, 20)]),
        ("release", events.release_disputed(FACT, P, 20, back_to="pay"), [(P.pay_disputed, P.pay, 20)]),
        (
            "release",
            events.release_disputed(FACT, P, 20, back_to="pay_pending"),
            [(P.pay_disputed, P.pay_pending, 20)],
        ),
        ("receive", events.receive(FACT, SHOP, "EUR", 1_000), [(CASH, PREPAID, 1_000)]),
        ("fee", events.charge_fee(FACT, "EUR", 29), [(FEES, CASH, 29)]),
        ("top_up", events.top_up(FACT, "EUR", 500), [(CASH, OWN, 500)]),
        ("refund_prepaid", events.return_unused(FACT, SHOP, "EUR", 40), [(PREPAID, CASH, 40)]),
        (
            "return",
            events.return_settled(FACT, SHOP, "EUR", 1_000, free_minor=700),
            [(PREPAID, CASH, 700), (CHARGEBACK, CASH, 300)],
        ),
        ("return", events.return_settled(FACT, SHOP, "EUR", 700, free_minor=700), [(PREPAID, CASH, 700)]),
        ("return", events.return_settled(FACT, SHOP, "EUR", 700, free_minor=0), [(CHARGEBACK, CASH, 700)]),
        (
            "repay",
            events.repay(FACT, SHOP, "EUR", 500, owed_minor=300),
            [(CASH, PREPAID, 500), (PREPAID, CHARGEBACK, 300)],
        ),
        (
            "repay",
            events.repay(FACT, SHOP, "EUR", 200, owed_minor=300),
            [(CASH, PREPAID, 200), (PREPAID, CHARGEBACK, 200)],
        ),
        ("repay", events.repay(FACT, SHOP, "EUR", 200, owed_minor=0), [(CASH, PREPAID, 200)]),
        ("fund", events.fund(FACT, P, 400), [(PREPAID, P.recv, 400), (P.pay, P.pay_funded, 400)]),
        ("settle", events.settle_payout(FACT, P, 400), [(P.payout_clearing, CASH, 400)]),
        ("reverse_transfer", events.reverse_transfer(FACT, P, 150), [(CASH, P.pay_funded, 150)]),
        ("reverse", events.claw_back(FACT, P, 100, Standing(400)), [(P.pay_pending, P.recv, 100)]),
        ("reverse", events.claw_back(FACT, P, 400, Standing(400)), [(P.pay_pending, P.recv, 400)]),
        (
            "reverse",
            events.claw_back(FACT, P, 100, Standing(10, 20, 70)),
            [(P.pay_pending, P.recv, 10), (P.pay_held, P.recv, 20), (P.pay_disputed, P.recv, 70)],
        ),
        (
            "clawback",
            events.claw_back(FACT, P, 100, Standing(10, 20, 30)),
            [
                (P.pay_pending, P.recv, 10),
                (P.pay_held, P.recv, 20),
                (P.pay_disputed, P.recv, 30),
                (P.clawback_due, P.clawback_owed, 40),
            ],
        ),
        ("clawback", events.claw_back(FACT, P, 100, Standing()), [(P.clawback_due, P.clawback_owed, 100)]),
        (
            "recover",
            events.recover(FACT, P, 60),
            [(P.pay, P.clawback_due, 60), (P.clawback_owed, P.recv, 60)],
        ),
        (
            "recover_tax",
            events.recover_tax(FACT, P, 7),
            [(P.pay, P.clawback_due, 7), (P.clawback_owed, P.recv, 7)],
        ),
        (
            "restore",
            events.restore(FACT, P, due_minor=40, recovered_minor=60),
            [(P.clawback_owed, P.clawback_due, 40), (P.recv, P.pay, 60)],
        ),
        (
            "restore",
            events.restore(FACT, P, due_minor=40, recovered_minor=0),
            [(P.clawback_owed, P.clawback_due, 40)],
        ),
        ("restore", events.restore(FACT, P, due_minor=0, recovered_minor=60), [(P.recv, P.pay, 60)]),
        ("forgive", events.forgive(FACT, P, 40), [(P.clawback_owed, P.clawback_due, 40)]),
        (
            "write_off",
            events.write_off(FACT, P, 40),
            [(WRITEOFF, P.clawback_due, 40), (P.clawback_owed, PREPAID, 40)],
        ),
        ("tax", events.tax(FACT, P, 76, payable_minor=400), [(P.recv, P.pay, 76)]),
        ("tax", events.tax(FACT, P, 1, payable_minor=0), [(P.recv, P.pay, 1)]),
        ("tax", events.tax(FACT, P, -19, payable_minor=400), [(P.pay, P.recv, 19)]),
        (
            "tax",
            events.tax(FACT, P, -19, payable_minor=12),
            [(P.pay, P.recv, 12), (P.clawback_due, P.clawback_owed, 7)],
        ),
        ("tax", events.tax(FACT, P, -19, payable_minor=0), [(P.clawback_due, P.clawback_owed, 19)]),
        (
            "net",
            events.net(FACT, P, 250),
            [(P.pay, P.recv, 250), (OTHER_WAY.pay, OTHER_WAY.recv, 250)],
        ),
    ]


def test_each_event_moves_what_the_table_says() -> None:
    for kind, entry, legs in rows():
        assert (entry.kind, entry.key, entry.effective_at) == (kind, "k", NOON)
        assert (entry.clause, entry.reason) == ("commission.components[0]", "as agreed")
        assert [(leg.debit, leg.credit, leg.amount_minor) for leg in entry.legs] == legs
        assert {(leg.phase, leg.pending_id, leg.commission_id) for leg in entry.legs} == {("posted", None, 7)}


def test_a_payout_is_reserved_then_accepted_or_void_and_names_what_it_reserved() -> None:
    ends = [
        events.reserve_payout(FACT, P, 400),
        events.accept_payout(FACT, P, 400, pending_id=9),
        events.void_payout(FACT, P, 400, pending_id=9),
    ]
    legs = [entry.legs[0] for entry in ends]
    assert [entry.kind for entry in ends] == ["payout", "accept", "void"]
    assert [(leg.phase, leg.pending_id) for leg in legs] == [("pending", None), ("post", 9), ("void", 9)]
    assert {(leg.debit, leg.credit, leg.amount_minor) for leg in legs} == {
        (P.pay_funded, P.payout_clearing, 400)
    }
    assert {(entry.clause, entry.reason, entry.effective_at) for entry in ends} == {
        ("commission.components[0]", "as agreed", NOON)
    }


NOTHING: list[Callable[[], Entry]] = [
    lambda: events.accrue(FACT, P, 0),
    lambda: events.mature(FACT, P, -1),
    lambda: events.return_settled(FACT, SHOP, "EUR", 0, free_minor=0),
    lambda: events.return_settled(FACT, SHOP, "EUR", 10, free_minor=-5),
    lambda: events.repay(FACT, SHOP, "EUR", -1, owed_minor=0),
    lambda: events.reserve_payout(FACT, P, 0),
    lambda: events.claw_back(FACT, P, 0, Standing(10)),
    lambda: events.claw_back(FACT, P, -1, Standing(10)),
    lambda: events.restore(FACT, P, due_minor=0, recovered_minor=0),
    lambda: events.restore(FACT, P, due_minor=-1, recovered_minor=5),
    lambda: events.tax(FACT, P, 0, payable_minor=10),
]


@pytest.mark.parametrize("event", NOTHING)
def test_an_event_that_moves_nothing_or_less_is_refused(event: Callable[[], Entry]) -> None:
    with pytest.raises(ValueError, match="entry k"):
        event()


def test_the_accounts_of_a_pair_name_the_holder_first() -> None:
    assert {P.recv, P.clawback_owed} == {
        accounts.Account(kind, "EUR", SHOP, BLOG) for kind in ("recv", "clawback_owed")
    }
    partners = (
        ("pay_pending", P.pay_pending),
        ("pay_held", P.pay_held),
        ("pay_disputed", P.pay_disputed),
        ("pay", P.pay),
        ("pay_funded", P.pay_funded),
        ("payout_clearing", P.payout_clearing),
        ("clawback_due", P.clawback_due),
    )
    for kind, account in partners:
        assert (account.kind, account.currency) == (kind, "EUR")
        assert (account.holder_id, account.counterparty_id) == (BLOG, SHOP)
    assert Account("prepaid", "EUR", SHOP) == P.prepaid == PREPAID
    assert accounts.chargeback(SHOP, "EUR") == Account("chargeback", "EUR", SHOP) == CHARGEBACK
    assert accounts.writeoff("EUR") == Account("writeoff", "EUR") == WRITEOFF
    for account in (CASH, OWN, FEES, WRITEOFF):
        assert (account.holder_id, account.counterparty_id) == (None, None)
    assert [one.kind for one in (CASH, OWN, FEES, WRITEOFF)] == ["cash", "own", "stripe_fees", "writeoff"]
    assert {one.currency for one in (CASH, OWN, FEES, WRITEOFF)} == {"EUR"}


def test_an_account_tells_between_whom_it_stands() -> None:
    between = (P.recv, P.clawback_owed, P.clawback_due, P.pay, P.pay_funded, P.payout_clearing)
    assert {accounts.pair_of(account) for account in between} == {P}
    assert {accounts.pair_of(account) for account in (CASH, PREPAID, CHARGEBACK, OWN)} == {None}
