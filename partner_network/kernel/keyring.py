"""The installation's keys: they sign what comes back to us and seal what only we may read."""

import hmac
from base64 import urlsafe_b64encode

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from partner_network.kernel.errors import InvalidError

_BYTES = 32


class Keyring(msgspec.Struct, frozen=True):
    """The present key, which makes everything new, and the former ones, which still open what they made."""

    present: bytes
    former: tuple[bytes, ...] = ()

    def sign(self, purpose: str, message: bytes) -> bytes:
        """Return a signature that is good for one purpose only."""
        return hmac.digest(_derived(self.present, f"sign {purpose}"), message, "sha256")

    def has_signed(self, purpose: str, message: bytes, signature: bytes) -> bool:
        """Say whether one of the keys made this signature for this purpose."""
        made = (
            hmac.digest(_derived(key, f"sign {purpose}"), message, "sha256")
            for key in (self.present, *self.former)
        )
        return any(hmac.compare_digest(one, signature) for one in made)

    def seal(self, purpose: str, content: bytes) -> bytes:
        """Return the content so that only these keys, for the same purpose, can read it."""
        return self._sealer(purpose).encrypt(content)

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Read what was sealed. Errors: InvalidError when no key here made it."""
        try:
            return self._sealer(purpose).decrypt(sealed)
        except InvalidToken:
            raise InvalidError(
                "A stored secret was sealed under a key that is not here; add that key to "
                "PARTNER_NETWORK_FORMER_SECRET_KEYS."
            ) from None

    def reseal(self, purpose: str, sealed: bytes) -> bytes:
        """Seal the same content under the present key, so that a former key can go."""
        return self.seal(purpose, self.open(purpose, sealed))

    def is_under_present(self, purpose: str, sealed: bytes) -> bool:
        """Say whether the present key alone reads it, so that former ones may go."""
        try:
            Keyring(self.present).open(purpose, sealed)
        except InvalidError:
            return False
        return True

    def _sealer(self, purpose: str) -> MultiFernet:
        keys = (self.present, *self.former)
        return MultiFernet([Fernet(urlsafe_b64encode(_derived(key, f"seal {purpose}"))) for key in keys])


def _derived(key: bytes, purpose: str) -> bytes:
    # A key of its own for each purpose: what is signed for one is worth nothing for another.
    return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=purpose.encode()).derive(key)
