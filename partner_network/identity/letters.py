"""What people are told by letter about their account: plain text, short, one function for each letter."""

from datetime import UTC, datetime
from urllib.parse import quote

from partner_network.gateways.mailer.letter import Letter
from partner_network.settings import Settings

SUBJECT_NAME_CHARACTERS = 60


def network_of(settings: Settings) -> str:
    """Return what the network calls itself: the operator's name, if it has been told."""
    return "Partner network" if settings.operator is None else settings.operator.name


def invitation_link(settings: Settings, token: str) -> str:
    """Return the address at which an invitation is taken up."""
    return f"{settings.base_url}/invitations/{quote(token)}"


def invitation(
    settings: Settings, *, to: str, token: str, inviter: str, place: str, role: str, expires_at: datetime
) -> Letter:
    """Invite somebody to join a brand, or the network itself."""
    link, network = invitation_link(settings, token), network_of(settings)
    return Letter(
        to=to,
        subject=f"{_short(inviter)} invites you to {_short(place)}",
        text=(
            f"Hello,\n\n{inviter} invites you to join {place} at {network} as {role}.\n\n"
            f"Open this page to accept:\n{link}\n\n"
            f"It works once, until {_instant(expires_at)}. Whoever opens it joins in your place, so please "
            "keep it to yourself.\n\n"
            "If you do not know what this is about, you need not do anything.\n\n"
            f"{network}\n"
        ),
        kind="invitation",
    )


def password_reset(settings: Settings, *, to: str, name: str, token: str, minutes: int) -> Letter:
    """Send the page at which somebody who forgot the password sets a new one."""
    network = network_of(settings)
    return Letter(
        to=to,
        subject=f"A new password for {_short(network)}",
        text=(
            f"Hello {name},\n\nsomebody, we hope you, asked for a new password for your account at {network}."
            f"\n\nOpen this page to set it:\n{settings.base_url}/reset-password/{quote(token)}\n\n"
            f"It works once, for {minutes} minutes. Your second factor, if you have one, stays as it is.\n\n"
            "If you did not ask for this, you need not do anything: your password has not changed.\n\n"
            f"{network}\n"
        ),
        kind="password reset",
    )


def password_changed(settings: Settings, *, to: str, name: str, at: datetime) -> Letter:
    """Tell somebody that their password is another one now, in case it was not them."""
    network = network_of(settings)
    return Letter(
        to=to,
        subject=f"Your password for {_short(network)} was changed",
        text=(
            f"Hello {name},\n\nthe password of your account at {network} was changed on {_instant(at)}, and "
            "everybody who was signed in with the old one is signed out.\n\n"
            "If that was you, all is well. If it was not, set a new one at once:\n"
            f"{settings.base_url}/forgotten-password\n"
            "and tell the people who run the network.\n\n"
            f"{network}\n"
        ),
        kind="password changed",
    )


def _short(name: str) -> str:
    # Subjects are one line, and people choose their own names.
    line = "".join(one if one.isprintable() else " " for one in name)
    return line if len(line) <= SUBJECT_NAME_CHARACTERS else f"{line[:SUBJECT_NAME_CHARACTERS]}…"


def _instant(at: datetime) -> str:
    in_utc = at.astimezone(UTC)
    return f"{in_utc.day} {in_utc:%B %Y, %H:%M} UTC"
