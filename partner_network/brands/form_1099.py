"""Which payments of a year are reported to the tax office of the United States, by published figures."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

CURRENCY = "USD"
Reached: TypeAlias = Literal["reached", "not reached", "does not apply", "not published yet"]


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sum of one year, in minor units of US dollars, and where it was published."""

    year: int
    minor: int
    source: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    thresholds: list[Threshold]


@cache
def thresholds() -> Mapping[int, Threshold]:
    """Return the thresholds that are known, by year."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return {one.year: one for one in msgspec.convert(tomllib.loads(text), _File).thresholds}


def reached(paid_minor: int, *, year: int, currency: str) -> Reached:
    """Say whether what one payer paid one payee in a year is to be reported; minor units."""
    if currency != CURRENCY:
        return "does not apply"
    known = thresholds().get(year)
    if known is None:
        return "not published yet"
    return "reached" if paid_minor >= known.minor else "not reached"
