"""The way out of letters: a token that takes one person out of some kinds, and can do nothing else."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from collections.abc import Collection
from uuid import UUID

import msgspec

from partner_network.kernel.errors import NotFoundError
from partner_network.kernel.keyring import Keyring
from partner_network.notifications.rules.registry import KINDS

_PURPOSE = "unsubscribe"
_SIGNATURE_BYTES = 32
TOKEN_CHARACTERS_MAX = 2_000


class Leaving(msgspec.Struct, frozen=True, array_like=True):
    """Who wants no more letters, and about what."""

    member_id: UUID
    kinds: tuple[str, ...]


def token_of(member_id: UUID, kinds: Collection[str], keyring: Keyring) -> str:
    """Return what a letter carries so that its reader can get out of its kinds without signing in."""
    message = msgspec.json.encode(Leaving(member_id, tuple(sorted(kinds))))
    return urlsafe_b64encode(keyring.sign(_PURPOSE, message) + message).decode().rstrip("=")


def read_token(token: str, keyring: Keyring) -> Leaving:
    """Read what we signed; kinds that are no more are left out. Errors: NotFoundError for anything else."""
    try:
        given = urlsafe_b64decode((token + "=" * (-len(token) % 4)).encode("ascii"))
    except (NotBase64Error, ValueError):
        given = b""
    signature, message = given[:_SIGNATURE_BYTES], given[_SIGNATURE_BYTES:]
    if len(token) > TOKEN_CHARACTERS_MAX or not keyring.has_signed(_PURPOSE, message, signature):
        raise NotFoundError("This link is not whole; copy all of it from the letter.")
    found = msgspec.json.decode(message, type=Leaving)
    return Leaving(found.member_id, tuple(key for key in found.kinds if is_switchable(key)))


def is_switchable(key: str) -> bool:
    """Say whether letters of a kind can be switched off."""
    return key in KINDS and not KINDS[key].is_fixed
