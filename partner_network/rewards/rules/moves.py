"""What becomes of a credit, move by move, and which moves are due: pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Literal
from uuid import UUID

from msgspec import Struct

from partner_network.kernel.money import PPM_PER_WHOLE
from partner_network.rewards.rules import credit
from partner_network.rewards.rules.credit import Worth

MoveKind = Literal["granted", "grown", "taken_back", "lost", "redeemed", "returned"]


class Move(Struct, frozen=True, kw_only=True):
    """One move of a credit: what it changed, and how the credit stood after it."""

    rev: int
    kind: MoveKind
    change_minor: int
    left_minor: int
    face_minor: int
    worth_ppm: int
    at: datetime
    redemption_id: UUID | None = None


class State(Struct, frozen=True):
    """How a credit stands: after which move, what of it is left, and what part of its face was used."""

    rev: int = 0
    left_minor: int = 0
    face_minor: int = 0
    worth_ppm: int = PPM_PER_WHOLE
    used: tuple[tuple[UUID, Fraction], ...] = ()

    @property
    def used_face(self) -> Fraction:
        """What was redeemed and not returned, in minor units of face."""
        return sum((part for _, part in self.used), Fraction(0))


def state_of(moves: Iterable[Move]) -> State:
    """Return how a credit stands after its moves, given in order."""
    state = State()
    for move in moves:
        state = after(state, move)
    return state


def after(state: State, move: Move) -> State:
    """Return how a credit stands after one move more."""
    used = state.used
    if move.kind == "redeemed" and move.redemption_id is not None:
        used = (*used, (move.redemption_id, Fraction(-move.change_minor * PPM_PER_WHOLE, move.worth_ppm)))
    elif move.kind == "returned":
        used = tuple(part for part in used if part[0] != move.redemption_id)
    return State(move.rev, move.left_minor, move.face_minor, move.worth_ppm, used)


def due(
    state: State, face_minor: int, granted_at: datetime, steps: Sequence[Worth], now: datetime
) -> list[Move]:
    """Return the moves that bring a credit in step with its facts and the time, oldest first.

    A step of worth is dated its own instant, whenever it is noticed; what facts change is dated ``now``,
    and what is granted first, the order itself.
    """
    moves: list[Move] = []
    if state.rev == 0:
        if not face_minor:
            return []
        moves.append(_move(state, "granted", face_minor, PPM_PER_WHOLE, granted_at))
        state = after(state, moves[-1])
    for step in steps:
        if step.at <= now and step.ppm < state.worth_ppm:
            moves.append(_move(state, "lost", state.face_minor, step.ppm, step.at))
            state = after(state, moves[-1])
    if face_minor != state.face_minor:
        kind: MoveKind = "grown" if face_minor > state.face_minor else "taken_back"
        moves.append(_move(state, kind, face_minor, state.worth_ppm, now))
    return moves


def redeemed(state: State, minor: int, redemption_id: UUID, now: datetime) -> Move:
    """Return the move that redeems so much of what is left. Errors: ValueError for more than that."""
    if not 0 < minor <= state.left_minor:
        raise ValueError(f"cannot redeem {minor} of {state.left_minor}")
    return Move(
        rev=state.rev + 1,
        kind="redeemed",
        change_minor=-minor,
        left_minor=state.left_minor - minor,
        face_minor=state.face_minor,
        worth_ppm=state.worth_ppm,
        at=now,
        redemption_id=redemption_id,
    )


def returned(state: State, redemption_id: UUID, now: datetime) -> Move:
    """Return the move that undoes a redemption: what it used is there again, at its present worth."""
    used = sum((part for one, part in state.used if one != redemption_id), Fraction(0))
    left = credit.left_of(state.face_minor, used, state.worth_ppm)
    return Move(
        rev=state.rev + 1,
        kind="returned",
        change_minor=left - state.left_minor,
        left_minor=left,
        face_minor=state.face_minor,
        worth_ppm=state.worth_ppm,
        at=now,
        redemption_id=redemption_id,
    )


def _move(state: State, kind: MoveKind, face_minor: int, worth_ppm: int, at: datetime) -> Move:
    left = credit.left_of(face_minor, state.used_face, worth_ppm)
    return Move(
        rev=state.rev + 1,
        kind=kind,
        change_minor=left - state.left_minor,
        left_minor=left,
        face_minor=face_minor,
        worth_ppm=worth_ppm,
        at=at,
    )
