"""Let each payout be in one worker's hands at a time, so that several share the work and repeat nothing."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from partner_network.database import connections


class Hands:
    """The payouts that one run has in hand, as locks of one session of the database.

    Such a lock needs no open transaction while Stripe is asked, and it ends with the session, however the
    worker ends. It only keeps workers apart: what makes one transfer of two requests is Stripe's key.
    """

    def __init__(self, session: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._session = session
        # The run's senders share the session, which answers one question at a time.
        self._asking = asyncio.Lock()

    @asynccontextmanager
    async def take(self, payout_id: UUID) -> AsyncGenerator[bool]:
        """Tell whether the payout is ours to send while inside: not if another worker has it in hand.

        Whatever fails inside stops the run, and the lock ends with the run's session.
        """
        is_ours = await self._ask("pg_try_advisory_lock", payout_id)
        yield is_ours
        if is_ours:
            await self._ask("pg_advisory_unlock", payout_id)

    async def _ask(self, verb: str, payout_id: UUID) -> bool:
        async with self._asking:
            return await self._session.fetchval(
                f"SELECT {verb}(hashtextextended($1, 0))", f"sending:{payout_id}"
            )


@asynccontextmanager
async def hands() -> AsyncGenerator[Hands]:
    """Open the session of one run."""
    async with connections.session() as session:
        yield Hands(session)
