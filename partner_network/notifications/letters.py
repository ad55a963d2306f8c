"""Messages as letters: each on its own, or several together for one reader."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from partner_network.gateways.mailer import paper
from partner_network.gateways.mailer.letter import SUBJECT_CHARACTERS_MAX, Letter
from partner_network.gateways.mailer.paper import Item, Link, Sheet
from partner_network.identity import letters as identity
from partner_network.identity.letters import Reader
from partner_network.kernel import ids
from partner_network.languages import formats
from partner_network.languages.catalogs import say, say_many
from partner_network.notifications import wording
from partner_network.notifications.queries import Message
from partner_network.notifications.rules import leaving
from partner_network.notifications.rules.kinds import Kind
from partner_network.notifications.rules.registry import KINDS
from partner_network.settings import Settings

TOGETHER = "messages together"
"""What a letter that tells several things is called in the mail's books."""
TOLD_TOGETHER_MAX = 20
"""How many of them it names; the others are counted."""
_ABOUT = ("dispute", "review", "inquiry", "statement", "payout", "agreement", "partnership")
"""Values that name an object; letters about the same one lie together in a mail program."""


class Addressee(msgspec.Struct, frozen=True):
    """Whom a letter goes to, and who it is to the network."""

    member_id: UUID
    reader: Reader


def single(settings: Settings, to: Addressee, message: Message) -> Letter:
    """Write one message as a letter; its kind is known."""
    kind = KINDS[message.kind]
    with to.reader.reading():
        said = wording.said(kind, message.side, message.said)
        short = {
            name: paper.line(value) if isinstance(value, str) else value
            for name, value in message.said.items()
        }
        sheet = Sheet(
            network=identity.network_of(settings),
            subject=_cut(wording.said(kind, message.side, short).subject),
            heading=said.subject,
            paragraphs=said.paragraphs,
            facts=said.facts,
            button=Link(said.button, _address(settings, message)),
            foot=_foot(settings, to, [kind]),
        )
        about = next((str(message.said[name]) for name in _ABOUT if name in message.said), None)
        return _letter(settings, to, sheet, [kind], name=kind.key, thread=about)


def together(settings: Settings, to: Addressee, messages: Sequence[Message]) -> Letter:
    """Write several messages, the oldest first, as one letter."""
    kinds = list({one.kind: KINDS[one.kind] for one in messages}.values())
    newest = list(reversed(messages))
    with to.reader.reading():
        subject = say_many("{count} message for you", "{count} messages for you", len(messages))
        more = len(messages) - TOLD_TOGETHER_MAX
        sheet = Sheet(
            network=identity.network_of(settings),
            subject=subject,
            heading=subject,
            paragraphs=(say("Hello {name}, this has happened since your last letter.", name=to.reader.name),),
            items=tuple(_item(settings, one) for one in newest[:TOLD_TOGETHER_MAX]),
            button=Link(say("Read all messages"), f"{settings.base_url}/notifications"),
            closing=()
            if more <= 0
            else (say_many("{count} more waits on your page.", "{count} more wait on your page.", more),),
            foot=_foot(settings, to, kinds),
        )
        return _letter(settings, to, sheet, kinds, name=TOGETHER)


def _item(settings: Settings, message: Message) -> Item:
    said = wording.said(KINDS[message.kind], message.side, message.said)
    return Item(said.subject, formats.instant(message.happened_at), _address(settings, message))


def _letter(
    settings: Settings,
    to: Addressee,
    sheet: Sheet,
    kinds: Sequence[Kind],
    *,
    name: str,
    thread: str | None = None,
) -> Letter:
    return Letter(
        to=to.reader.email,
        subject=sheet.subject,
        text=paper.text_of(sheet),
        html=paper.html_of(sheet),
        kind=name,
        unsubscribe=_way_out(settings, to, kinds),
        thread=thread,
    )


def _foot(settings: Settings, to: Addressee, kinds: Sequence[Kind]) -> tuple[Link, ...]:
    out = _way_out(settings, to, kinds)
    if out is None:
        return (Link(say("This letter keeps your account safe and cannot be switched off.")),)
    return (
        Link(
            say("Choose about what you get letters, and when"), f"{settings.base_url}/account/notifications"
        ),
        Link(say("No more letters like this one"), out),
    )


def _way_out(settings: Settings, to: Addressee, kinds: Sequence[Kind]) -> str | None:
    keys = [kind.key for kind in kinds if not kind.is_fixed]
    if not keys:
        return None
    return f"{settings.base_url}/unsubscribe/{leaving.token_of(to.member_id, keys, settings.keyring)}"


def _address(settings: Settings, message: Message) -> str:
    return f"{settings.base_url}/notifications/{ids.shown('msg', message.id)}"


def _cut(subject: str) -> str:
    return subject if len(subject) <= SUBJECT_CHARACTERS_MAX else f"{subject[: SUBJECT_CHARACTERS_MAX - 1]}…"
