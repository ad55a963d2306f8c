"""Read what stands around a receipt: names, agreements, commissions with their statements, refunds."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from partner_network.agreements import contracts
from partner_network.agreements.contracts import Contract
from partner_network.database.connections import Connection
from partner_network.receipts.rules.seen import Viewer


class Signed(Struct, frozen=True):
    """The agreement of one partner whose terms a receipt used."""

    id: UUID
    number: str
    contract_name: str
    contract_version: str

    @property
    def contract(self) -> Contract:
        """The published text that its clauses are numbered by."""
        return contracts.published(self.contract_name, self.contract_version)


class Paid(Struct, frozen=True):
    """A commission on one conversion and how far its money has come; minor units."""

    partner: str
    component: str
    currency: str
    minor: int
    rev: int
    clause: str
    agreement_id: UUID
    matures_at: datetime
    matured_at: datetime | None
    statement_id: UUID | None
    statement_period: str | None


class GivenBack(Struct, frozen=True):
    """A refund, in the order's currency and minor units."""

    at: datetime
    recorded_at: datetime
    net_minor: int


async def names_of(connection: Connection, brand_ids: Sequence[str]) -> Mapping[str, str]:
    """Return the names of the brands that whoever looks may see, by id as text."""
    rows = await connection.fetch(
        "SELECT id::text AS id, name FROM brands WHERE id = ANY($1::text[]::uuid[])", list(brand_ids)
    )
    return {row["id"]: row["name"] for row in rows}


async def agreements_of(
    connection: Connection, program_id: UUID, partner_ids: Sequence[str], at: datetime
) -> Mapping[str, Signed]:
    """Return by partner the agreement in force in a program at an instant, or the last one before it."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (p.partner_id) p.partner_id::text AS partner, g.id, g.number, g.contract_name,
               g.contract_version
           FROM partnerships p JOIN terms t ON t.partnership_id = p.id AND upper_inf(t.recorded)
           JOIN agreements g ON g.id = t.agreement_id
           WHERE p.program_id = $1 AND p.partner_id = ANY($2::text[]::uuid[])
               AND (lower_inf(t.valid) OR lower(t.valid) <= $3)
           ORDER BY p.partner_id, lower(t.valid) DESC NULLS LAST""",
        program_id,
        list(partner_ids),
        at,
    )
    return {
        row["partner"]: Signed(row["id"], row["number"], row["contract_name"], row["contract_version"])
        for row in rows
    }


async def commissions_on(connection: Connection, conversion_id: UUID, viewer: Viewer) -> list[Paid]:
    """Return what a conversion earned partners, as it stands now; of a partner its own alone."""
    rows = await connection.fetch(
        """SELECT c.partner_id::text AS partner, c.component, c.currency, r.target_minor AS minor, r.rev,
               r.clause, c.agreement_id, c.matures_at, c.matured_at, s.id AS statement_id,
               s.period AS statement_period
           FROM commissions c JOIN current_targets r ON r.commission_id = c.id
           LEFT JOIN LATERAL (
               SELECT s.id, s.period FROM ledger_transfers t
               JOIN statement_lines l ON l.transfer_id = t.id
               JOIN statements s ON s.id = l.statement_id AND s.payee_id = c.partner_id
               WHERE t.commission_id = c.id ORDER BY s.seq LIMIT 1) s ON true
           WHERE c.conversion_id = $1 AND c.kind = 'commission' AND ($2::uuid IS NULL OR c.partner_id = $2)
           ORDER BY c.partner_id, c.id""",
        conversion_id,
        None if viewer is None else UUID(viewer),
    )
    return [Paid(**row) for row in rows]


async def refunds_of(connection: Connection, conversion_id: UUID) -> list[GivenBack]:
    """Return the refunds of a conversion that whoever looks may see: its advertiser, and whom it credits."""
    rows = await connection.fetch(
        """SELECT at, recorded_at, net_minor FROM refunds_in_force
           WHERE conversion_id = $1 ORDER BY at, id""",
        conversion_id,
    )
    return [GivenBack(**row) for row in rows]
