"""What passwords, names, addresses and tokens must be like, and how long sessions and invitations last."""

import hashlib
import secrets
from datetime import datetime, timedelta

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

SESSION_LASTS = timedelta(hours=12)
SESSION_IDLES = timedelta(hours=2)
SEEN_AGAIN = timedelta(minutes=1)
"""How old a session's last sign of life may get before it is written again: not one UPDATE per request."""
INVITATION_LASTS = timedelta(days=14)
RESET_LASTS = timedelta(hours=1)
RESETS_AT_ONCE_MAX = 3
"""How many links somebody gets within the life of one: asking for others must not fill their mailbox."""
RESETS_KEPT_FOR = timedelta(days=30)
PASSWORD_CHARACTERS_MIN = 12
PASSWORD_CHARACTERS_MAX = 200
PASSWORD_DIFFERENT_MIN = 4
NAME_CHARACTERS_MAX = 120
LIVE_KEY, TEST_KEY = "pnk_live_", "pnk_test_"
KEY_PREFIX_CHARACTERS = 14
"""How much of an API key stays readable, to tell one from the other: `pnk_test_` and five more."""

_TOKEN_BYTES = 32


def must_be_password(password: str, *, email: str = "") -> None:
    """Refuse passwords that are too short, too long to hash in good time, or the first to be guessed."""
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise InvalidError(
            Sentence(
                "A password has {least} to {most} characters.",
                least=PASSWORD_CHARACTERS_MIN,
                most=PASSWORD_CHARACTERS_MAX,
            ),
            fields={"password": Sentence("too short or too long")},
        )
    if len(set(password)) < PASSWORD_DIFFERENT_MIN:
        raise InvalidError(
            Sentence("A password has {least} different characters or more.", least=PASSWORD_DIFFERENT_MIN),
            fields={"password": Sentence("too uniform")},
        )
    if email and password.strip().lower() == email.strip().lower():
        raise InvalidError(
            "Your address is no password; choose another.", fields={"password": Sentence("is known")}
        )


def must_be_name(name: str) -> str:
    """Return a person's name without outer blanks; refuse none and overlong ones."""
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidError(
            Sentence("A name has 1 to {most} characters; give yours.", most=NAME_CHARACTERS_MAX),
            fields={"name": Sentence("is required")},
        )
    return name


def email_of(text: str) -> str:
    """Return an address as it is kept, or refuse what cannot receive a message."""
    email = text.strip().lower()
    name, at, host = email.rpartition("@")
    if not (at and name and "." in host) or any(c.isspace() for c in email) or len(email) > 254:  # noqa: PLR2004 - RFC 5321
        raise InvalidError(
            Sentence("{text!r} is not an e-mail address.", text=text[:80]),
            fields={"email": Sentence("not an address")},
        )
    return email


def new_token() -> str:
    """Make 256 bits of chance, as text for a cookie or an address."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_of(token: str) -> bytes:
    """Return what is stored of a token; 256 bits of chance need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def new_api_key(*, is_live: bool) -> str:
    """Make an API key; its beginning says what it is to whoever finds it."""
    return f"{LIVE_KEY if is_live else TEST_KEY}{new_token()}"


def expires_at(signed_in_at: datetime) -> datetime:
    """Return when a session ends however busy it is."""
    return signed_in_at + SESSION_LASTS


def local_path(wanted: str | None) -> str:
    """Return where to go after sign-in: a path of this site, or its start for anything else."""
    # A backslash or a second slash makes browsers read the path as the name of another host.
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return "/"
    return wanted if wanted.isprintable() else "/"
