"""What may be drafted and signed, and from when signed terms hold."""

import ipaddress
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from partner_network.agreements import terms_reading
from partner_network.agreements.reward_terms import Reward
from partner_network.agreements.terms import Bonus, Component, Program, Settlement, Terms
from partner_network.kernel import periods, sentences
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.programs.rules import WORD_OF, Status

ACCRUE = "commissions.accrue"
"""The job that books what terms and facts come to: asked for wherever one of them is recorded."""
MICROSECOND = timedelta(microseconds=1)
_SIGNABLE: frozenset[Status] = frozenset({"in_review", "active", "paused"})
_V4_BITS, _V6_BITS = 24, 48
_SETTLES_ALONE = '\n[settlement]\ncurrency = "USD"\ntime_zone = "UTC"\n'
"""The least that a terms file needs, so that a policy can be read by the same rules."""


class Span(msgspec.Struct, frozen=True):
    """Which agreement holds from when until when; None is open on that side."""

    agreement_id: UUID
    starts_at: datetime | None
    ends_at: datetime | None


class Held(msgspec.Struct, frozen=True):
    """One row of terms as recorded at present."""

    id: UUID
    span: Span


class Succession(msgspec.Struct, frozen=True):
    """What recording new terms does: rows that stop being what we know, and spans that are known instead."""

    closes: tuple[UUID, ...]
    opens: tuple[Span, ...]


def program_in(policy_toml: str) -> Program:
    """Return the policy that a program version states. Errors: InvalidError with each key at fault."""
    try:
        tables = set(tomllib.loads(policy_toml))
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(
            Sentence("The policy is no TOML: {error}.", error=error), fields={"policy": Sentence("no TOML")}
        ) from None
    if tables - {"program"}:
        strangers = ", ".join(sorted(tables - {"program"}))
        raise InvalidError(
            Sentence(
                "A program's policy holds [program.*] alone; {strangers} belongs to an agreement.",
                strangers=strangers,
            ),
            fields=dict.fromkeys(sorted(tables - {"program"}), Sentence("belongs to an agreement")),
        )
    return terms_reading.read_terms(policy_toml + _SETTLES_ALONE).program


def complete(terms_toml: str, policy_toml: str) -> str:
    """Return the terms with the program's policy written into them, so that what is signed says everything.

    Errors: InvalidError when the terms state another policy than the program's, or cannot be used.
    """
    terms = terms_reading.read_terms(terms_toml)
    if "program" not in tomllib.loads(terms_toml):
        return f"{terms_toml.rstrip()}\n\n{policy_toml.strip()}\n"
    if terms.program != program_in(policy_toml):
        raise InvalidError(
            "All partners of a program compete under one policy: leave [program] out, or state its own.",
            fields={"program": Sentence("differs from the program's newest version")},
        )
    return terms_toml


def must_be_open(status: Status) -> None:
    """Refuse to draft or sign for a partnership that is not yet, or no longer, there."""
    if status not in _SIGNABLE:
        raise ConflictError(
            Sentence(
                "The partnership is {status}; agreements are drafted and signed from its review on.",
                status=WORD_OF[status],
            )
        )


def must_pay(terms: Terms) -> None:
    """Refuse an agreement under which nobody could ever earn."""
    if not terms.commission.components:
        raise InvalidError(
            "The terms name no commission component; add one.",
            fields={"commission.components": Sentence("none")},
        )


def must_settle_alike(one: Settlement, mirror: Settlement) -> None:
    """Refuse a reciprocal pair that could not be netted."""
    if "none" in {one.netting, mirror.netting}:
        return
    fields = {
        f"settlement.{name}": Sentence("the mirror has {held!r}", held=getattr(mirror, name))
        for name in ("currency", "time_zone", "period")
        if getattr(one, name) != getattr(mirror, name)
    }
    if fields:
        raise InvalidError(
            "Reciprocal partnerships that net share currency, time zone and period; change them or netting.",
            fields=fields,
        )


def must_continue(held: Sequence[Terms], terms: Terms) -> None:
    """Refuse an amendment under which what has been earned so far could no longer be computed.

    A name is the identity of a component or bonus: one that counts other things, or over other spans, is
    another one and takes a name of its own. Statements of one chain share currency, zone and period.
    Source: MONEY section 1.
    """
    fields: dict[str, Sentence] = {}
    for version in held:
        for name in ("currency", "time_zone", "period"):
            before, now = getattr(version.settlement, name), getattr(terms.settlement, name)
            if before != now:
                fields[f"settlement.{name}"] = Sentence(
                    "is {before!r} in the terms signed before, and stays", before=before
                )
        for kind in ("components", "bonuses"):
            known = {one.name: _identity(one) for one in getattr(version.commission, kind)}
            for index, one in enumerate(getattr(terms.commission, kind)):
                if known.get(one.name, _identity(one)) != _identity(one):
                    fields[f"commission.{kind}[{index}].name"] = Sentence(
                        "{name!r} keeps its event, metric and period; give a changed one a new name",
                        name=one.name,
                    )
        fields |= _other_promises(version, terms)
        fields |= _other_gifts(version, terms)
        measured = {one.name: one.identity for one in version.commission.quality_rules}
        for index, one in enumerate(terms.commission.quality_rules):
            if measured.get(one.name, one.identity) != one.identity:
                fields[f"commission.quality[{index}].name"] = Sentence(
                    "{name!r} keeps its component, period and months; give a changed one a new name",
                    name=one.name,
                )
    if fields:
        told = sentences.told(fields.items())
        raise InvalidError(
            Sentence("An amendment goes on where the signed terms are: {told}.", told=told), fields=fields
        )


def _identity(named: Component | Bonus) -> tuple[str, ...]:
    kind = named.kind if isinstance(named, Bonus) else ""
    return named.event, named.metric, named.period, kind


def _other_promises(version: Terms, terms: Terms) -> dict[str, Sentence]:
    """Return which rewards bear the name of another one of before."""
    known = {one.name: _promise(one) for one in version.rewards}
    return {
        f"rewards[{index}].name": Sentence(
            "{name!r} keeps its event, metric and period; give a changed one a new name", name=one.name
        )
        for index, one in enumerate(terms.rewards)
        if known.get(one.name, _promise(one)) != _promise(one)
    }


def _other_gifts(version: Terms, terms: Terms) -> dict[str, Sentence]:
    """Return which donations and components bear the name of another one, or of one of the other kind."""
    known: dict[str, tuple[str, ...]] = {one.name: one.identity for one in version.donations}
    known |= {one.name: ("component",) for one in version.commission.components}
    fields = {
        f"donations[{index}].name": Sentence(
            "{name!r} keeps its charity, event and period; give a changed one a new name", name=one.name
        )
        for index, one in enumerate(terms.donations)
        if known.get(one.name, one.identity) != one.identity
    }
    given = {one.name for one in version.donations}
    return fields | {
        f"commission.components[{index}].name": Sentence(
            "a donation is called {name!r} in the terms signed before", name=one.name
        )
        for index, one in enumerate(terms.commission.components)
        if one.name in given
    }


def _promise(reward: Reward) -> tuple[str, ...]:
    return reward.kind, reward.event, reward.perk or "", reward.metric, reward.period


def must_be_unchanged(read: str, drafted: str, printed: str) -> None:
    """Refuse a signature under anything but the text that was read; all three are hexadecimal hashes.

    ``printed`` is what the contract's files give today: published texts never change, and this would tell.
    """
    if not drafted == printed == read.strip().lower():
        raise ConflictError(
            "The agreement is not the text that you read; open it again, read it, and sign what it says now."
        )


def starts_at(
    terms: Terms, *, signed_at: datetime, drafted_at: datetime, held: Settlement | None
) -> datetime:
    """Return from when terms hold: the later signature, or the later date that they state.

    An amendment also waits for the notice of the terms that it changes, counted in calendar days of their
    zone from the day it was drafted, which is when the other side could first read it.
    """
    candidates = [signed_at]
    if terms.valid_from is not None:
        candidates.append(periods.midnight(terms.valid_from, periods.zone_named(terms.settlement.time_zone)))
    if held is not None:
        candidates.append(notice_ends_at(held, drafted_at))
    return max(candidates)


def notice_ends_at(held: Settlement, drafted_at: datetime) -> datetime:
    """Return when the notice of a change is over: 00:00 after its days, in the agreement's zone."""
    zone = periods.zone_named(held.time_zone)
    day = drafted_at.astimezone(zone).date()
    return periods.midnight(day + timedelta(days=held.notice_days), zone) if held.notice_days else drafted_at


def succession(held: Sequence[Held], agreement_id: UUID, starts: datetime) -> Succession:
    """Return how new terms take over from what is held: all of it from ``starts`` on is theirs."""
    closes = [one for one in held if one.span.ends_at is None or one.span.ends_at > starts]
    remains = [
        Span(one.span.agreement_id, one.span.starts_at, starts)
        for one in closes
        if one.span.starts_at is None or one.span.starts_at < starts
    ]
    return Succession(tuple(one.id for one in closes), (*remains, Span(agreement_id, starts, None)))


def truncated(address: str) -> str:
    """Return the network of an address: enough to tell a signer's whereabouts, never whose line it is."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped  # a server that listens on IPv6 writes IPv4 visitors so
    bits = _V4_BITS if known.version == 4 else _V6_BITS  # noqa: PLR2004 - IP version 4
    return str(ipaddress.ip_network(f"{known}/{bits}", strict=False))
