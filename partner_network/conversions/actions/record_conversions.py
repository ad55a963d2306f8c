"""Store reported conversions."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from partner_network.conversions import queries
from partner_network.conversions.actions import customers, record_touches
from partner_network.conversions.rules import pseudonyms, reading, reports
from partner_network.conversions.rules.pseudonyms import Customer
from partner_network.conversions.rules.reports import RecordedConversion, ReportedConversion
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.links.codes import queries as codes

Key = tuple[str, str]


class Answer(msgspec.Struct, frozen=True):
    """What a batch of conversions is answered with, in its order; ``is_new`` is False for a mere repeat."""

    conversions: list[RecordedConversion]
    is_new: bool


async def record_conversions(reported: Sequence[ReportedConversion], *, brand_id: UUID) -> Answer:
    """Store all of a batch once, or nothing: a report that is stored already gets its first answer.

    Units: minor units of each order's currency.
    Errors: InvalidError names every field that cannot be right; ConflictError names an order id that was
        used with other content. Nothing of the batch is stored then.
    """
    reading.repeats_in("conversions", (("order_id", _key(one), one) for one in reported))
    async with connections.transaction(eyes=brand_id) as connection:
        await connections.lock_all(connection, queries.facts_lock(brand_id), codes.codes_lock(brand_id))
        ids_of = await _standing(connection, brand_id, reported)
        fresh: dict[Key, int] = {}
        for n, one in enumerate(reported):
            if _key(one) not in ids_of:
                fresh.setdefault(_key(one), n)
        if fresh:
            ids_of |= await _store(connection, brand_id, reported, list(fresh.values()))
            await jobs.enqueue(connection, "attribution.decide")
    return Answer(
        [
            RecordedConversion(ids.shown("cnv", ids_of[_key(one)]), one.order_id, one.event)
            for one in reported
        ],
        is_new=bool(fresh),
    )


def _key(one: ReportedConversion) -> Key:
    return (one.event, one.order_id)


async def _standing(
    connection: Connection,
    brand_id: UUID,
    reported: Sequence[ReportedConversion],
) -> dict[Key, UUID]:
    rows = await connection.fetch(
        """SELECT w.n, c.id, c.payload_hash, u.id AS customer_id, u.pseudonym, k.pseudonym_key
           FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS w (event, order_id, n)
           CROSS JOIN LATERAL (
               SELECT id, payload_hash, customer_id FROM conversions
               WHERE brand_id = $1 AND event = w.event AND order_id = w.order_id OFFSET 0) c
           JOIN customers u ON u.id = c.customer_id LEFT JOIN customer_keys k ON k.customer_id = u.id
           ORDER BY w.n""",  # OFFSET 0 keeps each a look-up, whatever the statistics say
        brand_id,
        [one.event for one in reported],
        [one.order_id for one in reported],
    )
    places = [row["n"] - 1 for row in rows]
    reading.refuse_conflicts(
        "conversions",
        [
            (f"conversions[{n}].order_id", used_before(reported[n], row["id"]))
            for n, row in zip(places, rows, strict=True)
            if _hash(reported[n], Customer(row["customer_id"], row["pseudonym"], row["pseudonym_key"]))
            != row["payload_hash"]
        ],
    )
    return {_key(reported[n]): row["id"] for n, row in zip(places, rows, strict=True)}


def _hash(one: ReportedConversion, customer: Customer) -> bytes:
    return pseudonyms.content_hash(one, customer.pseudonym_as(one.customer_id))


def used_before(one: ReportedConversion, stored_id: UUID) -> Sentence:
    """Say that an order id was used with other content."""
    return Sentence(
        "Order {order_id!r} is stored with other content as {stored}; send that content again, "
        "or use an order id of its own.",
        order_id=one.order_id,
        stored=ids.shown("cnv", stored_id),
    )


async def _store(
    connection: Connection,
    brand_id: UUID,
    reported: Sequence[ReportedConversion],
    places: Sequence[int],
) -> dict[Key, UUID]:
    now = await clock.now(connection)
    reading.refuse_mistakes_in("conversions", reported, places, now)
    fresh = [reported[n] for n in places]
    click_ids = [None if one.click_id is None else ids.parse("clk", one.click_id) for one in fresh]
    program_ids = await programs_of(connection, brand_id, fresh, places, click_ids)
    found = await customers.customers_of(connection, brand_id, [one.customer_id for one in fresh], now)
    made = [ids.new_id(now) for _ in fresh]
    await connection.execute(
        """INSERT INTO conversions (id, program_id, customer_id, event, order_id, occurred_at, currency,
               net_minor, click_id, lines, payload_hash, code, brand_id, recorded_at)
           SELECT t.id, program_id, customer_id, event, order_id, occurred_at, currency, net_minor,
               click_id, lines::jsonb, payload_hash, code, $13, $14
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[],
               $7::text[], $8::bigint[], $9::uuid[], $10::text[], $11::bytea[], $12::text[])
               AS t (id, program_id, customer_id, event, order_id, occurred_at, currency, net_minor,
                   click_id, lines, payload_hash, code)""",
        made,
        program_ids,
        [found[one.customer_id].id for one in fresh],
        [one.event for one in fresh],
        [one.order_id for one in fresh],
        [one.occurred_at for one in fresh],
        [one.currency for one in fresh],
        [one.net_minor for one in fresh],
        click_ids,
        [msgspec.json.encode(one.lines).decode() for one in fresh],
        [_hash(one, found[one.customer_id]) for one in fresh],
        [one.code for one in fresh],
        brand_id,
        now,
    )
    if any(one.code is not None for one in fresh):
        await record_touches.touch_by_codes(connection, brand_id, made)
    # By itself: the wall around the work list asks whose conversions these are, and sees those stored before.
    await connection.execute("INSERT INTO undecided_conversions SELECT unnest($1::uuid[])", made)
    return dict(zip(map(_key, fresh), made, strict=True))


async def programs_of(
    connection: Connection,
    brand_id: UUID,
    fresh: Sequence[ReportedConversion],
    places: Sequence[int],
    click_ids: Sequence[UUID | None],
) -> list[UUID]:
    """Return each conversion's program: the one it names, else its click's, else the brand's only one."""
    own = await queries.programs_of(connection, brand_id)
    named = own | {ids.shown("prg", program_id): program_id for program_id in own.values()}
    asked = [click_id for click_id in click_ids if click_id is not None]
    of_click = await queries.programs_of_clicks(connection, brand_id, asked) if asked else {}
    only = next(iter(own.values())) if len(own) == 1 else None
    found: list[UUID] = []
    mistakes: list[reports.Mistake] = []
    for n, one, click_id in zip(places, fresh, click_ids, strict=True):
        if click_id is not None and click_id not in of_click:
            mistakes.append((f"conversions[{n}].click_id", customers.UNKNOWN_CLICK))
        elif one.program is not None and one.program not in named:
            mistakes.append(
                (
                    f"conversions[{n}].program",
                    Sentence("You have no program {program!r}.", program=one.program),
                )
            )
        elif one.program is not None:
            found.append(named[one.program])
        elif click_id is not None:
            found.append(of_click[click_id])
        elif only is not None:
            found.append(only)
        elif own:
            mistakes.append(
                (
                    f"conversions[{n}].program",
                    Sentence("Name one of your programs: {programs}.", programs=", ".join(own)),
                )
            )
        else:
            raise InvalidError("You have no program yet; open one before you report conversions.")
    reading.refuse("conversions", mistakes)
    return found
