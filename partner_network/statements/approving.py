"""Until when a payer may object to a statement, and how many people approve it: pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.commissions.rules.reasons import DECISION_CHARACTERS_MAX
from partner_network.kernel import periods
from partner_network.kernel.sentences import Sentence

Outcome = Literal["upheld", "declined"]
OUTCOMES: tuple[Outcome, ...] = ("upheld", "declined")
WHY_ASKED = Sentence("Say in up to {limit} characters why you approve it.", limit=DECISION_CHARACTERS_MAX)


def missing_reason(reason: str) -> dict[str, str]:
    """Return what is wrong with why somebody approves, as the error of its field; empty where nothing is."""
    return {} if 0 < len(reason.strip()) <= DECISION_CHARACTERS_MAX else {"reason": WHY_ASKED}


class Objection(msgspec.Struct, frozen=True):
    """A payer's objection to one line of a statement, and its answer once there is one; minor units."""

    id: UUID
    statement_id: UUID
    transfer_id: int
    line_minor: int
    order_id: str | None
    reason: str
    objected_by: UUID
    at: datetime
    outcome: Outcome | None
    adjusted_minor: int | None
    answer: str | None
    answered_by: UUID | None
    answered_at: datetime | None


class FirstApproval(msgspec.Struct, frozen=True):
    """The first of the two people whom a large statement needs."""

    approver_id: UUID
    reason: str
    approved_at: datetime


class Rule(msgspec.Struct, frozen=True):
    """What the contract says about objections: how many days, and under which clause."""

    days: int
    clause: str
    time_zone: str


def objects_until(issued_at: datetime, rule: Rule) -> datetime:
    """Return when the days to object are over, however early a statement was approved.

    Units: calendar days in the agreement's zone, as a hold: 00:00 after the last of them.
    Source: contracts/cross-promotion, clause 8.6.
    """
    zone = periods.zone_named(rule.time_zone)
    issued_on = issued_at.astimezone(zone).date()
    return periods.midnight(issued_on + timedelta(days=rule.days + 1), zone)


def why_no_objection(
    *, issued_at: datetime | None, approved_at: datetime | None, rule: Rule, now: datetime
) -> Sentence | None:
    """Return why a statement cannot be objected to now, and what to do instead; None when it can."""
    if issued_at is None:
        return Sentence("This statement is not issued yet. Wait until the network’s finance has prepared it.")
    if approved_at is not None and now >= objects_until(issued_at, rule):
        return Sentence(
            "This statement is approved and the days to object to it are over. Ask the network’s manager "
            "about the order instead."
        )
    return None


def open_ones(objections: Sequence[Objection]) -> list[Objection]:
    """Return the objections that nobody has answered."""
    return [one for one in objections if one.outcome is None]


def needs_two(closing_minor: int, limit_minor: int | None) -> bool:
    """Tell whether an amount is above what one person may approve; without a limit none is.

    Units: minor units of the statement's currency.
    """
    return limit_minor is not None and closing_minor > limit_minor
