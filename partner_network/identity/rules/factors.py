"""What proves a person besides the password: codes that change with time, codes on paper, passkeys."""

import hmac
import re
import secrets
from datetime import datetime, timedelta

import pyotp
from pyotp.totp import TOTP

from partner_network.identity.rules.permissions import Member, SecondFactorNeededError
from partner_network.kernel.errors import ForbiddenError, InvalidError, PartnerNetworkError
from partner_network.kernel.sentences import Sentence

SEALED_FOR = "totp key"
"""The purpose under which the keyring seals an authenticator's key."""
PENDING_LASTS = timedelta(minutes=5)
"""How long somebody whose password was right has to give the second factor."""
CHALLENGE_LASTS = timedelta(minutes=5)
ENROLMENT_LASTS = timedelta(hours=1)
"""How long a key that no code has confirmed yet can be confirmed."""
TRIES_MAX = 5
RECOVERY_CODES = 10
FACTORS_MAX = 10
NAME_CHARACTERS_MAX = 60
STEP_S = 30
"""How long an authenticator shows a code."""
NOT_RIGHT = Sentence(
    "This code is not right, was used already or has expired; wait for the next one and try again."
)

_NEIGHBOURS = (0, -1, 1)
"""The present step first; clocks differ and people type slowly, but never by more than one step."""
_TOTP_CODE = re.compile(r"[0-9]{6}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RECOVERY_GROUPS, _GROUP_CHARACTERS = 4, 4


class SecondFactorRequiredError(PartnerNetworkError):
    """The password is right, and this account wants the second factor with it (401)."""


class WrongProofError(ForbiddenError):
    """What was given proves nobody."""


class WrongCodeError(WrongProofError):
    """A code that proves nothing: mistyped, used or expired, which the sentence does not tell apart."""

    def __init__(self) -> None:
        super().__init__(NOT_RIGHT, fields={"code": NOT_RIGHT})


class SignInOverError(ForbiddenError):
    """What the factor was to strengthen is over; the password comes first again."""


class TooManyTriesError(SignInOverError):
    """The sign-in or the session in which too many codes were wrong has ended."""

    def __init__(self) -> None:
        super().__init__(Sentence("Too many codes were not right; sign in again with your password."))


def must_have_given(member: Member) -> None:
    """Refuse to change what proves a person in a session that only the password proved."""
    if not member.has_given_factor:
        raise SecondFactorNeededError("To change how you prove who you are, give your second factor first.")


def must_be_name(name: str) -> str:
    """Return what a factor is called, without outer blanks."""
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        told = Sentence(
            "Call it something of 1 to {most} characters, such as the device it is on.",
            most=NAME_CHARACTERS_MAX,
        )
        raise InvalidError(told, fields={"name": told})
    return name


def new_totp_key() -> str:
    """Make an authenticator's key: 160 bits of chance in the letters that authenticators take."""
    return pyotp.random_base32()


def issuer_name(operator: str | None) -> str:
    """Return under whose name authenticators list the key."""
    return operator or "Partner network"


def in_groups(key: str) -> str:
    """Return a key in groups of four, as people type it."""
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def totp_address(key: str, *, email: str, issuer: str) -> str:
    """Return the address in the picture that authenticators read."""
    return TOTP(key).provisioning_uri(name=email, issuer_name=issuer)


def totp_code(key: str, at: datetime) -> str:
    """Return the code that an authenticator shows at an instant."""
    return TOTP(key).generate_otp(_step_of(at))


def matching_step(key: str, code: str, at: datetime) -> int | None:
    """Return the step of time whose code this is, of the present one and its neighbours; None for no code."""
    totp, present = TOTP(key), _step_of(at)
    for step in (present + away for away in _NEIGHBOURS):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def new_recovery_codes() -> tuple[str, ...]:
    """Make the codes for the drawer: 80 bits each, so that a fast hash of them gives nothing away."""
    return tuple(
        "-".join(
            "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARACTERS))
            for _ in range(_RECOVERY_GROUPS)
        )
        for _ in range(RECOVERY_CODES)
    )


def plain_code(typed: str) -> str:
    """Return a code without the blanks, dashes and capitals that people add."""
    plain = re.sub(r"[\s-]", "", typed).lower()
    return plain if plain.isascii() else ""


def is_totp(plain: str) -> bool:
    """Say whether a code has the form of an authenticator's."""
    return _TOTP_CODE.fullmatch(plain) is not None


def _step_of(at: datetime) -> int:
    return int(at.timestamp()) // STEP_S
