"""Decide what waits."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

import msgspec

from partner_network.agreements.rules import ACCRUE
from partner_network.attribution import receipt, walk
from partner_network.attribution.cases import Case, Outcome, PolicyVersion, Standing
from partner_network.attribution.queries import decisions, facts, waiting
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock

BATCH = 5_000


async def decide_pending(limit: int = BATCH) -> int:
    """Decide up to ``limit`` waiting conversions in canonical order and return how many there were.

    Idempotent, and safe with several workers: one decides a program at a time. A decision that stands is
    revised only where its outcome or its candidates differ; where credits do, who is credited, and who was,
    is put up for accrual. Each decision gets its receipt. Decided conversions of the same customers that
    come later are looked at again where the program binds customers or credits new ones only.
    Source: MONEY section 3.
    """
    async with connections.transaction() as connection:
        program_ids = await waiting.lock_programs_waiting(connection)
        taken = await waiting.take_waiting(connection, program_ids, limit)
        if not taken:
            return 0
        await decide_taken(connection, taken)
        await connection.execute(
            "DELETE FROM undecided_conversions WHERE conversion_id = ANY($1::uuid[])",
            [case.id for case in taken],
        )
    return len(taken)


async def decide_taken(connection: Connection, taken: Sequence[Case]) -> None:
    """Decide these conversions and those that follow them; the caller holds the locks of their programs."""
    policies = await facts.policies_of(connection, {case.program_id for case in taken})
    batch = sorted([*taken, *await _followers(connection, taken, policies)], key=_place)
    known = await facts.known_about(connection, batch, policies)
    standing = await decisions.standing_decisions(connection, batch)
    outcomes = list(walk.decide_in_order(batch, known))
    await _record(connection, outcomes, standing, await clock.now(connection))


def _place(case: Case) -> tuple[datetime, str, str]:
    return case.place


async def _followers(
    connection: Connection, taken: Iterable[Case], policies: Mapping[UUID, Sequence[PolicyVersion]]
) -> list[Case]:
    leading = [case for case in taken if any(version.looks_back for version in policies[case.program_id])]
    return await waiting.followers_of(connection, leading) if leading else []


async def _record(
    connection: Connection,
    outcomes: Sequence[Outcome],
    standing: Mapping[UUID, Standing],
    now: datetime,
) -> None:
    changed = [outcome for outcome in outcomes if _differs(outcome, standing.get(outcome.case.id))]
    await _insert_decisions(connection, changed, standing, now)
    concerned = {
        (partnership_id, outcome.case.id)
        for outcome in changed
        for partnership_id in _concerned(outcome, standing.get(outcome.case.id))
    }
    newly_sold = [
        outcome.case
        for outcome in changed
        if outcome.case.event == "sale" and outcome.case.id not in standing
    ]
    if concerned or newly_sold:
        await ask_for_accrual(connection, concerned, newly_sold)


def _differs(outcome: Outcome, standing: Standing | None) -> bool:
    """Tell whether a decision is worth a revision; one that has no receipt yet gets it by one."""
    return (
        standing is None
        or not standing.has_receipt
        or (outcome.bound_to, outcome.credits, outcome.decision.candidates)
        != (standing.bound_to, standing.credits, standing.candidates)
    )


def _concerned(outcome: Outcome, standing: Standing | None) -> set[UUID]:
    """Return whose money a revision may move: nobody's where the credits stay as they were."""
    before: frozenset[tuple[str, UUID, Fraction]] = frozenset() if standing is None else standing.credits
    if outcome.credits == before:
        return set()
    return {partnership_id for _, partnership_id, _ in outcome.credits | before}


# All at once: a live order waits for each answer. What the rows ask of each other is checked at the end.
_DECIDED = """
    WITH decided AS (
        INSERT INTO decisions (conversion_id, rev, previous_rev, program_version_id, model, outcome,
            bound_to, candidates, decided_at)
        SELECT id, rev, nullif(rev - 1, 0), version, model, outcome, bound_to, candidates::jsonb, $8
        FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[])
            AS t (id, rev, version, model, outcome, bound_to, candidates)),
    recorded AS (
        INSERT INTO receipts (conversion_id, rev, facts, salt, root, partner_ids)
        SELECT id, rev, facts, salt, root, string_to_array(partners, ' ')::uuid[]
        FROM unnest($1::uuid[], $2::int[], $9::text[], $10::bytea[], $11::bytea[], $12::text[])
            AS t (id, rev, facts, salt, root, partners)
        RETURNING conversion_id, partner_ids),
    seen AS (
        INSERT INTO candidacies (partner_id, conversion_id)
        SELECT DISTINCT partner_id, conversion_id FROM recorded, unnest(partner_ids) AS p (partner_id)
        ON CONFLICT DO NOTHING)
    INSERT INTO credits (conversion_id, rev, touch_id, partnership_id, touched_at, weight_numerator,
        weight_denominator)
    SELECT id, rev, touch::uuid, partnership_id, touched_at, n::numeric, d::numeric
    FROM unnest($13::uuid[], $14::int[], $15::text[], $16::uuid[], $17::timestamptz[], $18::text[],
        $19::text[]) AS t (id, rev, touch, partnership_id, touched_at, n, d)
"""


async def _insert_decisions(
    connection: Connection, outcomes: Sequence[Outcome], standing: Mapping[UUID, Standing], now: datetime
) -> None:
    if not outcomes:
        return
    revs = [standing[one.case.id].rev + 1 if one.case.id in standing else 1 for one in outcomes]
    await connection.execute(
        _DECIDED,
        [one.case.id for one in outcomes],
        revs,
        [one.version.id for one in outcomes],
        [one.decision.model for one in outcomes],
        ["attributed" if one.decision.is_attributed else "unattributed" for one in outcomes],
        [one.bound_to for one in outcomes],
        [msgspec.json.encode(one.decision.candidates).decode() for one in outcomes],
        now,
        *_receipts_of(outcomes),
        *_credits_of(outcomes, revs),
    )


def _receipts_of(outcomes: Sequence[Outcome]) -> tuple[Sequence[object], ...]:
    salts = [secrets.token_bytes(receipt.SALT_BYTES) for _ in outcomes]
    contents = [receipt.encode(one.facts) for one in outcomes]
    parts = zip(outcomes, salts, contents, strict=True)
    return (
        [content.decode() for content in contents],
        salts,
        [receipt.root_of(one.facts, one.decision, salt, content) for one, salt, content in parts],
        [" ".join(one.partners) for one in outcomes],
    )


def _credits_of(outcomes: Sequence[Outcome], revs: Sequence[int]) -> tuple[Sequence[object], ...]:
    credited = [
        (one, rev, credit) for one, rev in zip(outcomes, revs, strict=True) for credit in one.decision.credits
    ]
    return (
        [one.case.id for one, _, _ in credited],
        [rev for _, rev, _ in credited],
        [credit.touch for _, _, credit in credited],
        [one.partnership_of[credit.touch] for one, _, credit in credited],
        [credit.touched_at for _, _, credit in credited],
        [str(credit.weight.numerator) for _, _, credit in credited],
        [str(credit.weight.denominator) for _, _, credit in credited],
    )


async def ask_for_accrual(
    connection: Connection, concerned: Iterable[tuple[UUID, UUID]], sales: Sequence[Case] = ()
) -> None:
    """Put orders, each (partnership, conversion), up for accrual within the caller's transaction.

    With them goes what shifts with these sales: one that arrives out of order shifts the order numbers of
    those that its customer made later, which price them.
    """
    asked = sorted(concerned)
    # DO UPDATE locks a row that waits already: an accrual that is about to take it waits for our decision.
    is_any = await connection.fetchval(
        f"""WITH put AS (
                INSERT INTO unaccrued_conversions AS u (partnership_id, conversion_id)
                SELECT * FROM unnest($6::uuid[], $7::uuid[])
                UNION
                SELECT k.partnership_id, c.id
                FROM {waiting.PLACES}
                CROSS JOIN LATERAL (SELECT id FROM conversions c WHERE {waiting.LATER} OFFSET 0) c
                CROSS JOIN LATERAL (
                    SELECT partnership_id FROM current_decisions d
                    JOIN credits k ON k.conversion_id = d.conversion_id AND k.rev = d.rev
                    WHERE d.conversion_id = c.id OFFSET 0) k
                ORDER BY 1, 2
                ON CONFLICT (partnership_id, conversion_id) DO UPDATE SET partnership_id = u.partnership_id
                RETURNING true)
            SELECT EXISTS (SELECT FROM put)""",
        *waiting.places(sales),
        [partnership_id for partnership_id, _ in asked],
        [conversion_id for _, conversion_id in asked],
    )
    if is_any:
        await jobs.enqueue(connection, ACCRUE)
