"""Second factors as JSON: what programs that act for a person do."""

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation
from litestar.status_codes import HTTP_201_CREATED

from partner_network.identity import factor_queries
from partner_network.identity.actions.factors import enrolment, recovery, removal
from partner_network.identity.factor_queries import Kind
from partner_network.identity.rules import factors
from partner_network.identity.rules.permissions import Member
from partner_network.identity.web import addresses, guards, requests, sign_in
from partner_network.identity.web.requests import SessionCookie
from partner_network.identity.web.sign_in import SessionBody
from partner_network.settings import Settings

_SIGNED_IN = [guards.must_be_signed_in]


class FactorBody(msgspec.Struct):
    """A second factor of the asking person."""

    id: str
    kind: Kind
    name: str
    confirmed_at: str
    last_used_at: str | None


class FactorsBody(msgspec.Struct):
    """All second factors of the asking person, and how many recovery codes were not used yet."""

    second_factors: list[FactorBody]
    recovery_codes_left: int


class NewTotp(msgspec.Struct, forbid_unknown_fields=True):
    """What the authenticator is called."""

    name: str


class TotpBody(msgspec.Struct):
    """The key to put into an authenticator, told until its first code confirms it."""

    id: str
    key: str
    address: str


class TotpConfirmation(msgspec.Struct, forbid_unknown_fields=True):
    """The first code of an authenticator."""

    code: str


class EnrolledBody(msgspec.Struct):
    """The session as it goes on, and the recovery codes that come with the first factor, told this once."""

    session: SessionBody
    recovery_codes: list[str]


class RecoveryCodesBody(msgspec.Struct):
    """New recovery codes, told this once."""

    recovery_codes: list[str]


@get("/api/v1/second-factors", guards=_SIGNED_IN)
async def list_factors(member: NamedDependency[Member]) -> FactorsBody:
    """List one's own second factors."""
    held = await factor_queries.factors_of(member)
    shown = [
        FactorBody(
            str(one.id),
            one.kind,
            one.name,
            one.confirmed_at.isoformat(),
            None if one.last_used_at is None else one.last_used_at.isoformat(),
        )
        for one in held.factors
    ]
    return FactorsBody(shown, held.recovery_codes_left)


@post("/api/v1/second-factors", guards=_SIGNED_IN)
async def start_totp(
    data: JSONBody[NewTotp],
    member: NamedDependency[Member],
    settings: NamedDependency[SkipValidation[Settings]],
) -> TotpBody:
    """Make a key for an authenticator; nothing asks for it before its first code confirms it."""
    started = await enrolment.start_totp(member, data.name, settings.keyring)
    issuer = factors.issuer_name(settings.operator and settings.operator.name)
    address = factors.totp_address(started.key, email=member.email, issuer=issuer)
    return TotpBody(str(started.id), started.key, address)


@post("/api/v1/second-factors/{factor:str}/confirmation", guards=_SIGNED_IN)
async def confirm_totp(
    factor: FromPath[str],
    data: JSONBody[TotpConfirmation],
    *,
    member: NamedDependency[Member],
    request: Request[Any, Any, Any],
    cookie: NamedDependency[SkipValidation[SessionCookie]],
    settings: NamedDependency[SkipValidation[Settings]],
) -> Response[EnrolledBody]:
    """Take an authenticator into use; the session goes on under a new token, as one that gave a factor."""
    enrolled = await enrolment.confirm_totp(
        member,
        addresses.plain_uuid(factor),
        data.code,
        settings.keyring,
        token=request.cookies[cookie.name],
        device=requests.device(request),
    )
    body = EnrolledBody(await sign_in.body_of(enrolled.signed_in), list(enrolled.recovery_codes))
    cookies = [cookie.holding(enrolled.signed_in.token)]
    return Response(body, status_code=HTTP_201_CREATED, cookies=cookies)


@delete("/api/v1/second-factors/{factor:str}", guards=_SIGNED_IN)
async def remove_factor(factor: FromPath[str], member: NamedDependency[Member]) -> None:
    """Remove a second factor of one's own."""
    await removal.remove_factor(member, addresses.plain_uuid(factor))


@post("/api/v1/recovery-codes", guards=_SIGNED_IN)
async def renew_recovery_codes(member: NamedDependency[Member]) -> RecoveryCodesBody:
    """Make ten new recovery codes; the former ones are good for nothing any more."""
    return RecoveryCodesBody(list(await recovery.renew_recovery_codes(member)))


@delete("/api/v1/members/{person:str}/second-factors", guards=[guards.must_reset_second_factors])
async def reset_factors(person: FromPath[str], member: NamedDependency[Member]) -> None:
    """Remove all second factors of a person who lost them, and end all of that person's sessions."""
    await removal.reset_factors(member, addresses.in_path("mbr", person))
