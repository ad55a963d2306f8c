"""What each view of a brand's home shows, read in as few round trips as it needs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from partner_network.dashboards.queries import (
    best_links,
    credited,
    earnings,
    held_payouts,
    listed_codes,
    listed_statements,
    next_payouts,
    partners,
    ripening,
    terms_in_force,
)
from partner_network.dashboards.queries.owed import Debt
from partner_network.dashboards.queries.ripening import Ripening
from partner_network.dashboards.queries.standing import Standing
from partner_network.dashboards.web import plain_terms, sentences
from partner_network.database.connections import Connection
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member

View: TypeAlias = Literal["promoting", "advertising", "finance"]
RECENT = 8
FEW = 5


def views_for(member: Member, standing: Standing) -> list[View]:
    """Return the views of a person's home, their own first; none of a side that their brand is not on."""
    on_sides: list[View] = ["promoting"] if standing.promotes or not standing.advertises else []
    if standing.advertises:
        on_sides.append("advertising")
    if member.roles <= {"finance"}:
        return ["finance"]
    return [*on_sides, "finance"] if permissions.may(member, "fund payouts") else on_sides


def chosen(asked: str, views: Sequence[View]) -> View:
    """Return the view that was asked for, if there is such a one, else the first."""
    known: dict[str, View] = {view: view for view in views}
    return known.get(asked, views[0])


async def promoting(connection: Connection, member: Member, brand_id: UUID, now: datetime) -> dict[str, Any]:
    """Return what a brand sees that promotes others."""
    in_force = await terms_in_force.promoted_by(connection, brand_id, now, FEW)
    shown: dict[str, Any] = {
        "best": await best_links.best_link_of(connection, brand_id, now),
        "codes": await listed_codes.usable_codes_of(connection, brand_id, FEW),
        "recent": await credited.recently_credited(connection, brand_id, RECENT),
        "promised": [(one, plain_terms.rate_in_one_line(one.terms)) for one in in_force],
    }
    if permissions.may(member, "read money"):
        shown |= await _earned(connection, brand_id, now)
    return shown


async def _earned(connection: Connection, brand_id: UUID, now: datetime) -> dict[str, Any]:
    this_month = f"{now:%Y-%m}"
    earned = await earnings.earned_by_month(connection, brand_id)
    pending = await ripening.ripening_of(connection, brand_id, side="partner_id")
    months = earnings.without_gaps(earned, this_month)
    return {
        "whereabouts": await earnings.whereabouts_of(connection, brand_id, earned),
        "months": months,
        "this_month": {one.currency: one.earned_minor for one in months if one.month == this_month},
        "matures": _spans(pending),
        "moved": await ripening.last_moved(connection, brand_id),
        **await _to_come(connection, brand_id, now),
    }


async def _to_come(connection: Connection, brand_id: UUID, now: datetime) -> dict[str, Any]:
    coming = await next_payouts.next_payouts_of(connection, brand_id, now)
    waiting = [statement for one in coming for statement in one.open_statements]
    held = await held_payouts.held_reasons(connection, (one.id for one in waiting))
    return {
        "coming": [(one, sentences.what_a_close_brings(one)) for one in coming],
        "waiting": [
            (one, sentences.shown_state(one, held), sentences.what_a_statement_waits_for(one, held))
            for one in waiting
        ],
    }


async def advertising(
    connection: Connection, member: Member, brand_id: UUID, now: datetime, debts: Sequence[Debt]
) -> dict[str, Any]:
    """Return what a brand sees that is promoted by others."""
    shown: dict[str, Any] = {
        "ending": await terms_in_force.ending_soon(connection, brand_id, now, FEW),
        "best_partners": await partners.who_brings_most(connection, brand_id, now, FEW),
    }
    if permissions.may(member, "read money"):
        shown |= await _owed(connection, brand_id, now, debts)
    return shown


async def _owed(
    connection: Connection, brand_id: UUID, now: datetime, debts: Sequence[Debt]
) -> dict[str, Any]:
    pending = await ripening.ripening_of(connection, brand_id, side="advertiser_id")
    return {
        "debts": [(debt, debt.by_age(now), debt.fundable[:RECENT]) for debt in debts],
        "falls_due": _spans(pending),
        "now": now,
    }


async def finance(
    connection: Connection, brand_id: UUID, now: datetime, standing: Standing, debts: Sequence[Debt]
) -> dict[str, Any]:
    """Return what a brand's finance sees: statements to read, money to come and money owed."""
    newest = await listed_statements.newest_of(connection, brand_id, RECENT)
    held = await held_payouts.held_reasons(connection, (one.id for one in newest))
    shown: dict[str, Any] = {
        "statements": [
            (
                one,
                sentences.shown_state(one, held),
                sentences.next_of(one, is_payee=one.payee_id == brand_id, held=held),
            )
            for one in newest
        ],
        "brand_id": brand_id,
        "standing": standing,
    }
    if standing.has_earned:
        shown |= {
            "ripening": await ripening.ripening_of(connection, brand_id, side="partner_id"),
            **await _to_come(connection, brand_id, now),
        }
    if debts:
        shown |= await _owed(connection, brand_id, now, debts)
    return shown


def _spans(pending: Sequence[Ripening]) -> dict[str, tuple[datetime, datetime]]:
    """Return by currency the first and the last day on which something pending matures."""
    return {
        currency: (
            min(one.first for one in pending if one.currency == currency),
            max(one.last for one in pending if one.currency == currency),
        )
        for currency in {one.currency for one in pending}
    }
