"""Read perks: who has them, by what, from when until when."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements import contracts
from partner_network.database.connections import Connection
from partner_network.rewards.rules.perks import PerkKey


class Entitled(msgspec.Struct, frozen=True):
    """A perk as it was granted, and when it ended before its time."""

    id: UUID
    partnership_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    advertiser: str
    partner: str
    agreement_id: UUID
    contract: tuple[str, str]
    reward: str
    perk: str
    period: str
    conversion_id: UUID
    reached: int
    granted_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    clause: str

    @property
    def key(self) -> PerkKey:
        """What it was granted for."""
        return (str(self.agreement_id), self.reward, self.period)

    @property
    def cited(self) -> str:
        """The number of the clause that says when a perk is granted and how long it holds."""
        return contracts.clause_of(contracts.published(*self.contract), "rewards.perk")

    def holds_at(self, at: datetime) -> bool:
        """Tell whether the partner has it at an instant."""
        return self.granted_at <= at < min(self.ends_at, self.ended_at or self.ends_at)


_ENTITLED = """
    SELECT e.id, e.partnership_id, e.advertiser_id, e.partner_id, a.name AS advertiser, p.name AS partner,
        e.agreement_id, (SELECT (g.contract_name, g.contract_version) FROM agreements g
                         WHERE g.id = e.agreement_id) AS contract,
        e.reward, e.perk, e.period, e.conversion_id, e.reached, e.granted_at, e.ends_at, x.ended_at, e.clause
    FROM entitlements e JOIN brands a ON a.id = e.advertiser_id JOIN brands p ON p.id = e.partner_id
    LEFT JOIN entitlement_ends x ON x.entitlement_id = e.id
"""


async def of_period(connection: Connection, partnership_id: UUID, period: str) -> list[Entitled]:
    """Return the perks of a partnership that one period granted, ended ones included."""
    rows = await connection.fetch(
        _ENTITLED + "WHERE e.partnership_id = $1 AND e.period = $2 ORDER BY e.id", partnership_id, period
    )
    return [Entitled(**row) for row in rows]


async def all_perks(connection: Connection) -> list[Entitled]:
    """Return all perks that were ever granted."""
    return [Entitled(**row) for row in await connection.fetch(_ENTITLED + "ORDER BY e.id")]


async def of_brand(connection: Connection, brand_id: UUID, limit: int) -> list[Entitled]:
    """Return the perks that a brand has, and those that it granted, the newest first."""
    rows = await connection.fetch(
        _ENTITLED + "WHERE $1 IN (e.advertiser_id, e.partner_id) ORDER BY e.granted_at DESC, e.id LIMIT $2",
        brand_id,
        limit,
    )
    return [Entitled(**row) for row in rows]
