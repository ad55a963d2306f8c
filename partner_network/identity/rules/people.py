"""What a side of the network never does without, and which roles a change gives and takes."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from partner_network.identity.rules import permissions
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.kernel.sentences import Sentence

_NO_LAST_ADMIN = Sentence(
    "The network always has one admin at least: give a colleague that role first, then take this one."
)
_NO_LAST_OWNER = Sentence(
    "A brand always has one owner at least: give a colleague that role first, then take this one."
)


class Change(msgspec.Struct, frozen=True):
    """The roles that a person gets and loses."""

    given: frozenset[str]
    taken: frozenset[str]


def wanted_roles(roles: Iterable[str], *, of_operator: bool) -> frozenset[str]:
    """Return the roles that somebody shall have, one at least and none that this side does not know."""
    wanted = frozenset(roles)
    if not wanted:
        raise InvalidError(
            "Choose one role or more; to take all of them away, remove the person.",
            fields={"roles": Sentence("none")},
        )
    for role in sorted(wanted):
        permissions.must_be_role(role, of_operator=of_operator)
    return wanted


def change_of(
    held: Mapping[UUID, frozenset[str]], person_id: UUID, wanted: frozenset[str], *, of_operator: bool
) -> Change:
    """Compare what somebody holds with what they shall hold; nobody takes the last owner or admin away."""
    has = held[person_id]
    chief = "admin" if of_operator else "owner"
    others = (roles for one, roles in held.items() if one != person_id)
    if chief in has - wanted and not any(chief in roles for roles in others):
        raise ConflictError(_NO_LAST_ADMIN if of_operator else _NO_LAST_OWNER)
    return Change(wanted - has, has - wanted)
