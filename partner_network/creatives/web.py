"""The doors of creatives: upload, list, download, withdraw."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from litestar import delete, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, MultipartBody, SkipValidation
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK
from litestar.types import ControllerRouterHandler

from partner_network.creatives import actions, queries, rules
from partner_network.creatives.queries import Creative
from partner_network.gateways import clock
from partner_network.gateways.file_store.store import FileStore
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.identity.web.limits import LIMITED_AS
from partner_network.kernel import ids

DOWNLOAD_LASTS = timedelta(minutes=10)
_FRAME_BYTES_MAX = 100_000  # what the form adds around the file


class Upload(msgspec.Struct):
    """A picture and what to call it."""

    title: str
    file: UploadFile
    csrf_token: str = ""


class CreativeBody(msgspec.Struct):
    """One picture of a program."""

    id: str
    program: str
    title: str
    file_name: str
    content_type: str
    sha256: str
    size_bytes: int
    uploaded_at: str
    withdrawn_at: str | None


@post(
    "/api/v1/programs/{program:str}/creatives",
    guards=[guards.must_manage_creatives],
    request_max_body_size=rules.SIZE_BYTES_MAX + _FRAME_BYTES_MAX,
    opt={LIMITED_AS: "uploads by person"},
)
async def upload_creative(
    program: FromPath[str],
    data: MultipartBody[Upload],
    member: NamedDependency[Member],
    file_store: NamedDependency[SkipValidation[FileStore]],
) -> CreativeBody:
    """Take a picture into a program's library."""
    creative = await actions.upload_creative(
        file_store,
        member=member,
        program_id=addresses.in_path("prg", program),
        title=data.title,
        content=await data.file.read(),
    )
    return _shown(creative)


@get("/api/v1/creatives", guards=[guards.must_read_creatives])
async def list_creatives(
    asking: guards.WhoAsks,
    program: FromQuery[str | None] = None,
    after: After = None,
    limit: Limit = addresses.LIMIT,
) -> Page[CreativeBody]:
    """List the creatives that one's brand owns or may use."""
    rows = await queries.creatives_of(
        asking,
        program_id=addresses.cursor("prg", program),
        after=addresses.cursor("crt", after),
        limit=limit + 1,
    )
    return addresses.page(rows, limit, _shown, lambda creative: creative.id)


@get("/api/v1/creatives/{creative:str}", guards=[guards.must_read_creatives])
async def read_creative(creative: FromPath[str], asking: guards.WhoAsks) -> CreativeBody:
    """Show a creative that one's brand owns or may use."""
    return _shown(await queries.creative_of(asking, addresses.in_path("crt", creative)))


@get("/api/v1/creatives/{creative:str}/file", guards=[guards.must_read_creatives])
async def download_creative(
    creative: FromPath[str],
    asking: guards.WhoAsks,
    file_store: NamedDependency[SkipValidation[FileStore]],
) -> Redirect:
    """Lead to the file, by an address that soon expires."""
    found = await queries.creative_of(asking, addresses.in_path("crt", creative))
    url = file_store.signed_url(
        found.file_key,
        filename=found.file_name,
        expires_in_s=int(DOWNLOAD_LASTS.total_seconds()),
        now=clock.wall_now(),  # a person's browser follows at once, whatever time a sandbox simulates
    )
    return Redirect(url, status_code=303)


@delete("/api/v1/creatives/{creative:str}", guards=[guards.must_manage_creatives], status_code=HTTP_200_OK)
async def withdraw_creative(creative: FromPath[str], member: NamedDependency[Member]) -> CreativeBody:
    """Take a creative out of use."""
    return _shown(await actions.withdraw_creative(member, addresses.in_path("crt", creative)))


def _shown(creative: Creative) -> CreativeBody:
    withdrawn_at = None if creative.withdrawn_at is None else creative.withdrawn_at.isoformat()
    return CreativeBody(
        id=ids.shown("crt", creative.id),
        program=ids.shown("prg", creative.program_id),
        title=creative.title,
        file_name=creative.file_name,
        content_type=creative.content_type,
        sha256=creative.sha256,
        size_bytes=creative.size_bytes,
        uploaded_at=creative.uploaded_at.isoformat(),
        withdrawn_at=withdrawn_at,
    )


ROUTES: Sequence[ControllerRouterHandler] = (
    upload_creative,
    list_creatives,
    read_creative,
    download_creative,
    withdraw_creative,
)
