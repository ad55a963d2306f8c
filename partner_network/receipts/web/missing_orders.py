"""Help with a missing order: its receipt, or the reason why there is none; as a page and as JSON."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, TypeAlias

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation
from litestar.response import Template
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules import limits, permissions
from partner_network.identity.rules.permissions import ApiKey, Asking, Member
from partner_network.identity.web import guards
from partner_network.identity.web.limits import Entrance
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError, InvalidError, TooOftenError
from partner_network.kernel.sentences import Sentence
from partner_network.languages.catalogs import translated
from partner_network.receipts import answering
from partner_network.receipts.rules import missing
from partner_network.receipts.rules.missing import Asked, Finding

Gate: TypeAlias = NamedDependency[SkipValidation[Entrance]]
Text: TypeAlias = Annotated[str, QueryParameter(max_length=200)]
Day: TypeAlias = Annotated[date | None, QueryParameter()]
FIELDS = ("order_id", "click_id", "code", "on", "until")


class FindingAnswer(Struct, frozen=True):
    """One answer in a sentence; `conversion` names the receipt where there is one."""

    kind: str
    says: str
    reason: str | None
    conversion: str | None
    order_id: str | None
    occurred_at: datetime | None


class MissingOrderAnswer(Struct, frozen=True):
    """What became of what was asked for."""

    items: list[FindingAnswer]


@get("/api/v1/missing-orders", guards=[guards.must_read_reports])
async def explain_missing_order(
    asking: guards.WhoAsks,
    entrance: Gate,
    *,
    order_id: Text = "",
    click_id: Text = "",
    code: Text = "",
    on: Day = None,
    until: Day = None,
) -> MissingOrderAnswer:
    """Say what became of an order, a click, a code or the days `on` to `until`: its receipt, or why none.

    Of orders that no touch of the asking partner stands before it says that they came, and nothing else.
    """
    if isinstance(asking, ApiKey) and not asking.is_live:
        raise ForbiddenError("Nothing is decided about what a test key reports; ask with a live key.")
    asked = Asked(order_id.strip(), click_id.strip(), code.strip(), on, until)
    if mistakes := mistakes_in(asked):
        raise InvalidError("Ask by an order id, a click id, a code or days.", fields=mistakes)
    found = await found_for(asking, asked, entrance)
    return MissingOrderAnswer([_shown(one) for one in found])


@get("/missing-orders", guards=[guards.must_read_reports])
async def show_missing_order(
    member: NamedDependency[Member], entrance: Gate, request: AnyRequest
) -> Template:
    """Ask for an order that is missing, and read what became of it."""
    guards.brand_of(member)
    return await page_of(member, entrance, request, "receipts/missing_order.html", "/conversions")


async def page_of(
    member: Member, entrance: Entrance, request: AnyRequest, template: str, base: str
) -> Template:
    """Return the page with what was asked and, where something was, what is known of it."""
    typed = {name: request.query_params.get(name, "").strip()[:200] for name in FIELDS}
    errors: dict[str, str] = {}
    asked = Asked(
        _clean(typed["order_id"]),
        _clean(typed["click_id"]),
        _clean(typed["code"]),
        _day(typed, "on", errors),
        _day(typed, "until", errors),
    )
    found: list[Finding] | None = None
    if any(typed.values()):
        errors |= {name: why for name, why in mistakes_in(asked).items() if name not in errors}
        if not errors:
            found = await found_for(member, asked, entrance)
    return Template(
        template,
        context={
            "typed": typed,
            "errors": errors,
            "found": found,
            "base": base,
            "today": (await clock.now()).date(),
            "is_operator": member.brand_id is None,
        },
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
    )


async def found_for(asking: Asking, asked: Asked, entrance: Entrance) -> list[Finding]:
    """Answer a question, after it was counted. Errors: TooOftenError."""
    permissions.must(asking, "read reports")
    if asked.probes and asking.brand_id is not None:
        for bucket in missing.buckets(asking.id, asking.brand_id):
            counted = await entrance.limiter.count(bucket)
            if not counted.is_let_through:
                wait_s = counted.wait_s(clock.wall_now())
                raise TooOftenError(limits.too_many(wait_s), retry_after_s=wait_s)
    async with connections.transaction(eyes=asking.eyes) as connection:
        return await answering.answer(connection, asked, asking.brand_id)


def mistakes_in(asked: Asked) -> Mapping[str, str]:
    """Return what is wrong with a question, by field."""
    if asked.until is not None and asked.on is None:
        return {"on": Sentence("Say from which day on.")}
    if asked.is_empty:
        return {"order_id": Sentence("Fill in one of them: an order id, a click id, a code or a day.")}
    if asked.on is not None and asked.until is not None:
        if asked.until < asked.on:
            return {"until": Sentence("The last day lies before the first.")}
        if (asked.until - asked.on).days >= missing.DAYS_MAX:
            return {"until": Sentence("At most {days} days at once.", days=missing.DAYS_MAX)}
    return {}


def _clean(text: str) -> str:
    return text.replace("\0", "")


def _day(typed: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(typed[name]) if typed[name] else None
    except ValueError:
        errors[name] = Sentence("Write the day like 2026-03-31.")
        return None


def _shown(one: Finding) -> FindingAnswer:
    return FindingAnswer(
        kind=one.kind,
        says=translated(one.says),
        reason=one.reason,
        conversion=None if one.conversion_id is None else ids.shown("cnv", one.conversion_id),
        order_id=one.order_id,
        occurred_at=one.at,
    )
