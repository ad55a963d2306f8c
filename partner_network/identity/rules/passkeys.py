"""What a passkey is asked and must answer: WebAuthn, with the person verified by the device each time."""

import secrets
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import webauthn
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from partner_network.identity.rules.factors import WrongProofError
from partner_network.kernel.sentences import Sentence

CREDENTIAL_CHARACTERS_MAX = 20_000
"""More than any authenticator answers, and little enough to parse."""
NOT_RIGHT = Sentence(
    "This passkey was not made for this account here, or took too long; try it again or use a code."
)
_CHALLENGE_BYTES = 32
_VERIFIED = UserVerificationRequirement.REQUIRED


class Site(msgspec.Struct, frozen=True):
    """Where passkeys are good: made for this host, they answer to no other."""

    host: str
    origin: str
    name: str


class NewPasskey(msgspec.Struct, frozen=True):
    """What is kept of a passkey: nothing secret, the device holds that."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


class WrongPasskeyError(WrongProofError):
    """What was sent proves nothing; why is for nobody to learn from."""

    def __init__(self) -> None:
        super().__init__(NOT_RIGHT, fields={"passkey": NOT_RIGHT})


def site_of(base_url: str, name: str) -> Site | None:
    """Return where passkeys are good; None where no browser makes any: at a bare address, or over http."""
    url = urlsplit(base_url)
    host = url.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        return None  # a passkey is made for a name
    if url.scheme != "https" and host != "localhost":
        return None
    return Site(host, f"{url.scheme}://{url.netloc}", name)


def new_challenge() -> bytes:
    """Make the chance that a passkey signs once."""
    return secrets.token_bytes(_CHALLENGE_BYTES)


def creation_options(
    site: Site, challenge: bytes, known: Sequence[bytes], *, member_id: UUID, email: str, name: str
) -> dict[str, Any]:
    """Return what the browser needs to make a passkey on a device that has none of the known ones."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=member_id.bytes,
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_VERIFIED
        ),
        exclude_credentials=_described(known),
    )
    return msgspec.json.decode(webauthn.options_to_json(options))


def request_options(site: Site, challenge: bytes, known: Sequence[bytes]) -> dict[str, Any]:
    """Return what the browser needs to ask one of a person's passkeys."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        allow_credentials=_described(known),
        user_verification=_VERIFIED,
    )
    return msgspec.json.decode(webauthn.options_to_json(options))


def made(site: Site, challenge: bytes, credential: Mapping[str, Any]) -> NewPasskey:
    """Return the passkey that a device made for this challenge. Errors: WrongPasskeyError."""
    try:
        verified = webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - on garbage the library stumbles with whatever Python raises
        raise WrongPasskeyError from None
    return NewPasskey(verified.credential_id, verified.credential_public_key, verified.sign_count)


def answered(site: Site, challenge: bytes, credential: Mapping[str, Any], key: NewPasskey) -> int:
    """Return the new count of a passkey that answered this challenge.

    Errors: WrongPasskeyError, also for a count that did not grow: then the passkey was copied.
    """
    try:
        verified = webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - on garbage the library stumbles with whatever Python raises
        raise WrongPasskeyError from None
    return verified.new_sign_count


def id_in(credential: Mapping[str, Any]) -> bytes:
    """Return which passkey answers, as it says itself. Errors: WrongPasskeyError."""
    named = credential.get("rawId")
    try:
        return webauthn.base64url_to_bytes(named if isinstance(named, str) else "")
    except ValueError:
        raise WrongPasskeyError from None


def read(text: str) -> dict[str, Any]:
    """Read what the page's script put into the form. Errors: WrongPasskeyError."""
    if len(text) > CREDENTIAL_CHARACTERS_MAX:
        raise WrongPasskeyError
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise WrongPasskeyError from None


def _described(known: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one) for one in known]
