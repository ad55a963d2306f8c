"""What a program must say, and how a partnership goes from one status to the next."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from partner_network.kernel import sentences
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.kernel.sentences import Sentence

Status = Literal["applied", "invited", "in_review", "active", "paused", "ended", "declined"]

NEXT_OF: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        "applied": frozenset({"in_review", "declined"}),
        "invited": frozenset({"in_review", "declined"}),
        "in_review": frozenset({"active", "declined"}),
        "active": frozenset({"paused", "ended"}),
        "paused": frozenset({"active", "ended"}),
        "ended": frozenset[Status](),
        "declined": frozenset[Status](),
    }
)
WORD_OF: Mapping[Status, Sentence] = MappingProxyType(
    {
        "applied": Sentence("applied"),
        "invited": Sentence("invited"),
        "in_review": Sentence("in review"),
        "active": Sentence("active"),
        "paused": Sentence("paused"),
        "ended": Sentence("ended"),
        "declined": Sentence("declined"),
    }
)
"""Each status as people read it."""

TEXT_CHARACTERS_MAX = 2_000
_SLUG = re.compile(r"[a-z0-9-]{2,60}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def must_become(now: Status, wanted: Status) -> None:
    """Refuse a step that a partnership in this status cannot take."""
    if wanted not in NEXT_OF[now]:
        possible = [WORD_OF[one] for one in sorted(NEXT_OF[now])] or [Sentence("nothing any more")]
        raise ConflictError(
            Sentence(
                "The partnership is {now} and cannot become {wanted}; it can become {possible}.",
                now=WORD_OF[now],
                wanted=WORD_OF[wanted],
                possible=sentences.joined(possible, ", "),
            )
        )


def status_at(status: Status, ended_at: datetime | None, now: datetime) -> Status:
    """Return the status at an instant: what ends by then has ended, written down yet or not."""
    is_over = ended_at is not None and ended_at <= now and status in {"active", "paused"}
    return "ended" if is_over else status


def must_name_owner(email: str | None, *, is_new: bool) -> None:
    """Ask for the owner's address of a brand that is new here, and for none of a brand that has members."""
    if is_new and email is None:
        raise InvalidError(
            "Name the address of the new brand's owner.", fields={"email": Sentence("is required")}
        )
    if not is_new and email is not None:
        raise InvalidError(
            "This brand is in the network; its own members answer, so leave the address out.",
            fields={"email": Sentence("only for a brand that is new here")},
        )


def must_be_program(
    *, slug: str, name: str, offer: str, default_url: str, hosts: Sequence[str], sandbox: bool
) -> None:
    """Refuse a program that partners could not promote, naming every field at once."""
    fields: dict[str, Sentence] = {}
    if not _SLUG.fullmatch(slug):
        fields["slug"] = Sentence("2 to 60 small letters, digits and hyphens")
    for field, text in (("name", name), ("offer", offer)):
        if not 0 < len(text.strip()) <= TEXT_CHARACTERS_MAX:
            fields[field] = Sentence("1 to {most} characters", most=TEXT_CHARACTERS_MAX)
    if not name.isprintable():
        fields["name"] = Sentence("one line of plain text")
    if not hosts or not all(_HOST.fullmatch(host) for host in hosts):
        fields["destination_hosts"] = Sentence(
            "one or more host names in small letters, such as shop.example.com"
        )
    if why := _wrong_with(default_url, hosts, sandbox=sandbox):
        fields["default_url"] = why
    if fields:
        told = sentences.told(fields.items())
        raise InvalidError(Sentence("The program cannot be kept: {told}.", told=told), fields=fields)


def _wrong_with(url: str, hosts: Sequence[str], *, sandbox: bool) -> Sentence | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return Sentence("not an address")
    # In a sandbox the demo's shop lives on this very machine, without a certificate.
    is_allowed = parts.scheme == "https" or (sandbox and parts.scheme == "http" and _is_loopback(host))
    if not is_allowed or not url.isascii() or not url.isprintable() or " " in url:
        return Sentence("begins with https:// and is plain ASCII")
    return None if host in hosts else Sentence("leads to a host that is not among destination_hosts")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
