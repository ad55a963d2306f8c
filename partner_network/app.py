"""The composition root of the web app: which doors there are, and what they stand on."""

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

from litestar import Litestar, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, SkipValidation
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from litestar.types import ControllerRouterHandler

from admin import routes as admin
from partner_network import settings as settings_of
from partner_network.agreements import web as agreements
from partner_network.clicks import web as clicks
from partner_network.clicks.actions.record import ClickRecorder
from partner_network.conversions import web as conversions
from partner_network.creatives import web as creatives
from partner_network.dashboards.web import routes as dashboards
from partner_network.database import addresses, connections
from partner_network.gateways import clock, logs
from partner_network.gateways.file_store.local import LocalFileStore
from partner_network.gateways.file_store.s3 import S3FileStore
from partner_network.gateways.file_store.store import FileStore
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.gateways.traces import Tracer
from partner_network.identity.web import (
    assets,
    description,
    guards,
    headers,
    kept_forms,
    languages,
    outbox,
    pages,
    problems,
    styleguide,
    visitors,
    watching,
)
from partner_network.identity.web import routes as identity
from partner_network.identity.web.limits import Entrance, LimitsMiddleware
from partner_network.identity.web.requests import WITHOUT_SESSION, SessionCookie, SessionMiddleware
from partner_network.identity.web.shapes import ShapeMiddleware
from partner_network.kernel.errors import NotFoundError
from partner_network.ledger import web as ledger
from partner_network.links import web as links_web
from partner_network.links.codes import web as codes_web
from partner_network.links.memory import LinkMemory
from partner_network.notifications.web import routes as notifications
from partner_network.payouts import web as payouts
from partner_network.privacy.web import routes as privacy
from partner_network.programs.web import routes as programs
from partner_network.receipts.web import routes as receipts
from partner_network.rewards.web import routes as rewards
from partner_network.settings import Settings
from partner_network.statements import web as statements

Lifespan: TypeAlias = Callable[[Litestar], AbstractAsyncContextManager[None]]

FOLDER = Path(__file__).parent
BUILT_ASSETS = FOLDER.parent / "assets" / "build"
BODY_BYTES_MAX = 1_000_000
FORM_FIELDS_MAX = 100
POOL_CONNECTIONS = 20
GARBAGE_THRESHOLD = 50_000


def create_app(
    settings: Settings, *, routes: tuple[ControllerRouterHandler, ...] = (), tracer: Tracer | None = None
) -> Litestar:
    """Build the web app; its lifespan opens what it stands on. ``routes`` adds doors, for tests."""
    is_secure = settings.base_url.startswith("https://")
    cookie = SessionCookie(is_secure=is_secure)
    entrance = Entrance(settings.keyring, is_secure=is_secure)
    files = file_store(settings)
    pictures_from = files.site if isinstance(files, S3FileStore) else None
    always = headers.security_headers(is_secure=is_secure, pictures_from=pictures_from)
    recorder, links = _click_path(settings)
    app = Litestar(
        route_handlers=[
            *identity.ROUTES,
            *outbox.routes(settings),
            *styleguide.routes(settings),
            *notifications.ROUTES,
            *programs.ROUTES,
            *agreements.ROUTES,
            *creatives.ROUTES,
            *links_web.ROUTES,
            *codes_web.ROUTES,
            *conversions.ROUTES,
            *receipts.ROUTES,
            *rewards.ROUTES,
            *ledger.ROUTES,
            *statements.ROUTES,
            *payouts.ROUTES,
            *privacy.ROUTES,
            *dashboards.ROUTES,
            *admin.ROUTES,
            live,
            ready,
            download,
            pages.nothing_here,
            *assets.routes(BUILT_ASSETS),
            *routes,
        ],
        dependencies={
            "settings": Provide(lambda: settings, sync_to_thread=False),
            "cookie": Provide(lambda: cookie, sync_to_thread=False),
            "entrance": Provide(lambda: entrance, sync_to_thread=False),
            "file_store": Provide(lambda: files, sync_to_thread=False),
            "stripe": Provide(_stripe_of, sync_to_thread=False),
            "member": Provide(guards.member, sync_to_thread=False),
            "session": Provide(guards.session, sync_to_thread=False),
            "visitor": Provide(guards.visitor, sync_to_thread=False),
            "asking": Provide(guards.asking, sync_to_thread=False),
            "api_key": Provide(guards.api_key, sync_to_thread=False),
        },
        middleware=[
            ShapeMiddleware(),
            SessionMiddleware(cookie),
            LimitsMiddleware(entrance.limiter),
            pages.PageMiddleware(is_sandbox=settings.sandbox),
        ],
        exception_handlers=problems.HANDLERS,
        before_send=[headers.adding(always)],
        after_exception=[kept_forms.keeping(settings.keyring, cookie)],
        lifespan=[
            _pool(settings),
            _stripe(settings),
            _redirecting(recorder, links),
            *([] if tracer is None else [_tracing(tracer)]),
        ],
        template_config=TemplateConfig(
            instance=JinjaTemplateEngine.from_environment(
                pages.environment(_template_folders(), BUILT_ASSETS)
            )
        ),
        openapi_config=description.config(cookie.name),
        request_max_body_size=BODY_BYTES_MAX,
        multipart_form_part_limit=FORM_FIELDS_MAX,
        logging_config=None,
    )
    app.asgi_handler = languages.written_for_reader(app.asgi_handler)
    app.asgi_handler = visitors.seen_through(settings.trusted_proxies, app.asgi_handler)
    answered = watching.watched(app.asgi_handler, settings)
    if tracer is not None:
        answered = tracer.traced(answered)
    app.asgi_handler = clicks.redirect_before(answered, recorder, links, settings)
    return app


def create_app_from_environment() -> Litestar:
    """Build the web app of this process, for the server's factory option."""
    logs.configure()
    settings = settings_of.from_environment()
    app = create_app(settings, tracer=Tracer.of(settings, f"web {os.getpid()}"))
    # What exists at start-up stays: sparing the collector the walk keeps the redirect's slowest answers fast.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    return app


def file_store(settings: Settings) -> FileStore:
    """Return where files are kept: the bucket that the settings name, else a local folder."""
    if settings.s3_bucket is not None:
        return S3FileStore(settings.s3_bucket, endpoint_url=settings.s3_endpoint_url)
    address = f"{settings.base_url}/files"
    return LocalFileStore(settings.files_folder, address, settings.secret_key, settings.former_secret_keys)


@get("/health/live", opt={WITHOUT_SESSION: True}, include_in_schema=False)
async def live() -> dict[str, str]:
    """Say that the process runs."""
    return {"status": "live"}


@get("/health/ready", opt={WITHOUT_SESSION: True}, include_in_schema=False)
async def ready() -> Response[dict[str, str]]:
    """Say whether requests can be served, which takes the database."""
    try:
        await connections.pool().fetchval("SELECT 1", timeout=2)
    except Exception:  # noqa: BLE001 - whatever keeps the database away, the answer is the same
        return Response({"status": "the database does not answer"}, status_code=503)
    return Response({"status": "ready"})


@get("/files/{key:path}", opt={WITHOUT_SESSION: True}, include_in_schema=False)
async def download(
    key: FromPath[str],
    filename: FromQuery[str],
    expires: FromQuery[int],
    signature: FromQuery[str],
    file_store: NamedDependency[SkipValidation[FileStore]],
) -> Response[bytes]:
    """Hand out a file of the local folder to whoever holds an address that we signed."""
    if not isinstance(file_store, LocalFileStore):
        raise NotFoundError("Files are kept elsewhere; open the page with the file again.")
    opened = await file_store.open_signed(
        key.lstrip("/"), filename=filename, expires=expires, signature=signature, now=clock.wall_now()
    )
    headers = {"content-disposition": opened.content_disposition}
    return Response(opened.content, media_type=opened.content_type, headers=headers)


def _pool(settings: Settings) -> Lifespan:
    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        clock.use_simulated_time(sandbox=settings.sandbox)
        address = addresses.address_for(settings, "web")
        await connections.open_pool(address.url, role=address.role, max_size=POOL_CONNECTIONS)
        try:
            yield
        finally:
            await connections.close_pool()
            clock.use_simulated_time(sandbox=False)

    return lifespan


def _stripe(settings: Settings) -> Lifespan:
    @contextlib.asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        app.state.stripe = stripe = StripeConnect(
            secret_key=settings.stripe_secret_key,
            api_base=settings.stripe_api_base,
            webhook_secret=settings.stripe_webhook_secret,
            sandbox=settings.sandbox,
        )
        try:
            yield
        finally:
            await stripe.close()

    return lifespan


def _tracing(tracer: Tracer) -> Lifespan:
    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await asyncio.to_thread(tracer.close)

    return lifespan


def _stripe_of(state: State) -> StripeConnect:
    return state.stripe


def _click_path(settings: Settings) -> tuple[ClickRecorder, LinkMemory]:
    address = addresses.address_for(settings, "redirect")
    recorder = ClickRecorder(
        address.url, role=address.role, spool_folder=settings.spool_folder, sandbox=settings.sandbox
    )
    return recorder, LinkMemory(address.url, role=address.role)


def _redirecting(recorder: ClickRecorder, links: LinkMemory) -> Lifespan:
    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        await links.start()
        try:
            await recorder.start()
            try:
                yield
            finally:
                await recorder.close()
        finally:
            await links.close()

    return lifespan


def _template_folders() -> list[Path]:
    of_slices = sorted(folder for folder in FOLDER.glob("*/templates") if folder.is_dir())
    return [*of_slices, admin.TEMPLATES]
