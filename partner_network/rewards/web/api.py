"""Credit as JSON: what there is, and how machines of an advertiser redeem it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import ApiKey
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.identity.web.requests import MAY_BE_MISSING
from partner_network.kernel import ids
from partner_network.kernel.errors import ForbiddenError
from partner_network.rewards import queries, redemption_queries
from partner_network.rewards.actions import grant, redeem
from partner_network.rewards.queries import Held
from partner_network.rewards.redemption_queries import Redeemed
from partner_network.rewards.rules.moves import MoveKind
from partner_network.rewards.rules.wishes import Cancellation, Redemption


class MoveAnswer(Struct, frozen=True):
    """What became of a credit at an instant, in minor units."""

    kind: MoveKind
    at: datetime
    change_minor: int
    left_minor: int


class CreditAnswer(Struct, frozen=True):
    """Credit that one order granted; `customer` is the advertiser's own id, shown to the advertiser alone."""

    id: str
    kind: str
    reward: str
    advertiser: str
    partner: str
    customer: str | None
    conversion: str
    agreement: str
    clause: str
    currency: str
    left_minor: int
    granted_at: datetime
    ends_at: datetime | None
    moves: list[MoveAnswer]


class CreditsAnswer(Struct, frozen=True):
    """Some of the credit; `available` is all that the customer or partner asked for may redeem now."""

    items: list[CreditAnswer]
    next: str | None
    available: dict[str, int]


class RedemptionAnswer(Struct, frozen=True):
    """A redemption; `returned_minor` is what came back when it was cancelled."""

    id: str
    key: str
    customer: str | None
    partner: str | None
    currency: str
    amount_minor: int
    redeemed_at: datetime
    cancelled_at: datetime | None
    returned_minor: int


@get("/api/v1/credits", guards=[guards.must_read_credits], opt={MAY_BE_MISSING: True})
async def list_credits(
    asking: guards.WhoAsks,
    customer: FromQuery[str | None] = None,
    partner: FromQuery[str | None] = None,
    after: After = None,
    limit: Limit = addresses.LIMIT,
) -> CreditsAnswer:
    """List the credit that the brand granted, and what it holds with others, as it stands at this instant.

    `customer` is the advertiser's own id of one, `partner` the id of a brand: then `available` says what
    either may redeem.
    """
    if asking.brand_id is None:
        raise ForbiddenError("Credit belongs to a brand; act for one to see it.")
    partner_id = None if partner is None else addresses.in_body("bnd", partner, field="partner")
    async with connections.transaction(eyes=asking.eyes) as connection:
        now = await clock.now(connection)
        customer_id = None
        if customer is not None:
            customer_id = await redemption_queries.customer_of(connection, asking.brand_id, customer)
        rows = await queries.credits_page(
            connection,
            asking.brand_id,
            customer_id=customer_id,
            partner_id=partner_id,
            after=addresses.cursor("rwd", after),
            limit=limit + 1,
        )
        names = await redemption_queries.external_ids(connection, [row.customer_id for row in rows])
        whole: list[Held] = []
        if customer_id is not None or partner_id is not None:
            whole = await queries.redeemable(
                connection, asking.brand_id, None, customer_id=customer_id, partner_id=partner_id
            )
    items = [credit_shown(row, now, names.get(row.customer_id)) for row in rows[:limit]]
    return CreditsAnswer(items, items[-1].id if len(rows) > limit else None, available(whole, now))


def available(held: Sequence[Held], now: datetime) -> dict[str, int]:
    """Return what of some credit may be redeemed at an instant, by currency, in minor units."""
    sums: defaultdict[str, int] = defaultdict(int)
    for one in held:
        sums[one.currency] += grant.up_to(one, now)[1].left_minor
    return dict(sums)


def credit_shown(one: Held, now: datetime, customer: str | None) -> CreditAnswer:
    """Return a credit as it stands at an instant, moves that time has made and nobody has booked included."""
    aged, state = grant.up_to(one, now)
    moves = (*one.moves, *(move for _, _, move in aged))
    return CreditAnswer(
        id=ids.shown("rwd", one.id),
        kind=one.kind,
        reward=one.reward,
        advertiser=ids.shown("bnd", one.advertiser_id),
        partner=ids.shown("bnd", one.partner_id),
        customer=customer,
        conversion=ids.shown("cnv", one.conversion_id),
        agreement=ids.shown("agr", one.agreement_id),
        clause=one.cited,
        currency=one.currency,
        left_minor=state.left_minor,
        granted_at=one.granted_at,
        ends_at=one.ends_at,
        moves=[MoveAnswer(move.kind, move.at, move.change_minor, move.left_minor) for move in moves],
    )


@post("/api/v1/credits/redemptions", guards=[guards.must_redeem_credits])
async def redeem_credit(
    data: JSONBody[Redemption], api_key: NamedDependency[ApiKey]
) -> Response[RedemptionAnswer]:
    """Redeem credit of a customer or a partner: 201, or 200 when the same was redeemed under its key before.

    What ends soonest is used first. More than there is, is refused with what there is.
    """
    redeemed, is_new = await redeem.redeem(api_key, data)
    return Response(_redemption(redeemed), status_code=HTTP_201_CREATED if is_new else HTTP_200_OK)


@get("/api/v1/credits/redemptions", guards=[guards.must_read_credits])
async def list_redemptions(
    asking: guards.WhoAsks,
    key: FromQuery[str | None] = None,
    after: After = None,
    limit: Limit = addresses.LIMIT,
) -> Page[RedemptionAnswer]:
    """List what was redeemed with the brand, in the order of the ids; `key` asks for one."""
    if asking.brand_id is None:
        raise ForbiddenError("Credit belongs to a brand; act for one to see it.")
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await redemption_queries.redemptions_of(
            connection, asking.brand_id, key=key, after=addresses.cursor("red", after), limit=limit + 1
        )
    return addresses.page(rows, limit, _redemption, lambda one: one.id)


@post("/api/v1/credits/cancellations", guards=[guards.must_redeem_credits], status_code=HTTP_200_OK)
async def cancel_redemption(
    data: JSONBody[Cancellation], api_key: NamedDependency[ApiKey]
) -> RedemptionAnswer:
    """Cancel the redemption under a key: what it used is there again, at its present worth."""
    return _redemption(await redeem.cancel(api_key, data.key))


def _redemption(one: Redeemed) -> RedemptionAnswer:
    return RedemptionAnswer(
        id=ids.shown("red", one.id),
        key=one.key,
        customer=one.customer,
        partner=None if one.partner_id is None else ids.shown("bnd", one.partner_id),
        currency=one.currency,
        amount_minor=one.amount_minor,
        redeemed_at=one.redeemed_at,
        cancelled_at=one.cancelled_at,
        returned_minor=one.returned_minor,
    )


ROUTES: Sequence[ControllerRouterHandler] = (
    list_credits,
    redeem_credit,
    list_redemptions,
    cancel_redemption,
)
