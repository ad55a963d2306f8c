"""What a machine asks to redeem, and whether it can be read at all: pure."""

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from partner_network.kernel import money
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

_MOST_MINOR = 2**62


class Redemption(Struct, frozen=True, forbid_unknown_fields=True):
    """So much credit of a customer, or of a partner, used up; `key` is the advertiser's own and unique."""

    key: Annotated[str, Meta(min_length=1, max_length=200)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    amount_minor: Annotated[int, Meta(ge=1, le=_MOST_MINOR)]
    customer: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    partner: Annotated[str, Meta(min_length=1, max_length=40)] | None = None


class Cancellation(Struct, frozen=True, forbid_unknown_fields=True):
    """Which redemption is to be taken back, by the advertiser's own key."""

    key: Annotated[str, Meta(min_length=1, max_length=200)]


def must_name_a_holder(wish: Redemption) -> None:
    """Refuse what names nobody, or two. Errors: InvalidError, for a currency that is none too."""
    if (wish.customer is None) == (wish.partner is None):
        why = Sentence("give either a customer or a partner")
        raise InvalidError(
            "Name whose credit is redeemed: a customer by your own id, or a partner brand.",
            fields={"customer": why},
        )
    money.exponent(wish.currency)


def content_hash(wish: Redemption) -> bytes:
    """Return what tells a repeat of a wish from another one under the same key."""
    return hashlib.sha256(msgspec.json.encode(wish)).digest()
