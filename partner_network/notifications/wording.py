"""A message in the words of the present language."""

import string
from collections import defaultdict
from collections.abc import Mapping

import msgspec

from partner_network.kernel.sentences import Sentence
from partner_network.languages import catalogs
from partner_network.notifications.queries import Message
from partner_network.notifications.rules.kinds import Kind, Side
from partner_network.notifications.rules.registry import KINDS
from partner_network.notifications.rules.values import Value

_MISSING = "–"


class Said(msgspec.Struct, frozen=True):
    """A message as it is read: its sentences filled, its facts beside their labels."""

    subject: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    button: str
    path: str
    """Where it leads; an address of ours without its site."""


def said_of(message: Message) -> Said | None:
    """Say a message; None for a kind that is no more."""
    kind = KINDS.get(message.kind)
    return None if kind is None else said(kind, message.side, message.said)


def said(kind: Kind, side: Side, values: Mapping[str, Value]) -> Said:
    """Say a kind with the values of one message."""
    return Said(
        _filled(kind.subject, values),
        tuple(_filled(sentence, values) for sentence in kind.says),
        tuple(
            (catalogs.say(label.pattern), str(catalogs.shown(values.get(name, _MISSING))))
            for label, name in kind.facts
        ),
        catalogs.say(kind.button.pattern),
        kind.page_for(side).format_map(defaultdict(lambda: _MISSING, values)),
    )


def _filled(sentence: Sentence, values: Mapping[str, Value]) -> str:
    # A message told before its kind said more lacks what was added since.
    names = {name for _, name, _, _ in string.Formatter().parse(sentence.pattern) if name}
    return catalogs.say(sentence.pattern, **{name: values.get(name, _MISSING) for name in names})
