"""Whole minor units of a currency, and the few ways they may be rounded, split and shown."""

import decimal
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType

import babel
from babel.numbers import NumberPattern, parse_pattern

from partner_network.kernel.errors import CurrencyMismatchError, InvalidError
from partner_network.kernel.sentences import Sentence

PPM_PER_WHOLE = 1_000_000

# ISO 4217, active currencies: the number of decimal digits of the minor unit. Codes without one
# (metals, XDR, testing) are no money here.
_CODES_BY_EXPONENT: Mapping[int, str] = MappingProxyType(
    {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
        "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
        "GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
        "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
        "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT "
        "TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }
)
EXPONENT_OF: Mapping[str, int] = MappingProxyType(
    {code: digits for digits, codes in _CODES_BY_EXPONENT.items() for code in codes.split()}
)


def exponent(currency: str) -> int:
    """Return how many decimal digits the minor unit of an ISO 4217 currency has."""
    try:
        return EXPONENT_OF[currency]
    except KeyError:
        raise InvalidError(
            Sentence("{currency!r} is no active ISO 4217 currency; write it like EUR.", currency=currency)
        ) from None


@dataclass(frozen=True, slots=True)
class Money:
    """A whole number of minor units of one currency; amounts of two currencies never mix."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent(self.currency)

    def __str__(self) -> str:
        """Return the amount as English text has it."""
        return display(self.minor, self.currency)

    def _minor_of(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise CurrencyMismatchError(
                Sentence(
                    "{one} and {other} cannot be counted together; convert one first.",
                    one=self.currency,
                    other=other.currency,
                )
            )
        return other.minor

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._minor_of(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._minor_of(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._minor_of(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._minor_of(other)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._minor_of(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._minor_of(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)


def divide_half_away(n: int, d: int) -> int:
    """Return n / d as a whole number, halves away from zero. Errors: ZeroDivisionError."""
    if d < 0:
        n, d = -n, -d
    return (2 * n + d) // (2 * d) if n >= 0 else -((d - 2 * n) // (2 * d))


def round_half_away(exact: Fraction) -> int:
    """Return the nearest whole number, halves away from zero."""
    return divide_half_away(exact.numerator, exact.denominator)


def largest_remainder(total: int, weights: Sequence[Fraction]) -> list[int]:
    """Split a whole total by weights into whole parts that sum to it exactly.

    Units: those of `total`; weights are relative and need not sum to one.
    Rounding: each part down towards zero, then one unit more for the largest remainders; the order of
        the sequence breaks ties, so sort it first. A negative total is split as its opposite.
    Errors: ValueError for a negative weight, or for weights that sum to zero.
    Source: MONEY, section 3.5.
    """
    # Whole numbers over one denominator: the same split as by fractions, many times faster.
    denominator = math.lcm(*[weight.denominator for weight in weights])
    units = [weight.numerator * (denominator // weight.denominator) for weight in weights]
    whole = sum(units)
    if whole <= 0 or min(units) < 0:
        raise ValueError(f"cannot split {total} by the weights {list(weights)}")
    size, sign = (total, 1) if total >= 0 else (-total, -1)
    parts = [size * unit // whole for unit in units]
    left = size - sum(parts)
    if left:
        # sorted() is stable, so equal remainders keep the order of the sequence.
        by_remainder = sorted(range(len(units)), key=lambda i: -(size * units[i] % whole))
        for index in by_remainder[:left]:
            parts[index] += 1
    return [sign * part for part in parts]


@lru_cache(maxsize=1024)
def _pattern(locale: str, digits: int) -> NumberPattern:
    pattern = parse_pattern(babel.Locale.parse(locale).currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    return pattern


def display(minor: int, currency: str, locale: str = "en_US") -> str:
    """Return the amount as a reader of that locale writes it, with every digit of its minor unit.

    The digits are ISO 4217's, not those of everyday use in the locale, so nothing is rounded away.
    """
    digits = exponent(currency)
    with decimal.localcontext(prec=len(str(minor)) + digits + 1):
        major = Decimal(minor).scaleb(-digits)
    return _pattern(locale, digits).apply(major, locale, currency=currency, currency_digits=False)
