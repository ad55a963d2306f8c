"""Read what stands between a partner and an advertiser, for both of them."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from partner_network.database.connections import Connection


class PairBalance(msgspec.Struct, frozen=True):
    """What one partner has earned with one advertiser in one currency and where it stands; minor units."""

    id: int
    partner_id: UUID
    advertiser_id: UUID
    partner: str
    advertiser: str
    currency: str
    pending_minor: int
    held_minor: int
    disputed_minor: int
    payable_minor: int
    funded_minor: int
    on_its_way_minor: int
    clawback_due_minor: int

    @property
    def owed_minor(self) -> int:
        """What the advertiser owes for the partner and has not funded."""
        return self.pending_minor + self.held_minor + self.disputed_minor + self.payable_minor


_COLUMNS = {
    "pending_minor": "pay_pending",
    "held_minor": "pay_held",
    "disputed_minor": "pay_disputed",
    "payable_minor": "pay",
    "funded_minor": "pay_funded",
    "on_its_way_minor": "payout_clearing",
    "clawback_due_minor": "clawback_due",
}
_SUMS = ", ".join(
    f"coalesce(sum(h.minor) FILTER (WHERE h.kind = '{kind}'), 0)::bigint AS {name}"
    for name, kind in _COLUMNS.items()
)


async def pair_balances(
    connection: Connection, brand_id: UUID | None, *, after: int = 0, limit: int
) -> Sequence[PairBalance]:
    """Return the pairs of a brand, or all for the operator, in the order in which they began."""
    kinds = ", ".join(f"'{kind}'" for kind in _COLUMNS.values())
    rows = await connection.fetch(
        f"""SELECT p.*, b.name AS partner, a.name AS advertiser FROM (
                SELECT min(h.id) AS id, h.holder_id AS partner_id, h.counterparty_id AS advertiser_id,
                    h.currency, {_SUMS}
                FROM (SELECT c.*, CASE WHEN c.is_debit_normal
                          THEN l.debits_posted_minor - l.credits_posted_minor
                          ELSE l.credits_posted_minor - l.debits_posted_minor END AS minor
                      FROM ledger_accounts c JOIN ledger_balances l ON l.account_id = c.id
                      WHERE c.kind IN ({kinds})
                          AND ($1::uuid IS NULL OR $1 IN (c.holder_id, c.counterparty_id))) h
                GROUP BY 2, 3, 4) p
            JOIN brands b ON b.id = p.partner_id JOIN brands a ON a.id = p.advertiser_id
            WHERE p.id > $2 ORDER BY p.id LIMIT $3""",
        brand_id,
        after,
        limit,
    )
    return [PairBalance(**row) for row in rows]
