"""Previews of a close over the API: which accounts there are, and what a close would state of one now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import Limit, Page
from partner_network.statements import previews
from partner_network.statements.previews import Preview
from partner_network.statements.standing_queries import PairAccount, Standing

AfterAccount: TypeAlias = Annotated[int, QueryParameter(ge=0, le=previews.ACCOUNT_MAX)]
"""The `next` of the page before; left out: the first page."""


class AccountBody(msgspec.Struct, frozen=True):
    """What one payer owes one payee in one currency; `payable_minor` is in minor units."""

    account: str
    payee: str
    payee_slug: str
    payer: str
    payer_slug: str
    currency: str
    payable_minor: int


class PreviewBody(msgspec.Struct, frozen=True):
    """One direction of a pair as a close would state it now, in minor units; it is no statement."""

    account: str
    payee: str
    payee_slug: str
    payer: str
    payer_slug: str
    currency: str
    period: str
    starts_at: datetime
    ends_at: datetime
    has_ended: bool
    opening_minor: int
    closing_minor: int
    totals: dict[str, int]
    minimum_minor: int
    is_carried: bool
    is_last: bool


class PreviewsBody(msgspec.Struct, frozen=True):
    """The account that was asked for, and then the other direction between the same two brands, if any."""

    items: list[PreviewBody]


@get("/api/v1/previews", guards=[guards.must_read_money])
async def list_accounts(
    asking: guards.WhoAsks, after: AfterAccount = 0, limit: Limit = addresses.LIMIT
) -> Page[AccountBody]:
    """List the accounts whose next statement can be previewed: a brand's own, or all for the operator."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        found = await previews.accounts_of(connection, asking.brand_id)
    rows = [one for one in found if one.account.account_id > after]
    return addresses.page(rows, limit, _account, lambda shown: shown.account)


@get("/api/v1/previews/{account:int}", guards=[guards.must_read_money])
async def read_preview(account: FromPath[int], asking: guards.WhoAsks) -> PreviewsBody:
    """Say what a close would state of an account now, and of the other direction that it is netted with."""
    found = await previews.preview_for(asking.brand_id, account, await clock.now())
    return PreviewsBody([_preview(one) for one in found])


def _account(one: Standing) -> AccountBody:
    return AccountBody(*_names(one.account), one.pay_minor)


def _names(account: PairAccount) -> tuple[str, str, str, str, str, str]:
    return (
        str(account.account_id),
        account.payee_name,
        account.payee_slug,
        account.payer_name,
        account.payer_slug,
        account.currency,
    )


def _preview(one: Preview) -> PreviewBody:
    return PreviewBody(
        *_names(one.account),
        period=one.period.label,
        starts_at=one.period.starts_at,
        ends_at=one.period.ends_at,
        has_ended=one.has_ended,
        opening_minor=one.opening_minor,
        closing_minor=one.closing_minor,
        totals={str(kind): minor for kind, minor in one.by_kind.items()},
        minimum_minor=one.minimum_minor,
        is_carried=one.is_carried,
        is_last=one.is_last,
    )


ROUTES: Sequence[ControllerRouterHandler] = (list_accounts, read_preview)
