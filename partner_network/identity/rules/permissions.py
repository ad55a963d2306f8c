"""Who may do what: one table of verbs, and the person or machine that asks."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args
from uuid import UUID

import msgspec

from partner_network.identity.rules import wording
from partner_network.kernel import sentences
from partner_network.kernel.errors import ForbiddenError, InvalidError
from partner_network.kernel.sentences import Sentence

BrandRole = Literal["owner", "marketer", "finance", "developer", "viewer"]
OperatorRole = Literal["manager", "finance", "admin"]
Scope = Literal[
    "conversions:write", "conversions:read", "reports:read", "statements:read", "payouts:read", "links:read",
    "links:write", "creatives:read", "programs:read", "partnerships:read", "agreements:read",
    "customers:write", "credits:read", "credits:redeem",
]  # fmt: skip
Verb = Literal[
    "manage brands", "invite members", "read members", "manage members", "manage API keys",
    "manage programs", "read programs", "invite partners", "accept partnerships", "read partnerships",
    "draft agreements", "sign agreements", "read agreements", "end partnerships",
    "manage creatives", "read creatives", "manage links", "read links", "manage codes",
    "report conversions", "read conversions", "read reports",
    "read money", "prepare statements", "approve statements",
    "read payouts", "fund payouts", "connect payouts", "manage payouts", "browse data",
    "reset second factors", "read audit trail", "erase people", "manage customers",
    "try terms", "hold commissions", "adjust commissions", "contest clawbacks", "decide contests",
    "read credits", "redeem credits", "list charities", "load exchange rates",
    "object to statements", "answer objections", "set approval limits",
]  # fmt: skip

Whose = Literal["own", "both", "program", "network"]
"""The brand's own; shared by both brands of a partnership, when it has ended too; the program's, for its
brand and for partners until their partnership ends; the operator's alone."""

_EVERY_BRAND_ROLE = frozenset[str](get_args(BrandRole))
_EVERY_OPERATOR_ROLE = frozenset[str](get_args(OperatorRole))


class Permission(msgspec.Struct, frozen=True):
    """Which roles may do something, and to whose data; the operator's people to every brand's."""

    at_brand: frozenset[str]
    at_operator: frozenset[str]
    whose: Whose


def _who(brand: str = "", operator: str = "", *, of: Whose = "own") -> Permission:
    return Permission(
        _EVERY_BRAND_ROLE if brand == "all" else frozenset(brand.split()),
        _EVERY_OPERATOR_ROLE if operator == "all" else frozenset(operator.split()),
        of,
    )


MAY: Mapping[Verb, Permission] = MappingProxyType(
    {
        # verb: roles at a brand, roles at the operator, whose data
        "manage brands": _who(operator="manager admin", of="network"),
        "invite members": _who("owner", "manager admin"),
        "read members": _who("all", "all"),
        "manage members": _who("owner", "admin"),
        "manage API keys": _who("owner developer"),
        "manage programs": _who("owner marketer", "manager"),
        "read programs": _who("all", "all", of="program"),
        "invite partners": _who("owner marketer", "manager"),
        "accept partnerships": _who("owner marketer", of="both"),
        "read partnerships": _who("all", "all", of="both"),
        "draft agreements": _who("owner marketer", "manager", of="both"),
        "sign agreements": _who("owner", of="both"),
        "read agreements": _who("all", "all", of="both"),
        "end partnerships": _who("owner marketer", "manager", of="both"),
        "manage creatives": _who("owner marketer", "manager"),
        "read creatives": _who("all", "all", of="program"),
        "manage links": _who("owner marketer", "manager"),
        "read links": _who("all", "all", of="both"),
        "manage codes": _who("owner marketer", "manager"),
        "report conversions": _who(),
        "read conversions": _who("all"),
        "read reports": _who("all", "all", of="both"),
        "read money": _who("owner finance viewer", "all", of="both"),
        "prepare statements": _who(operator="finance", of="network"),
        "approve statements": _who(operator="finance", of="network"),
        "read payouts": _who("owner finance viewer", "all", of="both"),
        "fund payouts": _who("finance"),
        "connect payouts": _who("owner finance"),
        "manage payouts": _who(operator="finance", of="network"),
        "browse data": _who(operator="admin", of="network"),
        "reset second factors": _who(operator="admin", of="network"),
        "read audit trail": _who("owner finance viewer", "all", of="both"),
        "erase people": _who(operator="admin", of="network"),
        "manage customers": _who("owner"),
        # a partner also has to read money: what its own row says is money
        "try terms": _who("owner marketer finance", "manager"),
        "hold commissions": _who(operator="manager finance", of="network"),
        "adjust commissions": _who(operator="manager finance", of="network"),
        "contest clawbacks": _who("owner finance"),
        "decide contests": _who(operator="manager", of="network"),
        "read credits": _who("all", "all", of="both"),
        "redeem credits": _who(),
        "list charities": _who(operator="manager", of="network"),
        "load exchange rates": _who(operator="finance", of="network"),
        "object to statements": _who("owner finance"),
        "answer objections": _who(operator="finance", of="network"),
        "set approval limits": _who(operator="admin", of="network"),
    }
)
NEEDS_SECOND_FACTOR = frozenset[Verb](
    {
        "sign agreements",
        "end partnerships",
        "prepare statements",
        "approve statements",
        "manage payouts",
        "adjust commissions",
        "decide contests",
        "answer objections",
        "set approval limits",
        "reset second factors",
        "erase people",
    }
)
"""What binds a brand, moves money, or takes such a proof away: the password alone is not enough for these."""


class SecondFactorNeededError(ForbiddenError):
    """The role allows it, and the session was proved by a password alone."""


SCOPES: Mapping[Scope, frozenset[Verb]] = MappingProxyType(
    {
        # What a person must stand for (to sign, approve, fund, invite, make keys) is in no scope.
        "conversions:write": frozenset({"report conversions"}),
        "conversions:read": frozenset({"read conversions"}),
        "reports:read": frozenset({"read conversions", "read reports", "try terms"}),
        "statements:read": frozenset({"read money"}),
        "payouts:read": frozenset({"read payouts"}),
        "links:read": frozenset({"read links"}),
        "links:write": frozenset({"manage links", "manage codes"}),
        "creatives:read": frozenset({"read creatives"}),
        "programs:read": frozenset({"read programs"}),
        "partnerships:read": frozenset({"read partnerships"}),
        "agreements:read": frozenset({"read agreements"}),
        "customers:write": frozenset({"manage customers"}),
        "credits:read": frozenset({"read credits"}),
        "credits:redeem": frozenset({"redeem credits"}),
    }
)
LIVE_SCOPES = frozenset[Scope](
    {
        "statements:read",
        "payouts:read",
        "links:read",
        "links:write",
        "customers:write",
        "credits:read",
        "credits:redeem",
    }
)
"""What shows live figures or changes what customers meet: no test key has it."""


class Member(msgspec.Struct, frozen=True):
    """A person as they act now: for one brand, or for the operator when there is no brand."""

    id: UUID
    name: str
    email: str
    brand_id: UUID | None
    roles: frozenset[str]
    session_id: UUID | None = None
    """The session they act from; none for the command line."""
    has_given_factor: bool = False
    """Whether this session was proved by a second factor besides the password."""

    @property
    def eyes(self) -> UUID | Literal["operator"]:
        """Say whose data they see, for the walls of the database."""
        return self.brand_id or "operator"

    @property
    def is_operator(self) -> bool:
        """Say whether this person acts for the company that runs the network."""
        return self.brand_id is None


class ApiKey(msgspec.Struct, frozen=True):
    """A machine of one brand; the brand comes from the key, never from what is asked."""

    id: UUID
    brand_id: UUID
    scopes: frozenset[str]
    is_live: bool
    last_used_at: datetime | None = None

    @property
    def eyes(self) -> UUID:
        """Say whose data the machine sees, for the walls of the database."""
        return self.brand_id


Asking: TypeAlias = Member | ApiKey
"""Who asks, a person or a machine; both say whose eyes look, and for which brand."""


def may(asking: Asking, verb: Verb) -> bool:
    """Say whether one of a person's roles, or one of a key's scopes, allows the verb."""
    if isinstance(asking, ApiKey):
        return not asking.scopes.isdisjoint(scopes_with(verb))
    permission = MAY[verb]
    return not asking.roles.isdisjoint(permission.at_operator if asking.is_operator else permission.at_brand)


def must(asking: Asking, verb: Verb) -> None:
    """Refuse what no role or scope of who asks allows, naming those that would.

    Errors: ForbiddenError; SecondFactorNeededError where the role allows it and the password alone does not.
    """
    if not may(asking, verb):
        raise ForbiddenError(_why_may_not(asking, verb))
    if verb in NEEDS_SECOND_FACTOR and isinstance(asking, Member) and not asking.has_given_factor:
        raise SecondFactorNeededError(wording.factor_needed(verb))


def scopes_with(verb: Verb) -> list[Scope]:
    """Return the scopes that let a machine do this; none where a person must."""
    return [scope for scope, verbs in SCOPES.items() if verb in verbs]


def _why_may_not(asking: Asking, verb: Verb) -> Sentence:
    scopes, permission = scopes_with(verb), MAY[verb]
    if isinstance(asking, ApiKey):
        return wording.why_key_may_not(verb, scopes)
    return wording.why_person_may_not(
        verb, at_brand=permission.at_brand, at_operator=permission.at_operator, scopes=scopes
    )


def must_be_role(role: str, *, of_operator: bool) -> None:
    """Refuse a role that this side of the network does not know."""
    known = _EVERY_OPERATOR_ROLE if of_operator else _EVERY_BRAND_ROLE
    if role not in known:
        raise InvalidError(
            Sentence(
                "{role!r} is no role here; choose one of {known}.",
                role=role[:80],
                known=sentences.joined([wording.ROLES[one] for one in sorted(known)], ", "),
            ),
            fields={"role": Sentence("unknown")},
        )


def must_be_scopes(scopes: Iterable[str], *, is_live: bool) -> None:
    """Refuse a key without scopes, with one that nothing checks, or one that its mode has no use for."""
    known, wanted = get_args(Scope), list(scopes)
    if not wanted or any(scope not in known for scope in wanted):
        raise InvalidError(
            Sentence("An API key has one or more of the scopes {scopes}.", scopes=", ".join(known)),
            fields={"scopes": Sentence("unknown or none")},
        )
    if not is_live and (live := sorted(LIVE_SCOPES.intersection(wanted))):
        raise InvalidError(
            Sentence(
                "A test key never has {scopes}; leave that out, or make a live key.",
                scopes=sentences.one_of(live),
            ),
            fields={"scopes": Sentence("not for a test key")},
        )
