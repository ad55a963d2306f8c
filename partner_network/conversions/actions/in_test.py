"""Take what a test key reports: checked and answered as if it counted, and kept where it never does.

The live tables, the ledger and the work lists are not written here, so that nothing done in tests can move
an amount. What is read of them (programs, clicks) is what the checks of a live report read too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from partner_network.conversions import in_test_queries, queries
from partner_network.conversions.actions import (
    customers,
    record_conversions,
    record_refunds,
    record_touches,
)
from partner_network.conversions.rules import reading, reports
from partner_network.conversions.rules.reports import (
    RecordedConversion,
    RecordedIdentification,
    RecordedRefund,
    RecordedTouch,
    Report,
    ReportedConversion,
    ReportedIdentification,
    ReportedRefund,
    ReportedTouch,
)
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.sentences import Sentence

KEPT = timedelta(days=30)
FACTS_MAX = 100_000
"""How many of one brand are kept at a time; tests need no more, and whoever sends more is not testing."""

Kind = Literal["conversion", "refund", "identification", "touch"]


class _Fact(msgspec.Struct, frozen=True):
    id: UUID
    key: str
    report: Report
    program_id: UUID | None = None
    conversion_id: UUID | None = None


class _Stored(msgspec.Struct, frozen=True):
    id: UUID
    payload_hash: bytes
    conversion_id: UUID | None


async def take_conversions(
    reported: Sequence[ReportedConversion], *, brand_id: UUID
) -> record_conversions.Answer:
    """Answer a batch of conversions as a live key's would be; errors are the same."""
    keys = [f"{one.event}:{one.order_id}" for one in reported]
    reading.repeats_in("conversions", zip(["order_id"] * len(keys), keys, reported, strict=True))
    async with connections.transaction(eyes=brand_id) as connection:
        await _lock(connection, brand_id)
        stored = await _stored(connection, brand_id, "conversion", keys)
        reading.refuse_conflicts(
            "conversions",
            [
                (f"conversions[{n}].order_id", record_conversions.used_before(one, stored[key].id))
                for n, (key, one) in enumerate(zip(keys, reported, strict=True))
                if key in stored and stored[key].payload_hash != reports.content_hash(one)
            ],
        )
        fresh = _first_places(keys, stored)
        if fresh:
            stored |= await _new_conversions(connection, brand_id, reported, fresh)
    answers = [
        RecordedConversion(ids.shown("cnv", stored[key].id), one.order_id, one.event)
        for key, one in zip(keys, reported, strict=True)
    ]
    return record_conversions.Answer(answers, is_new=bool(fresh))


async def take_refunds(reported: Sequence[ReportedRefund], *, brand_id: UUID) -> record_refunds.Answer:
    """Answer a batch of refunds of test conversions as a live key's would be; errors are the same."""
    keys = [one.refund_id for one in reported]
    reading.repeats_in("refunds", zip(["refund_id"] * len(keys), keys, reported, strict=True))
    async with connections.transaction(eyes=brand_id) as connection:
        await _lock(connection, brand_id)
        stored = await _stored(connection, brand_id, "refund", keys)
        reading.refuse_conflicts(
            "refunds",
            [
                (f"refunds[{n}].refund_id", record_refunds.used_before(one, stored[one.refund_id].id))
                for n, one in enumerate(reported)
                if one.refund_id in stored and stored[one.refund_id].payload_hash != reports.content_hash(one)
            ],
        )
        fresh = _first_places(keys, stored)
        if fresh:
            stored |= await _new_refunds(connection, brand_id, reported, list(fresh.values()))
    answers = [
        RecordedRefund(
            ids.shown("ref", stored[key].id), key, ids.shown("cnv", stored[key].conversion_id or UUID(int=0))
        )
        for key in keys
    ]
    return record_refunds.Answer(answers, is_new=bool(fresh))


async def take_identifications(
    reported: Sequence[ReportedIdentification], *, brand_id: UUID
) -> list[RecordedIdentification]:
    """Answer a batch of identifications as a live key's would be; errors are the same."""
    keys = [f"{one.click_id}:{one.customer_id}" for one in reported]
    async with connections.transaction(eyes=brand_id) as connection:
        await _lock(connection, brand_id)
        now = await clock.now(connection)
        reading.refuse_mistakes_in("identifications", reported, range(len(reported)), now)
        await _must_be_known_clicks(connection, brand_id, reported)
        fresh = _first_places(keys, await _stored(connection, brand_id, "identification", keys))
        made = [_Fact(ids.new_id(now), key, reported[n]) for key, n in fresh.items()]
        await _store(connection, brand_id, "identification", made, now)
    return [RecordedIdentification(one.customer_id, one.click_id) for one in reported]


async def take_touches(reported: Sequence[ReportedTouch], *, brand_id: UUID) -> record_touches.Answer:
    """Answer a batch of touches as a live key's would be; errors are the same."""
    keys = [one.touch_id for one in reported]
    reading.repeats_in("touches", zip(["touch_id"] * len(keys), keys, reported, strict=True))
    async with connections.transaction(eyes=brand_id) as connection:
        await _lock(connection, brand_id)
        stored = await _stored(connection, brand_id, "touch", keys)
        reading.refuse_conflicts(
            "touches",
            [
                (f"touches[{n}].touch_id", record_touches.used_before(one, stored[one.touch_id].id))
                for n, one in enumerate(reported)
                if one.touch_id in stored and stored[one.touch_id].payload_hash != reports.content_hash(one)
            ],
        )
        fresh = _first_places(keys, stored)
        if fresh:
            now = await clock.now(connection)
            places = list(fresh.values())
            reading.refuse_mistakes_in("touches", reported, places, now)
            await record_touches.placed(connection, brand_id, reported, places)
            made = [_Fact(ids.new_id(now), key, reported[n]) for key, n in fresh.items()]
            stored |= await _store(connection, brand_id, "touch", made, now)
    answers = [RecordedTouch(ids.shown("tch", stored[key].id), key) for key in keys]
    return record_touches.Answer(answers, is_new=bool(fresh))


async def purge_test_facts(connection: Connection, now: datetime) -> None:
    """Delete what test keys reported longer ago than it is kept."""
    await connection.execute("DELETE FROM test_facts WHERE recorded_at < $1", now - KEPT)


async def _lock(connection: Connection, brand_id: UUID) -> None:
    # One batch after the other, as with what counts: but never in the way of that.
    await connections.lock_all(connection, f"test-facts:{brand_id}")


def _first_places(keys: Sequence[str], stored: Mapping[str, object]) -> dict[str, int]:
    """Return where in its batch each report that is not stored yet comes first."""
    places: dict[str, int] = {}
    for n, key in enumerate(keys):
        if key not in stored:
            places.setdefault(key, n)
    return places


async def _must_be_known_clicks(
    connection: Connection, brand_id: UUID, reported: Sequence[ReportedIdentification]
) -> None:
    click_ids = [ids.parse("clk", one.click_id) for one in reported]
    known = await queries.programs_of_clicks(connection, brand_id, click_ids)
    reading.refuse(
        "identifications",
        [
            (f"identifications[{n}].click_id", customers.UNKNOWN_CLICK)
            for n, click_id in enumerate(click_ids)
            if click_id not in known
        ],
    )


async def _new_conversions(
    connection: Connection, brand_id: UUID, reported: Sequence[ReportedConversion], fresh: Mapping[str, int]
) -> dict[str, _Stored]:
    now = await clock.now(connection)
    places = list(fresh.values())
    reading.refuse_mistakes_in("conversions", reported, places, now)
    wanted = [reported[n] for n in places]
    click_ids = [None if one.click_id is None else ids.parse("clk", one.click_id) for one in wanted]
    program_ids = await record_conversions.programs_of(connection, brand_id, wanted, places, click_ids)
    made = [
        _Fact(ids.new_id(now), key, one, program_id)
        for key, one, program_id in zip(fresh, wanted, program_ids, strict=True)
    ]
    return await _store(connection, brand_id, "conversion", made, now)


async def _new_refunds(
    connection: Connection, brand_id: UUID, reported: Sequence[ReportedRefund], places: Sequence[int]
) -> dict[str, _Stored]:
    now = await clock.now(connection)
    reading.refuse_mistakes_in("refunds", reported, places, now)
    orders = await in_test_queries.orders_at(
        connection, brand_id, {n: f"{reported[n].event}:{reported[n].order_id}" for n in places}
    )
    reading.refuse_unknown_orders(reported, [n for n in places if n not in orders])
    given = await in_test_queries.refunds_given(
        connection, [order.conversion_id for order in orders.values()]
    )
    reading.refuse_what_orders_cannot_bear(reported, orders, given)
    made = [
        _Fact(ids.new_id(now), reported[n].refund_id, reported[n], None, orders[n].conversion_id)
        for n in places
    ]
    return await _store(connection, brand_id, "refund", made, now)


async def _stored(
    connection: Connection, brand_id: UUID, kind: Kind, keys: Sequence[str]
) -> dict[str, _Stored]:
    rows = await connection.fetch(
        """SELECT id, key, payload_hash, conversion_id FROM test_facts
           WHERE brand_id = $1 AND kind = $2 AND key = ANY($3::text[])""",
        brand_id,
        kind,
        keys,
    )
    return {row["key"]: _Stored(row["id"], row["payload_hash"], row["conversion_id"]) for row in rows}


async def _store(
    connection: Connection, brand_id: UUID, kind: Kind, facts: Sequence[_Fact], now: datetime
) -> dict[str, _Stored]:
    kept = await connection.fetchval("SELECT count(*) FROM test_facts WHERE brand_id = $1", brand_id)
    if kept + len(facts) > FACTS_MAX:
        raise ConflictError(
            Sentence(
                "{kept} facts of your brand's tests are kept, {most} at most, each for {days} days: "
                "wait for that, or report with a live key.",
                kept=kept,
                most=FACTS_MAX,
                days=KEPT.days,
            )
        )
    hashes = [reports.content_hash(one.report) for one in facts]
    await connection.execute(
        """INSERT INTO test_facts (id, key, program_id, conversion_id, payload_hash, body, brand_id, kind,
               recorded_at)
           SELECT t.id, key, program_id, conversion_id, payload_hash, body::jsonb, $7, $8, $9
           FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::bytea[], $6::text[])
               AS t (id, key, program_id, conversion_id, payload_hash, body)""",
        [one.id for one in facts],
        [one.key for one in facts],
        [one.program_id for one in facts],
        [one.conversion_id for one in facts],
        hashes,
        [msgspec.json.encode(one.report).decode() for one in facts],
        brand_id,
        kind,
        now,
    )
    return {
        one.key: _Stored(one.id, said, one.conversion_id) for one, said in zip(facts, hashes, strict=True)
    }
