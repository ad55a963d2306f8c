"""Ask the worker to close what has ended, without waiting for its calendar."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from partner_network.database import connections, jobs
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import periods
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.sentences import Sentence
from partner_network.statements import rules

_DAY = timedelta(days=1)


_FIRST_ZONE = ZoneInfo("Etc/GMT-14")
"""Where every period ends first; a pair whose own zone is behind stays open until its period has ended."""


async def ask_to_close(member: Member, *, now: datetime, period: str | None = None) -> None:
    """Ask for every period that has ended to be closed.

    Errors: ForbiddenError; InvalidError for a ``period`` that is none; ConflictError for one that has not
        ended: no close ever closes an open period.
    """
    permissions.must(member, "prepare statements")
    if period is not None and (named := periods.parse_period(period, _FIRST_ZONE)).ends_at > now:
        raise ConflictError(
            Sentence(
                "The period {label} has not ended and cannot be closed. Look at its preview until then; it "
                "is closed by itself after {day}.",
                label=named.label,
                day=(named.ends_at - _DAY).astimezone(_FIRST_ZONE).date(),
            )
        )
    async with connections.transaction(eyes=member.eyes) as connection:
        await jobs.enqueue(connection, rules.CLOSE)
        await audit.record(connection, member, "ask for", "closing", rules.CLOSE)
