"""The metrics of the installation, for its monitoring alone."""

import hmac
from ipaddress import ip_address

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from partner_network.dashboards.queries import workload
from partner_network.gateways import metrics
from partner_network.identity.web.requests import WITHOUT_SESSION, AnyRequest
from partner_network.kernel.errors import NotFoundError
from partner_network.settings import Settings


@get("/metrics", opt={WITHOUT_SESSION: True}, include_in_schema=False)
async def read_metrics(
    request: AnyRequest, settings: NamedDependency[SkipValidation[Settings]]
) -> Response[bytes]:
    """Tell monitoring what was answered and what waits."""
    if not _may_read(request, settings):
        raise NotFoundError("There is nothing at this address.")
    told = metrics.exposition(await workload.read_workload(), workload.DESCRIBED)
    return Response(told, media_type=metrics.CONTENT_TYPE)


def _may_read(request: AnyRequest, settings: Settings) -> bool:
    """Say whether the token was shown or, where none is set, this very machine asks without a proxy."""
    if settings.metrics_token is not None:
        shown = request.headers.get("authorization", "").encode("utf-8", "replace")
        return hmac.compare_digest(shown, f"Bearer {settings.metrics_token}".encode())
    # A proxy on this machine asks from loopback too, for strangers; it says so.
    is_forwarded = {"x-forwarded-for", "forwarded"} & request.headers.keys()
    return not is_forwarded and _is_loopback(request)


def _is_loopback(request: AnyRequest) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
