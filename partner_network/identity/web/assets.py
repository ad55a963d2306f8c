"""What people see besides words: styles, scripts, typefaces and pictures, as assets/build.mjs laid them out.

All of it is read when the app starts, so that no address ever reaches a file system. What has its content's
hash in its name never changes and is kept by browsers for a year. These files are sent packed; pages are not,
since a page holds secrets beside what an address puts into it, and its packed length would tell (BREACH).
"""

import mimetypes
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from partner_network.identity.web import pages
from partner_network.identity.web.requests import WITHOUT_SESSION
from partner_network.kernel.errors import NotFoundError

KEPT_FOR_A_YEAR = "public, max-age=31536000, immutable"
KEPT_FOR_AN_HOUR = "public, max-age=3600"
PACKED = {"br": ".br", "gzip": ".gz"}
"""By the name that browsers give each way of packing; the better one comes first."""


class Asset(msgspec.Struct, frozen=True):
    """A file, and the same packed."""

    plain: bytes
    packed: Mapping[str, bytes]
    kind: str
    kept: str


def read(folder: Path) -> Mapping[str, Asset]:
    """Read a folder that assets/build.mjs laid out, by the path of each file in it."""
    hashed = frozenset(pages.asset_names(folder).values())
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: _asset(path, is_hashed=name in hashed)
        for name, path in files.items()
        if path.suffix not in PACKED.values()
    }


def routes(folder: Path) -> tuple[ControllerRouterHandler, ...]:
    """Return the door of the files in a folder, or none where nothing was built."""
    found = read(folder)

    @get("/assets/{file_path:path}", opt={WITHOUT_SESSION: True}, include_in_schema=False)
    async def show_asset(file_path: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """Hand out a file, packed where the browser takes it so."""
        asset = found.get(file_path.lstrip("/"))
        if asset is None:
            raise NotFoundError("There is no such file.")
        return _answer(asset, accepted(request.headers.get("accept-encoding", "")))

    return (show_asset,) if found else ()


def accepted(header: str) -> Collection[str]:
    """Return the ways of packing that an Accept-Encoding header takes; `br;q=0` takes it not."""
    parts = [part.partition(";") for part in header.lower().split(",")]
    return {name.strip() for name, _, weight in parts if not _is_nothing(weight)}


def _answer(asset: Asset, takes: Collection[str]) -> Response[bytes]:
    headers = {"cache-control": asset.kept}
    if asset.packed:
        headers["vary"] = "Accept-Encoding"
    way = next((one for one in PACKED if one in takes and one in asset.packed), None)
    if way is None:
        return Response(asset.plain, media_type=asset.kind, headers=headers)
    return Response(asset.packed[way], media_type=asset.kind, headers=headers | {"content-encoding": way})


def _asset(path: Path, *, is_hashed: bool) -> Asset:
    beside = {way: path.with_name(path.name + suffix) for way, suffix in PACKED.items()}
    return Asset(
        plain=path.read_bytes(),
        packed={way: packed.read_bytes() for way, packed in beside.items() if packed.is_file()},
        kind=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        kept=KEPT_FOR_A_YEAR if is_hashed else KEPT_FOR_AN_HOUR,
    )


def _is_nothing(weight: str) -> bool:
    return (
        weight.replace(" ", "").rstrip("0") in {"q=", "q=."} or weight.replace(" ", "").rstrip("0.") == "q="
    )
