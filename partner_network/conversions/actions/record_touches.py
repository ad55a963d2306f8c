"""Store reported touches: codes entered, partners named or seen, direct visits, and the codes of orders."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from partner_network.conversions import queries
from partner_network.conversions.actions import customers
from partner_network.conversions.rules import pseudonyms, reading, touching
from partner_network.conversions.rules.pseudonyms import Customer
from partner_network.conversions.rules.reports import Mistake, RecordedTouch, ReportedTouch
from partner_network.conversions.rules.touching import Known, Placed, StoredKind
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.kernel.sentences import Sentence
from partner_network.links.codes import queries as codes
from partner_network.links.codes import rules as code_rules


class Answer(msgspec.Struct, frozen=True):
    """What a batch of touches is answered with, in its order; ``is_new`` is False for a mere repeat."""

    touches: list[RecordedTouch]
    is_new: bool


async def record_touches(reported: Sequence[ReportedTouch], *, brand_id: UUID) -> Answer:
    """Store all of a batch once, or nothing: a touch that is stored already gets its first answer.

    Conversions of those customers since then are put back to be decided again.
    Errors: InvalidError names every field that cannot be right; ConflictError names a touch id that was
        used with other content. Nothing of the batch is stored then.
    Source: MONEY section 3.
    """
    reading.repeats_in("touches", (("touch_id", one.touch_id, one) for one in reported))
    async with connections.transaction(eyes=brand_id) as connection:
        await connections.lock_all(connection, queries.facts_lock(brand_id), codes.codes_lock(brand_id))
        ids_of = await _standing(connection, brand_id, reported)
        fresh: dict[str, int] = {}
        for n, one in enumerate(reported):
            if one.touch_id not in ids_of:
                fresh.setdefault(one.touch_id, n)
        if fresh:
            ids_of |= await _store(connection, brand_id, reported, list(fresh.values()))
    return Answer(
        [RecordedTouch(ids.shown("tch", ids_of[one.touch_id]), one.touch_id) for one in reported],
        is_new=bool(fresh),
    )


async def _standing(
    connection: Connection, brand_id: UUID, reported: Sequence[ReportedTouch]
) -> dict[str, UUID]:
    rows = await connection.fetch(
        """SELECT w.n, t.id, t.payload_hash, u.id AS customer_id, u.pseudonym, k.pseudonym_key
           FROM unnest($2::text[]) WITH ORDINALITY AS w (touch_id, n)
           CROSS JOIN LATERAL (
               SELECT id, payload_hash, customer_id FROM touches
               WHERE brand_id = $1 AND touch_id = w.touch_id OFFSET 0) t
           JOIN customers u ON u.id = t.customer_id LEFT JOIN customer_keys k ON k.customer_id = u.id
           ORDER BY w.n""",
        brand_id,
        [one.touch_id for one in reported],
    )
    found = [(reported[row["n"] - 1], row) for row in rows]
    reading.refuse_conflicts(
        "touches",
        [
            (f"touches[{row['n'] - 1}].touch_id", used_before(one, row["id"]))
            for one, row in found
            if _hash(one, Customer(row["customer_id"], row["pseudonym"], row["pseudonym_key"]))
            != row["payload_hash"]
        ],
    )
    return {one.touch_id: row["id"] for one, row in found}


def _hash(one: ReportedTouch, customer: Customer) -> bytes:
    return pseudonyms.content_hash(one, customer.pseudonym_as(one.customer_id))


def used_before(one: ReportedTouch, stored_id: UUID) -> Sentence:
    """Say that a touch id was used with other content."""
    return Sentence(
        "Touch {touch_id!r} is stored with other content as {stored}; send that content again, "
        "or use a touch id of its own.",
        touch_id=one.touch_id,
        stored=ids.shown("tch", stored_id),
    )


async def placed(
    connection: Connection, brand_id: UUID, reported: Sequence[ReportedTouch], places: Sequence[int]
) -> list[Placed]:
    """Return where the touches at those places of their batch stand. Errors: InvalidError for each other."""
    fresh = [reported[n] for n in places]
    own = await queries.programs_of(connection, brand_id)
    known = Known(
        own | {ids.shown("prg", program_id): program_id for program_id in own.values()},
        next(iter(own.values())) if len(own) == 1 else None,
        await codes.codes_named(connection, brand_id, [one.code for one in fresh if one.code]),
        await queries.partnerships_named(connection, brand_id, {one.partner for one in fresh if one.partner}),
    )
    found = [touching.place(one, known) for one in fresh]
    mistakes: list[Mistake] = [
        (f"touches[{n}].{one[0]}", one[1])
        for n, one in zip(places, found, strict=True)
        if not isinstance(one, Placed)
    ]
    reading.refuse("touches", mistakes)
    return [one for one in found if isinstance(one, Placed)]


async def _store(
    connection: Connection, brand_id: UUID, reported: Sequence[ReportedTouch], places: Sequence[int]
) -> dict[str, UUID]:
    now = await clock.now(connection)
    reading.refuse_mistakes_in("touches", reported, places, now)
    where = await placed(connection, brand_id, reported, places)
    fresh = [reported[n] for n in places]
    found = await customers.customers_of(connection, brand_id, [one.customer_id for one in fresh], now)
    made = [ids.new_id(now) for _ in fresh]
    kinds: list[StoredKind] = [touching.kind_of(one) for one in fresh]
    await connection.execute(
        """INSERT INTO touches (id, brand_id, program_id, partnership_id, partner_id, customer_id, kind,
               evidence, channel, at, recorded_at, consent, code, touch_id, payload_hash)
           SELECT t.id, $13, program_id, partnership_id, partner_id, customer_id, kind, evidence,
               CASE WHEN partnership_id IS NULL THEN 'direct' ELSE 'partner' END, at, $14, consent, code,
               touch_id, payload_hash
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
               $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::bytea[])
               AS t (id, program_id, partnership_id, partner_id, customer_id, kind, evidence, at, consent,
                   code, touch_id, payload_hash)""",
        made,
        [one.program_id for one in where],
        [one.partnership_id for one in where],
        [one.partner_id for one in where],
        [found[one.customer_id].id for one in fresh],
        kinds,
        [touching.EVIDENCE_OF[kind] for kind in kinds],
        [one.at for one in fresh],
        [one.consent for one in fresh],
        [one.code for one in fresh],
        [one.touch_id for one in fresh],
        [_hash(one, found[one.customer_id]) for one in fresh],
        brand_id,
        now,
    )
    await _put_back(connection, made)
    return dict(zip((one.touch_id for one in fresh), made, strict=True))


async def _put_back(connection: Connection, touch_ids: Sequence[UUID]) -> None:
    # DO UPDATE, and in canonical order, as where customers are identified: the worker waits for us.
    put_back = await connection.execute(
        """INSERT INTO undecided_conversions AS u (conversion_id)
           SELECT v.id FROM touches t CROSS JOIN LATERAL (
               SELECT id, occurred_at, order_id, event FROM conversions
               WHERE customer_id = t.customer_id AND program_id = t.program_id AND occurred_at >= t.at
               OFFSET 0) v
           WHERE t.id = ANY($1::uuid[])
           GROUP BY v.id, v.occurred_at, v.order_id, v.event
           ORDER BY v.occurred_at, v.order_id COLLATE "C", v.event
           ON CONFLICT (conversion_id) DO UPDATE SET conversion_id = u.conversion_id""",
        touch_ids,
    )
    if put_back != "INSERT 0 0":
        await jobs.enqueue(connection, "attribution.decide")


async def touch_by_codes(connection: Connection, brand_id: UUID, conversion_ids: Sequence[UUID]) -> None:
    """Give each of these conversions the touch that its own code is, if the code was somebody's then.

    Call it under the locks of the facts and of the codes; what a code that is nobody's says is kept with
    the conversion, and that is all. Source: MONEY section 3.3.
    """
    rows = await connection.fetch(
        "SELECT id, occurred_at, code FROM conversions WHERE id = ANY($1::uuid[]) AND code IS NOT NULL",
        conversion_ids,
    )
    known = await codes.codes_named(connection, brand_id, [row["code"] for row in rows])
    named = [
        (row["id"], known[row["code"]])
        for row in rows
        if row["code"] in known and code_rules.holds(known[row["code"]], row["occurred_at"])
    ]
    await connection.execute(
        """INSERT INTO touches (id, brand_id, program_id, partnership_id, partner_id, customer_id, kind,
               evidence, channel, at, recorded_at, consent, code, conversion_id, payload_hash)
           SELECT t.id, v.brand_id, t.program_id, t.partnership_id, t.partner_id, v.customer_id, 'code',
               'code', 'partner', v.occurred_at, v.recorded_at, 'unknown', v.code, v.id, v.payload_hash
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[])
               AS t (id, conversion_id, program_id, partnership_id, partner_id)
           JOIN conversions v ON v.id = t.conversion_id""",
        [ids.new_id(ids.at_of(conversion_id)) for conversion_id, _ in named],
        [conversion_id for conversion_id, _ in named],
        [code.program_id for _, code in named],
        [code.partnership_id for _, code in named],
        [code.partner_id for _, code in named],
    )
