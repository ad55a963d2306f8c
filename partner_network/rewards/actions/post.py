"""Post what became of credit to the ledger, in units of its own."""

from datetime import datetime
from uuid import UUID

from partner_network.database import connections
from partner_network.ledger import actions as ledger
from partner_network.ledger.rules import Account, Entry, EntryKind, Leg
from partner_network.rewards import queries
from partner_network.rewards.queries import Held
from partner_network.rewards.rules import units
from partner_network.rewards.rules.moves import Move

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
                """SELECT credit_id, rev FROM unposted_moves ORDER BY credit_id, rev LIMIT $1
                   FOR UPDATE SKIP LOCKED""",
                MOVES_AT_ONCE,
            )
            if not rows:
                return posted
            held = await queries.credits_by_id(connection, list({row["credit_id"] for row in rows}))
            moves = {(one.id, move.rev): (one, move) for one in held for move in one.moves}
            entries = [entry_of(*moves[row["credit_id"], row["rev"]]) for row in rows]
            await ledger.post(connection, entries, recorded_at=now)
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


def entry_of(credit: Held, move: Move) -> Entry:
    """Return the entry of one move: what is granted by the advertiser is held by somebody, and back."""
    unit = units.unit_of(credit.advertiser_id, credit.currency)
    granted = Account("credit_granted", unit, credit.advertiser_id)
    held = Account("credit_customers", unit, credit.advertiser_id)
    if credit.kind == "partner_credit":
        held = Account("credit_partner", unit, credit.partner_id, credit.advertiser_id)
    minor = move.change_minor
    leg = Leg(granted, held, minor) if minor > 0 else Leg(held, granted, -minor)
    return Entry(
        kind=_KIND_OF[move.kind],
        key=key_of(credit.id, move.rev),
        effective_at=move.at,
        legs=[leg],
        clause=_CLAUSE_OF[move.kind],
    )
