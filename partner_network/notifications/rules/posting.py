"""Which of the messages that wait for one person go by letter now, alone or together."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.notifications.rules import kinds, timing
from partner_network.notifications.rules.kinds import Mail
from partner_network.notifications.rules.registry import KINDS
from partner_network.notifications.rules.timing import Hours

ALONE_MAX = 3
"""As many letters may go at once, each on its own; more become one."""


class Waiting(msgspec.Struct, frozen=True):
    """A message for which nobody has decided yet whether a letter goes."""

    id: UUID
    kind: str
    told_at: datetime
    is_read: bool
    is_theirs: bool
    """Whether the person still acts for the company that it is about."""


class Plan(msgspec.Struct, frozen=True):
    """What becomes of the messages that wait, by their ids."""

    alone: tuple[UUID, ...]
    together: tuple[UUID, ...]
    later: Mapping[UUID, datetime]
    none: tuple[UUID, ...]
    """No letter goes: it was switched off, read meanwhile, or is no business of theirs any more."""


Fate = Literal["safety", "at once", "gathered", "none"] | datetime


def plan(waiting: Sequence[Waiting], chosen: Mapping[str, Mail], hours: Hours, now: datetime) -> Plan:
    """Decide about all that waits for one person, the oldest first."""
    fates = {one.id: _fate(one, chosen, hours, now) for one in waiting}
    with_fate = {
        fate: [message_id for message_id, found in fates.items() if found == fate]
        for fate in ("safety", "at once", "gathered", "none")
    }
    alone, together = list(with_fate["at once"]), list(with_fate["gathered"])
    if len(alone) > ALONE_MAX:
        together, alone = [one for one in fates if one in {*alone, *together}], []
    if len(together) == 1:
        alone, together = alone + together, []
    return Plan(
        (*with_fate["safety"], *alone),
        tuple(together),
        {message_id: fate for message_id, fate in fates.items() if isinstance(fate, datetime)},
        tuple(with_fate["none"]),
    )


def _fate(one: Waiting, chosen: Mapping[str, Mail], hours: Hours, now: datetime) -> Fate:
    kind = KINDS.get(one.kind)
    if kind is None or not one.is_theirs:
        return "none"
    if kind.is_fixed:
        return "safety"  # at any hour, and whether or not somebody saw it on the page
    mail = kinds.mail_of(kind, chosen.get(one.kind))
    due = timing.due_at(mail, one.told_at, hours)
    if one.is_read or due is None:
        return "none"
    if (due := timing.after_quiet(max(due, now), hours)) > now:
        return due
    return "at once" if mail == "at once" else "gathered"
