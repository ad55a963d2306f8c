"""Named guards over the one table of roles and verbs, and the asking person or machine as a dependency."""

from collections.abc import Callable
from typing import Any, TypeAlias

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler

from partner_network.identity.queries import Session
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import ApiKey, Member, Scope, Verb
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel.errors import ForbiddenError

AnyConnection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
Guard: TypeAlias = Callable[[AnyConnection, BaseRouteHandler], None]


def session(request: AnyRequest) -> Session:
    """Return the session of a signed-in person."""
    return _session_of(request)


def member(request: AnyRequest) -> Member:
    """Return the signed-in person."""
    return _session_of(request).member


def visitor(request: AnyRequest) -> Session | None:
    """Return the session of whoever looks at a public page, if they are signed in."""
    auth: object = request.scope.get("auth")
    return auth if isinstance(auth, Session) else None


def api_key(request: AnyRequest) -> ApiKey:
    """Return the API key that a machine showed."""
    return _key_of(request)


def must_be_signed_in(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Let people in, whatever their roles."""
    _session_of(connection)


def must_be_operator(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Let only the people of the network's operator in."""
    if not _session_of(connection).member.is_operator:
        raise ForbiddenError("This page is for the people who run the network.")


def _may(verb: Verb) -> Guard:
    def must(connection: AnyConnection, _: BaseRouteHandler) -> None:
        permissions.must(_session_of(connection).member, verb)

    return must


def _scoped(scope: Scope) -> Guard:
    def must(connection: AnyConnection, _: BaseRouteHandler) -> None:
        permissions.must_have_scope(_key_of(connection), scope)

    return must


must_manage_brands = _may("manage brands")
must_invite_members = _may("invite members")
must_read_members = _may("read members")
must_manage_api_keys = _may("manage API keys")
must_manage_programs = _may("manage programs")
must_read_programs = _may("read programs")
must_invite_partners = _may("invite partners")
must_accept_partnerships = _may("accept partnerships")
must_draft_agreements = _may("draft agreements")
must_sign_agreements = _may("sign agreements")
must_read_agreements = _may("read agreements")
must_manage_creatives = _may("manage creatives")
must_read_creatives = _may("read creatives")
must_manage_links = _may("manage links")
must_read_links = _may("read links")
must_read_reports = _may("read reports")
must_read_money = _may("read money")
must_prepare_statements = _may("prepare statements")
must_approve_statements = _may("approve statements")
must_fund_payouts = _may("fund payouts")
must_connect_payouts = _may("connect payouts")
must_manage_payouts = _may("manage payouts")
must_browse_data = _may("browse data")

must_write_conversions = _scoped("conversions:write")
must_have_reports_scope = _scoped("reports:read")


def _session_of(connection: AnyConnection) -> Session:
    auth: object = connection.scope.get("auth")
    if not isinstance(auth, Session):
        raise NotAuthorizedException("Sign in first; your session may have ended.")
    return auth


def _key_of(connection: AnyConnection) -> ApiKey:
    auth: object = connection.scope.get("auth")
    if not isinstance(auth, ApiKey):
        raise NotAuthorizedException("Send an API key of your brand as `Authorization: Bearer pnk_...`.")
    return auth
