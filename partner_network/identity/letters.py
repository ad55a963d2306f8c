"""What people are told by letter about their account: short, one function for each letter."""

import contextlib
from collections.abc import Generator
from datetime import datetime
from urllib.parse import quote

import msgspec

from partner_network.gateways.mailer import paper
from partner_network.gateways.mailer.letter import Letter
from partner_network.gateways.mailer.paper import Link, Sheet
from partner_network.languages import formats, spoken, zones
from partner_network.languages.catalogs import say
from partner_network.languages.spoken import Language
from partner_network.settings import Settings


class Reader(msgspec.Struct, frozen=True):
    """Somebody with an account, the language they read and the clock they live by."""

    email: str
    name: str
    language: Language | None = None
    time_zone: str = zones.UTC

    @contextlib.contextmanager
    def reading(self) -> Generator[None]:
        """Write for this reader for as long as the block lasts."""
        with spoken.speaking(self.language or spoken.SOURCE), zones.being_in(self.time_zone):
            yield


def network_of(settings: Settings) -> str:
    """Return what the network calls itself: the operator's name, if it has been told."""
    return say("Partner network") if settings.operator is None else settings.operator.name


def invitation_link(settings: Settings, token: str) -> str:
    """Return the address at which an invitation is taken up."""
    return f"{settings.base_url}/invitations/{quote(token)}"


def invitation(
    settings: Settings,
    *,
    to: str,
    token: str,
    inviter: str,
    place: str | None,
    role: str,
    expires_at: datetime,
) -> Letter:
    """Invite somebody to join a brand, or the network itself, in the language of whoever invites."""
    network = network_of(settings)
    joined = say("the network itself") if place is None else place
    sheet = Sheet(
        network=network,
        subject=say(
            "{inviter} invites you to {place}", inviter=paper.line(inviter), place=paper.line(joined)
        ),
        heading=say("{inviter} invites you to {place}", inviter=inviter, place=joined),
        paragraphs=(
            say(
                "{inviter} invites you to join {place} at {network}.",
                inviter=inviter,
                place=joined,
                network=network,
            ),
        ),
        facts=(
            (say("For"), joined),
            (say("Role"), say(role)),
            (say("Works until"), formats.instant(expires_at)),
        ),
        button=Link(say("Accept the invitation"), invitation_link(settings, token)),
        closing=(
            say("The link works once. Whoever opens it joins in your place, so please keep it to yourself."),
            say("If you do not know what this is about, you need not do anything."),
        ),
    )
    return _letter(sheet, to, "invitation")


def password_reset(settings: Settings, reader: Reader, *, token: str, minutes: int) -> Letter:
    """Send the page at which somebody who forgot the password sets a new one."""
    with reader.reading():
        network = network_of(settings)
        sheet = Sheet(
            network=network,
            subject=say("A new password for {network}", network=paper.line(network)),
            heading=say("Set a new password"),
            paragraphs=(
                say("Hello {name},", name=reader.name),
                say(
                    "Somebody, we hope you, asked for a new password for your account at {network}.",
                    network=network,
                ),
            ),
            button=Link(say("Set a new password"), f"{settings.base_url}/reset-password/{quote(token)}"),
            closing=(
                say(
                    "The link works once, for {minutes} minutes. Your second factor, if you have one, stays "
                    "as it is.",
                    minutes=minutes,
                ),
                say("If you did not ask for this, you need not do anything: your password has not changed."),
            ),
        )
        return _letter(sheet, reader.email, "password reset")


def password_changed(settings: Settings, reader: Reader, *, at: datetime) -> Letter:
    """Tell somebody that their password is another one now, in case it was not them."""
    with reader.reading():
        network = network_of(settings)
        sheet = Sheet(
            network=network,
            subject=say("Your password for {network} was changed", network=paper.line(network)),
            heading=say("Your password was changed"),
            paragraphs=(
                say("Hello {name},", name=reader.name),
                say(
                    "The password of your account at {network} was changed on {at}, and everybody who was "
                    "signed in with the old one is signed out.",
                    network=network,
                    at=at,
                ),
                say(
                    "If that was you, all is well. If it was not, set a new one at once and tell the people "
                    "who run the network."
                ),
            ),
            button=Link(say("Set a new password"), f"{settings.base_url}/forgotten-password"),
        )
        return _letter(sheet, reader.email, "password changed")


def _letter(sheet: Sheet, to: str, kind: str) -> Letter:
    text, html = paper.text_of(sheet), paper.html_of(sheet)
    return Letter(to=to, subject=sheet.subject, text=text, html=html, kind=kind)
