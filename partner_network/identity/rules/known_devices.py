"""Devices on which the owner of an account was: they get in while others guess at the account."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error

from partner_network.kernel.keyring import Keyring

KNOWN_FOR_S = 400 * 86_400
"""What browsers keep a cookie for at most."""
_PURPOSE = "known device"
_DEVICE_BYTES = 12
_PASS_CHARACTERS_MAX = 100


def new_device() -> str:
    """Name a device by chance: the name says nothing of it."""
    return secrets.token_urlsafe(_DEVICE_BYTES)


def pass_of(device: str, account: str, keyring: Keyring) -> str:
    """Return what a device keeps, which is good for one account and does not name it."""
    signature = keyring.sign(_PURPOSE, _message(device, account))
    return f"{device}.{urlsafe_b64encode(signature).decode()}"


def known_device(shown: str, account: str, keyring: Keyring) -> str | None:
    """Return the device behind what a browser shows, when we gave it that for this very account."""
    device, _, signature = shown.partition(".")
    if len(shown) > _PASS_CHARACTERS_MAX:
        return None
    try:
        given = urlsafe_b64decode(signature)
    except (NotBase64Error, ValueError):
        return None
    return device if keyring.has_signed(_PURPOSE, _message(device, account), given) else None


def _message(device: str, account: str) -> bytes:
    return f"{device}\n{account.strip().lower()}".encode("utf-8", "replace")
