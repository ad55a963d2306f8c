"""The doors through which advertisers' machines report and read back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from litestar.types import ControllerRouterHandler

from partner_network.conversions import described, in_test_queries, queries
from partner_network.conversions.actions import (
    customers,
    in_test,
    record_conversions,
    record_refunds,
    record_touches,
)
from partner_network.conversions.queries import ListedConversion
from partner_network.conversions.rules import reading
from partner_network.conversions.rules.reports import (
    RecordedConversion,
    RecordedIdentification,
    RecordedRefund,
    RecordedTouch,
    ReportedConversion,
    ReportedIdentification,
    ReportedRefund,
    ReportedTouch,
)
from partner_network.database import connections
from partner_network.identity.rules.permissions import ApiKey, Asking
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel.errors import ForbiddenError, NotFoundError

AnyRequest = Request[Any, Any, Any]
BATCH_BYTES_MAX = 5_000_000  # a thousand facts, each with all it may say


@post(
    "/api/v1/conversions",
    guards=[guards.must_report_conversions],
    operation_class=described.batch_of("conversions", ReportedConversion, is_told_again=True),
    request_max_body_size=BATCH_BYTES_MAX,
)
async def report_conversions(
    request: AnyRequest, api_key: NamedDependency[ApiKey]
) -> Response[dict[str, list[RecordedConversion]]]:
    """Store up to 1000 conversions, all or none: 201, or 200 when every one of them was stored before."""
    batch = reading.read_batch(await request.body(), "conversions", ReportedConversion)
    record = record_conversions.record_conversions if api_key.is_live else in_test.take_conversions
    answer = await record(batch, brand_id=api_key.brand_id)
    return Response({"conversions": answer.conversions}, status_code=_status(is_new=answer.is_new))


@get("/api/v1/conversions", guards=[guards.must_read_conversions])
async def list_conversions(
    asking: guards.WhoAsks, after: After = None, limit: Limit = addresses.LIMIT
) -> Page[ListedConversion]:
    """List the brand's conversions in the order they were stored; to a test key, what test keys reported."""
    rows = await _conversions(asking, after=addresses.cursor("cnv", after), limit=limit + 1)
    return addresses.page(rows, limit, lambda row: row, lambda row: row.id)


@get("/api/v1/conversions/{conversion:str}", guards=[guards.must_read_conversions])
async def read_conversion(conversion: FromPath[str], asking: guards.WhoAsks) -> ListedConversion:
    """Show one of the brand's conversions; to a test key, one that a test key reported."""
    for found in await _conversions(asking, only=addresses.in_path("cnv", conversion)):
        return found
    raise NotFoundError("There is no such conversion for you.")


@post(
    "/api/v1/identifications",
    guards=[guards.must_report_conversions],
    operation_class=described.batch_of("identifications", ReportedIdentification, is_told_again=False),
    request_max_body_size=BATCH_BYTES_MAX,
)
async def report_identifications(
    request: AnyRequest, api_key: NamedDependency[ApiKey]
) -> dict[str, list[RecordedIdentification]]:
    """Say which customers stand behind up to 1000 clicks; saying it again changes nothing."""
    batch = reading.read_batch(await request.body(), "identifications", ReportedIdentification)
    identify = customers.identify_customers if api_key.is_live else in_test.take_identifications
    return {"identifications": await identify(batch, brand_id=api_key.brand_id)}


@post(
    "/api/v1/touches",
    guards=[guards.must_report_conversions],
    operation_class=described.batch_of("touches", ReportedTouch, is_told_again=True),
    request_max_body_size=BATCH_BYTES_MAX,
)
async def report_touches(
    request: AnyRequest, api_key: NamedDependency[ApiKey]
) -> Response[dict[str, list[RecordedTouch]]]:
    """Store up to 1000 touches that are no clicks, all or none: 201, or 200 when all were stored before.

    A code that a customer entered; the partner whom they named (`self_report`) or whose page they saw
    (`view`); a visit that nobody sent (`direct`). What was decided of their orders is looked at again.
    """
    batch = reading.read_batch(await request.body(), "touches", ReportedTouch)
    record = record_touches.record_touches if api_key.is_live else in_test.take_touches
    answer = await record(batch, brand_id=api_key.brand_id)
    return Response({"touches": answer.touches}, status_code=_status(is_new=answer.is_new))


@post(
    "/api/v1/refunds",
    guards=[guards.must_report_conversions],
    operation_class=described.batch_of("refunds", ReportedRefund, is_told_again=True),
    request_max_body_size=BATCH_BYTES_MAX,
)
async def report_refunds(
    request: AnyRequest, api_key: NamedDependency[ApiKey]
) -> Response[dict[str, list[RecordedRefund]]]:
    """Store up to 1000 refunds, all or none: 201, or 200 when every one of them was stored before."""
    batch = reading.read_batch(await request.body(), "refunds", ReportedRefund)
    record = record_refunds.record_refunds if api_key.is_live else in_test.take_refunds
    answer = await record(batch, brand_id=api_key.brand_id)
    return Response({"refunds": answer.refunds}, status_code=_status(is_new=answer.is_new))


async def _conversions(
    asking: Asking, *, only: UUID | None = None, after: UUID | None = None, limit: int = 1
) -> list[ListedConversion]:
    if asking.brand_id is None:
        raise ForbiddenError("Conversions belong to a brand; act for one to see them.")
    is_test = isinstance(asking, ApiKey) and not asking.is_live
    listed = in_test_queries.conversions_of if is_test else queries.conversions_of
    async with connections.transaction(eyes=asking.eyes) as connection:
        return await listed(connection, asking.brand_id, only=only, after=after, limit=limit)


def _status(*, is_new: bool) -> int:
    return HTTP_201_CREATED if is_new else HTTP_200_OK


ROUTES: Sequence[ControllerRouterHandler] = (
    report_conversions,
    list_conversions,
    read_conversion,
    report_identifications,
    report_touches,
    report_refunds,
)
