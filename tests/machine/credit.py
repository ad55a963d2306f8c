"""What must be true of credit with the advertiser after every step."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from partner_network.database.connections import Connection
from tests.machine.facts import Stream


async def must_hold(connection: Connection) -> None:
    """What is left of credit is the sum of its moves, never below nothing, and what the ledger holds."""
    moves = await connection.fetch(
        """SELECT m.*, c.kind AS of, c.advertiser_id, c.partner_id, u.rev IS NOT NULL AS waits
           FROM reward_moves m JOIN reward_credits c ON c.id = m.credit_id
           LEFT JOIN unposted_moves u ON u.credit_id = m.credit_id AND u.rev = m.rev
           ORDER BY m.credit_id, m.rev"""
    )
    left: defaultdict[UUID, int] = defaultdict(int)
    held: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    taken: defaultdict[UUID, int] = defaultdict(int)
    for move in moves:
        left[move["credit_id"]] += move["change_minor"]
        assert 0 <= left[move["credit_id"]] == move["left_minor"] <= move["face_minor"], dict(move)
        if move["kind"] == "redeemed":
            taken[move["redemption_id"]] -= move["change_minor"]
        if not move["waits"]:
            is_partners = move["of"] == "partner_credit"
            account = (
                ("credit_partner", move["partner_id"], move["advertiser_id"])
                if is_partners
                else ("credit_customers", move["advertiser_id"], None)
            )
            held[account] += move["change_minor"]
    redeemed = await connection.fetch("SELECT id, amount_minor FROM credit_redemptions")
    assert taken == {row["id"]: row["amount_minor"] for row in redeemed}
    accounts = await connection.fetch(
        """SELECT a.kind, a.holder_id, a.counterparty_id,
               b.credits_posted_minor - b.debits_posted_minor AS minor
           FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.id
           WHERE a.kind IN ('credit_customers', 'credit_partner')"""
    )
    booked = {tuple(row)[:3]: row["minor"] for row in accounts if row["minor"]}
    assert booked == {account: minor for account, minor in held.items() if minor}


async def must_be_taken_back(connection: Connection, found: dict[UUID, Stream]) -> None:
    """Once nobody waits, what was given back entirely, in time, stands for no credit."""
    if await connection.fetchval("SELECT EXISTS (SELECT FROM unrewarded_customers)"):
        return
    faces = await connection.fetch(
        """SELECT DISTINCT ON (c.id) c.partnership_id, c.conversion_id, m.face_minor
           FROM reward_credits c JOIN reward_moves m ON m.credit_id = c.id ORDER BY c.id, m.rev DESC"""
    )
    for row in faces:
        if row["partnership_id"] not in found or not row["face_minor"]:
            continue
        stream = found[row["partnership_id"]]
        order = stream.orders.get(row["conversion_id"])
        assert order is not None, dict(row)
        assert order.own, dict(row)
        assert not stream.is_given_back(order), order
