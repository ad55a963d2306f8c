"""MONEY, section 4, written once more from the text alone: slow, plain, one period at a time, in fractions.

It knows conversions whose credits the file states, refunds, rates, tiers by net or by count, one version of
terms, decay none, and first-n bonuses. The product's engine is neither read nor imported.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")
DIGITS = {"EUR": 2, "USD": 2, "JPY": 0, "BHD": 3, "CLF": 4}
Rows = list[dict[str, Any]]


def half_away(exact: Fraction) -> int:
    below = abs(exact).__floor__()
    size = below + (1 if abs(exact) - below >= Fraction(1, 2) else 0)
    return size if exact >= 0 else -size


def split(total: int, weights: Sequence[Fraction]) -> list[int]:
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [one.__floor__() for one in exact]
    for _ in range(total - sum(parts)):
        short = [one - part for one, part in zip(exact, parts, strict=True)]
        parts[short.index(max(short))] += 1
    return parts


def rate_of(rates: Rows, day: date, base: str, quote: str) -> Fraction:
    for back in range(8):
        known = {
            (row["base"], row["quote"]): Fraction(row["rate"])
            for row in rates
            if row["date"] == str(day - timedelta(days=back))
        }
        both = known | {(quote_, base_): 1 / rate for (base_, quote_), rate in known.items()}
        if (base, quote) in both:
            return both[base, quote]
        for middle in ("BHD", "CLF", "EUR", "JPY", "USD"):
            if (base, middle) in both and (middle, quote) in both:
                return both[base, middle] * both[middle, quote]
    raise LookupError((day, base, quote))


def period_of(at: datetime, period: str) -> str:
    local = at.astimezone(ZONE)
    return {
        "month": f"{local:%Y-%m}",
        "quarter": f"{local:%Y}-Q{(local.month + 2) // 3}",
        "year": f"{local:%Y}",
        "lifetime": "lifetime",
    }[period]


class Reference:
    """The answer of one facts file under one component's terms."""

    def __init__(
        self, facts: Mapping[str, Rows], component: Mapping[str, Any], settled: Mapping[str, Any]
    ) -> None:
        self.component, self.settled = component, settled
        self.rates, self.refunds = facts["rates"], facts["refunds"]
        self.orders = sorted(facts["conversions"], key=lambda row: (at(row), row["id"].encode()))

    def answer(self) -> dict[tuple[str, str, str], int]:
        """Return minor units by conversion, partner and period."""
        found: dict[tuple[str, str, str], int] = {}
        partners = sorted({credit["partner"] for row in self.orders for credit in row["credits"]})
        for partner in partners:
            mine = [row for row in self.orders if any(c["partner"] == partner for c in row["credits"])]
            for period in {period_of(at(row), self.component["period"]) for row in mine}:
                rows = [row for row in mine if period_of(at(row), self.component["period"]) == period]
                for row, minor in zip(rows, self._lines(rows, partner), strict=True):
                    if minor:
                        found[row["id"], partner, period] = minor
        return found

    def _lines(self, rows: Rows, partner: str) -> list[int]:
        metrics = [self._metric(row, partner) for row in rows]
        total, before, earned = sum(metrics), 0, list[Fraction]()
        for metric in metrics:
            if self.component["structure"] == "graduated":
                exact = self._paid(before + metric) - self._paid(before)
            else:
                top = total if self.component["structure"] == "retroactive" else 0
                exact = self._rate(top) * metric
            before += metric
            order_cap = self.component["cap"].get("order")
            earned.append(exact if order_cap is None else min(exact, Fraction(order_cap)))
        lines, running = list[int](), Fraction(0)
        cap = self.component["cap"].get("period")
        for exact in earned:
            limits = [running, running + exact]
            low, high = limits if cap is None else [min(one, Fraction(cap)) for one in limits]
            lines.append(half_away(high) - half_away(low))
            running += exact
        return [self._after_refunds(row, line) for row, line in zip(rows, lines, strict=True)]

    def _after_refunds(self, row: dict[str, Any], line: int) -> int:
        if self.settled["mode"] != "line_only" or not row["net_minor"]:
            return line
        return line - half_away(Fraction(line * self._refunded(row), row["net_minor"]))

    def _refunds_of(self, row: dict[str, Any]) -> list[int]:
        oldest = timedelta(days=self.settled["max_age_days"])
        undone = {one["cancels"] for one in self.refunds if one.get("cancels")}
        return [
            one["net_minor"]
            for one in self.refunds
            if one["conversion"] == row["id"]
            and not one.get("cancels")
            and one["id"] not in undone
            and at(one) - at(row) < oldest
        ]

    def _refunded(self, row: dict[str, Any]) -> int:
        return sum(self._refunds_of(row))

    def _metric(self, row: dict[str, Any], partner: str) -> int:
        by_count = self.component["metric"] == "count"
        net = row["net_minor"] - (self._refunded(row) if self.settled["mode"] == "recompute" else 0)
        if by_count:
            is_gone = self.settled["mode"] == "recompute" and net == 0 and bool(self._refunds_of(row))
            total = 0 if is_gone else 1_000_000
        else:
            total = net
        stated = sorted(row["credits"], key=lambda credit: (credit["partner"], Fraction(credit["weight"])))
        parts = split(total, [Fraction(credit["weight"]) for credit in stated])
        part = sum(part for part, credit in zip(parts, stated, strict=True) if credit["partner"] == partner)
        if by_count or row["currency"] == self.settled["currency"]:
            return part
        scale = Fraction(10) ** (DIGITS[self.settled["currency"]] - DIGITS[row["currency"]])
        day = at(row).astimezone(ZONE).date()
        return half_away(part * rate_of(self.rates, day, row["currency"], self.settled["currency"]) * scale)

    def _bounds(self) -> list[tuple[int, Fraction]]:
        unit = 1_000_000 if self.component["metric"] == "count" else 1
        return [(start * unit, Fraction(rate, 1_000_000)) for start, rate in self.component["tiers"]]

    def _rate(self, metric: int) -> Fraction:
        return [rate for start, rate in self._bounds() if start <= metric][-1]

    def _paid(self, metric: int) -> Fraction:
        bounds = self._bounds()
        ends = [start for start, _ in bounds[1:]] + [max(metric, bounds[-1][0])]
        return sum(
            (
                rate * max(0, min(end, metric) - start)
                for (start, rate), end in zip(bounds, ends, strict=True)
            ),
            Fraction(0),
        )


def at(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(row["at"])
