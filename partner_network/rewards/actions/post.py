"""Post what became of credit to the ledger, in units of its own."""

from datetime import datetime
from uuid import UUID

import asyncpg

from partner_network.database import connections
from partner_network.ledger import actions as ledger
from partner_network.ledger.rules import Account, Entry, EntryKind, Leg
from partner_network.rewards.rules import units

MOVES_AT_ONCE = 1_000
_KIND_OF: dict[str, EntryKind] = {
    "granted": "grant",
    "grown": "grant",
    "taken_back": "withdraw",
    "lost": "withdraw",
    "redeemed": "redeem",
    "returned": "unredeem",
}
_CLAUSE_OF = {
    "granted": "credit_granted",
    "grown": "credit_grown",
    "taken_back": "credit_taken_back",
    "lost": "credit_lost",
    "redeemed": "credit_redeemed",
    "returned": "credit_redeemed",
}


async def post_moves(now: datetime) -> int:
    """Post the moves that wait, each under its own key; return how many were. Idempotent."""
    posted = 0
    while True:
        async with connections.transaction() as connection:
            rows = await connection.fetch(
                """SELECT u.credit_id, u.rev, m.kind, m.change_minor, m.at, c.kind AS held_as,
                       c.advertiser_id, c.partner_id, c.currency
                   FROM unposted_moves u JOIN reward_moves m USING (credit_id, rev)
                   JOIN reward_credits c ON c.id = u.credit_id
                   ORDER BY u.credit_id, u.rev LIMIT $1 FOR UPDATE OF u SKIP LOCKED""",
                MOVES_AT_ONCE,
            )
            if not rows:
                return posted
            await ledger.post(connection, [entry_for(row) for row in rows], recorded_at=now)
            await connection.execute(
                """DELETE FROM unposted_moves u USING unnest($1::uuid[], $2::int[]) AS x (c, r)
                   WHERE u.credit_id = x.c AND u.rev = x.r""",
                [row["credit_id"] for row in rows],
                [row["rev"] for row in rows],
            )
            posted += len(rows)


def key_of(credit_id: UUID, rev: int) -> str:
    """Return the key of the entry that posts one move."""
    return f"credit:{credit_id}:{rev}"


def entry_for(row: asyncpg.Record) -> Entry:
    """Return the entry of one move: what is granted by the advertiser is held by somebody, and back."""
    unit = units.unit_of(row["advertiser_id"], row["currency"])
    granted = Account("credit_granted", unit, row["advertiser_id"])
    held = Account("credit_customers", unit, row["advertiser_id"])
    if row["held_as"] == "partner_credit":
        held = Account("credit_partner", unit, row["partner_id"], row["advertiser_id"])
    minor: int = row["change_minor"]
    leg = Leg(granted, held, minor) if minor > 0 else Leg(held, granted, -minor)
    return Entry(
        kind=_KIND_OF[row["kind"]],
        key=key_of(row["credit_id"], row["rev"]),
        effective_at=row["at"],
        legs=(leg,),
        clause=_CLAUSE_OF[row["kind"]],
    )
