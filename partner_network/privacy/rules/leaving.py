"""What stands for a person who was erased, and when nobody may leave yet."""

from collections.abc import Sequence
from uuid import UUID

from partner_network.kernel import ids, sentences
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.sentences import Sentence

_SHORT = 6


def name_after(member_id: UUID) -> str:
    """Return the name under which the person's deeds go on: it tells them from others, and says nothing."""
    return f"Former member {ids.shown('mbr', member_id)[-_SHORT:]}"


def email_after(member_id: UUID) -> str:
    """Return an address that nobody can have, so that no letter is ever sent there. Source: RFC 2606."""
    return f"erased-{member_id.hex}@erased.invalid"


def must_leave_nothing_ownerless(alone_in: Sequence[str]) -> None:
    """Refuse to erase whoever alone can act for a company: nobody could sign, pay or let others in."""
    if alone_in:
        raise ConflictError(
            Sentence(
                "You are the only owner of {places}. Give a colleague that role first, or ask the network to "
                "end the company’s part in it; then close the account.",
                places=sentences.all_of(alone_in),
            )
        )
