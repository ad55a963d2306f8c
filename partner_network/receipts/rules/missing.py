"""What became of an order that somebody misses: one sentence each, with its numbers."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Literal
from uuid import UUID

from msgspec import Struct

from partner_network.attribution.exclusions import spoken
from partner_network.attribution.receipt import Common, Weighed
from partner_network.identity.rules.limits import HOUR, Bucket, Limit
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.rules.seen import Seen

DAYS_MAX = 31
Kind = Literal[
    "receipt", "never_received", "no_touch", "waits", "unknown_click", "excluded_click", "not_identified",
    "no_order", "unknown_code", "code_not_used", "no_order_on_those_days",
]  # fmt: skip
_EXCLUDED = {
    "bot": Sentence("A bot made this click, so it counts for nothing."),
    "prefetch": Sentence("A browser fetched the page ahead and nobody clicked, so it counts for nothing."),
    "no_consent": Sentence("The visitor gave no consent, so the click cannot be tied to an order."),
    "self_referral": Sentence("This click was your own brand’s, so it counts for nothing."),
    "stand_down": Sentence("Software overwrote another partner’s click with this one, so it does not count."),
    "test_mode": Sentence("This click was made in test mode, so it counts for nothing."),
}


class Asked(Struct, frozen=True):
    """What somebody goes by: an order id, a click id, a code, or days; several are answered each."""

    order_id: str = ""
    click_id: str = ""
    code: str = ""
    on: date | None = None
    until: date | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was asked."""
        return not (self.order_id or self.click_id or self.code or self.on)

    @property
    def probes(self) -> bool:
        """Tell whether something was asked whose answer depends on what others know."""
        return bool(self.order_id or self.click_id or self.code)


class Finding(Struct, frozen=True):
    """One answer: a receipt to open, or why there is none."""

    kind: Kind
    says: Sentence
    reason: str | None = None
    """Why the touch that came nearest does not count, as the decision keeps it."""
    conversion_id: UUID | None = None
    order_id: str | None = None
    at: datetime | None = None


def buckets(member_or_key: UUID, brand_id: UUID) -> Sequence[Bucket]:
    """Return what a question counts against: whoever asks, and the brand with all its people and keys.

    Generous to somebody who looks for a few orders, and far too little to count an advertiser's.
    """
    return (
        Bucket(("missing orders of", str(member_or_key)), Limit(60, HOUR)),
        Bucket(("missing orders for", str(brand_id)), Limit(300, 24 * HOUR)),
    )


def span(asked: Asked) -> tuple[datetime, datetime] | None:
    """Return the days asked for as instants, half-open, in UTC; None where none were asked for."""
    if asked.on is None:
        return None
    until = max(asked.until or asked.on, asked.on)
    starts = datetime(asked.on.year, asked.on.month, asked.on.day, tzinfo=UTC)
    ends = datetime(until.year, until.month, until.day, tzinfo=UTC) + timedelta(days=1)
    return starts, ends


def of_partners_receipt(seen: Seen) -> tuple[Sentence, str | None]:
    """Say of an order whether it is its reader's, and if not which touch came nearest and what it missed."""
    if seen.credits:
        weight = sum((credit.weight for _, credit in seen.credits), Fraction(0))
        if weight == 1:
            return Sentence("This order is credited to you as a whole."), None
        return Sentence("This order is credited to you: {weight} of it.", weight=str(weight)), None
    own = [one for _, one in seen.weighed if one.touch.partner is not None]
    if not own:
        return Sentence("An earlier order binds this customer, and you have no credit on it now."), None
    nearest = _nearest(own)
    missed = missed_by(nearest, seen.common)
    if missed is None:
        told = Sentence(
            "We received this order. Your touch that came nearest, of {instant}, is not credited:",
            instant=nearest.touch.at,
        )
        return told, nearest.reason
    days, by = missed
    told = Sentence(
        "We received this order. Your touch that came nearest, of {instant}, missed the window of {days} d "
        "by {by}:",
        instant=nearest.touch.at,
        days=days,
        by=by,
    )
    return told, nearest.reason


def missed_by(candidate: Weighed, common: Common) -> tuple[int, str] | None:
    """Return the window that a touch missed, in days, and by how much; None where it missed none."""
    if candidate.reach is None or candidate.verdict != "excluded":
        return None
    days = candidate.reach.windows.days(candidate.touch.kind, common.event)
    over = common.at - candidate.touch.at - timedelta(days=days)
    if over < timedelta(0) or "window" not in candidate.reason:
        return None
    return days, spoken(over)


def _nearest(own: Sequence[Weighed]) -> Weighed:
    """Return what took part before what was excluded, and of each the latest."""
    return max(own, key=lambda one: (one.verdict == "not_credited", one.touch.at, one.touch.id))


def why_excluded(excluded: str | None, consent: str) -> Sentence | None:
    """Say why a click counts for nothing at all; None where it counts."""
    if excluded is not None:
        return _EXCLUDED.get(excluded, Sentence("This click does not count: {why}.", why=excluded))
    return _EXCLUDED["no_consent"] if consent == "denied" else None


def of_click(
    at: datetime, excluded: str | None, consent: str, *, is_identified: bool, waits: bool
) -> Finding:
    """Say why no receipt names a click of the reader's."""
    why = why_excluded(excluded, consent)
    if why is not None:
        return Finding("excluded_click", why, at=at)
    if waits:
        told = Sentence(
            "An order after this click was received and waits to be decided. Ask again in a minute."
        )
        return Finding("waits", told, at=at)
    if is_identified:
        told = Sentence(
            "We know this click of {instant} and its customer, and no order of that customer was reported "
            "since, or none within twice the longest window.",
            instant=at,
        )
        return Finding("no_order", told, at=at)
    told = Sentence(
        "We know this click of {instant} and it counts, and the advertiser never told us which customer "
        "stands behind it: nobody ordered after it, or the order came without its click id.",
        instant=at,
    )
    return Finding("not_identified", told, at=at)


def never_received(order_id: str, advertisers: int) -> Finding:
    """Say that nobody reported an order, among those whom one may ask about."""
    return Finding(
        "never_received",
        Sentence(
            "We never received an order {order} from any of the {count} advertisers whom you promote, for "
            "the time of your partnership. Ask the advertiser whether it was reported, and under which "
            "number.",
            order=order_id,
            count=advertisers,
        )
        if advertisers != 1
        else Sentence(
            "We never received an order {order} from the advertiser whom you promote, for the time of your "
            "partnership. Ask it whether the order was reported, and under which number.",
            order=order_id,
        ),
    )


def received_without_touch(advertiser: str, order_id: str, *, is_decided: bool) -> Finding:
    """Say that an order came, and no more: nothing of it is the reader's."""
    if not is_decided:
        return Finding(
            "waits",
            Sentence(
                "We received order {order} from {advertiser}, and it waits to be decided. Ask again in a "
                "minute.",
                order=order_id,
                advertiser=advertiser,
            ),
        )
    return Finding(
        "no_touch",
        Sentence(
            "We received order {order} from {advertiser}, and no touch of yours lies within the window: no "
            "click, view or code of yours is known of its customer, even within twice the longest window.",
            order=order_id,
            advertiser=advertiser,
        ),
    )
