"""What somebody may choose about letters, read from what a page or a program sends."""

from collections.abc import Iterable, Mapping
from datetime import time

import msgspec

from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.notifications.rules import kinds
from partner_network.notifications.rules.kinds import MAILS, Kind, Mail, Side
from partner_network.notifications.rules.registry import KINDS

WORDS: Mapping[Mail, Sentence] = {
    "at once": Sentence("At once"),
    "daily": Sentence("With the day’s letter"),
    "weekly": Sentence("With the week’s letter"),
    "never": Sentence("No letter"),
}


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody asks for; times such as `22:00`, by the clocks of where they are."""

    mails: dict[str, str] = {}
    quiet_from: str | None = None
    quiet_until: str | None = None
    digest_at: str = "08:00"


class Read(msgspec.Struct, frozen=True):
    """What was asked for, once it is right."""

    mails: dict[str, Mail]
    quiet_from: time | None
    quiet_until: time | None
    digest_at: time


def kinds_for(side: Side, held: Iterable[str]) -> list[Kind]:
    """List what somebody in these roles is ever told, for their company and about themselves."""
    roles = list(held)
    return [
        kind
        for kind in KINDS.values()
        if kinds.is_for(kind, side, roles) or kinds.is_for(kind, "person", roles)
    ]


def read(wanted: Wanted) -> Read:
    """Read what somebody asks for. Errors: InvalidError that names every field at fault."""
    wrong: dict[str, Sentence] = {}
    mails: dict[str, Mail] = {}
    for key, mail in wanted.mails.items():
        found: Mail | None = next((one for one in MAILS if one == mail), None)
        if found is None or key not in KINDS:
            wrong[key[:60]] = Sentence("Choose one of those listed.")
        elif KINDS[key].is_fixed:
            wrong[key] = Sentence("This letter keeps accounts safe and cannot be switched off.")
        else:
            mails[key] = found
    begins, ends = (_time(wrong, name, getattr(wanted, name)) for name in ("quiet_from", "quiet_until"))
    digest_at = _time(wrong, "digest_at", wanted.digest_at)
    if (begins is None) != (ends is None) and not {"quiet_from", "quiet_until"} & wrong.keys():
        missing = "quiet_from" if begins is None else "quiet_until"
        wrong[missing] = Sentence("Quiet hours need both a beginning and an end; or leave both empty.")
    elif begins is not None and begins == ends:
        wrong["quiet_until"] = Sentence("Quiet hours that end as they begin are none; choose another end.")
    if digest_at is None and "digest_at" not in wrong:
        wrong["digest_at"] = Sentence("Say when the letter of the day should come.")
    if wrong or digest_at is None:
        raise InvalidError("These choices are not right yet; look at each field.", fields=wrong)
    return Read(mails, begins, ends, digest_at)


def _time(wrong: dict[str, Sentence], name: str, text: str | None) -> time | None:
    if not text:
        return None
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        wrong[name] = Sentence("Write a time of day like 22:00.")
        return None
    return found.replace(second=0, microsecond=0)
