"""Bring what is booked in step with what the facts and the signed terms say."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

import msgspec

from partner_network.commissions import booking, queries
from partner_network.commissions.actions import clawbacks
from partner_network.commissions.booking import Change, Owed
from partner_network.commissions.queries import Booked, Fact, Stream
from partner_network.commissions.rules import span as spans
from partner_network.commissions.rules import targets as engine
from partner_network.commissions.rules.facts import BonusTarget, Target
from partner_network.commissions.rules.span import Span
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.ledger import actions as ledger
from partner_network.ledger.rules import Entry

ENGINE_VERSION = "2026-11-21"


class _Wanted(msgspec.Struct, frozen=True, gc=False):
    """What one commission shall come to, with the instants that date it and the figures that explain it."""

    kind: str
    conversion_id: UUID | None
    agreement_id: UUID
    component: str
    period: str
    minor: int
    clause: str
    earned_at: datetime
    matures_at: datetime
    inputs: str


async def accrue_pending(now: datetime) -> int:
    """Book every commission that facts have changed; return how many revisions were made.

    Idempotent, and safe with several workers: each stream is computed under its own lock, and what is
    booked is the target less what is posted already.
    Source: MONEY section 4.
    """
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT DISTINCT partnership_id FROM unaccrued_conversions ORDER BY 1")
    revisions = 0
    for row in rows:
        async with connections.transaction() as connection:
            revisions += await _accrue_stream(connection, row["partnership_id"], now)
    return revisions


async def _accrue_stream(connection: Connection, partnership_id: UUID, now: datetime) -> int:
    # A second worker would compute from the same posted figures and book the same difference again.
    await connections.lock_all(connection, stream_lock(partnership_id))
    waiting = await queries.waiting_orders(connection, partnership_id)
    if not waiting:
        return 0
    stream = await queries.stream_of(connection, partnership_id)
    facts, touched = await _facts_around(connection, stream, waiting)
    wanted = _wanted(stream, facts)
    conversion_ids = {fact.conversion_id for fact in facts} | {order.conversion_id for order in waiting}
    booked = [
        one
        for one in await queries.booked_for(connection, partnership_id, conversion_ids)
        if one.conversion_id is not None or _is_within(one.period, stream, touched)
    ]
    revisions = await _book(connection, stream, wanted, booked, now)
    await connection.execute(
        """DELETE FROM unaccrued_conversions WHERE partnership_id = $1 AND conversion_id = ANY($2::uuid[])""",
        partnership_id,
        [order.conversion_id for order in waiting],
    )
    return revisions


def stream_lock(partnership_id: UUID) -> str:
    """Return the name of the lock under which a stream is computed, matured and closed."""
    return f"stream:{partnership_id}"


async def _facts_around(
    connection: Connection, stream: Stream, waiting: Sequence[queries.WaitingOrder]
) -> tuple[list[Fact], list[Span]]:
    touched: list[Span] = []
    for order in sorted(waiting, key=lambda order: order.occurred_at):
        for at in {order.occurred_at, order.recorded_at}:
            if not any(span.starts_at <= at < span.ends_at for span in touched):
                touched.append(spans.needed(stream.plan, at))
    facts: dict[UUID, Fact] = {}
    for span in touched:
        for fact in await queries.orders_between(connection, stream, span.starts_at, span.ends_at):
            facts[fact.conversion_id] = fact
    return list(facts.values()), touched


def _is_within(period: str, stream: Stream, touched: Iterable[Span]) -> bool:
    named = periods.parse_period(period, stream.plan.versions[0].zone)
    return any(span.starts_at <= named.starts_at < span.ends_at for span in touched)


def _wanted(stream: Stream, facts: Sequence[Fact]) -> list[_Wanted]:
    by_order = {fact.order.id: fact for fact in facts}
    computed = engine.targets([fact.order for fact in facts], stream.plan)
    versions = {version.key: version for version in stream.plan.versions}

    def matures_at(earned_at: datetime, key: str) -> datetime:
        settlement = versions[key].settlement
        return periods.matures_at(earned_at, settlement.hold_days, settlement.lock, versions[key].zone)

    wanted = [
        _Wanted(
            "commission",
            by_order[target.conversion].conversion_id,
            UUID(target.version),
            target.component,
            target.period,
            target.minor,
            target.clause,
            by_order[target.conversion].order.at,
            matures_at(by_order[target.conversion].order.at, target.version),
            _explained(target),
        )
        for target in computed.commissions
    ]
    wanted += [
        _Wanted(
            "bonus",
            None,
            UUID(bonus.version),
            bonus.bonus,
            bonus.period,
            bonus.minor,
            bonus.clause,
            bonus.earned_at,
            matures_at(bonus.earned_at, bonus.version),
            _explained(bonus),
        )
        for bonus in computed.bonuses
    ]
    return wanted


def _explained(target: Target | BonusTarget) -> str:
    def exact(value: object) -> str:
        if isinstance(value, Fraction):
            return f"{value.numerator}/{value.denominator}"
        raise TypeError(f"{type(value).__name__} has no place in a revision's inputs")

    return msgspec.json.encode(target, enc_hook=exact).decode()


async def _book(
    connection: Connection, stream: Stream, wanted: Sequence[_Wanted], booked: Sequence[Booked], now: datetime
) -> int:
    standing = {
        (b.conversion_id, b.agreement_id, b.component, b.kind, b.period if b.kind == "bonus" else ""): b
        for b in booked
    }
    by_key = {
        (w.conversion_id, w.agreement_id, w.component, w.kind, w.period if w.kind == "bonus" else ""): w
        for w in wanted
    }
    new = [w for key, w in by_key.items() if key not in standing and w.minor]
    ids = await _open_commissions(connection, stream, new)
    taken_back = await clawbacks.open_clawbacks(connection, [b.commission_id for b in booked if b.matured_at])
    changes = [
        Change(i, w.agreement_id, 1, 0, w.minor, has_matured=False, clause=w.clause)
        for i, w in zip(ids, new, strict=True)
    ]
    inputs = [w.inputs for w in new]
    for key, old in standing.items():
        target = by_key.get(key)
        minor = target.minor if target else 0
        if minor != old.target_minor:
            changes.append(
                Change(
                    old.commission_id,
                    old.agreement_id,
                    old.rev + 1,
                    old.target_minor,
                    minor,
                    has_matured=old.matured_at is not None,
                    clause=target.clause if target else "attribution",
                    clawbacks=tuple(taken_back.get(old.commission_id, ())),
                )
            )
            inputs.append(target.inputs if target else "{}")
    await _post(connection, stream, changes, inputs, now)
    return len(changes)


async def _open_commissions(connection: Connection, stream: Stream, new: Sequence[_Wanted]) -> list[int]:
    if not new:
        return []
    currency = stream.plan.versions[0].settlement.currency
    commission_ids = await connections.next_ids(connection, "commissions", len(new))
    await connection.execute(
        """INSERT INTO commissions (partnership_id, advertiser_id, partner_id, currency, id, kind,
               conversion_id, agreement_id, component, period, earned_at, matures_at)
           SELECT $1, $2, $3, $4, * FROM unnest($5::bigint[], $6::text[], $7::uuid[], $8::uuid[], $9::text[],
               $10::text[], $11::timestamptz[], $12::timestamptz[])""",
        stream.partnership_id,
        stream.advertiser_id,
        stream.partner_id,
        currency,
        commission_ids,
        [w.kind for w in new],
        [w.conversion_id for w in new],
        [w.agreement_id for w in new],
        [w.component for w in new],
        [w.period for w in new],
        [w.earned_at for w in new],
        [w.matures_at for w in new],
    )
    return commission_ids


async def _post(
    connection: Connection, stream: Stream, changes: Sequence[Change], inputs: Sequence[str], now: datetime
) -> None:
    if not changes:
        return
    owed = Owed(stream.partner_id, stream.advertiser_id, stream.plan.versions[0].settlement.currency)
    planned = [booking.entry_for(change, owed, now) for change in changes]
    entries: list[Entry] = [entry for entry, _ in planned]
    booked = await ledger.post(connection, entries, recorded_at=now)
    await connection.execute(
        """INSERT INTO commission_revisions (commission_id, rev, previous_rev, previous_target_minor,
               target_minor, entry_id, inputs, clause, engine_version, recorded_at)
           SELECT c, r, nullif(r - 1, 0), p, t, e, i, l, $8, $9
           FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::jsonb[],
                       $7::text[]) AS x (c, r, p, t, e, i, l)""",
        [change.commission_id for change in changes],
        [change.rev for change in changes],
        [change.previous_minor for change in changes],
        [change.target_minor for change in changes],
        [one.entry_id for one in booked],
        list(inputs),
        [change.clause for change in changes],
        ENGINE_VERSION,
        now,
    )
    await clawbacks.record_clawbacks(connection, stream, changes, [one.transfer_ids for one in booked], now)
    settled = [
        (part, booked[n].transfer_ids[part.leg - 1]) for n, (_, parts) in enumerate(planned) for part in parts
    ]
    await clawbacks.record_settlements(connection, settled)
