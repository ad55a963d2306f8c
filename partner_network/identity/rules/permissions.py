"""Who may do what: one table of verbs, and the person or machine that asks."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, get_args
from uuid import UUID

import msgspec

from partner_network.kernel.errors import ForbiddenError, InvalidError

BrandRole = Literal["owner", "marketer", "finance", "developer", "viewer"]
OperatorRole = Literal["manager", "finance", "admin"]
Scope = Literal["conversions:write", "reports:read"]
Verb = Literal[
    "manage brands", "invite members", "read members", "manage API keys",
    "manage programs", "read programs", "invite partners", "accept partnerships",
    "draft agreements", "sign agreements", "read agreements",
    "manage creatives", "read creatives", "manage links", "read links",
    "read reports", "read money", "prepare statements", "approve statements",
    "fund payouts", "connect payouts", "manage payouts", "browse data",
]  # fmt: skip

_EVERY_BRAND_ROLE = frozenset[str](get_args(BrandRole))
_EVERY_OPERATOR_ROLE = frozenset[str](get_args(OperatorRole))
_NOBODY = frozenset[str]()


def _who(brand: str = "", operator: str = "") -> tuple[frozenset[str], frozenset[str]]:
    return (
        _EVERY_BRAND_ROLE if brand == "all" else frozenset(brand.split()) or _NOBODY,
        _EVERY_OPERATOR_ROLE if operator == "all" else frozenset(operator.split()) or _NOBODY,
    )


MAY: Mapping[Verb, tuple[frozenset[str], frozenset[str]]] = MappingProxyType(
    {
        # verb: roles at a brand, roles at the operator
        "manage brands": _who(operator="manager admin"),
        "invite members": _who("owner", "manager admin"),
        "read members": _who("all", "all"),
        "manage API keys": _who("owner developer"),
        "manage programs": _who("owner marketer", "manager"),
        "read programs": _who("all", "all"),
        "invite partners": _who("owner marketer", "manager"),
        "accept partnerships": _who("owner marketer"),
        "draft agreements": _who("owner marketer", "manager"),
        "sign agreements": _who("owner"),
        "read agreements": _who("all", "all"),
        "manage creatives": _who("owner marketer", "manager"),
        "read creatives": _who("all", "all"),
        "manage links": _who("owner marketer", "manager"),
        "read links": _who("all", "all"),
        "read reports": _who("all", "all"),
        "read money": _who("owner finance viewer", "all"),
        "prepare statements": _who(operator="finance"),
        "approve statements": _who(operator="finance"),
        "fund payouts": _who("finance"),
        "connect payouts": _who("owner finance"),
        "manage payouts": _who(operator="finance"),
        "browse data": _who(operator="admin"),
    }
)


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

    @property
    def eyes(self) -> UUID:
        """Say whose data the machine sees, for the walls of the database."""
        return self.brand_id


def may(member: Member, verb: Verb) -> bool:
    """Say whether one of the member's roles allows the verb."""
    at_brand, at_operator = MAY[verb]
    return not member.roles.isdisjoint(at_operator if member.is_operator else at_brand)


def must(member: Member, verb: Verb) -> None:
    """Refuse what no role of the member allows, naming the roles that would."""
    if not may(member, verb):
        at_brand, at_operator = MAY[verb]
        able = [f"{role} of the brand" for role in sorted(at_brand)]
        able += [f"{role} of the network" for role in sorted(at_operator)]
        raise ForbiddenError(f"You may not {verb}; ask a person who is {' or '.join(able)}.")


def must_have_scope(key: ApiKey, scope: Scope) -> None:
    """Refuse a key that was not made for this."""
    if scope not in key.scopes:
        raise ForbiddenError(f"This API key lacks the scope {scope}; make a key that has it.")


def must_be_role(role: str, *, of_operator: bool) -> None:
    """Refuse a role that this side of the network does not know."""
    known = _EVERY_OPERATOR_ROLE if of_operator else _EVERY_BRAND_ROLE
    if role not in known:
        raise InvalidError(
            f"{role!r} is no role here; choose one of {', '.join(sorted(known))}.", fields={"role": "unknown"}
        )


def must_be_scopes(scopes: Iterable[str]) -> None:
    """Refuse a key without scopes, or with one that nothing checks."""
    known = get_args(Scope)
    if not (wanted := list(scopes)) or any(scope not in known for scope in wanted):
        raise InvalidError(
            f"An API key has one or more of the scopes {', '.join(known)}.",
            fields={"scopes": "unknown or none"},
        )
