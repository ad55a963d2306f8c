"""How often somebody may do something: one table for requests, one for what is guessed at.

Each limit is a bucket that leaks evenly (GCRA): it lets a burst of ``count`` through at once and after that
one more each ``per / count``, so nobody gets twice the count across the border of two windows.
"""

import ipaddress
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

import msgspec

from partner_network.kernel import networks
from partner_network.kernel.sentences import Sentence

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Limit(msgspec.Struct, frozen=True):
    """So many within that time."""

    count: int
    per: timedelta

    @property
    def every(self) -> timedelta:
        """Return after how long one more is let through."""
        return self.per / self.count


class Bucket(msgspec.Struct, frozen=True):
    """What one limit counts: all requests that have the same words in ``of``."""

    of: tuple[str, ...]
    limit: Limit
    on_success: Literal["keep", "take back", "empty"] = "keep"
    """What becomes of the count when the attempt succeeds."""


class Counted(msgspec.Struct, frozen=True):
    """What a bucket holds after a request: by ``empty_at`` all of it has leaked out."""

    bucket: Bucket
    empty_at: datetime
    is_let_through: bool

    def remaining(self, now: datetime) -> int:
        """Return how many more are let through at once."""
        return max(0, int((self.bucket.limit.per - (self.empty_at - now)) / self.bucket.limit.every))

    def reset_s(self, now: datetime) -> int:
        """Return after how many seconds the whole count is there again."""
        return max(0, math.ceil((self.empty_at - now).total_seconds()))

    def wait_s(self, now: datetime) -> int:
        """Return after how many seconds the next one is let through."""
        limit = self.bucket.limit
        return max(1, math.ceil((self.empty_at + limit.every - limit.per - now).total_seconds()))


RequestClass = Literal[
    "reads by key", "changes by key", "reads by person", "changes by person", "uploads by person",
    "reads by address", "changes by address",
]  # fmt: skip

REQUESTS: Mapping[RequestClass, Limit] = MappingProxyType(
    {
        # A key's change may hold a thousand facts, so these are millions an hour.
        "reads by key": Limit(6_000, MINUTE),
        "changes by key": Limit(6_000, MINUTE),
        "reads by person": Limit(3_000, MINUTE),
        "changes by person": Limit(900, MINUTE),
        "uploads by person": Limit(60, 10 * MINUTE),
        # Whoever has no session: a whole office may stand behind one address.
        "reads by address": Limit(1_200, MINUTE),
        "changes by address": Limit(300, 5 * MINUTE),
    }
)

Door = Literal["sign-in", "second factor", "password reset", "invitation"]


class Guard(msgspec.Struct, frozen=True):
    """How often a door may be tried; nobody can use it up for somebody on another network or device."""

    by_network: Limit
    """One account from one network: this is what stops a single guesser."""
    by_account: Limit
    """One account from everywhere, but for devices that its owner used: this stops many guessers at once."""
    by_device: Limit
    """One account from one device on which its owner was, whoever else is guessing elsewhere."""


DOORS: Mapping[Door, Guard] = MappingProxyType(
    {
        "sign-in": Guard(Limit(10, 15 * MINUTE), Limit(50, HOUR), Limit(10, 15 * MINUTE)),
        "second factor": Guard(Limit(5, 10 * MINUTE), Limit(20, HOUR), Limit(5, 10 * MINUTE)),
        "password reset": Guard(Limit(5, HOUR), Limit(10, HOUR), Limit(5, HOUR)),
        "invitation": Guard(Limit(10, 15 * MINUTE), Limit(50, HOUR), Limit(10, 15 * MINUTE)),
    }
)


def bucket_of_requests(kind: RequestClass, whose: str) -> Bucket:
    """Return where a request of somebody's is counted."""
    return Bucket((kind, whose), REQUESTS[kind])


def too_many(wait_s: int) -> Sentence:
    """Say that requests come too fast."""
    return Sentence("You ask more often than this network answers; go on in {wait}.", wait=_in_words(wait_s))


def buckets_of_attempt(
    door: Door, account: str, *, address: str | None, device: str | None
) -> Sequence[Bucket]:
    """Return what an attempt at an account counts against, whether or not there is such an account.

    Never the account by itself: whoever guesses from elsewhere would lock its owner out.
    """
    guard, account = DOORS[door], account.strip().lower()
    if device is not None:
        return (Bucket((door, "device", account, device), guard.by_device, "empty"),)
    network = networks.prefix_of(address or "") or ""
    return (
        # Who proved to be the owner begins anew on this network; what others guessed elsewhere stays.
        Bucket((door, "network", account, network), guard.by_network, "empty"),
        Bucket((door, "account", account), guard.by_account, "take back"),
        # Also against one who tries a single password on many accounts.
        bucket_of_requests("changes by address", line_of(address)),
    )


def line_of(address: str | None) -> str:
    """Return whose requests count together: an address or, of IPv6, the network that one household has."""
    try:
        whole = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(whole, ipaddress.IPv4Address):
        return str(whole)
    if whole.ipv4_mapped is not None:
        return str(whole.ipv4_mapped)
    return str(ipaddress.ip_network((whole.packed, 64), strict=False))


def too_often(door: Door, wait_s: int) -> Sentence:
    """Say that an attempt came too soon, in the same words for every account."""
    wait = _in_words(wait_s)
    if door == "sign-in":
        return Sentence(
            "There were too many attempts; wait {wait} and try again, or use a browser in which you "
            "signed in before.",
            wait=wait,
        )
    return Sentence("There were too many attempts; wait {wait} and try again.", wait=wait)


def _in_words(wait_s: int) -> Sentence:
    if wait_s == 1:
        return Sentence("1 second")
    if wait_s < 2 * MINUTE.seconds:
        return Sentence("{seconds} seconds", seconds=wait_s)
    return Sentence("{minutes} minutes", minutes=math.ceil(wait_s / MINUTE.seconds))
