"""What a link's token and its destination must be like."""

import hmac
import ipaddress
import re
import secrets
from collections.abc import Collection
from urllib.parse import SplitResult, parse_qsl, urlsplit

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

CLICK_PARAMETER = "clk"
"""The query parameter in which the destination receives the click's id."""
NAME_CHARACTERS_MAX = 120
URL_CHARACTERS_MAX = 2_000

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: a token can be read out on the telephone
_RANDOM_CHARACTERS = 10
_CHECK_CHARACTERS = 4
_TOKEN = re.compile(f"[{_ALPHABET}]{{{_RANDOM_CHARACTERS + _CHECK_CHARACTERS}}}")
_PLAIN = re.compile(r"[!-\[\]-~]+")  # printable ASCII without the backslash, which browsers read as a slash
_HTTPS_PORT = 443


def new_token(secret_key: bytes) -> str:
    """Make the token of a new link: chance, then a check that only we can compute."""
    chance = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))
    return chance + _check(chance, secret_key)


def is_token(text: str, *secret_keys: bytes) -> bool:
    """Say whether one of our keys, also a former one, made this token; guesses never reach the database."""
    if _TOKEN.fullmatch(text) is None:
        return False
    chance, check = text[:_RANDOM_CHARACTERS], text[_RANDOM_CHARACTERS:]
    return any(hmac.compare_digest(check, _check(chance, secret_key)) for secret_key in secret_keys)


def _check(chance: str, secret_key: bytes) -> str:
    digest = hmac.digest(secret_key, b"link token:" + chance.encode(), "sha256")
    return "".join(_ALPHABET[byte & 31] for byte in digest[:_CHECK_CHARACTERS])


def must_be_name(name: str) -> str:
    """Return the name without outer blanks; refuse none and overlong ones."""
    name = name.strip()
    if not 1 <= len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidError(
            Sentence(
                "A link's name has 1 to {most} characters on one line; give it one.",
                most=NAME_CHARACTERS_MAX,
            ),
            fields={"name": Sentence("empty or too long")},
        )
    return name


def must_be_destination(url: str, *, hosts: Collection[str], sandbox: bool) -> str:
    """Return the address; refuse what does not lead, encrypted, to a host on the program's list.

    In a sandbox, plain http to this very machine is let through: the demo's shops live there.
    """
    if not _PLAIN.fullmatch(url) or len(url) > URL_CHARACTERS_MAX:
        raise _refused(
            Sentence(
                "has to be plain ASCII, percent-encoded and at most {most} characters long",
                most=URL_CHARACTERS_MAX,
            )
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused(Sentence("cannot be read as an address")) from None
    _must_be_private(parts, port, sandbox=sandbox)
    if (parts.hostname or "") not in {host.lower() for host in hosts}:
        raise _refused(
            Sentence(
                "leads to {host!r}; the program allows {hosts}",
                host=parts.hostname,
                hosts=", ".join(sorted(hosts)),
            )
        )
    if any(name == CLICK_PARAMETER for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise _refused(
            Sentence(
                "holds the parameter {name!r}, in which we hand over the click's id", name=CLICK_PARAMETER
            )
        )
    return url


def _must_be_private(parts: SplitResult, port: int | None, *, sandbox: bool) -> None:
    if parts.username is not None or parts.password is not None:
        raise _refused(Sentence("holds a user name; leave out what stands before the @"))
    if sandbox and parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return
    if parts.scheme != "https":
        raise _refused(Sentence("must begin with https://"))
    if port not in {None, _HTTPS_PORT}:
        raise _refused(Sentence("names port {port}; leave the port out", port=port))


def is_loopback(host: str) -> bool:
    """Say whether a host name means this very machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(why: Sentence) -> InvalidError:
    return InvalidError(
        Sentence("The destination {why}. Give an https address on the program's list.", why=why),
        fields={"destination_url": why},
    )


def around_click(destination_url: str) -> tuple[str, str]:
    """Split a destination into what stands before the click's id and what after it."""
    address, hash_sign, fragment = destination_url.partition("#")
    joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return f"{address}{joint}{CLICK_PARAMETER}=", hash_sign + fragment
