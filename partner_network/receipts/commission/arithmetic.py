"""The arithmetic of one commission, line by line, from the figures that its revision keeps: pure."""

from fractions import Fraction

import msgspec
from msgspec import Struct

from partner_network.commissions.rules.facts import Measure
from partner_network.kernel.money import PPM_PER_WHOLE, divide_half_away


class Piece(Struct, frozen=True):
    """What one rate paid: on minor units of net in parts per million, or an amount on parts of an action."""

    rate: int
    units: int
    exact: Fraction
    """Minor units of the agreement's currency, not rounded yet."""

    @property
    def minor(self) -> int:
        """The same in whole minor units, to be read; the sum is rounded once, later."""
        return divide_half_away(self.exact.numerator, self.exact.denominator)


class Figures(Struct, frozen=True):
    """The figures of a revision, as the engine wrote them; see `commissions.rules.facts.Target`."""

    minor: int = 0
    period: str = ""
    rule: str = ""
    clause: str = ""
    metric_before: int = 0
    metric_after: int = 0
    metric_total: int = 0
    rates: tuple[tuple[int, int], ...] = ()
    factors: tuple[tuple[str, str], ...] = ()
    capped_by: tuple[str, ...] = ()
    line_minor: int = 0
    taken_back_minor: int = 0
    adjusted_minor: int = 0
    bonus: str = ""
    conversions: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()

    @property
    def pieces(self) -> list[Piece]:
        """What each rate paid."""
        return [Piece(rate, units, Fraction(rate * units, PPM_PER_WHOLE)) for rate, units in self.rates]

    @property
    def multiplied(self) -> list[tuple[str, Fraction]]:
        """The multipliers that followed, exact and in their order."""
        return [(name, Fraction(value)) for name, value in self.factors]

    def measure_of(self, factor: str) -> Measure | None:
        """Return what a multiplier went by, where it is one of quality."""
        return next((one for one in self.measures if factor == f"quality {one.rule}"), None)

    @property
    def earned(self) -> Fraction:
        """What the rates and multipliers come to before caps, exact, in minor units."""
        earned = sum((piece.exact for piece in self.pieces), Fraction(0))
        for _, factor in self.multiplied:
            earned *= factor
        return earned

    @property
    def rounding(self) -> Fraction | None:
        """What rounding the period's running sum added to this line; None where a cap cut it."""
        return None if self.capped_by else self.line_minor - self.earned

    @property
    def holds(self) -> bool:
        """Tell whether the figures, computed again, come to what is booked.

        Rounding the running sum moves a line by less than one minor unit; a cap only ever lowers it.
        """
        if self.bonus:
            return self.minor >= self.adjusted_minor  # a bonus is one amount: there is no line to compute
        if self.minor != max(0, self.line_minor - self.taken_back_minor + self.adjusted_minor):
            return False
        if self.capped_by:
            return self.line_minor <= self.earned + 1
        return abs(self.line_minor - self.earned) < 1


def figures_in(inputs: str) -> Figures:
    """Read what a revision keeps; empty figures for one that nothing pays any more."""
    return msgspec.json.decode(inputs, type=Figures)
