"""Commissions in the back office: read one, hold it, let it go, adjust it, and decide contests."""

from collections.abc import Awaitable
from datetime import datetime
from functools import partial
from typing import Any, Protocol, cast
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from partner_network.commissions.actions import adjustments, contests, holds
from partner_network.commissions.actions.adjustments import NewAdjustment
from partner_network.commissions.actions.contests import Outcome
from partner_network.commissions.rules import reasons
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.kernel.errors import InvalidError, PartnerNetworkError
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.trials import numbers
from partner_network.receipts.trials.numbers import NotTypedError
from partner_network.receipts.web import commission as pages
from partner_network.receipts.web.commission import ReasonForm

_FORMS = {"forms": "admin/commission_forms.html", "contest_form": "admin/contest_form.html"}


class AdjustmentForm(msgspec.Struct):
    """By how much an order pays more or less, as somebody types it, and why."""

    direction: str = ""
    amount: str = ""
    reason: str = ""


class DecisionForm(msgspec.Struct):
    """How a contest is decided, and why."""

    outcome: str = ""
    reason: str = ""


@get(
    "/admin/conversions/{conversion_id:str}/commission",
    guards=[guards.must_be_operator, guards.must_read_money],
    include_in_schema=False,
)
async def show_commission(conversion_id: FromPath[str], member: NamedDependency[Member]) -> Template:
    """Show what a conversion earns all its partners, and what may be done about it."""
    return await _page(conversion_id, member)


@get("/admin/held", guards=[guards.must_be_operator, guards.must_read_money], include_in_schema=False)
async def list_held(member: NamedDependency[Member]) -> Template:
    """List everything that is held, and every clawback that is due or contested."""
    return Template("admin/held.html", context=await pages.held_of(member))


@post(
    "/admin/conversions/{conversion_id:str}/commissions/{commission_id:int}/hold",
    guards=[guards.must_be_operator, guards.must_hold_commissions],
    include_in_schema=False,
)
async def hold(
    conversion_id: FromPath[str],
    commission_id: FromPath[int],
    data: URLEncodedBody[ReasonForm],
    member: NamedDependency[Member],
) -> Redirect | Template:
    """Hold one commission back."""
    deed = partial(holds.hold_commission, commission_id, reason=data.reason, by=member)
    return await _do(deed, conversion_id, member, f"hold-{commission_id}", data)


@post(
    "/admin/conversions/{conversion_id:str}/commissions/{commission_id:int}/release",
    guards=[guards.must_be_operator, guards.must_hold_commissions],
    include_in_schema=False,
)
async def release(
    conversion_id: FromPath[str],
    commission_id: FromPath[int],
    data: URLEncodedBody[ReasonForm],
    member: NamedDependency[Member],
) -> Redirect | Template:
    """Let a held commission go."""
    deed = partial(holds.release_commission, commission_id, reason=data.reason, by=member)
    return await _do(deed, conversion_id, member, f"hold-{commission_id}", data)


@post(
    "/admin/conversions/{conversion_id:str}/commissions/{commission_id:int}/adjustments",
    guards=[guards.must_be_operator, guards.must_adjust_commissions],
    include_in_schema=False,
)
async def adjust(
    conversion_id: FromPath[str],
    commission_id: FromPath[int],
    data: URLEncodedBody[AdjustmentForm],
    member: NamedDependency[Member],
) -> Redirect | Template:
    """Record that an order pays more or less than facts and terms say."""
    wanted = addresses.in_path("cnv", conversion_id)

    async def deed(*, now: datetime) -> None:
        minor = await _typed_minor(wanted, member, commission_id, data)
        new = NewAdjustment(commission_id=commission_id, minor=minor, reason=data.reason)
        await adjustments.adjust_commission(new, by=member, now=now)

    return await _do(deed, conversion_id, member, f"adjust-{commission_id}", data)


@post(
    "/admin/conversions/{conversion_id:str}/clawbacks/{clawback_id:int}/decision",
    guards=[guards.must_be_operator, guards.must_decide_contests],
    include_in_schema=False,
)
async def decide(
    conversion_id: FromPath[str],
    clawback_id: FromPath[int],
    data: URLEncodedBody[DecisionForm],
    member: NamedDependency[Member],
) -> Redirect | Template:
    """Decide a contest of a clawback."""

    async def deed(*, now: datetime) -> None:
        outcome = _chosen(data)
        await contests.decide_contest(clawback_id, outcome=outcome, reason=data.reason, by=member, now=now)

    return await _do(deed, conversion_id, member, f"decide-{clawback_id}", data)


@post(
    "/admin/partnerships/{partnership:str}/hold",
    guards=[guards.must_be_operator, guards.must_hold_commissions],
    include_in_schema=False,
)
async def hold_all(
    partnership: FromPath[str], data: URLEncodedBody[ReasonForm], member: NamedDependency[Member]
) -> Redirect:
    """Hold back all of a partnership's commissions that can be, by one reason."""
    await holds.hold_partnership(
        addresses.in_path("prt", partnership), reason=data.reason, by=member, now=await clock.now()
    )
    return Redirect("/admin/held", status_code=303)


@post(
    "/admin/partnerships/{partnership:str}/release",
    guards=[guards.must_be_operator, guards.must_hold_commissions],
    include_in_schema=False,
)
async def release_all(
    partnership: FromPath[str], data: URLEncodedBody[ReasonForm], member: NamedDependency[Member]
) -> Redirect:
    """Let all of a partnership's held commissions go, by one reason."""
    await holds.release_partnership(
        addresses.in_path("prt", partnership), reason=data.reason, by=member, now=await clock.now()
    )
    return Redirect("/admin/held", status_code=303)


def _chosen(form: DecisionForm) -> Outcome:
    fields: dict[str, str] = {}
    if form.outcome not in {"upheld", "declined"}:
        fields["outcome"] = Sentence("Choose one.")
    fields |= reasons.missing(form.reason, reasons.CONTEST_CHARACTERS_MAX)
    if fields:
        raise InvalidError("A decision is missing.", fields=fields)
    return cast("Outcome", form.outcome)


async def _typed_minor(wanted: UUID, member: Member, commission_id: int, form: AdjustmentForm) -> int:
    """Read the amount in the commission's currency, below zero where it pays less."""
    fields: dict[str, str] = {}
    if form.direction not in {"more", "less"}:
        fields["direction"] = Sentence("Choose one.")
    async with connections.transaction(eyes=member.eyes) as connection:
        currency = await connection.fetchval(
            "SELECT currency FROM commissions WHERE id = $1 AND conversion_id = $2", commission_id, wanted
        )
    minor = 0
    try:
        minor = numbers.scaled(form.amount.strip(), numbers.exponent(currency))
    except NotTypedError as error:
        fields["amount"] = error.why
    fields |= reasons.missing(form.reason)
    if fields:
        raise InvalidError("An adjustment needs an amount and a reason.", fields=fields)
    return -minor if form.direction == "less" else minor


class _Deed(Protocol):
    """What a form asks for."""

    def __call__(self, *, now: datetime) -> Awaitable[object]: ...


async def _do(
    deed: _Deed, conversion_id: str, member: Member, about: str, form: object
) -> Redirect | Template:
    """Do what a form asks for and lead back to the page; what is refused comes back with what was typed."""
    addresses.in_path("cnv", conversion_id)
    try:
        await deed(now=await clock.now())
    except pages.REFUSED as error:
        return await _page(conversion_id, member, error, about, form)
    return Redirect(f"/admin/conversions/{conversion_id}/commission", status_code=303)


async def _page(
    conversion_id: str,
    member: Member,
    refused: PartnerNetworkError | None = None,
    about: str = "",
    form: object | None = None,
) -> Template:
    context: dict[str, Any] = await pages.page_of(conversion_id, member, refused=refused, about=about)
    context |= _FORMS
    context["form"] = form or ReasonForm()
    status = pages.status_of(refused) if refused is not None else 200
    return Template("admin/commission.html", context=context, status_code=status)
