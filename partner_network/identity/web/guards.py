"""Named guards over the one table of roles and verbs, and the asking person or machine as a dependency."""

from collections.abc import Callable
from typing import Any, TypeAlias
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation

from partner_network.identity.queries import Session
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import ApiKey, Asking, Member, Verb
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel.errors import ForbiddenError
from partner_network.kernel.sentences import Sentence

AnyConnection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
WhoAsks: TypeAlias = NamedDependency[SkipValidation[Asking]]
"""The signed-in person or the API key, as a handler's ``asking``."""
VERB_OF: dict[object, Verb] = {}
"""What each guard asks for, so that the API can say it of itself."""
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


def asking(request: AnyRequest) -> Asking:
    """Return the signed-in person, or the API key that a machine showed."""
    return _asking_of(request)


def api_key(request: AnyRequest) -> ApiKey:
    """Return the API key that a machine showed."""
    auth: object = request.scope.get("auth")
    if not isinstance(auth, ApiKey):
        raise NotAuthorizedException(
            Sentence("Send an API key of your brand as `Authorization: Bearer pnk_...`.")
        )
    return auth


def must_be_signed_in(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Let people in, whatever their roles."""
    _session_of(connection)


def must_be_operator(connection: AnyConnection, _: BaseRouteHandler) -> None:
    """Let only the people of the network's operator in."""
    if not _session_of(connection).member.is_operator:
        raise ForbiddenError("This page is for the people who run the network.")


def _may(verb: Verb) -> Guard:
    """Let in who may do this: people by their roles, and machines where a scope says so."""

    def must(connection: AnyConnection, _: BaseRouteHandler) -> None:
        permissions.must(_asking_of(connection), verb)

    VERB_OF[must] = verb
    return must


must_manage_brands = _may("manage brands")
must_invite_members = _may("invite members")
must_read_members = _may("read members")
must_manage_members = _may("manage members")
must_manage_api_keys = _may("manage API keys")
must_manage_programs = _may("manage programs")
must_read_programs = _may("read programs")
must_invite_partners = _may("invite partners")
must_accept_partnerships = _may("accept partnerships")
must_read_partnerships = _may("read partnerships")
must_draft_agreements = _may("draft agreements")
must_sign_agreements = _may("sign agreements")
must_read_agreements = _may("read agreements")
must_end_partnerships = _may("end partnerships")
must_manage_creatives = _may("manage creatives")
must_read_creatives = _may("read creatives")
must_manage_links = _may("manage links")
must_read_links = _may("read links")
must_manage_codes = _may("manage codes")
must_report_conversions = _may("report conversions")
must_read_conversions = _may("read conversions")
must_read_reports = _may("read reports")
must_read_money = _may("read money")
must_prepare_statements = _may("prepare statements")
must_approve_statements = _may("approve statements")
must_read_payouts = _may("read payouts")
must_fund_payouts = _may("fund payouts")
must_connect_payouts = _may("connect payouts")
must_manage_payouts = _may("manage payouts")
must_browse_data = _may("browse data")
must_erase_people = _may("erase people")
must_manage_customers = _may("manage customers")
must_read_credits = _may("read credits")
must_redeem_credits = _may("redeem credits")
must_try_terms = _may("try terms")
must_hold_commissions = _may("hold commissions")
must_adjust_commissions = _may("adjust commissions")
must_contest_clawbacks = _may("contest clawbacks")
must_decide_contests = _may("decide contests")
must_list_charities = _may("list charities")
must_load_exchange_rates = _may("load exchange rates")
must_object_to_statements = _may("object to statements")
must_answer_objections = _may("answer objections")
must_set_approval_limits = _may("set approval limits")
must_read_audit_trail = _may("read audit trail")
must_reset_second_factors = _may("reset second factors")


def brand_of(asking: Asking) -> UUID:
    """Return the brand whose pages who asks looks at; the operator's people have none."""
    if asking.brand_id is None:
        raise ForbiddenError("This page shows a brand’s own affairs. Look at them in the back office.")
    return asking.brand_id


def _asking_of(connection: AnyConnection) -> Asking:
    auth: object = connection.scope.get("auth")
    if isinstance(auth, ApiKey):
        return auth
    return _session_of(connection).member


def _session_of(connection: AnyConnection) -> Session:
    auth: object = connection.scope.get("auth")
    if isinstance(auth, ApiKey):
        raise ForbiddenError("No API key may do this; a person signs in for that.")
    if not isinstance(auth, Session):
        raise NotAuthorizedException(
            Sentence(
                "Sign in first; your session may have ended. Machines send `Authorization: Bearer pnk_...`."
            )
        )
    return auth
