"""Terms drawn by lot, with every key of MONEY, section 1, that prices; coarse values that meet at bounds."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.naive import days
from tests.naive.days import DAY

Row = dict[str, Any]
TICK = timedelta(microseconds=1)
ZONES = ["Europe/Berlin", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kolkata", "UTC"]
NETS = [0, 1, 2, 5, 10, 50, 99, 100, 100, 101, 150, 199, 200, 200, 333, 1_000, 1_000, 99_999]
PPM = [0, 1, 50_000, 100_000, 333_333, 333_333, 500_000, 500_000, 1_000_000, 1_000_000]
DAYS = [
    *(date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 29)),
    *(date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 24), date(2026, 4, 30), date(2026, 5, 1)),
    date(2026, 7, 1),
]
MARKS = [
    timedelta(0),
    timedelta(0),
    -TICK,
    TICK,
    timedelta(hours=12),
    timedelta(hours=12),
    timedelta(hours=13),
]


class Agreed:
    """What one draw has as terms: a settlement, and one to three versions of the rest."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - seeded chance is wanted, so that a draw comes again
        self.zone = self.one(ZONES)
        self.currency = self.one(["EUR", "EUR", "EUR", "JPY", "KWD", "CLF"])
        self.partners = ["p1", "p2", "p3"][: self.one([1, 2, 3])]
        self.attributes = self.often(0.6)
        self.lines = self.often(0.4)
        self.foreign = self.often(0.3)
        self.programs = self.one([[None]] * 5 + [["shop"], ["shop", "club"]])
        self.settlement: Row = {
            "currency": self.currency,
            "time_zone": self.zone,
            "lock": {"months": self.one([0, 1, 1]), "days": self.one([0, 0, 3])},
            "late_policy": self.one(["true_up", "as_of_receipt"]),
            "clawback": {
                "mode": self.one(["recompute", "recompute", "line_only"]),
                "max_age_days": self.one([180, 30, 1]),
            },
        }
        self.components = [self._component(name) for name in ["zz", "aa", "mm"][: self.one([1, 1, 2, 3])]]
        self.bonuses = [self._bonus(name) for name in ["late", "early"][: self.one([0, 0, 1, 2])]]
        self.quality = [self._quality(name) for name in ["stayed", "loyal"][: self.one([0, 0, 0, 1, 2])]]
        self.terms = [self._terms(begins) for begins in self._begins()]

    def one(self, many: Any) -> Any:
        return self.chance.choice(many)

    def often(self, how: float) -> bool:
        return self.chance.random() < how

    def instant(self) -> datetime:
        return days.midnight(self.one(DAYS), self.zone) + self.one(MARKS)

    def written(self, at: datetime) -> str:
        return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _begins(self) -> list[date | None]:
        if self.often(0.7):
            return [None]
        some = sorted(self.chance.sample(DAYS[:8], self.one([1, 2])))
        return [None, *some] if self.often(0.8) else [date(2026, 1, 30), *some]

    def _terms(self, begins: date | None) -> Row:
        terms: Row = {
            "settlement": self.settlement,
            "windows": {
                "click_days": self.one([30, 30, 5]),
                "view_days": self.one([0, 5]),
                "events": self.one([{}, {}, {"sale": 7}, {"lead": 1}]),
            },
            "commission": {
                "combine": self.one(["first", "sum"]),
                "components": [self._of_version(one) for one in self.components],
                "bonuses": [{**one, "amount_minor": self.one([1, 100, 2_501])} for one in self.bonuses],
                "quality": [self._steps(one) for one in self.quality],
                "boosts": [self._boost(name) for name in ["b", "a", "c", "d"][: self.one([0, 0, 1, 2, 4])]],
            },
        }
        if begins is not None:
            terms["valid_from"] = begins
        if self.attributes:
            terms["program"] = {"attribution": self._policy()}
        return terms

    def _policy(self) -> Row:
        kinds = ["click_id", "code", "cookie", "self_report"]
        return {
            "model": self.one(
                ["last_click", "last_non_direct", "first_click", "linear", "position_based", "time_decay"]
            ),
            "half_life_days": self.one([1, 7]),
            "position_ppm": self.one(
                [[400_000, 200_000, 400_000], [0, 1_000_000, 0], [333_333, 333_334, 333_333]]
            ),
            "evidence": self.chance.sample(kinds, self.one([4, 4, 3, 2])),
            "code_policy": self.one(["click_required", "always", "tie_only", "never"]),
            "binding_months": self.one([0, 0, 1, 2]),
            "customers": self.one(["all", "all", "new_only"]),
            "exclusions": self.one([["bot", "no_consent", "stand_down"], ["stand_down"], []]),
        }

    def _component(self, name: str) -> Row:
        metric, per_action = self.one(["net_amount", "net_amount", "count"]), self.often(0.3)
        structures = ["graduated", "retroactive", "flat"]
        if (metric == "count") != per_action:
            structures.remove("graduated")
        return {
            "name": name,
            "event": self.one(["sale", "sale", "sale", "lead"]),
            "structure": self.one(structures),
            "metric": metric,
            "period": self.one(["month", "month", "quarter", "year", "lifetime"]),
            "per_action": per_action,
        }

    def _of_version(self, component: Row) -> Row:
        made = {key: value for key, value in component.items() if key != "per_action"}
        bounds = [0, *sorted(self.chance.sample([1, 2, 3, 100, 101, 200, 300, 1_000], self.one([0, 1, 2])))]
        if made["structure"] == "flat":
            bounds = [0]
        key = "amount_minor" if component["per_action"] else "rate_ppm"
        values = [0, 1, 33, 33, 100, 250] if component["per_action"] else PPM
        made["tiers"] = [{"from": bound, key: self.one(values)} for bound in bounds]
        made["recurring_months"] = self.one([12, 12, 12, 0, 1, 2])
        made["min_order_minor"] = self.one([0, 0, 0, 100])
        made["match"] = self._match()
        if self.often(0.2):
            made["invoice_ppm"] = self.one([[1_000_000, 500_000], [0, 333_333, 2_000_000]])
        if self.often(0.3):
            made["decay_ppm_per_day"] = self.one([1, 100_000, 333_333, 1_000_000])
        caps = {
            kind: self.one([0, 1, 50, 100, 500])
            for kind in ["order", "customer", "period"]
            if self.often(0.2)
        }
        if caps:
            made["cap_minor"] = caps
        return made

    def _match(self) -> Row:
        match: Row = {"customer": self.one(["any", "any", "any", "new", "returning"])}
        if self.lines and self.often(0.5):
            match["categories"] = self.one([["book"], ["book", "pen"]])
        if self.lines and self.often(0.2):
            match["skus"] = ["s1"]
        return match

    def _bonus(self, name: str) -> Row:
        kind = self.one(["first_n", "milestone"])
        metric = "count" if kind == "first_n" else self.one(["count", "net_amount"])
        return {
            "name": name,
            "kind": kind,
            "event": self.one(["sale", "sale", "lead"]),
            "metric": metric,
            "n": self.one([1, 2, 3] if metric == "count" else [1, 100, 200, 300]),
            "period": self.one(["month", "quarter", "lifetime"]),
            "refund_frees_place": self.often(0.5),
        }

    def _quality(self, name: str) -> Row:
        period = self.one(["month", "quarter", "year"])
        component = self.one(self.components)["name"]
        return {
            "name": name,
            "component": component,
            "period": period,
            "cohort_months": 3,
            "within_months": 2,
        }

    def _steps(self, rule: Row) -> Row:
        bounds = [
            0,
            *sorted(self.chance.sample([1, 333_333, 333_334, 500_000, 1_000_000], self.one([0, 1, 2]))),
        ]
        steps = [{"from_ppm": bound, "multiplier_ppm": self.one([0, 500_000, 1_333_333])} for bound in bounds]
        return {**rule, "least_customers": self.one([1, 3]), "steps": steps}

    def _boost(self, name: str) -> Row:
        begins = self.one(DAYS)
        return {
            "name": name,
            "component": self.one(self.components)["name"],
            "from": begins,
            "until": begins + self.one([1, 30, 60]) * DAY,
            "multiplier_ppm": self.one([1_000_000, 1_500_000, 1_333_333, 3_000_000]),
            "cap_minor": self.one([0, 1, 10, 100, 10_000]),
            "stacking": self.one(["best", "best", "multiply"]),
        }
