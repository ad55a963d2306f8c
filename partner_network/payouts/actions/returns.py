"""Ask to give unused prepaid money back to an advertiser, and decide it: two people, each with a reason."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from partner_network.commissions.rules import reasons
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.payouts import return_queries
from partner_network.payouts.rules import fund_lock

Decision = Literal["approved", "declined"]


async def ask_return(
    advertiser_id: UUID, currency: str, amount_minor: int, *, reason: str, by: Member, now: datetime
) -> UUID:
    """Ask that a part of an advertiser's prepaid money goes back to it; another person then decides.

    Units: minor units.
    Errors: ForbiddenError; InvalidError for an amount that is not positive or no reason; ConflictError when
        less is free, less can be refunded, or a return is under way.
    """
    permissions.must(by, "manage payouts")
    fields: dict[str, str] = reasons.missing(reason)
    if amount_minor <= 0:
        fields["amount"] = Sentence("an amount of more than zero")
    if fields:
        raise InvalidError("A return needs an amount and a reason.", fields=fields)
    ask_id = ids.new_id(now)
    async with connections.transaction(eyes="operator") as connection:
        await connections.lock_all(connection, fund_lock(advertiser_id, currency))
        if await return_queries.is_under_way(connection, advertiser_id, currency):
            raise ConflictError("A return to this advertiser is under way already; decide on that one first.")
        await _must_be_free(connection, advertiser_id, currency, amount_minor)
        parts = await return_queries.parts(connection, advertiser_id, currency, amount_minor)
        _must_cover(parts, amount_minor, currency)
        await connection.executemany(
            """INSERT INTO prepaid_returns (id, ask_id, funding_id, amount_minor, reason, asked_by, asked_at,
                   status) VALUES ($1, $2, $3, $4, $5, $6, $7, 'asked')""",
            [
                (ids.new_id(now), ask_id, one.funding_id, one.amount_minor, reason.strip(), by.id, now)
                for one in parts
            ],
        )
        after = {"amount_minor": amount_minor, "currency": currency, "reason": reason.strip()}
        await audit.record(
            connection, by, "ask for", "prepaid return", ask_id, brands=[advertiser_id], after=after
        )
    return ask_id


async def decide_return(ask_id: UUID, decision: Decision, *, reason: str, by: Member, now: datetime) -> None:
    """Approve what another person asked to give back, so that a worker sends it, or decline it.

    A statement that was funded meanwhile wins: what is no longer free is not given back.
    Errors: ForbiddenError; InvalidError without a reason; NotFoundError; ConflictError when it is decided
        already, when its asker approves it, or when less is free by now.
    """
    permissions.must(by, "manage payouts")
    said = reasons.must_be_said(reason)
    async with connections.transaction(eyes="operator") as connection:
        about = await _read(connection, ask_id)
        await connections.lock_all(connection, fund_lock(about["advertiser_id"], about["currency"]))
        # What is read before the lock may have been decided while we waited.
        about = await _read(connection, ask_id)
        if about["status"] != "asked":
            raise ConflictError("This return is decided already; look at the list again.")
        if decision == "approved":
            if about["asked_by"] == by.id:
                raise ForbiddenError("Whoever asked for a return cannot approve it; another person has to.")
            await _must_be_free(connection, about["advertiser_id"], about["currency"], about["amount_minor"])
        await connection.execute(
            """UPDATE prepaid_returns SET status = $2, decided_by = $3, decided_at = $4, decided_reason = $5
               WHERE ask_id = $1""",
            ask_id,
            decision,
            by.id,
            now,
            said,
        )
        after: Mapping[str, object] = {"status": decision, "reason": said}
        brands = [about["advertiser_id"]]
        await audit.record(
            connection, by, VERBS[decision], "prepaid return", ask_id, brands=brands, after=after
        )


VERBS: Mapping[Decision, Literal["approve", "decline"]] = {"approved": "approve", "declined": "decline"}


async def _read(connection: Connection, ask_id: UUID) -> asyncpg.Record:
    row = await connection.fetchrow(
        """SELECT f.advertiser_id, f.currency, min(p.status) AS status, p.asked_by,
               sum(p.amount_minor)::bigint AS amount_minor
           FROM prepaid_returns p JOIN fundings f ON f.id = p.funding_id WHERE p.ask_id = $1
           GROUP BY f.advertiser_id, f.currency, p.asked_by""",
        ask_id,
    )
    if row is None:
        raise NotFoundError("There is no such return; open it from the list of returns.")
    return row


async def _must_be_free(
    connection: Connection, advertiser_id: UUID, currency: str, amount_minor: int
) -> None:
    free_minor = await return_queries.free_minor(connection, advertiser_id, currency)
    if amount_minor > free_minor:
        raise ConflictError(
            Sentence(
                "Only {amount} is unused: statements and debts come first. Ask for that amount or less; "
                "decline a return that asks for more.",
                amount=Money(free_minor, currency),
            )
        )


def _must_cover(parts: list[return_queries.Part], amount_minor: int, currency: str) -> None:
    refundable_minor = sum(one.amount_minor for one in parts)
    if refundable_minor < amount_minor:
        raise ConflictError(
            Sentence(
                "Only {amount} came in by payments that can be refunded; ask for that amount or less.",
                amount=Money(refundable_minor, currency),
            )
        )
