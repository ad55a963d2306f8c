"""What a brand's way into the network is, how far it has come, and what is next: pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from admin.queries.brands import BrandRead
from admin.reading import Step
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member, Verb
from partner_network.kernel import ids
from partner_network.kernel.sentences import Sentence
from partner_network.languages import formats
from partner_network.languages.catalogs import say

_Station: TypeAlias = tuple[str, str, bool]
"""Its title, a word about it, and whether it is behind the brand."""


class Next(msgspec.Struct, frozen=True):
    """The one thing that somebody of the back office does now."""

    href: str
    label: Sentence


def steps(read: BrandRead, now: datetime) -> Sequence[Step]:
    """Return the stations of a brand, each with a word about it."""
    if read.is_charity:
        stations = _of_charity(read, now)
    elif read.is_payee and not read.programs:
        stations = _of_partner(read, now)
    else:
        stations = _of_advertiser(read, now)
    first = next((place for place, (_, _, passed) in enumerate(stations) if not passed), len(stations))
    return [
        (title, words, "done" if passed else "now" if place == first else "next")
        for place, (title, words, passed) in enumerate(stations)
    ]


def next_step(read: BrandRead, member: Member) -> Next | None:
    """Return what the reader can do for a brand now; None where its own people go on, or nobody has to."""
    due = _due(read)
    return due[1] if due is not None and permissions.may(member, due[0]) else None


def _due(read: BrandRead) -> tuple[Verb, Next] | None:
    waiting = next((one for one in read.partnerships if one.status == "in_review"), None)
    if waiting is not None:
        href = f"/admin/partnerships/{ids.shown('prt', waiting.id)}"
        return "draft agreements", Next(href, Sentence("Open the partnership"))
    if read.is_charity or (read.is_payee and not read.programs):
        return None
    if not read.programs:
        href = f"/admin/programs/new?brand={ids.shown('bnd', read.brand.id)}"
        return "manage programs", Next(href, Sentence("Open its program"))
    bare = next((one for one in read.programs if one.version is None), None)
    if bare is not None:
        href = f"/admin/programs/{ids.shown('prg', bare.id)}/policy"
        return "manage programs", Next(href, Sentence("Publish its policy"))
    if not read.partnerships:
        href = f"/admin/invitations/new?program={ids.shown('prg', read.programs[0].id)}"
        return "invite partners", Next(href, Sentence("Invite a partner"))
    return None


def _owner(read: BrandRead, now: datetime) -> _Station:
    title = say("Its first owner joins")
    if read.has_owner:
        owner = next(one for one in read.people if "owner" in one.roles)
        return title, owner.name, True
    letter = next((one for one in read.invitations if one.role == "owner" and one.expires_at > now), None)
    if letter is None:
        return title, say("No letter is on its way; invite an owner below."), False
    words = say(
        "A letter is on its way to {email}; its link is good until {day}.",
        email=letter.email,
        day=formats.day(letter.expires_at),
    )
    return title, words, False


def _of_advertiser(read: BrandRead, now: datetime) -> Sequence[_Station]:
    versions = [one for one in read.programs if one.version is not None]
    return [
        _owner(read, now),
        (
            say("Its program is open"),
            say("What is promoted, and where links may lead."),
            bool(read.programs),
        ),
        (
            say("The program’s policy is published"),
            say("How sales are attributed; every agreement cites it."),
            bool(versions),
        ),
        (
            say("A partner is invited"),
            say("By the e-mail of its first owner, or by choosing a brand that is here already."),
            bool(read.partnerships),
        ),
        (
            say("Both sign an agreement"),
            say("You draft the terms; an owner of each brand reads and signs them."),
            any(one.status == "active" for one in read.partnerships),
        ),
    ]


def _of_partner(read: BrandRead, now: datetime) -> Sequence[_Station]:
    return [
        _owner(read, now),
        (
            say("Both sign an agreement"),
            say("You draft the terms; an owner of each brand reads and signs them."),
            any(one.status == "active" for one in read.partnerships),
        ),
        _account(read),
    ]


def _of_charity(read: BrandRead, now: datetime) -> Sequence[_Station]:
    return [
        _owner(read, now),
        (
            say("It is listed"),
            say("Terms that are drafted from now on may name it."),
            read.listed_at is not None,
        ),
        _account(read),
        (
            say("An agreement gives to it"),
            say("In its terms it stands as {slug}.", slug=read.brand.slug),
            read.agreements > 0,
        ),
    ]


def _account(read: BrandRead) -> _Station:
    return (
        say("Stripe can pay it"),
        say("Its owner or finance opens the payout account."),
        read.transfers_status == "active",
    )
