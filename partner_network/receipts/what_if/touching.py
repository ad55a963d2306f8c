"""The touches that qualify for each conversion, as one SELECT: the exclusions of `decide`, set-based."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from partner_network.agreements.terms import ProgramPolicy
from partner_network.receipts.what_if import reaching
from partner_network.receipts.what_if.reaching import Reaches

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MILLISECOND = timedelta(milliseconds=1)
_RANDOM_BITS = 80


class Qualifying(Struct, frozen=True):
    """What one SELECT of qualifying touches is for: a policy, and the conversions of its span.

    `orders` is the table they are read from: `conversions` itself can be read by several processes at once,
    the temporary `trial_orders` knows who is a new customer. `without` leaves customers out.
    """

    program_id: UUID
    policy: ProgramPolicy
    starts_at: datetime
    ends_at: datetime
    reaches: Reaches
    orders: str
    has_touches: bool
    has_own_clicks: bool
    without: str | None = None

    @property
    def arguments(self) -> Sequence[object]:
        """The values of the SELECT, from $1 on."""
        policy = self.policy
        return (
            self.program_id,
            self.starts_at,
            self.ends_at,
            _first_id(self.starts_at - self.reaches.longest),
            _first_id(self.ends_at + 2 * _MILLISECOND),
            self.reaches.longest,
            list(policy.evidence),
            [name for name in ("bot", "prefetch") if name in policy.exclusions],
            "no_consent" not in policy.exclusions,
            self.reaches.buckets,
            *self.reaches.columns,
        )

    @property
    def select(self) -> str:
        """The SELECT: conversion, touch, its place, how strong its evidence is, and whether it is claimed."""
        parts = [_IDENTIFIED]
        if self.has_own_clicks:
            parts.append(_OWN_CLICKS)
        if self.has_touches:
            parts += [_TOLD, _OWN_CODES]
        # What only clicks are is not said of each of millions.
        proof, kind, evidence = "", "'click'", "'click_id'::text"
        if self.has_touches:
            proof, kind, evidence = f", {kind} AS kind, {evidence} AS evidence", "m.kind", "m.evidence"
        all_parts = "\nUNION ALL\n".join(parts).format(
            orders=self.orders, of_orders=self._of_orders(), proof=proof
        )
        return _SELECT.format(parts=all_parts, reaches=reaching.as_table(11), kind=kind, evidence=evidence)

    def _of_orders(self) -> str:
        wanted = "o.occurred_at >= $2 AND o.occurred_at < $3"
        if self.orders == "conversions":
            wanted += " AND o.program_id = $1"
        if self.policy.customers == "new_only":
            wanted += " AND o.known_since IS NULL"
        if self.without is not None:
            wanted += f" AND NOT EXISTS (SELECT FROM {self.without} x WHERE x.customer_id = o.customer_id)"
        return wanted


def _first_id(at: datetime) -> UUID:
    """Return the least id a click of that instant can have: ids begin with their millisecond."""
    return UUID(int=max(0, (at - _EPOCH) // _MILLISECOND) << _RANDOM_BITS)


# Each part names order and touch side by side. OFFSET 0 keeps the few agreements from being joined to the
# many orders before the touches are: there would be a row for each agreement then.
_TRACKED = """SELECT o.id, o.event, o.occurred_at, o.recorded_at AS known_at, k.partnership_id,
    k.click_id AS touch_id, k.at, {recorded_at} AS recorded_at{{proof}}
FROM {{orders}} o
"""
_CLICK = """(k.excluded IS NULL OR k.excluded <> ALL($8::text[])) AND ($9 OR k.consent <> 'denied')
    AND k.program_id = $1 AND k.at <= o.occurred_at AND k.at > o.occurred_at - $6::interval"""
# Of a click that is known twice, by its customer and as the order's own, the earlier knowledge counts.
_IDENTIFIED = (
    _TRACKED.format(
        recorded_at="""CASE WHEN k.click_id = o.click_id THEN k.recorded_at
        ELSE greatest(k.recorded_at, i.recorded_at) END"""
    )
    + f"""JOIN identifications i ON i.customer_id = o.customer_id AND i.click_id >= $4 AND i.click_id < $5
JOIN clicks k ON k.click_id = i.click_id AND k.click_id >= $4 AND k.click_id < $5
WHERE {{of_orders}} AND {_CLICK}"""
)
_OWN_CLICKS = (
    _TRACKED.format(recorded_at="k.recorded_at")
    + f"""JOIN trial_own_clicks w ON w.id = o.id
JOIN clicks k ON k.click_id = w.click_id
WHERE {{of_orders}} AND {_CLICK}"""
)
_TOUCH = """SELECT o.id, o.event, o.occurred_at, o.recorded_at AS known_at, k.partnership_id,
    k.id AS touch_id, k.at, k.recorded_at, k.kind, k.evidence
FROM {{orders}} o JOIN touches k ON {whose}
WHERE {{of_orders}} AND k.channel = 'partner' AND ($9 OR k.consent <> 'denied')
    AND k.program_id = $1 AND k.at <= o.occurred_at AND k.at > o.occurred_at - $6::interval"""
_TOLD = _TOUCH.format(whose="k.customer_id = o.customer_id AND k.conversion_id IS NULL")
_OWN_CODES = _TOUCH.format(whose="k.conversion_id = o.id")
# The condition is never null, so that the planner does not take the few agreements for a filter of touches.
_SELECT = """SELECT m.id, m.partnership_id, m.touch_id, m.at, m.recorded_at,
    array_position($7::text[], {evidence}) AS rank, {evidence} IN ('code', 'self_report') AS is_claimed
FROM ({parts} OFFSET 0) m
LEFT JOIN {reaches} ON r.partnership_id = m.partnership_id
    AND r.bucket = width_bucket(m.occurred_at, $10::timestamptz[])
    AND m.occurred_at >= r.starts_at AND m.occurred_at < r.ends_at
WHERE {evidence} = ANY($7::text[]) AND coalesce(
    m.at > m.occurred_at - CASE WHEN {kind} = 'view' THEN r.viewed WHEN m.event = 'lead' THEN r.lead
        WHEN m.event = 'activation' THEN r.activation ELSE r.sale END
    AND (r.active_from IS NULL OR m.at >= r.active_from)
    AND (r.ended_at IS NULL OR m.at < r.ended_at AND m.occurred_at < r.ended_at + r.run_off)
    AND (m.recorded_at < r.locked_at OR m.recorded_at <= m.known_at), false)"""
