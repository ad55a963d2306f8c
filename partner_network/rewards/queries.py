"""Read credit and perks, as they stand."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from partner_network.agreements import contracts
from partner_network.database.connections import Connection
from partner_network.rewards.rules.credit import Worth
from partner_network.rewards.rules.moves import Move, State, state_of
from partner_network.rewards.rules.targets import Key


class Held(msgspec.Struct, frozen=True):
    """One credit with its moves, the oldest first."""

    id: UUID
    conversion_id: UUID
    partnership_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    agreement_id: UUID
    reward: str
    kind: str
    customer_id: UUID
    currency: str
    granted_at: datetime
    ends_at: datetime | None
    steps: tuple[Worth, ...]
    clause: str
    contract: tuple[str, str]
    moves: tuple[Move, ...]

    @property
    def key(self) -> Key:
        """The order, partnership, agreement and reward that grant it: there is one credit for each."""
        return (self.conversion_id, self.partnership_id, self.agreement_id, self.reward)

    @property
    def holder_id(self) -> UUID:
        """Whose it is: the customer's, or the partner's."""
        return self.customer_id if self.kind == "customer_credit" else self.partner_id

    @property
    def cited(self) -> str:
        """The number of the clause of the signed contract that grants it."""
        return contracts.clause_of(contracts.published(*self.contract), self.clause)

    @property
    def state(self) -> State:
        """How the credit stands after its last move."""
        return state_of(self.moves)


_CREDITS = """
    SELECT c.id, c.conversion_id, c.partnership_id, c.advertiser_id, c.partner_id, c.agreement_id, c.reward,
        c.kind, c.customer_id, c.currency, c.granted_at, c.ends_at, c.worth, c.clause,
        (SELECT (a.contract_name, a.contract_version) FROM agreements a
         WHERE a.id = c.agreement_id) AS contract
    FROM reward_credits c WHERE {} ORDER BY {}
"""
_OLDEST = "c.granted_at, c.id"
_SOONEST_END = "c.ends_at NULLS LAST, c.granted_at, c.id"


async def credits_of_customers(
    connection: Connection, program_id: UUID, customer_ids: Sequence[UUID]
) -> list[Held]:
    """Return all credit that orders of customers in a program have granted, to whomever."""
    return await _credits(
        connection,
        """c.customer_id = ANY($2::uuid[])
           AND c.partnership_id IN (SELECT id FROM partnerships WHERE program_id = $1)""",
        _OLDEST,
        program_id,
        list(customer_ids),
    )


async def redeemable(
    connection: Connection,
    advertiser_id: UUID,
    currency: str | None,
    *,
    customer_id: UUID | None,
    partner_id: UUID | None,
) -> list[Held]:
    """Return the credit of one holder with an advertiser, in one currency or all, what ends soonest first."""
    return await _credits(
        connection,
        """c.advertiser_id = $1 AND ($2::text IS NULL OR c.currency = $2)
           AND (c.kind = 'customer_credit' AND c.customer_id = $3
                OR c.kind = 'partner_credit' AND c.partner_id = $4)""",
        _SOONEST_END,
        advertiser_id,
        currency,
        customer_id,
        partner_id,
    )


async def credits_page(
    connection: Connection,
    brand_id: UUID,
    *,
    partner_id: UUID | None = None,
    customer_id: UUID | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Held]:
    """Return credit that a brand granted and credit that it holds with others, in the order of its ids."""
    return await _credits(
        connection,
        """(c.advertiser_id = $1 OR c.kind = 'partner_credit' AND c.partner_id = $1)
           AND ($2::uuid IS NULL OR c.partner_id = $2 AND c.kind = 'partner_credit')
           AND ($3::uuid IS NULL OR c.customer_id = $3 AND c.kind = 'customer_credit')
           AND ($4::uuid IS NULL OR c.id > $4)""",
        f"c.id LIMIT {int(limit)}",
        brand_id,
        partner_id,
        customer_id,
        after,
    )


async def credits_redeemed_by(connection: Connection, redemption_id: UUID) -> list[Held]:
    """Return the credit that a redemption drew on."""
    return await _credits(
        connection,
        "c.id IN (SELECT credit_id FROM reward_moves WHERE redemption_id = $1)",
        _SOONEST_END,
        redemption_id,
    )


async def newest_credits(connection: Connection, brand_id: UUID, limit: int) -> list[Held]:
    """Return credit that a brand granted or holds with others, the newest first."""
    return await _credits(
        connection,
        "c.advertiser_id = $1 OR c.kind = 'partner_credit' AND c.partner_id = $1",
        f"c.granted_at DESC, c.id DESC LIMIT {int(limit)}",
        brand_id,
    )


async def all_credits(connection: Connection) -> list[Held]:
    """Return all credit that was ever granted."""
    return await _credits(connection, "true", "c.id")


async def credits_with_steps_due(connection: Connection, now: datetime, limit: int) -> list[UUID]:
    """Return credit of which a part of the worth was to be lost by now and has not been."""
    rows = await connection.fetch(
        """SELECT c.id FROM reward_credits c JOIN LATERAL (
               SELECT worth_ppm FROM reward_moves WHERE credit_id = c.id ORDER BY rev DESC LIMIT 1) m ON true
           WHERE EXISTS (SELECT FROM jsonb_to_recordset(c.worth) AS s (at timestamptz, ppm bigint)
               WHERE s.at <= $1 AND s.ppm < m.worth_ppm)
           ORDER BY c.id LIMIT $2""",
        now,
        limit,
    )
    return [row["id"] for row in rows]


async def credits_by_id(connection: Connection, credit_ids: Sequence[UUID]) -> list[Held]:
    """Return credit by its ids."""
    return await _credits(connection, "c.id = ANY($1::uuid[])", _OLDEST, list(credit_ids))


async def _credits(connection: Connection, condition: str, order: str, *values: object) -> list[Held]:
    rows = await connection.fetch(_CREDITS.format(condition, order), *values)
    moves = await _moves(connection, [row["id"] for row in rows])
    return [_held(row, moves[row["id"]]) for row in rows]


def _held(row: asyncpg.Record, moves: Sequence[Move]) -> Held:
    fields = {name: value for name, value in row.items() if name != "worth"}
    return Held(**fields, steps=_steps(row["worth"]), moves=tuple(moves))


def _steps(stored: str) -> tuple[Worth, ...]:
    return msgspec.json.decode(stored, type=tuple[Worth, ...])


async def _moves(connection: Connection, credit_ids: Sequence[UUID]) -> defaultdict[UUID, list[Move]]:
    rows = await connection.fetch(
        """SELECT credit_id, rev, kind, change_minor, left_minor, face_minor, worth_ppm, at, redemption_id
           FROM reward_moves WHERE credit_id = ANY($1::uuid[]) ORDER BY credit_id, rev""",
        list(credit_ids),
    )
    found: defaultdict[UUID, list[Move]] = defaultdict(list)
    for row in rows:
        found[row["credit_id"]].append(
            Move(
                rev=row["rev"],
                kind=row["kind"],
                change_minor=row["change_minor"],
                left_minor=row["left_minor"],
                face_minor=row["face_minor"],
                worth_ppm=row["worth_ppm"],
                at=row["at"],
                redemption_id=row["redemption_id"],
            )
        )
    return found
