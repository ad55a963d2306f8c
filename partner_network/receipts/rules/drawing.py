"""The touches before an order as a drawing: who, when, in which window; places, no colours and no words."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from partner_network.agreements.terms import Event
from partner_network.attribution.receipt import Common, Weighed
from partner_network.receipts.rules.seen import Seen

MARKS_MAX = 60
LANES_MAX = 8
LANE_PX, TOP_PX, BOTTOM_PX = 46, 8, 30
_MARK_PX, _BAND_PX, _BAND_HIGH_PX = 31, 20, 22
_LEFT, _WIDE = 3.0, 94.0


class Mark(Struct, frozen=True):
    """One touch: how far to the right, in percent, and how far down, in pixels."""

    x: str
    y: int
    candidate: Weighed


class Lane(Struct, frozen=True):
    """One partner's touches (None: direct visits), and the span within which its clicks count."""

    partner: str | None
    y: int
    band_y: int
    band_x: str | None
    band_width: str
    band_height: int
    window_days: int | None


class Drawing(Struct, frozen=True):
    """What is drawn, from its first instant to its last; ``left_out`` says how many touches are not."""

    height: int
    lanes: Sequence[Lane]
    marks: Sequence[Mark]
    starts_at: datetime
    ends_at: datetime
    order_at: datetime
    order_x: str
    left_out: int


def drawn(seen: Seen, marks_max: int = MARKS_MAX) -> Drawing | None:
    """Return the drawing of what a viewer may see; None where there is no touch to draw."""
    candidates = [one for _, one in seen.weighed]
    if not candidates:
        return None
    partners = _lanes_of(candidates)
    shown = _chosen([one for one in candidates if one.touch.partner in partners], marks_max)
    common = seen.common
    scale = _Scale.over(common, candidates=shown)
    place = {partner: TOP_PX + n * LANE_PX for n, partner in enumerate(partners)}
    return Drawing(
        height=TOP_PX + len(partners) * LANE_PX + BOTTOM_PX,
        lanes=[_lane(one, place[one], shown, common, scale) for one in partners],
        marks=[Mark(scale.x(one.touch.at), place[one.touch.partner] + _MARK_PX, one) for one in shown],
        starts_at=scale.starts_at,
        ends_at=scale.ends_at,
        order_at=common.at,
        order_x=scale.x(common.at),
        left_out=len(candidates) - len(shown),
    )


class _Scale(Struct, frozen=True):
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def over(cls, common: Common, *, candidates: Sequence[Weighed]) -> "_Scale":
        """Reach from the first touch or window to the order, or to a touch that came after it."""
        instants = [one.touch.at for one in candidates] + [common.at]
        instants += [common.at - _window(one, common.event) for one in candidates if one.reach is not None]
        first, last = min(instants), max(instants)
        return cls(first if first < last else last - timedelta(days=1), last)

    def percent(self, at: datetime) -> float:
        part = (max(at, self.starts_at) - self.starts_at) / (self.ends_at - self.starts_at)
        return _LEFT + _WIDE * part

    def x(self, at: datetime) -> str:
        return f"{self.percent(at):.2f}%"


def _window(one: Weighed, event: Event) -> timedelta:
    days = 0 if one.reach is None else one.reach.windows.days("click", event)
    return timedelta(days=days)


def _lanes_of(candidates: Sequence[Weighed]) -> list[str | None]:
    """Return whose touches are drawn: those with credit first, then whoever came last; direct visits last."""
    last = {one.touch.partner: (one.weight is not None, one.touch.at) for one in candidates}
    for one in candidates:
        if one.weight is not None:
            last[one.touch.partner] = (True, one.touch.at)
    partners = sorted(last, key=lambda partner: (partner is not None, last[partner]), reverse=True)
    return partners[:LANES_MAX]


def _chosen(candidates: Sequence[Weighed], marks_max: int) -> list[Weighed]:
    """Return those that are drawn: what has credit, then the latest, in the order of time."""
    by_weight = sorted(
        candidates, key=lambda one: (one.weight is not None, one.touch.at, one.touch.id), reverse=True
    )
    return sorted(by_weight[:marks_max], key=lambda one: (one.touch.at, one.touch.id))


def _lane(partner: str | None, y: int, candidates: Sequence[Weighed], common: Common, scale: _Scale) -> Lane:
    own = [one for one in candidates if one.touch.partner == partner and one.reach is not None]
    band_x, band_width, days = None, "0%", None
    if own:
        window = _window(own[0], common.event)
        starts = scale.percent(common.at - window)
        band_x = f"{starts:.2f}%"
        band_width = f"{max(scale.percent(common.at) - starts, 0):.2f}%"
        days = window.days
    return Lane(partner, y, y + _BAND_PX, band_x, band_width, _BAND_HIGH_PX, days)
