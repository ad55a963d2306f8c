"""How long API keys last, how one follows another, and what state one is in."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.kernel.sentences import Sentence

KEYS_MAX = 50
"""How many keys of one brand are in force at a time; whoever needs more has lost sight of them."""
LASTS_MAX = timedelta(days=5 * 366)
OVERLAP_HOURS = 24
OVERLAP_HOURS_MAX = 168
USED_AGAIN = timedelta(minutes=1)
"""How old a key's last use may get before it is written again: not one UPDATE per request."""

State = Literal["in force", "ending", "ended", "revoked"]


class Lifetime(msgspec.Struct, frozen=True):
    """From when until when a key is taken; None where nobody set an end."""

    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> State:
        """Say whether the key is taken now, and whether its end is set."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is None:
            return "in force"
        return "ending" if self.expires_at > now else "ended"


def must_be_end(expires_at: datetime | None, now: datetime) -> datetime | None:
    """Refuse an end that is past, further away than anybody plans, or in nobody's time zone."""
    if expires_at is None:
        return None
    if expires_at.tzinfo is None or not now < expires_at <= now + LASTS_MAX:
        raise InvalidError(
            Sentence(
                "A key ends in the future and at most {days} days from now; give an instant with its "
                "offset like 2027-03-01T09:30:00Z, or leave it out for a key without an end.",
                days=LASTS_MAX.days,
            ),
            fields={"expires_at": Sentence("not in that time")},
        )
    return expires_at


def must_be_overlap(hours: int) -> timedelta:
    """Refuse an overlap that is no time at all to come, or so long that the old key might as well stay."""
    if not 0 <= hours <= OVERLAP_HOURS_MAX:
        raise InvalidError(
            Sentence(
                "The old key goes on for 0 to {hours} hours beside the new one.", hours=OVERLAP_HOURS_MAX
            ),
            fields={"overlap_hours": Sentence("out of range")},
        )
    return timedelta(hours=hours)


def must_be_rotatable(former: Lifetime, *, is_replaced: bool, now: datetime) -> None:
    """Refuse to follow a key that has ended or that another follows already."""
    if is_replaced:
        raise ConflictError("Another key follows this one already; rotate that one, or revoke this one.")
    if former.state(now) in {"ended", "revoked"}:
        raise ConflictError("This key has ended, so there is nothing to hand over; make a new key instead.")


def end_of_former(former: Lifetime, now: datetime, overlap: timedelta) -> datetime:
    """Return when a key ends that another follows: after the overlap, or sooner if it was to end sooner."""
    ends_at = now + overlap
    return ends_at if former.expires_at is None else min(former.expires_at, ends_at)


def end_of_next(former: Lifetime, now: datetime) -> datetime | None:
    """Return when the key that follows ends: it lasts as long as the former was made to."""
    return None if former.expires_at is None else now + (former.expires_at - former.created_at)
