"""Who gets a conversion, by MONEY, section 3, written from its words alone."""

import decimal
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from tests.naive import days
from tests.naive.days import DAY

Row = dict[str, Any]
EVIDENCE_OF = {"click": "click_id", "view": "cookie", "code": "code", "self_report": "self_report"}
TRACKED = {"click_id", "cookie"}


class Credit(NamedTuple):
    """One touch that a conversion is credited to; a stated credit has none."""

    partner: str
    touch: str
    weight: Fraction
    at: datetime | None


def version_at(versions: Sequence[Row], at: datetime) -> Row | None:
    """Return the terms valid then: the last ones that had begun."""
    begun = [one for one in versions if one["begins"] is None or one["begins"] <= at]
    return begun[-1] if begun else None


def known_to(recorded_at: datetime, conversion: Row, terms: Row) -> bool:
    locked = days.lock_of(conversion["at"], terms["settlement"])
    return recorded_at < locked or recorded_at <= conversion["recorded_at"]


def decide_all(facts: Row, versions: Sequence[Row]) -> dict[str, list[Credit]]:
    """Return each conversion's credits by (partner, touch); none where nobody is credited."""
    found: dict[str, list[Credit]] = {}
    begins = versions[0]["begins"]
    conversions = sorted(facts["conversions"], key=lambda one: (one["at"], one["id"].encode()))
    for conversion in conversions:
        terms = version_at(versions, conversion["at"])
        earlier = _earlier(conversion, conversions)

        if conversion["new_customer"] is None:
            conversion["new_customer"] = not _earlier(conversion, conversions, anywhere=True)
        if conversion["credits"] is not None:
            stated = [
                Credit(one["partner"], "", Fraction(one["weight"]), None) for one in conversion["credits"]
            ]
            found[conversion["id"]] = sorted(stated)
            continue
        bound = None if terms is None else _binding(conversion, earlier, found, terms)
        if bound is not None:
            found[conversion["id"]] = bound
        else:
            found[conversion["id"]] = decide(conversion, facts["touches"], terms, begins) if terms else []
    return found


def _earlier(conversion: Row, conversions: Sequence[Row], *, anywhere: bool = False) -> list[Row]:
    before = conversions[: conversions.index(conversion)]
    mine = conversion["customer"] is not None
    return [
        one
        for one in before
        if mine
        and one["customer"] == conversion["customer"]
        and (anywhere or one["program"] == conversion["program"])
    ]


def _binding(
    conversion: Row, earlier: Sequence[Row], found: dict[str, list[Credit]], terms: Row
) -> list[Credit] | None:
    months = terms["program"]["attribution"]["binding_months"]
    if not months:
        return None
    for one in earlier:
        binds = one["event"] == "sale" and one["credits"] is None and found[one["id"]]
        if binds and known_to(one["recorded_at"], conversion, terms):
            until = days.months_after(one["at"], months, terms["settlement"]["time_zone"])
            return found[one["id"]] if conversion["at"] < until else None
    return None


def decide(conversion: Row, touches: Sequence[Row], terms: Row, active_from: datetime | None) -> list[Credit]:
    policy, windows = terms["program"]["attribution"], terms["windows"]
    known = [
        one for one in _candidates(conversion, touches) if known_to(one["recorded_at"], conversion, terms)
    ]
    alive = [
        one
        for one in known
        if one["program"] == conversion["program"]
        and one["at"] <= conversion["at"]
        and one["excluded"] not in policy["exclusions"]
        and (one["consent"] or "no_consent" not in policy["exclusions"])
        and (conversion["new_customer"] or policy["customers"] == "all")
    ]
    direct = [one for one in alive if one["partner"] is None or one["channel"] == "direct"]
    ours = [
        one
        for one in alive
        if one not in direct
        and one["evidence"] in policy["evidence"]
        and (active_from is None or one["at"] >= active_from)
        and conversion["at"] - one["at"] < _window(one["kind"], conversion["event"], windows) * DAY
    ]
    ours = sorted(_by_code_policy(ours, policy["code_policy"]), key=_in_order)
    if not ours:
        return []
    if policy["model"] in {"last_click", "last_non_direct", "first_click"}:
        rank = min(policy["evidence"].index(one["evidence"]) for one in ours)
        best = [one for one in ours if policy["evidence"].index(one["evidence"]) == rank]
        winner = best[0] if policy["model"] == "first_click" else best[-1]
        beaten = policy["model"] == "last_click" and any(
            _in_order(one) > _in_order(winner) and conversion["at"] - one["at"] < windows["click_days"] * DAY
            for one in direct
        )
        return [] if beaten else [_credit(winner, Fraction(1))]
    parts = weights(ours, conversion["at"], policy)
    credits_ = [_credit(one, part) for one, part in zip(ours, parts, strict=True) if part]
    return sorted(credits_, key=lambda one: (one.partner, one.touch))


def _window(kind: str, event: str, windows: Row) -> int:
    if kind == "view":
        return windows["view_days"]
    return windows["events"].get(event, windows["click_days"])


def _candidates(conversion: Row, touches: Sequence[Row]) -> list[Row]:
    mine: list[Row] = []
    for one in touches:
        if conversion["click_id"] is not None and one["id"] == conversion["click_id"]:
            mine.append({**one, "evidence": "click_id"})
        elif conversion["customer"] is not None and one["customer"] == conversion["customer"]:
            mine.append(one)
    code = conversion["code"]
    owner = [
        one["partner"]
        for one in touches
        if code and one["code"] == code and one["program"] == conversion["program"]
    ]
    if owner:
        own = {
            "id": f"code:{conversion['id']}", "program": conversion["program"], "partner": owner[0],
            "at": conversion["at"], "recorded_at": conversion["recorded_at"], "kind": "code",
            "evidence": "code", "channel": "partner", "consent": True, "excluded": None,
        }  # fmt: skip
        mine.append(own)
    return mine


def _credit(touch: Row, weight: Fraction) -> Credit:
    return Credit(touch["partner"], touch["id"], weight, touch["at"])


def _in_order(touch: Row) -> tuple[datetime, datetime, bytes]:
    return touch["at"], touch["recorded_at"], touch["id"].encode()


def _by_code_policy(touches: Sequence[Row], policy: str) -> list[Row]:
    tracked = [one for one in touches if one["evidence"] in TRACKED]
    partners = {one["partner"] for one in tracked}
    claimed = [one for one in touches if one["evidence"] not in TRACKED]
    if policy == "never" or (policy == "tie_only" and tracked):
        return tracked
    if policy == "click_required":
        claimed = [one for one in claimed if one["partner"] in partners]
    return tracked + claimed


def weights(touches: Sequence[Row], ordered: datetime, policy: Row) -> list[Fraction]:
    many = len(touches)
    if policy["model"] == "linear" or many == 1:
        return [Fraction(1, many)] * many
    if policy["model"] == "position_based":
        if many == 2:
            return [Fraction(1, 2)] * 2
        first, middle, last = (Fraction(part, 1_000_000) for part in policy["position_ppm"])
        return [first, *[middle / (many - 2)] * (many - 2), last]
    half_life_s = Decimal(policy["half_life_days"] * 86_400)
    with decimal.localcontext(prec=60, rounding=decimal.ROUND_HALF_EVEN):
        ages = [
            Decimal((ordered - one["at"]) // timedelta(microseconds=1)) / Decimal(1_000_000)
            for one in touches
        ]
        raw = [int((2**64 * Decimal(2) ** (-age / half_life_s)).to_integral_value()) for age in ages]
    if not sum(raw):
        return [Fraction(0)] * (many - 1) + [Fraction(1)]
    return [Fraction(one, sum(raw)) for one in raw]
