"""What every stream shall pay, from rows read one by one and nothing that the product reads them by."""

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from partner_network.agreements import terms_reading
from partner_network.commissions.rules import plan as plans
from partner_network.commissions.rules import targets as engine
from partner_network.commissions.rules.facts import Adjustment, Line, Order, Refund, TermsVersion
from partner_network.commissions.rules.plan import Plan
from partner_network.database.connections import Connection


class Earned(NamedTuple):
    """What one commission is for; a bonus has no conversion, a commission no period here."""

    partnership_id: UUID
    conversion_id: UUID | None
    agreement_id: UUID
    name: str
    period: str


class Stream(NamedTuple):
    """One partnership's whole history."""

    plan: Plan
    orders: dict[UUID, Order]

    def is_given_back(self, order: Order) -> bool:
        """Tell whether an order was given back entirely, and in time for its terms."""
        clawback = self.plan.version_at(order.at).settlement.clawback
        undone = {one.cancels for one in order.refunds}
        in_time = [one for one in order.refunds if (one.at - order.at).days < clawback.max_age_days]
        given = sum(one.net_minor for one in in_time if one.id not in undone)
        return 0 < order.net_minor <= given


async def waiting(connection: Connection) -> set[UUID]:
    """Return the partnerships whose commissions are not up to date: left so, or stopped."""
    rows = await connection.fetch("SELECT DISTINCT partnership_id FROM unaccrued_conversions")
    return {row["partnership_id"] for row in rows}


async def streams(connection: Connection) -> dict[UUID, Stream]:
    """Return every partnership with signed terms, with every order credited to it now or adjusted for it."""
    published = await _published(connection)
    plan_of = await _plans(connection)
    conversions = await connection.fetch("SELECT * FROM conversions")
    partner_of = {
        row["id"]: row["partner_id"] for row in await connection.fetch("SELECT * FROM partnerships")
    }
    newest: dict[UUID, int] = {}
    for row in await connection.fetch("SELECT conversion_id, rev FROM decisions"):
        newest[row["conversion_id"]] = max(row["rev"], newest.get(row["conversion_id"], 0))
    credits_: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in await connection.fetch("SELECT * FROM credits"):
        if row["rev"] == newest[row["conversion_id"]]:
            credits_[row["conversion_id"]].append(row)
    refunds, adjustments = await _changes(connection)
    found = {partnership_id: Stream(plan, {}) for partnership_id, plan in plan_of.items()}
    for row in conversions:
        credited = sorted(
            credits_[row["id"]], key=lambda c: (partner_of[c["partnership_id"]].bytes, c["touch_id"].bytes)
        )
        bought = [
            other
            for other in conversions
            if (other["customer_id"], other["program_id"]) == (row["customer_id"], row["program_id"])
        ]
        adjusted = {partnership for order, partnership in adjustments if order == row["id"]}
        for partnership_id in {credit["partnership_id"] for credit in credited} | adjusted:
            first = found[partnership_id].plan.versions[0]
            day = row["occurred_at"].astimezone(first.zone).date()
            own = tuple(n for n, credit in enumerate(credited) if credit["partnership_id"] == partnership_id)
            found[partnership_id].orders[row["id"]] = msgspec.structs.replace(
                _order(row, bought),
                weights=tuple(
                    Fraction(int(credit["weight_numerator"]), int(credit["weight_denominator"]))
                    for credit in credited
                    if own
                ),
                own=own,
                touched_at=tuple(credited[n]["touched_at"] for n in own),
                refunds=tuple(refunds[row["id"]]),
                adjustments=tuple(adjustments[row["id"], partnership_id]),
                rejected=not own,
                rate=_rate(published, row["currency"], first.settlement.currency, day),
            )
    return found


def due(found: dict[UUID, Stream]) -> dict[Earned, int]:
    """Return what every commission and bonus shall be, over the whole history at once, if anything."""
    owed: dict[Earned, int] = {}
    for partnership_id, (plan, orders) in found.items():
        conversion_of = {order.id: conversion_id for conversion_id, order in orders.items()}
        computed = engine.targets(orders.values(), plan)
        for one in computed.commissions:
            key = Earned(partnership_id, conversion_of[one.conversion], UUID(one.version), one.component, "")
            owed[key] = one.minor
        for bonus in computed.bonuses:
            owed[Earned(partnership_id, None, UUID(bonus.version), bonus.bonus, bonus.period)] = bonus.minor
    return {key: minor for key, minor in owed.items() if minor}


async def booked(connection: Connection) -> dict[Earned, int]:
    """Return what the newest revision of every commission says, where it is not nothing."""
    rows = await connection.fetch(
        """SELECT c.*, (SELECT target_minor FROM commission_revisions r WHERE r.commission_id = c.id
                        ORDER BY rev DESC LIMIT 1) AS minor FROM commissions c"""
    )
    return {
        Earned(
            row["partnership_id"],
            row["conversion_id"],
            row["agreement_id"],
            row["component"],
            row["period"] if row["kind"] == "bonus" else "",
        ): row["minor"]
        for row in rows
        if row["minor"]
    }


async def _plans(connection: Connection) -> dict[UUID, Plan]:
    versions: defaultdict[UUID, list[TermsVersion]] = defaultdict(list)
    for row in await connection.fetch(
        """SELECT t.partnership_id, t.agreement_id, lower(t.valid) AS starts, upper(t.valid) AS ends,
               g.terms_toml FROM terms t JOIN agreements g ON g.id = t.agreement_id
           WHERE upper(t.recorded) IS NULL"""
    ):
        versions[row["partnership_id"]].append(
            TermsVersion(
                key=str(row["agreement_id"]),
                terms=terms_reading.read_terms(row["terms_toml"]),
                valid_from=row["starts"],
                valid_until=row["ends"],
            )
        )
    return {partnership_id: plans.plan_of(many) for partnership_id, many in versions.items()}


async def _published(connection: Connection) -> dict[date, dict[str, Fraction]]:
    """Return how much of each currency one euro was worth, by the day it was published."""
    published: defaultdict[date, dict[str, Fraction]] = defaultdict(lambda: {"EUR": Fraction(1)})
    for row in await connection.fetch("SELECT day, quote, rate FROM exchange_rates WHERE base = 'EUR'"):
        published[row["day"]][row["quote"]] = Fraction(row["rate"])
    return published


def _rate(
    published: dict[date, dict[str, Fraction]], currency: str, wanted: str, day: date
) -> Fraction | None:
    """Return what one of a currency was worth by the last day that both were published, up to a week back."""
    if currency == wanted:
        return None
    for back in range(8):
        known = published.get(day - timedelta(days=back), {})
        if currency in known and wanted in known:
            return known[wanted] / known[currency]
    return None


async def _changes(
    connection: Connection,
) -> tuple[defaultdict[UUID, list[Refund]], defaultdict[tuple[UUID, UUID], list[Adjustment]]]:
    refunds: defaultdict[UUID, list[Refund]] = defaultdict(list)
    for row in await connection.fetch("SELECT * FROM refunds"):
        refunds[row["conversion_id"]].append(
            Refund(
                id=row["refund_id"],
                at=row["at"],
                net_minor=row["net_minor"],
                line=row["line"],
                cancels=row["cancels"],
            )
        )
    adjustments: defaultdict[tuple[UUID, UUID], list[Adjustment]] = defaultdict(list)
    for row in await connection.fetch("SELECT * FROM adjustments"):
        adjustments[row["conversion_id"], row["partnership_id"]].append(
            Adjustment(id=str(row["id"]), minor=row["minor"], component=row["component"])
        )
    return refunds, adjustments


def _order(row: Any, bought: list[Any]) -> Order:
    sales = [(one["occurred_at"], one["order_id"]) for one in bought if one["event"] == "sale"]
    place = (row["occurred_at"], row["order_id"])
    return Order(
        id=row["order_id"],
        event=row["event"],
        at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        customer=str(row["customer_id"]),
        currency=row["currency"],
        net_minor=row["net_minor"],
        new_customer=place == min((one["occurred_at"], one["order_id"]) for one in bought),
        order_number=sum(sale <= place for sale in sales),
        first_order_at=min(sales)[0] if sales else None,
        lines=tuple(
            Line(
                id=line["id"],
                net_minor=line["net_minor"],
                sku=line.get("sku"),
                category=line.get("category"),
            )
            for line in msgspec.json.decode(row["lines"])
        ),
    )
