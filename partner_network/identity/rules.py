"""Who may do what, how long a session lasts, and what a password and a token must be like."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
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

SESSION_LASTS = timedelta(hours=12)
SESSION_IDLES = timedelta(hours=2)
SEEN_AGAIN = timedelta(minutes=1)
"""How old a session's last sign of life may get before it is written again: not one UPDATE per request."""
INVITATION_LASTS = timedelta(days=14)
PASSWORD_CHARACTERS_MIN = 12
PASSWORD_CHARACTERS_MAX = 200
NAME_CHARACTERS_MAX = 120
KEY_PREFIX_CHARACTERS = 14
"""How much of an API key stays readable, to tell one from the other: `pnk_test_` and five more."""

_TOKEN_BYTES = 32
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


def must_be_password(password: str) -> None:
    """Refuse passwords that are too short to hold, or too long to hash in good time."""
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise InvalidError(
            f"A password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters.",
            fields={"password": "too short or too long"},
        )


def must_be_name(name: str) -> str:
    """Return a person's name without outer blanks; refuse none and overlong ones."""
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidError(
            f"A name has 1 to {NAME_CHARACTERS_MAX} characters; give yours.", fields={"name": "is required"}
        )
    return name


def email_of(text: str) -> str:
    """Return an address as it is kept, or refuse what cannot receive a message."""
    email = text.strip().lower()
    name, at, host = email.rpartition("@")
    if not (at and name and "." in host) or any(c.isspace() for c in email) or len(email) > 254:  # noqa: PLR2004 - RFC 5321
        raise InvalidError(f"{text[:80]!r} is not an e-mail address.", fields={"email": "not an address"})
    return email


def new_token() -> str:
    """Make 256 bits of chance, as text for a cookie or an address."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_of(token: str) -> bytes:
    """Return what is stored of a token; 256 bits of chance need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def new_api_key(*, is_live: bool) -> str:
    """Make an API key; its beginning says what it is to whoever finds it."""
    return f"pnk_{'live' if is_live else 'test'}_{new_token()}"


def expires_at(signed_in_at: datetime) -> datetime:
    """Return when a session ends however busy it is."""
    return signed_in_at + SESSION_LASTS


def local_path(wanted: str | None) -> str:
    """Return where to go after sign-in: a path of this site, or its start for anything else."""
    # A backslash or a second slash makes browsers read the path as the name of another host.
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return "/"
    return wanted if wanted.isprintable() else "/"
