"""Partnerships whose commissions cannot be computed until somebody mends their facts or terms."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements import contracts
from partner_network.database import connections
from partner_network.kernel.errors import PartnerNetworkError

NEWEST = 20


class StoppedStream(msgspec.Struct, frozen=True):
    """One partnership that is stopped: under which agreement, at which of its keys, and why."""

    agreement_id: UUID
    agreement_number: str
    partner_name: str
    advertiser_name: str
    contract_name: str
    contract_version: str
    key: str
    sentence: str
    since: datetime
    waiting: int

    @property
    def clause(self) -> str:
        """Return the number of the contract's clause that settles the key; empty where none does."""
        try:
            return contracts.clause_of(
                contracts.published(self.contract_name, self.contract_version), self.key
            )
        except (ValueError, PartnerNetworkError):
            return ""


async def streams() -> Sequence[StoppedStream]:
    """Return those that are stopped, the longest stopped first."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await connection.fetch(
            """SELECT g.id AS agreement_id, g.number AS agreement_number, g.contract_name, g.contract_version,
                   b.name AS partner_name, a.name AS advertiser_name, s.clause AS key, s.sentence, s.since,
                   (SELECT count(*) FROM unaccrued_conversions u
                    WHERE u.partnership_id = s.partnership_id) AS waiting
               FROM stopped_streams s JOIN agreements g ON g.id = s.agreement_id
               JOIN partnerships p ON p.id = s.partnership_id
               JOIN brands b ON b.id = p.partner_id JOIN brands a ON a.id = p.advertiser_id
               ORDER BY s.since, g.number LIMIT $1""",
            NEWEST,
        )
    return [StoppedStream(**row) for row in rows]
