"""Piccolo Admin, to browse the tables: for the operator's admins, behind our session, and it only reads.

It knows nothing of our roles, has a log-in of its own and would show what only compares. So it is given
tables without secrets, is asked nothing but GET, and takes whom our session names.
"""

# ruff: noqa: SLF001 - Piccolo keeps all it knows of a table under this one name
# pyright: reportPrivateUsage=false
import asyncio
import functools
import re
from collections.abc import Mapping
from typing import Any, cast

from litestar import asgi
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import Message, Receive, Scope, Send
from piccolo.columns import Bytea, Column, ForeignKey, Text
from piccolo.columns.readable import Readable
from piccolo.querystring import QueryString
from piccolo.table import Table, create_table_class
from piccolo_admin.endpoints import TableConfig, create_admin
from piccolo_admin.translations.data import ENGLISH
from piccolo_admin.translations.models import Translation
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import Mount
from starlette.types import ASGIApp

from partner_network import piccolo_app
from partner_network.database import connections
from partner_network.database.columns import as_text
from partner_network.identity.web import guards
from partner_network.identity.web.guards import AnyConnection
from partner_network.kernel.errors import ForbiddenError

PATH = "/admin/data"
UNREADABLE = frozenset(
    {
        "visitor_salts",
        "sessions",
        "second_factors",
        "recovery_codes",
        "pending_sign_ins",
        "passkey_challenges",
        "audit_salts",
        "unsealed_audit_records",
        "notifications",
        "notification_choices",
        "notification_hours",
        "retentions",
    }
)
"""Tables that hold nothing but secrets, or that the web's own role may not read."""
# The program styles by attributes as it runs, and its icons are pictures in its style sheet. No other site.
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


# Of a key of several columns Piccolo knows one, and would show some row that has it.
_ROW = re.compile(r"/api/tables/(?P<table>[^/]+)/(?!schema|ids|count|references|new)[^/]+/?")

# Its own page offers what we refuse: these buttons, the log-out and the password are not for anybody here.
WITHOUT_WRITING = """<link rel="icon" href="data:,"><style>
a[href$="/add/"], a[href="#/change-password/"], [data-uitest="save_button"], [data-uitest="logout_button"],
td input[type="checkbox"], th input[type="checkbox"] { display: none !important }
</style>"""


class HexBytes(Text):
    """Bytes as people compare them; the browser's JSON knows none."""

    def get_select_string(self, engine_type: str, with_alias: bool = True) -> QueryString:
        """Return the expression that reads the bytes as hexadecimal digits."""
        del engine_type
        return as_text(self, "encode({}, 'hex')", with_alias=with_alias)


def must_browse(connection: AnyConnection, handler: BaseRouteHandler) -> None:
    """Let the operator's admins in, and lead whoever has no session to our own sign-in."""
    try:
        guards.must_browse_data(connection, handler)
    except NotAuthorizedException:
        inside = connection.scope["path"].removeprefix(PATH).strip("/")
        if not inside:
            connection.scope["path"] = (
                f"{PATH}/"  # the mount has cut it off, and the sign-in leads back to it
            )
            raise
        # Told 401, the program would show a log-in of its own.
        raise ForbiddenError("Your session has ended; open this page again to sign in.") from None


@asgi(PATH, is_mount=True, guards=[must_browse], copy_scope=True)
async def browse(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand a read on to Piccolo Admin, and refuse everything else."""
    if scope["type"] != "http":
        return
    if scope["raw_path"].endswith(PATH.encode()):
        # Its page names its scripts relative to the folder it lies in.
        await ASGIResponse(status_code=307, headers={"location": f"{PATH}/"})(scope, receive, send)
        return
    inner = _inside(scope)
    if refusal := _refusal(inner):
        await refusal(scope, receive, send)
        return
    browser = await _browser()
    # Piccolo's own queries name nobody's eyes: they run in this transaction, which has the operator's.
    async with connections.transaction(eyes="operator"):
        await browser(cast("Any", inner), cast("Any", receive), cast("Any", _with_policy(send)))


def _inside(scope: Scope) -> dict[str, Any]:
    """Return the request as Piccolo Admin sees it: mounted at our path, knowing who asks."""
    path = "/" + scope["path"].removeprefix(PATH).lstrip("/")
    return {**scope, "path": PATH + path, "root_path": PATH, "raw_path": (PATH + path).encode()}


def _refusal(inner: Mapping[str, Any]) -> ASGIResponse | None:
    path: str = inner["path"].removeprefix(PATH)
    if inner["method"] not in {"GET", "HEAD"}:
        return ASGIResponse(body=b"The data browser only reads.", status_code=405, headers={"allow": "GET"})
    if path.startswith(("/public/login", "/api/change-password")):
        return ASGIResponse(body=b"Sign in at /sign-in.", status_code=404)
    row = _ROW.fullmatch(path)
    if row and row["table"] in _with_keys_of_several_columns():
        body = b"This table has no key of one column; filter its list."
        return ASGIResponse(body=body, status_code=404)
    return None


class _Ours(AuthenticationBackend):
    """Takes whom our session names, which our guard has let in."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, SimpleUser]:
        """Return the signed-in admin."""
        return AuthCredentials(["authenticated"]), _Admin(conn.scope["user"].name)


class _Admin(SimpleUser):
    user_id = "-"


async def _browser() -> ASGIApp:
    # Some forty tables take a while; the event loop goes on meanwhile.
    return await asyncio.to_thread(_built)


@functools.cache
def _built() -> ASGIApp:
    words = Translation(
        language_code="en",
        language_name="English",
        translations={**ENGLISH.translations, "Edit": "Row of"},
    )
    admin = create_admin(
        [TableConfig(table_class=table) for table in browsed_tables()],
        read_only=True,
        production=True,
        site_name="Partner network: data",
        auto_include_related=False,
        sidebar_links={"Back office": "/admin/"},
        default_language_code="en",
        translations=[words],
    )
    admin.template = admin.template.replace("</head>", f"{WITHOUT_WRITING}</head>")
    api = next(route for route in admin.router.routes if isinstance(route, Mount) and route.path == "/api")
    cast("AuthenticationMiddleware", api.app).backend = _Ours()
    return cast("ASGIApp", admin)


@functools.cache
def browsed_tables() -> tuple[type[Table], ...]:
    """Return every mapped table as it may be browsed: without secrets, bytes as digits."""
    made: dict[str, type[Table]] = {}
    for table in piccolo_app.APP_CONFIG.table_classes:
        _browsed(table, made)
    return tuple(made.values())


def _browsed(table: type[Table], made: dict[str, type[Table]]) -> None:
    name = table._meta.tablename
    if name in made or name in UNREADABLE:
        return
    for foreign in table._meta.foreign_key_columns:
        if foreign._foreign_key_meta.resolved_references is not table:
            _browsed(foreign._foreign_key_meta.resolved_references, made)
    columns = {
        column._meta.name: _shown(column, made) for column in table._meta.columns if not column._meta.secret
    }
    made[name] = create_table_class(
        table.__name__,
        class_kwargs={"tablename": name, "db": connections.engine, "help_text": table.__doc__},
        class_members={**columns, "get_readable": classmethod(_named)},
    )


def _named(table: type[Table]) -> Readable:
    """Return what stands for a row where another one refers to it: its name or number, else its key."""
    known = {column._meta.name: column for column in table._meta.columns}
    name = next((known[word] for word in ("name", "number") if word in known), table._meta.primary_key)
    return Readable(template="%s", columns=[name])


def _shown(column: Column, made: Mapping[str, type[Table]]) -> Column:
    meta = column._meta
    if isinstance(column, ForeignKey):
        target = column._foreign_key_meta.resolved_references._meta.tablename
        return ForeignKey(made[target], default=None, null=meta.null, primary_key=meta.primary_key)
    if isinstance(column, Bytea):
        return HexBytes(default=None, null=meta.null, primary_key=meta.primary_key)
    return column.copy()


@functools.cache
def _with_keys_of_several_columns() -> frozenset[str]:
    return frozenset(
        table._meta.tablename
        for table in piccolo_app.APP_CONFIG.table_classes
        if sum(column._meta.primary_key for column in table._meta.columns) > 1
    )


def _with_policy(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableScopeHeaders.from_message(message)
            headers["content-security-policy"] = CONTENT_POLICY
        await send(message)

    return sending
