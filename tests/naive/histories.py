"""Facts drawn by lot, with every key of the facts file, at instants and amounts that meet at bounds."""

from datetime import datetime, timedelta
from typing import Any

from tests.naive import days
from tests.naive.agreed import DAYS, NETS, TICK, Agreed
from tests.naive.days import DAY

Row = dict[str, Any]


class Lot(Agreed):
    """One draw: terms, and the facts that they price."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.conversions: list[Row] = []
        for number in range(self.one([1, 2, 3, 5, 8])):
            self.conversions.append(self._conversion(f"o{number}"))
        self.facts: Row = {
            "touches": self._touches() if self.attributes else [],
            "conversions": self.conversions,
            "refunds": self._refunds(),
            "adjustments": self._adjustments(),
            "rates": self._rates() if self.foreign else [],
            "quality": self._measures(),
        }
        self.as_of = self.written(self.instant()) if self.often(0.2) else None

    def _late(self, at: datetime) -> str:
        until = days.lock_of(at, self.settlement)
        return self.written(
            at + self.one([timedelta(0)] * 5 + [until - at, until - at - TICK, 70 * DAY, DAY])
        )

    def _conversion(self, name: str) -> Row:
        at = self.instant()
        if self.conversions and self.often(0.2):
            months = self.one([1, 1, 2])
            before = days.instant(self.one(self.conversions)["at"])
            at = days.months_after(before, months, self.zone) + self.one([timedelta(0), -TICK])
        made: Row = {
            "id": self.one([name, name, name.upper()]),
            "event": self.one(["sale", "sale", "sale", "sale", "lead"]),
            "at": self.written(at),
            "recorded_at": self._late(at),
            "currency": self.one([self.currency, "USD", "JPY", "KWD"]) if self.foreign else self.currency,
            "net_minor": self.one(NETS),
        }
        if self.programs != [None]:
            made["program"] = self.one(self.programs)
        if self.often(0.8):
            made["customer"] = self.one(["kim", "kim", "lee"])
        if self.often(0.1):
            made["new_customer"] = self.often(0.5)
        if self.lines and self.often(0.8):
            nets = [self.one(NETS) for _ in range(self.one([1, 2, 3]))]
            made["net_minor"] = sum(nets)
            made["lines"] = [
                {
                    "id": f"l{number}",
                    "net_minor": net,
                    "category": self.one(["book", "pen", "bag"]),
                    "sku": self.one(["s1", "s2"]),
                }
                for number, net in enumerate(nets)
            ]
            self.chance.shuffle(made["lines"])
        if not self.attributes or self.often(0.1):
            made["credits"] = self._credits()
        elif self.often(0.3):
            made["code"] = self.one(["C1", "C2", "C9"])
        return made

    def _credits(self) -> list[Row]:
        parts = self.one([["1"], ["1"], ["1/2", "1/2"], ["1/3", "1/3", "1/3"], ["1/7", "6/7"]])[
            : len(self.partners)
        ]
        if len(parts) == 1:
            parts = ["1"]
        elif parts == ["1/3", "1/3"]:
            parts = ["1/3", "2/3"]
        named = self.chance.sample(self.partners, len(parts))
        return [{"partner": who, "weight": part} for who, part in zip(named, parts, strict=True)]

    def _touches(self) -> list[Row]:
        codes = [{"id": "c1", "partner": "p1", "at": "2026-01-01T00:00:00Z", "kind": "code", "code": "C1"}]
        if self.programs != [None]:
            codes[0]["program"] = "shop"
        if len(self.partners) > 1:
            codes.append({**codes[0], "id": "c2", "partner": "p2", "code": "C2"})
        return codes + [self._touch(f"t{number}") for number in range(self.one([1, 2, 4, 7]))]

    def _touch(self, name: str) -> Row:
        towards = self.one(self.conversions)
        ago = self.one([0, 0, 1, 2, 5, 7, 14, 29, 30]) * DAY + self.one([timedelta(0)] * 3 + [TICK, -TICK])
        at = days.instant(towards["at"]) - ago
        kind = self.one(["click", "click", "click", "view", "code", "self_report"])
        made: Row = {
            "id": self.one([name, name.upper()]),
            "at": self.written(at),
            "recorded_at": self._late(at),
            "kind": kind,
            "partner": self.one(self.partners),
            "customer": towards.get("customer") if self.often(0.9) else None,
        }
        if self.programs != [None]:
            made["program"] = towards["program"] if self.often(0.8) else self.one(self.programs)
        if self.often(0.1):
            made |= {"channel": "direct", "partner": None}
        if self.often(0.1):
            made["excluded"] = self.one(["bot", "stand_down", "test_mode"])
        if self.often(0.1):
            made["consent"] = False
        if kind == "click" and self.often(0.1):
            made["evidence"] = "cookie"
        if kind == "click" and made["customer"] is None and "credits" not in towards:
            towards["click_id"] = made["id"]
        return made

    def _refunds(self) -> list[Row]:
        made: list[Row] = []
        for order in self.conversions:
            at = days.instant(order["at"])
            left = {one["id"]: one["net_minor"] for one in order.get("lines", [])}
            rest = order["net_minor"]
            for _ in range(self.one([0, 0, 0, 1, 1, 2, 3])):
                age = self.settlement["clawback"]["max_age_days"] * DAY
                when = at + self.one([timedelta(0), DAY, 20 * DAY, 70 * DAY, age, age - TICK])
                row: Row = {"id": f"r{len(made)}", "conversion": order["id"], "at": self.written(when)}
                row["recorded_at"] = self._late(when)
                if left and self.often(0.5):
                    line = self.one(sorted(left))
                    most = min(rest, left[line])
                    part = self.one([most, most // 2, min(1, most)])
                    left[line] -= part
                    row["line"] = line
                else:
                    part = self.one([rest, rest, rest // 2, min(1, rest), rest // 3])
                    left = dict.fromkeys(left, 0) if part == rest else left
                rest -= part
                made.append({**row, "net_minor": part})
                if self.often(0.2):
                    undone = {"id": f"r{len(made)}", "conversion": order["id"], "cancels": row["id"]}
                    later = self.written(when + self.one([timedelta(0), DAY, 200 * DAY]))
                    made.append({**undone, "at": later})
                    if self.often(0.2):
                        made.append({**undone, "at": later, "id": f"r{len(made)}", "cancels": undone["id"]})
        self.chance.shuffle(made)
        return made

    def _adjustments(self) -> list[Row]:
        named = {one["event"] for one in self.components}
        able = [one["id"] for one in self.conversions if one["event"] in named]
        return [
            {
                "id": f"d{number}",
                "conversion": self.one(able),
                "partner": self.one(self.partners),
                "at": self.written(self.instant()),
                "minor": self.one([-1_000, -10, -1, 1, 50]),
                "reason": "dispute",
            }
            for number in range(self.one([0, 0, 0, 1, 2]) if able else 0)
        ]

    def _rates(self) -> list[Row]:
        made: list[Row] = []
        for day in DAYS:
            for back in self.chance.sample([0, 1, 3, 6, 7], 2):
                on = (day - (back + 0) * DAY).isoformat()
                for other in ["USD", "JPY", "KWD"]:
                    if other != self.currency and self.often(0.9):
                        pair = self.one([(other, self.currency), (self.currency, other)])
                        rate = self.one(["0.5", "1.0831", "2.7715", "0.0061", "3"])
                        made.append({"date": on, "base": pair[0], "quote": pair[1], "rate": rate})
                if self.often(0.3):
                    made.append({"date": on, "base": "GBP", "quote": self.currency, "rate": "1.1"})
                    made.append({"date": on, "base": "GBP", "quote": "USD", "rate": "1.3"})
        return list({(one["date"], one["base"], one["quote"]): one for one in made}.values())

    def _measures(self) -> list[Row]:
        starts = {
            "month": [f"2026-{month:02}-01" for month in range(1, 8)],
            "quarter": ["2026-01-01", "2026-04-01", "2026-07-01"],
            "year": ["2026-01-01"],
        }
        made: list[Row] = []
        for rule in self.quality:
            for day in starts[rule["period"]]:
                for partner in self.partners:
                    for program in self.programs:
                        if self.often(0.6):
                            customers = self.one([1, 2, 3, 6])
                            row = {
                                "partner": partner,
                                "rule": rule["name"],
                                "date": day,
                                "customers": customers,
                            }
                            row["retained"] = self.one([0, customers // 3, customers // 2, customers])
                            made.append(row | ({"program": program} if program else {}))
        return made
