"""The ledger alone, set-based: what `partner-network verify ledger` prints."""

from collections.abc import AsyncGenerator

from partner_network.dashboards.verification.kinds import Kind
from partner_network.database import connections
from partner_network.ledger import self_check
from partner_network.ledger.moments import AsOf

FOUND = {
    "legs": "each of its entry, date and currency",
    "reservations": "each ended once at most, by a leg of its own",
    "entries": "each keeps every equation by itself",
    "balances": "each the sum of its legs",
    "invariants": "all hold",
}


async def verify(as_of: AsOf | None = None) -> AsyncGenerator[Kind]:
    """Yield a line for each look at the ledger, up to the first that finds something."""
    async with connections.transaction(isolation="repeatable_read") as connection:
        async for look in self_check.examine(connection, as_of):
            if look.wrong:
                yield Kind(look.name, look.count, "examined, and they differ", look.wrong[0])
                return
            yield Kind(look.name, look.count, FOUND[look.name])
