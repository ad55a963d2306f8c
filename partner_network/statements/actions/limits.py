"""Set from which amount on two people approve a statement."""

from datetime import datetime

from partner_network.commissions.rules import reasons
from partner_network.database import connections
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import money
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence

LIMIT_MINOR_MAX = 10**15


async def set_limit(
    currency: str, above_minor: int | None, *, reason: str, by: Member, now: datetime
) -> None:
    """Let statements in a currency that close above an amount need two approvers from now on; None: no more.

    Units: minor units of the currency.
    Errors: ForbiddenError; InvalidError for an unknown currency, an amount out of range, or no reason.
    """
    permissions.must(by, "set approval limits")
    fields = reasons.missing(reason)
    said = reason.strip()
    try:
        money.exponent(currency)
    except InvalidError:
        fields["currency"] = Sentence("Write three letters as on the statements, like EUR.")
    if above_minor is not None and not 0 <= above_minor <= LIMIT_MINOR_MAX:
        fields["amount"] = Sentence("an amount of zero or more")
    if fields:
        raise InvalidError("A limit needs a currency, an amount and a reason.", fields=fields)
    async with connections.transaction(eyes="operator") as connection:
        # Two people at one instant: the second waits, and is refused by the primary key.
        await connections.lock_all(connection, f"approval limit:{currency}")
        await connection.execute(
            """INSERT INTO approval_limits (currency, at, above_minor, reason, set_by)
               VALUES ($1, $2, $3, $4, $5)""",
            currency,
            now,
            above_minor,
            said,
            by.id,
        )
        after = {"currency": currency, "above_minor": above_minor, "reason": said}
        await audit.record(connection, by, "change", "approval limit", currency, after=after)
