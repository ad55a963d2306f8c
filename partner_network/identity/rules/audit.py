"""What the audit trail says of an act, and how records are hashed, gathered under a root, and chained."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal, TypeAlias, cast, get_args
from uuid import UUID

import msgspec

from partner_network.identity.rules.permissions import ApiKey, Member
from partner_network.kernel import ids, merkle

ActorKind = Literal["member", "api key", "command line", "worker", "visitor"]
Nobody = Literal["command line", "worker", "visitor"]
Verb = Literal[
    "create", "change", "publish", "withdraw", "disable", "delete",
    "invite", "accept", "decline", "activate", "pair", "pause", "end", "draft", "sign", "put in force",
    "prepare", "approve", "object", "ask for", "hold", "release", "retry",
    "sign in", "fail to sign in", "switch brand", "sign out", "revoke", "rotate",
    "give role", "take role", "add factor", "remove factor", "use recovery code", "prove",
    "ask to reset", "reset", "export", "erase", "opt out",
]  # fmt: skip
Kind = Literal[
    "brand", "member", "invitation", "session", "password", "second factor", "recovery codes", "API key",
    "program", "partnership", "agreement", "creative", "link", "code", "statement", "closing", "funding",
    "payment method", "payout account", "payout", "job", "export", "customer", "webhook",
    "notification choices", "commission", "adjustment", "clawback", "charity", "case",
    "objection", "approval limit", "tax profile", "self-billing agreement", "exchange rates",
    "prepaid return", "write-off",
]  # fmt: skip
Values: TypeAlias = Mapping[str, object]

PREFIX_OF: Mapping[str, ids.Prefix] = MappingProxyType(
    {
        "brand": "bnd",
        "member": "mbr",
        "API key": "key",
        "password": "mbr",
        "recovery codes": "mbr",
        "notification choices": "mbr",
        "program": "prg",
        "partnership": "prt",
        "agreement": "agr",
        "creative": "crt",
        "link": "lnk",
        "code": "cod",
        "statement": "stm",
        "payout": "pay",
        "payment method": "bnd",
        "payout account": "bnd",
        "charity": "bnd",
        "tax profile": "bnd",
        "self-billing agreement": "bnd",
    }
)
"""How the ids of a kind are shown; a password is named by its member, what is at Stripe by its brand."""
NEVER = frozenset({"password", "password_hash", "key", "token", "secret"})
"""What no record may hold, hashed or not."""
PERSONAL = frozenset({"email", "name", "legal_name", "address", "user_agent", "tax_id"})
"""What enters as a salted hash, unless it names a thing and not a person."""
_OF_THINGS = frozenset({"API key", "program", "creative", "link", "closing"})
_SEAL = b"\x02"  # so that no seal's hash can be taken for a leaf's or a node's


class Personal(msgspec.Struct, frozen=True):
    """A value of a person's that enters the trail as a hash under the salt of its subject."""

    subject_id: UUID
    text: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to which object; every field goes into its hash."""

    id: int
    at: datetime
    wall_at: datetime
    actor_kind: ActorKind
    actor_id: UUID | None
    actor_roles: tuple[str, ...]
    session_id: UUID | None
    acting_for: UUID | None
    verb: str
    object_kind: str
    object_id: str
    before: Values | None
    after: Values | None
    brand_id: UUID | None
    other_brand_id: UUID | None
    request_id: str | None


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What chains some records, in the order of their ids, to all that were sealed before."""

    no: int
    first_id: int
    last_id: int
    record_count: int
    root: bytes
    previous_hash: bytes | None
    sealed_at: datetime


class Actor(msgspec.Struct, frozen=True):
    """Who acts, as a record says it; given as it is where a person has no session yet."""

    kind: ActorKind
    id: UUID | None = None
    roles: tuple[str, ...] = ()
    session_id: UUID | None = None
    acting_for: UUID | None = None


By: TypeAlias = Member | ApiKey | Actor | Nobody
"""Who acts: a person, a machine of a brand, or one of those whose name nobody knows."""


def actor_of(by: By) -> Actor:
    """Return what a record says of whoever acts; no operator's person acts for a brand unseen."""
    if isinstance(by, Actor):
        return by
    if isinstance(by, Member):
        return Actor("member", by.id, tuple(sorted(by.roles)), by.session_id, by.brand_id)
    if isinstance(by, ApiKey):
        return Actor("api key", by.id, tuple(sorted(by.scopes)), None, by.brand_id)
    return Actor(by)


def in_pairs(brands: Sequence[UUID | None]) -> Sequence[tuple[UUID | None, UUID | None]]:
    """Return the brands whom an act concerns, as many as a record names at a time; at least one pair."""
    concerned = [brand for brand in dict.fromkeys(brands) if brand is not None]
    pairs = zip(concerned[::2], [*concerned[1::2], None], strict=False)
    return list(pairs) or [(None, None)]


def object_id(kind: str, of: UUID | int | str) -> str:
    """Return an object's id as people see it."""
    prefix = PREFIX_OF.get(kind)
    return ids.shown(prefix, of) if prefix is not None and isinstance(of, UUID) else str(of)


def changed(kind: str, before: Values | None, after: Values | None) -> tuple[Values | None, Values | None]:
    """Return what differs between two states, in values that JSON knows; one state alone stays whole.

    Errors: ValueError for what the trail must not hold, which is a mistake of ours.
    """
    if before is not None and after is not None:
        same = {name for name in before.keys() & after.keys() if before[name] == after[name]}
        before = {name: value for name, value in before.items() if name not in same}
        after = {name: value for name, value in after.items() if name not in same}
    for name, value in (*(before or {}).items(), *(after or {}).items()):
        bare = value is not None and not isinstance(value, Personal)
        if name in NEVER or (bare and name in PERSONAL and kind not in _OF_THINGS):
            raise ValueError(f"{name} of a {kind} must not stand in the audit trail as it is")
    return _plain(before), _plain(after)


def _plain(values: Values | None) -> Values | None:
    if values is None:
        return None
    kept = {name: value for name, value in values.items() if isinstance(value, Personal)}
    said = msgspec.to_builtins({name: _spoken(value) for name, value in values.items() if name not in kept})
    return {**cast("dict[str, object]", said), **kept}


def _spoken(value: object) -> object:
    if isinstance(value, float):
        raise TypeError("a float has no place in the audit trail")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return sorted(str(one) for one in value) if isinstance(value, frozenset | set) else value


def leaf_hash(record: Record) -> bytes:
    """Return the hash of all that a record says."""
    at, wall_at = record.at.astimezone(UTC), record.wall_at.astimezone(UTC)
    said = msgspec.structs.replace(record, at=at, wall_at=wall_at)
    return merkle.leaf_hash(msgspec.json.encode(said, order="sorted"))


def seal_hash(seal: Seal) -> bytes:
    """Return the hash of a seal, which names the seal before it and so all of them."""
    said = msgspec.structs.replace(seal, sealed_at=seal.sealed_at.astimezone(UTC))
    return hashlib.sha256(_SEAL + msgspec.json.encode(said, order="sorted")).digest()


def next_seal(records: Sequence[tuple[int, bytes]], last: tuple[int, bytes] | None, at: datetime) -> Seal:
    """Return the seal over records (their ids and leaf hashes), after the last one (its number and hash)."""
    ordered = sorted(records)
    no, previous = (0, None) if last is None else last
    return Seal(
        no=no + 1,
        first_id=ordered[0][0],
        last_id=ordered[-1][0],
        record_count=len(ordered),
        root=merkle.root_of([leaf for _, leaf in ordered]),
        previous_hash=previous,
        sealed_at=at,
    )


KINDS: tuple[str, ...] = get_args(Kind)
VERBS: tuple[str, ...] = get_args(Verb)
