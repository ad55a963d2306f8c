"""Who in a browser could give a second factor now: whose sign-in waits, or whose session is weak."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request

from partner_network.gateways import clock
from partner_network.identity import factor_queries
from partner_network.identity.actions.factors import giving
from partner_network.identity.actions.factors.giving import Asked, Proof
from partner_network.identity.actions.sessions import SignedIn
from partner_network.identity.queries import Session
from partner_network.identity.rules import credentials, factors, passkeys
from partner_network.identity.rules.passkeys import Site
from partner_network.identity.web import requests
from partner_network.identity.web.limits import Entrance
from partner_network.identity.web.requests import SessionCookie
from partner_network.kernel.errors import ConflictError
from partner_network.settings import Settings


class Holder(msgspec.Struct, frozen=True):
    """A person who could give a factor, by the token in the browser's cookie."""

    member_id: UUID
    token: str
    kinds: frozenset[str]
    """What they have: `totp`, `passkey`; nothing where nothing is set up."""
    is_signing_in: bool

    @property
    def asked(self) -> Asked:
        """Return whom a challenge is for."""
        return Asked(self.member_id, credentials.hash_of(self.token))


async def holder_of(
    request: Request[Any, Any, Any], cookie: SessionCookie, visitor: Session | None
) -> Holder | None:
    """Find who could give a factor in this browser; a sign-in that waits goes before a session."""
    token = request.cookies.get(cookie.waiting_name)
    pending = None if token is None else await factor_queries.pending_of(token, clock.wall_now())
    if token is not None and pending is not None:
        return Holder(pending.member_id, token, pending.kinds, is_signing_in=True)
    if visitor is None:
        return None
    held = await factor_queries.factors_of(visitor.member)
    kinds = frozenset(factor.kind for factor in held.factors)
    return Holder(visitor.member.id, request.cookies[cookie.name], kinds, is_signing_in=False)


async def give(holder: Holder, proof: Proof, request: Request[Any, Any, Any], entrance: Entrance) -> SignedIn:
    """Finish the sign-in, or strengthen the session."""
    goes_on = giving.finish_sign_in if holder.is_signing_in else giving.strengthen
    async with entrance.attempt("second factor", str(holder.member_id), request):
        return await goes_on(holder.token, proof, device=requests.device(request))


def site_of(settings: Settings) -> Site | None:
    """Return where this installation's passkeys are good; None where no browser makes any."""
    return passkeys.site_of(
        settings.base_url, factors.issuer_name(settings.operator and settings.operator.name)
    )


def must_be_site(settings: Settings) -> Site:
    """Return where passkeys are good, or refuse them where no browser makes any."""
    site = site_of(settings)
    if site is None:
        raise ConflictError("Passkeys need this network at a name over https; use an authenticator app here.")
    return site
