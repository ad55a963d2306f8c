"""Credit is a matter of facts and time alone, never more than was granted, never below nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from partner_network.rewards.rules import credit, moves
from partner_network.rewards.rules.credit import Worth
from partner_network.rewards.rules.moves import Move, State

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
STEPS = st.lists(
    st.tuples(st.integers(1, 100), st.integers(0, 999_999)), max_size=4, unique_by=lambda step: step[0]
).map(lambda steps: _falling(sorted(steps)))
Deed = tuple[str, int, int]
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["face", "redeem", "cancel", "wait"]), st.integers(0, 5_000), st.integers(0, 20)
    ),
    max_size=25,
)


def _falling(steps: list[tuple[int, int]]) -> tuple[Worth, ...]:
    worths = sorted({ppm for _, ppm in steps}, reverse=True)
    return tuple(
        Worth(START + timedelta(days=day), ppm)
        for (day, _), ppm in zip(steps[: len(worths)], worths, strict=True)
    )


def lived(deeds: list[Deed], steps: tuple[Worth, ...]) -> Iterator[tuple[State, Move]]:
    """Live through deeds as the actions do, and yield each move with the state before it."""
    state, now, face, number = State(), START, 0, 0
    standing: list[UUID] = []
    for what, amount, days in deeds:
        now += timedelta(days=days)
        face = amount if what == "face" else face
        due = moves.due(state, face, START, steps, now)
        for move in due:
            yield state, move
            state = moves.after(state, move)
        if what == "redeem" and (part := min(amount, state.left_minor)):
            number += 1
            standing.append(UUID(int=number))
            move = moves.redeemed(state, part, standing[-1], now)
        elif what == "cancel" and standing:
            move = moves.returned(state, standing.pop(0), now)
        else:
            continue
        yield state, move
        state = moves.after(state, move)


@given(DEEDS, STEPS)
def test_what_is_left_is_the_sum_of_all_moves_and_never_below_nothing(
    deeds: list[Deed], steps: tuple[Worth, ...]
) -> None:
    left = 0
    for before, move in lived(deeds, steps):
        assert move.rev == before.rev + 1
        left += move.change_minor
        assert move.left_minor == left >= 0


@given(DEEDS, STEPS)
def test_what_is_left_follows_from_the_face_the_use_and_the_time_alone(
    deeds: list[Deed], steps: tuple[Worth, ...]
) -> None:
    for before, move in lived(deeds, steps):
        state = moves.after(before, move)
        assert move.worth_ppm == credit.worth_at(steps, move.at)
        assert state.left_minor == credit.left_of(state.face_minor, state.used_face, state.worth_ppm)


@given(DEEDS, STEPS)
def test_each_kind_of_move_goes_its_own_way(deeds: list[Deed], steps: tuple[Worth, ...]) -> None:
    for _, move in lived(deeds, steps):
        if move.kind in {"granted", "grown", "returned"}:
            assert move.change_minor >= 0
        else:
            assert move.change_minor <= 0


@given(DEEDS, STEPS, st.integers(0, 400))
def test_losses_booked_late_leave_what_losses_booked_in_time_would(
    deeds: list[Deed], steps: tuple[Worth, ...], days: int
) -> None:
    state = State()
    for _, move in lived(deeds, steps):
        state = moves.after(state, move)
    later = START + timedelta(days=500 + days)
    at_once = moves.due(state, state.face_minor, START, steps, later)
    bit_by_bit: list[Move] = []
    walking = state
    for day in range(0, 500 + days, 37):
        for move in moves.due(walking, walking.face_minor, START, steps, START + timedelta(days=day)):
            bit_by_bit.append(move)
            walking = moves.after(walking, move)
    bit_by_bit += moves.due(walking, walking.face_minor, START, steps, later)
    assert at_once == bit_by_bit
