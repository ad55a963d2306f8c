"""How each multi-touch model shares one conversion among the touches that take part."""

import decimal
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from partner_network.agreements.terms import ProgramPolicy
from partner_network.kernel.money import PPM_PER_WHOLE

WHOLE = Fraction(1)
_HALF = Fraction(1, 2)
_PAIR = 2
_DAY_SECONDS = 86_400
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = decimal.Context(prec=60, rounding=decimal.ROUND_HALF_EVEN)
_GUARDED = decimal.Context(prec=70, rounding=decimal.ROUND_HALF_EVEN)
_LN_2 = _GUARDED.ln(Decimal(2))
_SCALE_BITS = 64


def shared(touched_at: Sequence[datetime], ordered_at: datetime, policy: ProgramPolicy) -> list[Fraction]:
    """Return the exact weight of each touch, in canonical order; they sum to one. Source: MONEY, 3.4."""
    if policy.model == "position_based":
        return by_position(len(touched_at), policy.position_ppm)
    if policy.model == "time_decay":
        return by_age([ordered_at - at for at in touched_at], policy.half_life_days)
    return [Fraction(1, len(touched_at))] * len(touched_at)


def by_position(count: int, position_ppm: tuple[int, int, int]) -> list[Fraction]:
    """Return the first's, the middle ones' and the last's weights; one takes all, two take half each."""
    if count == 1:
        return [WHOLE]
    if count == _PAIR:
        return [_HALF, _HALF]
    first, middle, last = (Fraction(ppm, PPM_PER_WHOLE) for ppm in position_ppm)
    return [first, *[middle / (count - 2)] * (count - 2), last]


def by_age(ages: Sequence[timedelta], half_life_days: int) -> list[Fraction]:
    """Return weights that halve with every half-life of age, exact over one common sum.

    Rounding: `2^64 * 2^(-age / half-life)` half to even at 60 digits. When every touch is so old that all
    round to zero, the last one takes all.
    """
    half_life = Decimal(half_life_days * _DAY_SECONDS * 1_000_000)
    raw = [_halved(Decimal(age // _MICROSECOND), half_life) for age in ages]
    total = sum(raw)
    if total == 0:
        return [*[Fraction(0)] * (len(raw) - 1), WHOLE]
    return [Fraction(weight, total) for weight in raw]


def _halved(age: Decimal, half_life: Decimal) -> int:
    halvings = _DIGITS.divide(age, half_life)
    if halvings == halvings.to_integral_value():
        # Exact: 2^64 halved 65 times is a half, which goes to the even 0.
        return 1 << (_SCALE_BITS - int(halvings)) if halvings <= _SCALE_BITS else 0
    exponent = _DIGITS.subtract(Decimal(_SCALE_BITS), halvings)
    # e^(x ln 2) is 2^x, and takes an eighth of the time; ten digits more than are asked for make it the same.
    halved = _GUARDED.exp(_GUARDED.multiply(exponent, _LN_2))
    return int(halved.to_integral_value(decimal.ROUND_HALF_EVEN))
