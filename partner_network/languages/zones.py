"""By whose clock the page or letter at hand tells instants; money's periods have zones of their own."""

import contextlib
import functools
import zoneinfo
from collections.abc import Generator, Mapping, Sequence
from contextvars import ContextVar
from zoneinfo import ZoneInfo

from babel import dates
from babel.core import get_global

from partner_network.languages import spoken
from partner_network.languages.spoken import Language

UTC = "UTC"
_present: ContextVar[str] = ContextVar("time zone", default=UTC)
_AREAS = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


def present() -> ZoneInfo:
    """Return the zone in which instants are told."""
    return ZoneInfo(_present.get())


@contextlib.contextmanager
def being_in(zone: str) -> Generator[None]:
    """Tell instants by a zone's clock for as long as the block lasts."""
    former = _present.set(zone)
    try:
        yield
    finally:
        _present.reset(former)


def go_to(zone: str) -> None:
    """Tell instants by a zone's clock from now on, until the block of `being_in` around this ends."""
    _present.set(zone if known(zone) else UTC)


@functools.cache
def known(zone: str) -> bool:
    """Say whether there is such a zone in the world."""
    return zone in _every()


def by_area(language: Language) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return the zones of each part of the world, with the city by which a language knows each."""
    with spoken.speaking(language):
        return _by_area(language)


@functools.cache
def _by_area(language: Language) -> Mapping[str, Sequence[tuple[str, str]]]:
    del language  # it is the present one; given so that each is kept apart
    aliases = get_global("zone_aliases")
    found: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(_every() - aliases.keys()):
        area, _, city = zone.partition("/")
        if area in _AREAS and city:
            found.setdefault(area, []).append((zone, _city(zone)))
    return {area: sorted(cities, key=lambda one: one[1]) for area, cities in found.items()}


def _city(zone: str) -> str:
    return dates.get_timezone_location(ZoneInfo(zone), locale=spoken.locale(), return_city=True)


@functools.cache
def _every() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
