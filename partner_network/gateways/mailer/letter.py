"""What a letter is, what every sender of letters promises, and how a letter becomes a message."""

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol
from uuid import UUID

import msgspec

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

SUBJECT_CHARACTERS_MAX = 200
BODY_CHARACTERS_MAX = 100_000
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9._-]")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>|(?P<bare>[^<>]+)")


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is told; ``kind`` says why, without saying what, to whoever looks after the mail."""

    to: str
    subject: str
    text: str
    html: str | None = None
    kind: str
    unsubscribe: str | None = None
    """Where its reader gets out of such letters by one press of a button, without signing in."""
    thread: str | None = None
    """What it is about: letters about the same lie together in a mail program."""


class Message(msgspec.Struct, frozen=True):
    """A letter as it travels: the same bytes however often it is tried."""

    letter_id: UUID
    sender: str
    recipient: str
    content: bytes


class LaterError(Exception):
    """It did not go out, or nobody knows whether it did: try the same message again later."""


class RefusedError(Exception):
    """It will never go out as it is: a person must look at it."""


class Sender(Protocol):
    """Sends letters to the outside."""

    async def send(self, message: Message) -> None:
        """Send a message; sent again under the same id it replaces or repeats the first, never differs.

        Errors: LaterError, RefusedError; their sentences name no address.
        """
        ...


def must_be_letter(letter: Letter) -> None:
    """Refuse what could forge a header or reach nobody."""
    _address(letter.to)
    if not letter.subject.strip() or len(letter.subject) > SUBJECT_CHARACTERS_MAX:
        raise InvalidError(
            Sentence(
                "A letter's subject has 1 to {most} characters; shorten it.", most=SUBJECT_CHARACTERS_MAX
            )
        )
    if not letter.subject.isprintable():
        raise InvalidError("A letter's subject is one line of visible characters; take the others out.")
    if max(len(letter.text), len(letter.html or "")) > BODY_CHARACTERS_MAX:
        raise InvalidError(
            Sentence("A letter has at most {most} characters; say it in fewer.", most=BODY_CHARACTERS_MAX)
        )


def must_be_sender(mail_from: str) -> Address:
    """Read ``Name <address>`` as the settings give it, or say what it should be."""
    read = _NAMED.fullmatch(mail_from.strip())
    try:
        found = _address("" if read is None else read["address"] or read["bare"])
        return Address(((read and read["name"]) or "").strip(' "'), found.username, found.domain)
    except (InvalidError, ValueError):
        raise InvalidError(
            "PARTNER_NETWORK_MAIL_FROM must hold one address, such as Partner network <network@example.com>."
        ) from None


def message_of(letter: Letter, letter_id: UUID, *, mail_from: str, at: datetime) -> Message:
    """Write the letter as a message; its id and its date are the letter's, so that a repeat is recognised."""
    must_be_letter(letter)
    sender, recipient = must_be_sender(mail_from), _address(letter.to)
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{letter_id.hex}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # no holiday reply comes back to it
    if letter.thread is not None:
        message["References"] = f"<{_NOT_IN_IDS.sub('-', letter.thread)}@{sender.domain}>"
    if letter.unsubscribe is not None and letter.unsubscribe.startswith("https://"):
        # RFC 8058: one click is a promise that only an encrypted address may give. Both headers must be among
        # those that the mail server signs (DKIM), else mail programs do not show their button.
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
        message.set_boundary(f"part-{letter_id.hex}")  # else it would be another one at each try
    return Message(letter_id, sender.addr_spec, recipient.addr_spec, message.as_bytes())


def _address(text: str) -> Address:
    name, at, host = text.strip().rpartition("@")
    try:
        # Names of hosts in any alphabet travel as ASCII; before the @ not every server takes more.
        domain = host.encode("idna").decode("ascii")
        found = Address(addr_spec=f"{name}@{domain}")
    except (UnicodeError, ValueError, IndexError, MessageError):
        found = None
    if found is None or not at or not name.isascii() or not text.strip().isprintable():
        raise InvalidError(
            "No letter can be sent to this address; give one like name@example.com, in plain letters before "
            "the @.",
            fields={"email": Sentence("not an address")},
        )
    return found
