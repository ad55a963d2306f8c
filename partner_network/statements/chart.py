"""A small bar chart as inline SVG: what was earned, week by week or in coarser steps."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from babel import dates
from markupsafe import Markup

from partner_network.languages import formats, spoken
from partner_network.languages.catalogs import say
from partner_network.languages.spoken import Language

BARS_MAX = 27
BARS_MIN = 2

# Units of the drawing, all whole: no figure of money ever becomes a float, not even for a picture.
_WIDTH, _TOP, _ROOM, _LABELS, _TEXT = 5_000, 20, 600, 150, 76
_PITCH_MAX = 700  # two weeks are no two walls
# A style sheet of the page does not reach into a drawing.
_EARNED, _LOST, _QUIET = "#0d5c63", "#b4532a", "#5b6472"


class Chart(NamedTuple):
    """A drawing and what stands above it."""

    title: str
    svg: Markup


def bars(earned: Sequence[tuple[date, int]], currency: str) -> Chart | None:
    """Return the chart of (day, minor units), or nothing when there are too few steps to compare.

    A step is a week, else a month, else a year: the finest of which 27 are enough.
    """
    for first_of, titled, label in _STEPS:
        sums = Counter[date]()
        for day, minor in earned:
            sums[first_of(day)] += minor
        steps = _run(sorted(sums), first_of)
        if len(steps) < BARS_MIN:
            return None
        if len(steps) <= BARS_MAX:
            columns = [(label(step), sums[step]) for step in steps]
            title = titled(formats.money(max(sums.values()), currency))
            return Chart(title, _svg(title, columns, currency))
    return None


def _run(steps: Sequence[date], first_of: Callable[[date], date]) -> list[date]:
    """Return every step from the first to the last, those without earnings too."""
    if not steps:
        return []
    days = range((steps[-1] - steps[0]).days + 1)
    return sorted({first_of(steps[0] + timedelta(days=n)) for n in days})


def _svg(title: str, columns: Sequence[tuple[str, int]], currency: str) -> Markup:
    highest = max(0, *(minor for _, minor in columns))
    lowest = min(0, *(minor for _, minor in columns))
    span = highest - lowest or 1
    zero = _TOP + _ROOM * highest // span
    pitch = min(_WIDTH // len(columns), _PITCH_MAX)
    bar = pitch * 7 // 10
    every = -(-len(columns) * 420 // _WIDTH)  # so that labels keep clear of each other
    drawn: list[str] = []
    for index, (label, minor) in enumerate(columns):
        size, x = _ROOM * abs(minor) // span, index * pitch
        ink, y = (_EARNED, zero - size) if minor >= 0 else (_LOST, zero)
        drawn.append(f'<rect fill="{ink}" x="{x}" y="{y}" width="{bar}" height="{size}"/>')
        if index % every == 0:
            drawn.append(f'<text x="{x}" y="{_TOP + _ROOM + _LABELS - 40}">{label}</text>')
    told = "; ".join(f"{label} {formats.money(minor, currency)}" for label, minor in columns)
    # Markup: dates and figures alone, nothing that anybody typed.
    return Markup(  # noqa: S704 - the same
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img"'
        f' viewBox="0 0 {_WIDTH} {_TOP + _ROOM + _LABELS}">'
        # What a screen reader says of the drawing; the engine takes it from here and from no attribute.
        f"<title>{title}: {told}</title>"
        f'<g font-family="Plex Sans" font-size="{_TEXT}" fill="{_QUIET}">{"".join(drawn)}</g>'
        f'<line x1="0" y1="{zero}" x2="{_WIDTH}" y2="{zero}" stroke="{_QUIET}" stroke-width="6"/></svg>'
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _shown(day: date, pattern_of: Mapping[Language, str]) -> str:
    return dates.format_date(day, pattern_of[spoken.present()], locale=spoken.locale())


_DAY: Mapping[Language, str] = MappingProxyType({"en": "d MMM", "de": "d. MMM"})
_MONTH: Mapping[Language, str] = MappingProxyType({"en": "MMM yy", "de": "MMM yy"})
_STEPS: tuple[tuple[Callable[[date], date], Callable[[str], str], Callable[[date], str]], ...] = (
    (
        _monday,
        lambda most: say("Earned by week of the order, at most {amount}", amount=most),
        lambda day: _shown(day, _DAY),
    ),
    (
        lambda day: day.replace(day=1),
        lambda most: say("Earned by month of the order, at most {amount}", amount=most),
        lambda day: _shown(day, _MONTH),
    ),
    (
        lambda day: day.replace(month=1, day=1),
        lambda most: say("Earned by year of the order, at most {amount}", amount=most),
        lambda day: f"{day:%Y}",
    ),
)
"""From the finest: the first day of a step, the title above, and what stands under a bar."""
