"""What a facts file pays under its terms, by MONEY alone: the whole of it, as plainly as it can be said."""

import copy
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from tests.naive import bonuses, days, deciding, orders, streams

Row = dict[str, Any]


def computed(terms: Sequence[Row], facts: Row, as_of: str | None = None) -> Row:
    """Return commissions, bonuses and sums by partner as the command prints them, as sets of rows."""
    versions = sorted(map(_with_defaults, terms), key=_beginning)
    read = known_at(facts, as_of)
    credited = deciding.decide_all(read, versions)
    priced = [
        one for one in (_priced(order, versions, credited, read) for order in read["conversions"]) if one
    ]
    lines = streams.commissions(priced, read)
    paid = bonuses.bonuses(priced, read)
    currency = versions[0]["settlement"]["currency"]
    sums: dict[str, int] = defaultdict(int)
    for (_, partner, _, _), minor in lines.items():
        sums[partner] += minor
    for (partner, _, _), minor in paid.items():
        sums[partner] += minor
    return {
        "credits": {
            id_: [(one.partner, one.touch, one.weight) for one in many] for id_, many in credited.items()
        },
        "commissions": {(*key, minor, currency) for key, minor in lines.items()},
        "bonuses": {(*key, minor) for key, minor in paid.items()},
        "by_partner": {partner: {currency: minor} for partner, minor in sums.items()},
    }


def _priced(
    order: Row, versions: Sequence[Row], credited: dict[str, list[deciding.Credit]], facts: Row
) -> Row | None:
    terms = deciding.version_at(versions, order["at"])
    if terms is None:
        return None
    order["terms"], order["credited"] = terms, credited[order["id"]]
    order["lines"] = orders.lines_of(order)
    order["acts"] = [one for one in facts["refunds"] if one["conversion"] == order["id"]]
    order["stands"] = orders.effective(order["acts"], order)
    order["left"] = orders.left_of(order, order["stands"])
    order["number"], order["first"] = orders.number_of(order, facts["conversions"])
    commission = terms["commission"]
    order["taken"] = {}
    if order["credited"]:  # what nobody is paid for needs no rate
        order["taken"] = orders.taken_by(
            order, commission["components"], commission["combine"], facts["rates"]
        )
    return order


def known_at(facts: Row, as_of: str | None) -> Row:
    """Return a copy of the facts with what is left out filled in and what was not known yet taken out."""
    read = copy.deepcopy(facts)
    until = None if as_of is None else days.instant(as_of)
    defaults: dict[str, Row] = {
        "touches": {
            "program": None, "customer": None, "kind": "click", "evidence": None, "channel": "partner",
            "code": None, "consent": True, "excluded": None,
        },
        "conversions": {
            "program": None, "customer": None, "code": None, "click_id": None, "new_customer": None,
            "lines": [], "credits": None,
        },
        "refunds": {"line": None, "net_minor": 0, "cancels": None},
        "adjustments": {},
        "rates": {},
        "quality": {"program": None},
    }  # fmt: skip
    for noun, empty in defaults.items():
        read[noun] = [{**empty, **row} for row in read.get(noun, [])]
        if noun not in {"rates", "quality"}:
            for row in read[noun]:
                row["at"] = days.instant(row["at"])
                row["recorded_at"] = days.instant(row["recorded_at"]) if row.get("recorded_at") else row["at"]
            read[noun] = [row for row in read[noun] if until is None or row["recorded_at"] <= until]
    programs = _programs_of(facts)
    for noun in ("touches", "conversions", "quality"):
        for row in read[noun]:
            row["program"] = row["program"] or programs
    for touch in read["touches"]:
        touch["evidence"] = touch["evidence"] or deciding.EVIDENCE_OF[touch["kind"]]
    read["conversions"].sort(key=_canonical)
    return read


def _beginning(terms: Row) -> date:
    return terms["valid_from"] or date.min


def _canonical(row: Row) -> tuple[datetime, bytes]:
    return row["at"], row["id"].encode()


def _programs_of(facts: Row) -> str:
    named = {
        one["program"]
        for noun in ("touches", "conversions")
        for one in facts.get(noun, [])
        if one.get("program")
    }
    return named.pop() if len(named) == 1 else "the only one"


def _with_defaults(terms: Row) -> Row:
    full: Row = copy.deepcopy(terms)
    full["valid_from"] = full.get("valid_from")
    settlement: Row = {
        "lock": {}, "late_policy": "true_up", "clawback": {}, **full["settlement"],
    }  # fmt: skip
    settlement["lock"] = {"months": 1, "days": 0, **settlement["lock"]}
    settlement["clawback"] = {"mode": "recompute", "max_age_days": 180, **settlement["clawback"]}
    policy: Row = {
        "model": "last_click", "half_life_days": 7, "position_ppm": [400_000, 200_000, 400_000],
        "evidence": ["click_id", "code", "cookie", "self_report"], "code_policy": "click_required",
        "binding_months": 0, "customers": "all",
        "exclusions": ["bot", "prefetch", "no_consent", "self_referral", "stand_down", "test_mode"],
        **full.get("program", {}).get("attribution", {}),
    }  # fmt: skip
    commission: Row = {
        "combine": "first", "components": [], "bonuses": [], "boosts": [], "quality": [],
        **full.get("commission", {}),
    }  # fmt: skip
    component: Row = {
        "match": {}, "min_order_minor": 0, "structure": "graduated", "metric": "net_amount",
        "period": "month", "recurring_months": 12, "invoice_ppm": [], "decay_ppm_per_day": 0, "cap_minor": {},
    }  # fmt: skip
    commission["components"] = [{**component, **one} for one in commission["components"]]
    for one in commission["components"]:
        one["match"] = {"categories": [], "skus": [], "customer": "any", **one["match"]}
    commission["bonuses"] = [{"refund_frees_place": False, **one} for one in commission["bonuses"]]
    commission["boosts"] = [{"stacking": "best", **one} for one in commission["boosts"]]
    windows: Row = {"click_days": 30, "view_days": 0, "events": {}, **full.get("windows", {})}
    windows["events"] = {"lead": 30, **windows["events"]}
    begins = full["valid_from"] and days.midnight(full["valid_from"], settlement["time_zone"])
    return {
        **full, "settlement": settlement, "program": {"attribution": policy}, "commission": commission,
        "windows": windows, "begins": begins,
    }  # fmt: skip
