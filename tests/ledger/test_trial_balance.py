"""Two columns that come to the same, and a hash of what every account holds."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from partner_network.ledger import accounts, events, trial_balance
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact, Standing
from partner_network.ledger.invariants import Held, Sums
from partner_network.ledger.rules import AccountKind
from partner_network.ledger.trial_balance import Row
from tests.ledger.parties import BLOG, NOON, PAIR, SHOP, Paper

F = Fact("k", NOON)
STORY = [
    events.accrue(F, PAIR, 1_000),
    events.mature(F, PAIR, 600),
    events.receive(F, SHOP, "EUR", 950),
    events.charge_fee(F, "EUR", 29),
    events.claw_back(F, PAIR, 50, Standing()),
    events.fund(F, PAIR, 500),
    events.charge_fee(F, "USD", 7),
]


def test_both_columns_of_each_currency_come_to_the_same() -> None:
    euros, dollars = trial_balance.sections(Paper(STORY).held)
    assert (euros.currency, dollars.currency) == ("EUR", "USD")
    assert list(euros.rows) == [
        Row("cash", 1, 921, 0),
        Row("recv", 1, 500, 0),
        Row("clawback_due", 1, 50, 0),
        Row("stripe_fees", 1, 29, 0),
        Row("prepaid", 1, 0, 450),
        Row("pay_pending", 1, 0, 400),
        Row("pay", 1, 0, 100),
        Row("pay_funded", 1, 0, 500),
        Row("clawback_owed", 1, 0, 50),
    ]
    assert (euros.debit_minor, euros.credit_minor, euros.foots) == (1_500, 1_500, True)
    # Cash below zero stands among the credits.
    assert list(dollars.rows) == [Row("cash", 1, 0, 7), Row("stripe_fees", 1, 7, 0)]


def test_accounts_of_one_kind_are_one_row() -> None:
    other = Pair(SHOP, BLOG, "EUR")
    (euros,) = trial_balance.sections(Paper([events.accrue(F, PAIR, 30), events.accrue(F, other, 12)]).held)
    assert list(euros.rows) == [Row("recv", 2, 42, 0), Row("pay_pending", 2, 0, 42)]


def test_columns_that_differ_do_not_foot() -> None:
    (euros,) = trial_balance.sections([Held(PAIR.recv, Sums(30)), Held(PAIR.pay, Sums(0, 29))])
    assert not euros.foots


@dataclass
class Side:
    kind: AccountKind
    minor: int
    debit: int
    credit: int


@pytest.mark.parametrize(
    "side",
    [
        Side("cash", 5, 5, 0),
        Side("cash", -5, 0, 5),
        Side("pay", 5, 0, 5),
        Side("pay", -5, 5, 0),
        Side("pay", 0, 0, 0),
    ],
)
def test_what_is_below_zero_stands_on_the_other_side(side: Side) -> None:
    assert trial_balance.sides_of(side.kind, side.minor) == (side.debit, side.credit)


def test_the_hash_is_of_what_accounts_hold_and_of_nothing_else() -> None:
    held = Paper(STORY).held
    digest = trial_balance.digest(held)
    assert len(digest) == 32
    assert trial_balance.digest(reversed(held)) == digest
    later = Fact("other", NOON + timedelta(days=1))
    back_and_forth = [
        *STORY,
        events.hold(later, PAIR, 5, out_of="pay"),
        events.release(later, PAIR, 5, back_to="pay"),
    ]
    assert trial_balance.digest(Paper(back_and_forth).held) == digest
    assert trial_balance.digest(Paper([*STORY, events.accrue(F, PAIR, 1)]).held) != digest
    one = [Held(accounts.cash("EUR"), Sums(5)), Held(accounts.own("EUR"), Sums(0, 5))]
    dollars = [Held(accounts.cash("USD"), Sums(5)), Held(accounts.own("USD"), Sums(0, 5))]
    assert trial_balance.digest(one) != trial_balance.digest(dollars)
    assert trial_balance.digest([]) == trial_balance.digest([Held(accounts.cash("EUR"), Sums(5, 5))])
