"""What a changed target books, wherever the commission's money lies; amounts worked out by hand."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_network.commissions import booking
from partner_network.commissions.booking import Change, OpenClawback, Standing
from partner_network.ledger.accounts import Pair
from partner_network.ledger.rules import Entry

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
OWED = Pair(UUID(int=1), UUID(int=2), "EUR")


def change(
    previous: int,
    target: int,
    *,
    matured: bool = False,
    held: int = 0,
    disputed: int = 0,
    is_held: bool = False,
    clawbacks: tuple[OpenClawback, ...] = (),
) -> Change:
    return Change(
        7,
        UUID(int=3),
        2,
        previous,
        target,
        has_matured=matured,
        clause="commission.components",
        clawbacks=clawbacks,
        held_minor=held,
        disputed_minor=disputed,
        is_held=is_held,
    )


def moves(entry: Entry | None) -> list[tuple[str, str, int]]:
    return (
        [] if entry is None else [(leg.debit.kind, leg.credit.kind, leg.amount_minor) for leg in entry.legs]
    )


def booked(one: Change) -> tuple[str, list[tuple[str, str, int]]]:
    entry, _ = booking.entry_for(one, OWED, NOW)
    return entry.kind, moves(entry)


def test_what_is_too_much_comes_from_pending_then_held_then_disputed_then_as_matured() -> None:
    still_open = change(100, 10, held=30, disputed=20)
    assert booked(still_open) == (
        "reverse",
        [("pay_pending", "recv", 50), ("pay_held", "recv", 30), ("pay_disputed", "recv", 10)],
    )
    matured = change(100, 10, matured=True, held=30, disputed=20)
    assert booked(matured) == (
        "clawback",
        [("pay_held", "recv", 30), ("pay_disputed", "recv", 20), ("clawback_due", "clawback_owed", 40)],
    )
    assert matured.clawback_minor == 40
    assert still_open.clawback_minor == 0


def test_a_refund_while_all_is_held_takes_nothing_that_was_paid() -> None:
    assert booked(change(100, 60, matured=True, held=100, is_held=True)) == (
        "reverse",
        [("pay_held", "recv", 40)],
    )


@pytest.mark.parametrize("matured", [False, True])
def test_what_a_held_commission_gains_is_held_with_it(matured: bool) -> None:
    assert booked(change(100, 130, matured=matured, held=100, is_held=True)) == (
        "accrue",
        [("recv", "pay_pending", 30), ("pay_pending", "pay_held", 30)],
    )


def test_what_a_held_commission_gets_back_of_a_clawback_is_held_too() -> None:
    clawbacks = (OpenClawback(5, 10, 25),)
    entry, settled = booking.entry_for(
        change(60, 100, matured=True, is_held=True, clawbacks=clawbacks), OWED, NOW
    )
    assert entry.kind == "restore"
    assert moves(entry) == [
        ("clawback_owed", "clawback_due", 10),
        ("recv", "pay_pending", 25),
        ("pay_pending", "pay_held", 25),
        ("recv", "pay_pending", 5),
        ("pay_pending", "pay_held", 5),
    ]
    assert [(one.leg, one.kind, one.amount_minor) for one in settled] == [
        (1, "restored", 10),
        (2, "returned", 25),
    ]


def test_without_a_hold_a_gain_of_what_matured_is_payable_at_once() -> None:
    assert booked(change(100, 130, matured=True)) == (
        "mature",
        [("recv", "pay_pending", 30), ("pay_pending", "pay", 30)],
    )


def test_a_change_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="changes nothing"):
        booking.entry_for(change(100, 100), OWED, NOW)


def test_a_hold_takes_what_is_pending_and_a_release_before_the_day_brings_it_back() -> None:
    before = Standing(7, 1, pending_minor=100, held_minor=0, matured_minor=0, has_matured=False)
    held = booking.hold_entry(before, OWED, NOW, "Looks odd")
    assert moves(held) == [("pay_pending", "pay_held", 100)]
    assert held is not None
    assert (held.kind, held.key, held.reason) == ("hold", "hold:7:1", "Looks odd")
    after = Standing(7, 1, pending_minor=0, held_minor=100, matured_minor=0, has_matured=False)
    assert moves(booking.release_entry(after, OWED, NOW, "It was fine")) == [("pay_held", "pay_pending", 100)]


def test_a_hold_takes_what_is_payable_and_a_release_after_the_day_makes_it_payable() -> None:
    payable = Standing(7, 1, pending_minor=0, held_minor=0, matured_minor=100, has_matured=True)
    assert moves(booking.hold_entry(payable, OWED, NOW, "Looks odd")) == [("pay", "pay_held", 100)]
    held = Standing(7, 1, pending_minor=0, held_minor=100, matured_minor=0, has_matured=True)
    assert moves(booking.release_entry(held, OWED, NOW, "It was fine")) == [("pay_held", "pay", 100)]


def test_holding_or_releasing_nothing_books_nothing() -> None:
    nothing = Standing(7, 1, pending_minor=0, held_minor=0, matured_minor=0, has_matured=False)
    assert booking.hold_entry(nothing, OWED, NOW, "Odd") is None
    assert booking.release_entry(nothing, OWED, NOW, "Fine") is None


@given(
    previous=st.integers(0, 1_000),
    target=st.integers(0, 1_000),
    shares=st.tuples(st.integers(0, 100), st.integers(0, 100)),
    matured=st.booleans(),
    is_held=st.booleans(),
)
def test_whatever_changes_recv_moves_as_the_four_pay_accounts_do(
    previous: int,
    target: int,
    shares: tuple[int, int],
    matured: bool,
    is_held: bool,
) -> None:
    held = previous * shares[0] // 200
    disputed = previous * shares[1] // 200
    one = change(previous, target, matured=matured, held=held, disputed=disputed, is_held=is_held)
    if one.delta_minor == 0:
        return
    entry, _ = booking.entry_for(one, OWED, NOW)
    of: dict[str, int] = {}
    for leg in entry.legs:
        assert leg.amount_minor > 0
        of[leg.debit.kind] = of.get(leg.debit.kind, 0) + leg.amount_minor
        of[leg.credit.kind] = of.get(leg.credit.kind, 0) - leg.amount_minor
    pays = sum(of.get(kind, 0) for kind in ("pay_pending", "pay_held", "pay_disputed", "pay"))
    assert of.get("recv", 0) == -pays == one.delta_minor + one.clawback_minor
    assert of.get("clawback_due", 0) == -of.get("clawback_owed", 0) == one.clawback_minor
    assert of.get("pay_held", 0) <= held
    assert of.get("pay_disputed", 0) <= disputed
