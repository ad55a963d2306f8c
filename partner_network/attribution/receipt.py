"""A credit receipt: what one decision was made from, hashed so that each side can check its own part.

The leaves stand in one order: what is common to all, then each candidate, then each credit that a binding
conversion handed down. A leaf is hashed under a salt of its own, so nobody can guess what another's says.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Raw, Struct

from partner_network.agreements.terms import Event, Model, ProgramPolicy
from partner_network.attribution import exclusions, rules
from partner_network.attribution.facts import Candidate, Conversion, Credit, Decision, Reach, Touch
from partner_network.kernel import merkle, money

FORMAT = 1
SALT_BYTES = 32
_OF_THE_FACTS = 2**32 - 1
"""In place of a leaf's number, for the salt of the facts as a whole."""


class Facts(Struct, frozen=True, gc=False, kw_only=True):
    """What one decision was made from: its receipt's own copy, which retention and erasure never touch.

    `customer` is a pseudonym; `net_minor` is the order as it was reported, in its own currency. `reaches`
    names every partner among the touches, by id; touches are distinct and stand in canonical order.
    """

    conversion: Conversion
    customer: str
    currency: str
    net_minor: int
    policy: ProgramPolicy
    policy_version: int
    reaches: Mapping[str, Reach | None]
    touches: tuple[Touch, ...]


class _Stored(Struct, frozen=True, gc=False):
    """Facts as they are read, with what repeats itself unread."""

    conversion: Conversion
    customer: str
    currency: str
    net_minor: int
    policy: Raw
    policy_version: int
    reaches: dict[str, Raw]
    touches: tuple[Touch, ...]


class Common(Struct, frozen=True):
    """What a receipt says to everybody who may see it; nothing in it is one partner's own.

    `facts` is the hash of all that the decision was made from, to the byte, under a salt that nobody is
    shown: whoever changes any of it, shown or not, changes the root.
    """

    format: int
    conversion: str
    program: str
    event: Event
    at: datetime
    recorded_at: datetime
    new_customer: bool
    customer: str
    currency: str
    net_minor: int
    policy: ProgramPolicy
    policy_version: int
    model: Model
    candidates: int
    bound_to: str | None
    bound_until: datetime | None
    facts: str


class Weighed(Struct, frozen=True):
    """One candidate: the touch as it counted, how far its partner's agreement reached, and the outcome."""

    touch: Touch
    reach: Reach | None
    verdict: str
    reason: str
    weight: str | None
    amount_minor: int


class Inherited(Struct, frozen=True):
    """A credit that the binding conversion handed down."""

    credit: Credit
    amount_minor: int


class Leaf(Struct, frozen=True):
    """One leaf with its salt and hash; `partner` is whose it is (None: common to all, or a direct visit)."""

    content: Common | Weighed | Inherited
    partner: str | None
    salt: bytes
    hash: bytes


def _encoded(value: object) -> object:
    if isinstance(value, Fraction):
        return str(value)
    raise NotImplementedError(f"a receipt holds no {type(value).__name__}")


def _decoded(kind: type, value: Any) -> object:
    return Fraction(value) if kind is Fraction else value


_encoder = msgspec.json.Encoder(enc_hook=_encoded)
_decoder = msgspec.json.Decoder(_Stored, dec_hook=_decoded)


def encode(facts: Facts) -> bytes:
    """Return the facts as they are stored, the same bytes for the same facts."""
    return _encoder.encode(facts)


def decode(content: str | bytes) -> Facts:
    """Return the facts that are stored. Errors: msgspec.DecodeError for what no receipt holds."""
    stored = _decoder.decode(content)
    return Facts(
        conversion=stored.conversion,
        customer=stored.customer,
        currency=stored.currency,
        net_minor=stored.net_minor,
        policy=_policy(bytes(stored.policy)),
        policy_version=stored.policy_version,
        reaches={partner: _reach(bytes(one)) for partner, one in stored.reaches.items()},
        touches=stored.touches,
    )


# A policy and a reach stand in thousands of receipts alike, and are read once.
@lru_cache(maxsize=1024)
def _policy(content: bytes) -> ProgramPolicy:
    return msgspec.json.decode(content, type=ProgramPolicy)


@lru_cache(maxsize=16384)
def _reach(content: bytes) -> Reach | None:
    return msgspec.json.decode(content, type=Reach | None)


def decide_again(facts: Facts) -> Decision:
    """Return the decision that a receipt's own facts give."""
    return rules.decide(facts.conversion, facts.touches, facts.policy, facts.reaches.get)


def root_of(facts: Facts, decision: Decision, salt: bytes, content: bytes | None = None) -> bytes:
    """Return the Merkle root of a receipt; ``content`` is its facts as they are stored, if they are."""
    contents = _contents(facts, decision, _facts_hash(facts, salt, content))
    encode_leaf = _encoder.encode
    return merkle.root_of(
        [merkle.leaf_hash(_salt(salt, n) + encode_leaf(one)) for n, (one, _) in enumerate(contents)]
    )


def leaves_of(facts: Facts, decision: Decision, salt: bytes) -> list[Leaf]:
    """Return every leaf of a receipt; whoever is shown one may check it by its salt, and no other."""
    return [
        Leaf(content, partner, _salt(salt, n), _hash(content, _salt(salt, n)))
        for n, (content, partner) in enumerate(_contents(facts, decision, _facts_hash(facts, salt, None)))
    ]


def hash_of(content: bytes, salt: bytes) -> bytes:
    """Return the hash of one leaf as it was shown: of its salt, then its JSON, byte for byte."""
    return merkle.leaf_hash(salt + content)


def shown(content: Common | Weighed | Inherited) -> bytes:
    """Return a leaf's content as the JSON that was hashed."""
    return _encoder.encode(content)


def _hash(content: Common | Weighed | Inherited, salt: bytes) -> bytes:
    return hash_of(_encoder.encode(content), salt)


def _salt(salt: bytes, n: int) -> bytes:
    return hashlib.sha256(salt + n.to_bytes(4)).digest()


def _facts_hash(facts: Facts, salt: bytes, content: bytes | None) -> str:
    return hash_of(encode(facts) if content is None else content, _salt(salt, _OF_THE_FACTS)).hex()


def _contents(
    facts: Facts, decision: Decision, facts_hash: str
) -> Iterator[tuple[Common | Weighed | Inherited, str | None]]:
    conversion, binding = facts.conversion, facts.conversion.binding
    is_bound = decision.bound_to is not None
    amounts = _amounts(decision, facts.net_minor)
    yield (
        Common(
            FORMAT,
            conversion.id,
            conversion.program,
            conversion.event,
            conversion.at,
            conversion.recorded_at,
            conversion.new_customer,
            facts.customer,
            facts.currency,
            facts.net_minor,
            facts.policy,
            facts.policy_version,
            decision.model,
            len(decision.candidates),
            decision.bound_to,
            binding.until if binding is not None and is_bound else None,
            facts_hash,
        ),
        None,
    )
    credit_of = {} if is_bound else {credit.touch: credit for credit in decision.credits}
    for touch, candidate in zip(facts.touches, decision.candidates, strict=True):
        yield _weighed(facts, touch, candidate, credit_of.get(touch.id), amounts), touch.partner
    if is_bound:
        for credit in decision.credits:
            yield Inherited(credit, amounts[credit.touch]), credit.partner


def _weighed(
    facts: Facts, touch: Touch, candidate: Candidate, credit: Credit | None, amounts: Mapping[str, int]
) -> Weighed:
    evidence = exclusions.evidence_of(touch, facts.conversion)
    return Weighed(
        touch if touch.evidence == evidence else msgspec.structs.replace(touch, evidence=evidence),
        facts.reaches.get(touch.partner or ""),
        candidate.verdict,
        candidate.reason,
        None if credit is None else str(credit.weight),
        0 if credit is None else amounts[credit.touch],
    )


def _amounts(decision: Decision, net_minor: int) -> dict[str, int]:
    """Return each credited touch's part of the net, by largest remainder. Source: MONEY, 3.5."""
    if not decision.credits:
        return {}
    if len(decision.credits) == 1:
        return {decision.credits[0].touch: net_minor}
    parts = money.largest_remainder(net_minor, [credit.weight for credit in decision.credits])
    return {credit.touch: part for credit, part in zip(decision.credits, parts, strict=True)}
