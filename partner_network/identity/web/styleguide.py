"""Every component of the pages in every state, for whoever makes a page or judges one.

It shows invented rows, so it is there in a sandbox alone; elsewhere its doors are not even made.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromQuery
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from partner_network.identity.web import coded_words, listings
from partner_network.identity.web.listings import Listing
from partner_network.kernel.sentences import Sentence
from partner_network.languages import catalogs
from partner_network.settings import Settings

PATH = "/styleguide"
BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
STATES = ("active", "in_review", "paused", "failed", "ended")
NAMES = (
    "Needle & Groove", "Tune House", "Riff Radio", "Café Zoë", "Bäckerei Überall", "شركة النور للتسويق",
    "חנות הספרים", "🦊 Fox & 🐻 Bear 👩‍👩‍👧", "株式会社サウンド", "<b>not bold</b>", "O’Neill = 1+1",
)  # fmt: skip
LONG = "Donaudampfschifffahrtsgesellschaft " * 28 + "x" * 80
AMOUNTS = (
    (123_456, "EUR"), (-123_456, "EUR"), (0, "EUR"), (999_999_999_999_999, "EUR"),
    (-999_999_999_999_999, "USD"), (123_456, "JPY"), (-1_234_567, "KWD"), (5, "CHF"),
)  # fmt: skip
CODE = "SUMMER-26"
BEFORE = "Provision von 5 % auf jeden Verkauf, fällig nach 30 Tagen."
AFTER = "Provision von 6,5 % auf jeden neuen Verkauf, fällig nach 45 Tagen."
BEFORE_LINES = 'rate_ppm = 50000\nhold_days = 30\ncurrency = "EUR"\n'
AFTER_LINES = 'rate_ppm = 65000\nhold_days = 30\ncurrency = "EUR"\nminimum_minor = 2500\n'
COLUMNS = ("name", "day", "clicks", "amount")


class Sample(msgspec.Struct, frozen=True):
    """A row as lists of the product have them."""

    name: str
    status: str
    day: date | None
    clicks: int
    minor: int
    currency: str


class Look(msgspec.Struct, frozen=True):
    """What an address asks to see: how many rows, and how far the long work is."""

    rows: int = 200
    done: int = 0


def routes(settings: Settings) -> Sequence[ControllerRouterHandler]:
    """Return the doors of the styleguide, where invented rows mislead nobody."""
    return (show_styleguide, show_progress, list_sample_earnings) if settings.sandbox else ()


@get(PATH, include_in_schema=False)
async def show_styleguide(request: Request[Any, Any, Any], rows: FromQuery[int] = 200) -> Response[Any]:
    """Show all components, and a list of as many rows as the address asks for."""
    samples = _samples(min(max(rows, 0), 10_000))
    view = Listing.read(
        request.query_params, COLUMNS, "-day", filters={"status": STATES}, size=listings.SIZES[0]
    )
    view, shown = view.cut(
        samples,
        by={
            "name": lambda one: one.name.casefold(),
            "day": lambda one: one.day,
            "clicks": lambda one: one.clicks,
            "amount": lambda one: one.minor,
        },
        text=lambda one: one.name,
        values={"status": lambda one: one.status},
    )
    if view.wants_csv:
        table = [
            (one.name, one.status, str(one.day or ""), one.clicks, one.minor, one.currency) for one in shown
        ]
        columns = ("name", "status", "day", "clicks", "amount_minor", "currency")
        return listings.csv_answer("samples", columns, table, numbers={3, 4})
    return Template("identity/styleguide.html", context=_context(view, shown, rows))


@get(f"{PATH}/progress", include_in_schema=False)
async def show_progress(done: FromQuery[int] = 0) -> Template:
    """Show how far the long work is, a step further than asked before."""
    return Template("identity/styleguide_progress.html", context={"done": min(max(done, 0) + 20, 100)})


@get(f"{PATH}/earnings", include_in_schema=False)
async def list_sample_earnings() -> dict[str, list[dict[str, str | int]]]:
    """Serve what the sample chart draws, as the API serves earnings."""
    return {"items": [{"month": month, "currency": "EUR", "earned_minor": minor} for month, minor in EARNED]}


EARNED: Sequence[tuple[str, int]] = tuple(
    (f"2026-{number:02}", minor)
    for number, minor in enumerate(
        (120_034, 98_011, 154_000, 0, 187_655, 203_310, 175_022, 241_999, 260_180, -20_150, 310_001), start=1
    )
)


def _samples(count: int) -> Sequence[Sample]:
    return [_sample(number) for number in range(count)]


def _sample(number: int) -> Sample:
    minor, currency = AMOUNTS[number % len(AMOUNTS)]
    return Sample(
        name=LONG if number == 1 else f"{NAMES[number % len(NAMES)]} {number + 1}",
        status=STATES[number % len(STATES)],
        day=None if (number + 1) % 9 == 0 else BEGAN.date() - timedelta(days=number),
        clicks=(number * 7919) % 100_000,
        minor=minor,
        currency=currency,
    )


def _context(view: Listing, shown: Sequence[Sample], rows: int) -> dict[str, object]:
    said = catalogs.translated
    return {
        "listing": view,
        "shown": shown,
        "rows": rows,
        "states": [(one, said(coded_words.status(one).word)) for one in STATES],
        "statuses": coded_words.STATUSES,
        "names": NAMES,
        "long": LONG,
        "amounts": AMOUNTS,
        "code": CODE,
        "person": "Greta",
        "currency": "EUR",
        "at": BEGAN,
        "earned": EARNED,
        "compared": ((BEFORE, AFTER), (BEFORE_LINES, AFTER_LINES), ("", AFTER), (BEFORE, BEFORE)),
        "mistakes": {
            "wrong-name": Sentence("Say how you call it."),
            "wrong-choice": Sentence("Choose one of the programs."),
            "wrong-terms": Sentence("Tick this to go on."),
        },
    }
