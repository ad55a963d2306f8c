"""Bring credit in step with what the facts and the signed terms say, and with the time."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import structlog

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.rewards import fact_queries, queries
from partner_network.rewards.actions import entitle, record
from partner_network.rewards.actions.record import Chain
from partner_network.rewards.fact_queries import Rewarding
from partner_network.rewards.queries import Held
from partner_network.rewards.rules import moves as rules
from partner_network.rewards.rules import targets
from partner_network.rewards.rules.moves import State
from partner_network.rewards.rules.targets import Wanted

CUSTOMERS_AT_ONCE = 200
CREDITS_AT_ONCE = 1_000
log = structlog.get_logger()


async def grant_pending(now: datetime) -> int:
    """Book every credit that facts have changed or time has made less; return how many moves were made.

    Idempotent, and safe with several workers: what is booked is the target less what stands already.
    A partnership whose facts cannot be computed is left out and named in the log; its customers wait.
    """
    made = 0
    for program_id in await _programs():
        left_out: list[UUID] = []
        while True:
            async with connections.transaction() as connection:
                customers = await _take(connection, program_id, left_out)
                if not customers:
                    break
                made += await _grant(connection, program_id, customers, left_out, now)
    return made + await _lose_worth(now)


async def _programs() -> list[UUID]:
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT DISTINCT program_id FROM unrewarded_customers ORDER BY 1")
    return [row["program_id"] for row in rows]


async def _take(connection: Connection, program_id: UUID, left_out: Sequence[UUID]) -> list[UUID]:
    """Lock some customers who wait; whoever is putting one up again is waited for, so its fact is seen."""
    rows = await connection.fetch(
        """SELECT customer_id FROM unrewarded_customers
           WHERE program_id = $1 AND customer_id <> ALL($2::uuid[])
           ORDER BY customer_id LIMIT $3 FOR UPDATE""",
        program_id,
        list(left_out),
        CUSTOMERS_AT_ONCE,
    )
    return [row["customer_id"] for row in rows]


async def _grant(
    connection: Connection,
    program_id: UUID,
    customers: Sequence[UUID],
    left_out: list[UUID],
    now: datetime,
) -> int:
    pairs = await fact_queries.rewarding_in(connection, program_id)
    await connections.lock_all(
        connection,
        *(
            record.holder_lock(pair.advertiser_id, holder)
            for pair in pairs
            for holder in (pair.partner_id, *customers)
        ),
    )
    instants = await fact_queries.instants_of(connection, program_id, customers)
    wanted: list[tuple[Rewarding, Wanted]] = []
    computed: set[UUID] = set()
    for pair in pairs:
        try:
            one = await fact_queries.rewarding(connection, pair.partnership_id)
            earned = await fact_queries.orders_of(connection, one.stream, customers)
            found = targets.rewards_of(earned, pair.partnership_id, one.stream.plan, one.rewards)
        except (ConflictError, InvalidError) as error:
            log.warning("rewards left out", partnership=str(pair.partnership_id), why=error.detail)
            continue
        computed.add(pair.partnership_id)
        await entitle.ask(connection, one, instants)
        wanted += [(one, credit) for credit in found]
    held = await queries.credits_of_customers(connection, program_id, customers)
    held = [one for one in held if one.partnership_id in computed]
    chain = await _new(connection, wanted, held, now) + _changed(wanted, held, now)
    await record.record_moves(connection, chain, now)
    if len(computed) < len(pairs):
        left_out += customers
    else:
        await fact_queries.forget_waiting(connection, program_id, customers)
    return len(chain)


async def _new(
    connection: Connection,
    wanted: Sequence[tuple[Rewarding, Wanted]],
    held: Sequence[Held],
    now: datetime,
) -> Chain:
    standing = {one.key for one in held}
    new = [
        (ids.new_id(now), rewarding, one)
        for rewarding, one in wanted
        if one.key not in standing and one.credit.face_minor
    ]
    await connection.execute(
        """INSERT INTO reward_credits (id, conversion_id, partnership_id, advertiser_id, partner_id,
               agreement_id, reward, kind, customer_id, currency, granted_at, ends_at, worth, clause,
               recorded_at)
           SELECT *, $15 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[],
               $7::text[], $8::text[], $9::uuid[], $10::text[], $11::timestamptz[], $12::timestamptz[],
               $13::jsonb[], $14::text[])""",
        [credit_id for credit_id, _, _ in new],
        [one.key[0] for _, _, one in new],
        [one.key[1] for _, _, one in new],
        [rewarding.stream.advertiser_id for _, rewarding, _ in new],
        [rewarding.stream.partner_id for _, rewarding, _ in new],
        [one.key[2] for _, _, one in new],
        [one.key[3] for _, _, one in new],
        [one.kind for _, _, one in new],
        [one.customer_id for _, _, one in new],
        [rewarding.stream.currency for _, rewarding, _ in new],
        [one.credit.granted_at for _, _, one in new],
        [one.credit.ends_at for _, _, one in new],
        [msgspec.json.encode(one.credit.steps).decode() for _, _, one in new],
        [one.credit.clause for _, _, one in new],
        now,
    )
    chain: Chain = []
    for credit_id, _, one in new:
        credit = one.credit
        due = rules.due(State(), credit.face_minor, credit.granted_at, credit.steps, now)
        chain += record.chained(credit_id, 0, due)
    return chain


def _changed(wanted: Sequence[tuple[Rewarding, Wanted]], held: Sequence[Held], now: datetime) -> Chain:
    faces = {one.key: one.credit.face_minor for _, one in wanted}
    chain: Chain = []
    for one in held:
        state = one.state
        due = rules.due(state, faces.get(one.key, 0), one.granted_at, one.steps, now)
        chain += record.chained(one.id, state.left_minor, due)
    return chain


async def _lose_worth(now: datetime) -> int:
    """Take from credit what time has taken, without looking at its facts again."""
    made = 0
    while True:
        async with connections.transaction() as connection:
            due = await queries.credits_with_steps_due(connection, now, CREDITS_AT_ONCE)
            if not due:
                return made
            known = await queries.credits_by_id(connection, due)
            await connections.lock_all(connection, *(record.lock_of(one) for one in known))
            chain = aged(await queries.credits_by_id(connection, due), now)
            await record.record_moves(connection, chain, now)
            made += len(chain)


def aged(held: Sequence[Held], now: datetime) -> Chain:
    """Return the moves by which credit loses what it is no longer worth."""
    chain: Chain = []
    for one in held:
        state = one.state
        due = rules.due(state, state.face_minor, one.granted_at, one.steps, now)
        chain += record.chained(one.id, state.left_minor, due)
    return chain


def up_to(one: Held, now: datetime) -> tuple[Chain, State]:
    """Return the moves that time has made of a credit, and how it stands after them."""
    aged_ = aged([one], now)
    state = one.state
    for _, _, move in aged_:
        state = rules.after(state, move)
    return aged_, state
