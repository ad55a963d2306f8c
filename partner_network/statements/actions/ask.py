"""Ask the worker to close what has ended, without waiting for its calendar."""

from partner_network.database import connections, jobs
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.statements import rules


async def ask_to_close(member: Member) -> None:
    """Ask for every period that has ended to be closed."""
    permissions.must(member, "prepare statements")
    async with connections.transaction(eyes=member.eyes) as connection:
        await jobs.enqueue(connection, rules.CLOSE)
        await audit.record(connection, member, "ask for", "closing", rules.CLOSE)
