"""What a request says about its click: who clicks, with whose consent, from roughly where."""

import functools
import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

import crawleruseragents
import msgspec

Consent = Literal["granted", "denied", "unknown"]
Excluded = Literal["bot", "prefetch"]

SUB_NAMES = ("sub1", "sub2", "sub3", "sub4", "sub5")
SUB_CHARACTERS_MAX = 200
SALT_BYTES = 32
OPT_OUT_COOKIE = "partner_network_opt_out"
"""What a browser carries whose user does not want to be told apart from others; its value is 1."""

_USER_AGENT_BYTES_MAX = 512
_FIELDS_MAX = 50
_VISITOR_KEY_BYTES = 16
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")  # PostgreSQL refuses NUL, and our batches part subs by 0x1f
_COUNTRY = re.compile(rb"[A-Z]{2}")
_OPTED_OUT = re.compile(rb"(?:^|;) *%s=1 *(?:;|$)" % OPT_OUT_COOKIE.encode())
_PREFETCH_HEADERS = (b"sec-purpose", b"purpose", b"x-moz")


class Click(msgspec.Struct, frozen=True, gc=False):
    """One click as it is recorded; nothing in it names a person."""

    click_id: UUID
    at: datetime
    link_id: UUID
    partnership_id: UUID
    program_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    visitor_key: bytes | None
    consent: Consent
    excluded: Excluded | None
    country: str | None
    network_prefix: str | None
    subs: tuple[str, ...]


class Wishes(NamedTuple):
    """What the query of the link asks for."""

    consent: Consent
    subs: tuple[str, ...]


_NO_WISHES = Wishes("unknown", ())


def wishes(query: bytes) -> Wishes:
    """Read consent and sub ids from a link's query; whatever else it holds is ignored."""
    if not query:
        return _NO_WISHES
    try:
        fields = parse_qsl(query.decode("latin-1"), max_num_fields=_FIELDS_MAX)
    except ValueError:  # too many fields to be one of our links
        return _NO_WISHES
    said = {value for name, value in fields if name == "consent"}
    # Whoever says both has not agreed.
    consent: Consent = "denied" if "denied" in said else "granted" if "granted" in said else "unknown"
    return Wishes(consent, _subs({name: value for name, value in fields if name in SUB_NAMES}))


def has_opted_out(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Say whether the browser carries the choice made on the opt-out page; it outweighs any consent."""
    # Over HTTP/2 cookies may come in several headers, so a mapping of them would lose all but one.
    return any(name == b"cookie" and _OPTED_OUT.search(value) is not None for name, value in headers)


def _subs(named: Mapping[str, str]) -> tuple[str, ...]:
    subs = [_UNPRINTABLE.sub("", named.get(name, ""))[:SUB_CHARACTERS_MAX] for name in SUB_NAMES]
    while subs and not subs[-1]:
        subs.pop()
    return tuple(subs)


def exclusion(headers: Mapping[bytes, bytes]) -> Excluded | None:
    """Say why a click cannot be a person's; none when it may well be."""
    if _is_bot(headers.get(b"user-agent", b"")[:_USER_AGENT_BYTES_MAX]):
        return "bot"
    if any(b"prefetch" in headers[name].lower() for name in _PREFETCH_HEADERS if name in headers):
        return "prefetch"
    return None


@functools.lru_cache(maxsize=20_000)
def _is_bot(user_agent: bytes) -> bool:
    # The list of crawlers knows names only; who gives none is no browser either.
    return not user_agent.strip() or crawleruseragents.is_crawler(user_agent.decode("latin-1"))


def country(headers: Mapping[bytes, bytes], header: bytes | None) -> str | None:
    """Return the country that our proxy names, if it is told to name one."""
    said = b"" if header is None else headers.get(header, b"")
    return said.decode() if _COUNTRY.fullmatch(said) else None


@functools.lru_cache(maxsize=20_000)
def network_prefix(address: str) -> str | None:
    """Cut an address down to its network: /24, or /48 for IPv6; none where there is no address."""
    try:
        whole = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(whole, ipaddress.IPv6Address) and whole.ipv4_mapped is not None:
        whole = whole.ipv4_mapped
    bits = 24 if whole.version == 4 else 48  # noqa: PLR2004 -- the two versions of IP
    return str(ipaddress.ip_network((whole, bits), strict=False))


def visitor_key(salt: bytes | None, network_prefix: str | None, user_agent: bytes) -> bytes | None:
    """Return what makes two clicks of one visitor and day look alike; none without the day's salt."""
    if salt is None:
        return None
    seen = b"%s\n%s" % ((network_prefix or "").encode(), user_agent)
    return hmac.digest(salt, seen, "sha256")[:_VISITOR_KEY_BYTES]
