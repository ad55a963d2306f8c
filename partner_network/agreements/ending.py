"""When the notice of a partnership's end takes effect, who may give it, and what runs on after it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from partner_network.agreements.terms import Settlement, Windows
from partner_network.kernel import periods
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.programs.rules import WORD_OF, Status

REASON_CHARACTERS_MAX = 1_000
_RUNNING: frozenset[Status] = frozenset({"active", "paused"})
_OPEN: frozenset[Status] = frozenset({"applied", "invited", "in_review"})


class Notice(msgspec.Struct, frozen=True):
    """What one party said to end a partnership; it stands until it is withdrawn."""

    id: UUID
    given_for: UUID
    """The party whose notice it is."""
    brand: str
    by_operator: bool
    """Whether a person of the network gave it for the advertiser."""
    agreement_id: UUID
    clause: str
    given_at: datetime
    for_good_cause: bool
    reason: str
    ends_at: datetime
    withdrawn_at: datetime | None

    @property
    def stands(self) -> bool:
        """Say whether it was not withdrawn."""
        return self.withdrawn_at is None


def notice_ends_at(settlement: Settlement, given_at: datetime, *, for_good_cause: bool) -> datetime:
    """Return when notice takes effect: 00:00, in the agreement's zone, after its days; for cause at once.

    The day on which it is given is none of them. Notice of no days takes effect at once.
    Source: the contract's clauses 10.1 and 10.2; docs/algorithms/time.md.
    """
    if for_good_cause or not settlement.notice_days:
        return given_at
    zone = periods.zone_named(settlement.time_zone)
    day = given_at.astimezone(zone).date()
    return periods.midnight(day + timedelta(days=settlement.notice_days + 1), zone)


def runs_off_until(ends_at: datetime, windows: Windows) -> datetime:
    """Return before when a conversion still earns for touches from before the end (clause 10.3)."""
    return ends_at + timedelta(days=windows.run_off_days)


def must_be_reason(text: str) -> str:
    """Return the reason of a notice as it is kept: both parties read it. Errors: InvalidError."""
    reason = text.replace("\r\n", "\n").strip()
    if not 0 < len(reason) <= REASON_CHARACTERS_MAX or not reason.replace("\n", " ").isprintable():
        raise InvalidError(
            Sentence(
                "Say why the partnership ends, in at most {most} characters: the other side reads it.",
                most=REASON_CHARACTERS_MAX,
            ),
            fields={"reason": Sentence("1 to {most} characters", most=REASON_CHARACTERS_MAX)},
        )
    return reason


def must_be_running(status: Status, *, invites: bool) -> None:
    """Refuse to end what has not begun, or is over. ``invites`` says whether the party is the advertiser."""
    if status in _RUNNING:
        return
    if status not in _OPEN:
        raise ConflictError(
            Sentence("The partnership is {status} already; there is nothing to end.", status=WORD_OF[status])
        )
    if invites:
        raise ConflictError(
            Sentence(
                "The partnership is {status}: no agreement is in force, so there is nothing to end. "
                "Leave the draft unsigned.",
                status=WORD_OF[status],
            )
        )
    raise ConflictError(
        Sentence(
            "The partnership is {status}: no agreement is in force, so there is nothing to end. "
            "Decline the invitation, or leave the draft unsigned.",
            status=WORD_OF[status],
        )
    )


def standing_of(notices: Sequence[Notice], party_id: UUID) -> Notice | None:
    """Return the notice of a party that stands: the one that takes effect first, if there are two."""
    own = [one for one in notices if one.given_for == party_id and one.stands]
    return min(own, key=lambda one: one.ends_at, default=None)


def must_be_new(notices: Sequence[Notice], party_id: UUID, *, for_good_cause: bool) -> None:
    """Refuse a second notice of one party: it could not take effect before the first, but for good cause."""
    standing = standing_of(notices, party_id)
    if standing is not None and not for_good_cause:
        raise ConflictError(
            Sentence(
                "{brand} has given notice already: the partnership ends at {ends}. To end it at once, "
                "name a good cause.",
                brand=standing.brand,
                ends=standing.ends_at,
            )
        )


def must_be_withdrawable(notices: Sequence[Notice], party_id: UUID, now: datetime) -> Notice:
    """Return the notice that a party may still take back. Errors: ConflictError."""
    standing = standing_of(notices, party_id)
    if standing is None:
        raise ConflictError("There is no notice of your side that could be withdrawn.")
    if standing.ends_at <= now:
        raise ConflictError(
            Sentence(
                "The partnership ended at {ends}, and an end that took effect is never taken back.",
                ends=standing.ends_at,
            )
        )
    return standing


def must_begin_before_the_end(starts_at: datetime, ended_at: datetime | None) -> None:
    """Refuse a change of terms that would hold only when the partnership is over."""
    if ended_at is not None and starts_at >= ended_at:
        raise ConflictError(
            Sentence(
                "Notice is given: the partnership ends at {ends}, and this change would hold from {starts} "
                "on. Have the notice withdrawn first.",
                ends=ended_at,
                starts=starts_at,
            )
        )
