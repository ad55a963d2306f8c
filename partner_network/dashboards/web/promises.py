"""What is promised: every amount on its way, when it is due and who must act, as a page and as JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from partner_network.dashboards.promises import queries, stages
from partner_network.dashboards.promises.stages import Actor, Promise, Stage
from partner_network.database import connections
from partner_network.database.connections import Eyes
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import guards
from partner_network.kernel import ids
from partner_network.kernel.sentences import Sentence
from partner_network.languages.catalogs import translated

SHOWN_MAX = 200
STAGE: Mapping[Stage, Sentence] = MappingProxyType(
    {
        "pending": Sentence("Pending"),
        "held": Sentence("Held or disputed"),
        "matured": Sentence("Matured, not stated yet"),
        "stated": Sentence("Stated, not approved yet"),
        "approved": Sentence("Approved, not funded yet"),
        "funded": Sentence("Funded, on its way"),
        "paid": Sentence("Paid in the last 60 days"),
    }
)
NEXT: Mapping[Stage, Sentence] = MappingProxyType(
    {
        "pending": Sentence("matures by itself"),
        "held": Sentence("is let go or taken back"),
        "matured": Sentence("is stated at the end of the period"),
        "stated": Sentence("is approved once the days to object are over"),
        "approved": Sentence("is paid in by the advertiser"),
        "funded": Sentence("is sent to the partner"),
        "paid": Sentence("nothing is left to do"),
    }
)
ACTOR: Mapping[Actor, Sentence] = MappingProxyType(
    {
        "time": Sentence("nobody; time alone"),
        "network": Sentence("the network"),
        "advertiser": Sentence("the advertiser"),
        "partner": Sentence("the partner"),
        "nobody": Sentence("nobody"),
    }
)


class PromiseAnswer(msgspec.Struct, frozen=True):
    """An amount at one station, when it is due to move on, who must act, and by which clause; minor units."""

    payer: str
    payee: str
    currency: str
    stage: Stage
    amount_minor: int
    due_at: datetime | None
    days_late: int
    actor: Actor
    clause: str
    statement: str | None


class StepAnswer(msgspec.Struct, frozen=True):
    """What stands at one station in one currency, in minor units."""

    label: str
    stage: Stage
    currency: str
    on_time_minor: int
    late_minor: int


class PromisesAnswer(msgspec.Struct, frozen=True):
    """Every amount on its way to or from the asking brand, or of all for the operator."""

    items: list[PromiseAnswer]


class StepsAnswer(msgspec.Struct, frozen=True):
    """The same by station: what the chart draws."""

    items: list[StepAnswer]


@get("/api/v1/promises", guards=[guards.must_read_money])
async def read_promises(asking: guards.WhoAsks) -> PromisesAnswer:
    """Say of each amount on its way when it is due to move on, who must act, and how late it is."""
    promises, now = await _promises(asking.eyes, asking.brand_id)
    return PromisesAnswer([_answer(one, now) for one in promises])


@get("/api/v1/promise-steps", guards=[guards.must_read_money])
async def read_steps(asking: guards.WhoAsks) -> StepsAnswer:
    """Sum what is on its way by station and currency, on time and late."""
    promises, now = await _promises(asking.eyes, asking.brand_id)
    return StepsAnswer(
        [
            StepAnswer(
                translated(STAGE[step.stage]), step.stage, step.currency, step.on_time_minor, step.late_minor
            )
            for step in stages.steps(promises, now)
        ]
    )


@get("/promises", guards=[guards.must_read_money])
async def show_promises(member: NamedDependency[Member]) -> Template:
    """Show a brand what is promised to it and by it, each amount with its day."""
    brand_id = guards.brand_of(member)
    return Template("portal/promises.html", context=await page_of(brand_id, brand_id))


async def page_of(eyes: Eyes, brand_id: UUID | None) -> dict[str, Any]:
    """Return what the pages of promises show: of one brand, or of all for the operator."""
    promises, now = await _promises(eyes, brand_id)
    waiting = [one for one in promises if one.stage != "paid"]
    waiting.sort(key=lambda one: (one.due_at is None, one.due_at or now, one.between.payee))
    return {
        "steps": stages.steps(promises, now),
        "waiting": waiting[:SHOWN_MAX],
        "waiting_left": max(0, len(waiting) - SHOWN_MAX),
        "late": [one for one in waiting if one.days_late(now)],
        "lateness": stages.lateness(promises, now),
        "now": now,
        "brand_id": brand_id,
        "stage_words": STAGE,
        "next_words": NEXT,
        "actor_words": ACTOR,
    }


async def _promises(eyes: Eyes, brand_id: UUID | None) -> tuple[list[Promise], datetime]:
    async with connections.transaction(eyes=eyes) as connection:
        now = await clock.now(connection)
        return await queries.promises_of(connection, brand_id, now), now


def _answer(one: Promise, now: datetime) -> PromiseAnswer:
    return PromiseAnswer(
        payer=one.between.payer,
        payee=one.between.payee,
        currency=one.between.currency,
        stage=one.stage,
        amount_minor=one.minor,
        due_at=one.due_at,
        days_late=one.days_late(now),
        actor=one.actor,
        clause=one.clause,
        statement=None if one.statement_id is None else ids.shown("stm", one.statement_id),
    )


ROUTES: Sequence[ControllerRouterHandler] = (read_promises, read_steps, show_promises)
