"""Book what commissions shall come to, less what is booked already."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from partner_network.commissions import booking, hold_queries, lapsed_queries
from partner_network.commissions.actions import clawbacks
from partner_network.commissions.booking import Change
from partner_network.commissions.hold_queries import NOTHING_APART
from partner_network.commissions.queries import Booked, Stream
from partner_network.commissions.wanted import Wanted
from partner_network.database.connections import Connection
from partner_network.ledger import actions as ledger
from partner_network.ledger.accounts import Pair
from partner_network.ledger.rules import Entry

ENGINE_VERSION = "2026-11-21"


async def revise(
    connection: Connection, stream: Stream, wanted: Sequence[Wanted], booked: Sequence[Booked], now: datetime
) -> int:
    """Book each target less what is posted already, as revisions; return how many were made.

    The caller holds the stream's lock: ``booked`` must be all that these targets can be compared with.
    """
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
    changes = [
        Change(i, w.agreement_id, 1, 0, w.minor, has_matured=False, clause=w.clause, charity_id=w.charity_id)
        for i, w in zip(ids, new, strict=True)
    ]
    inputs = [w.inputs for w in new]
    changed = [
        (old, target)
        for key, old in standing.items()
        for target in [by_key.get(key)]
        if old.target_minor != (target.minor if target else 0)
    ]
    matured = [old.commission_id for old, _ in changed if old.matured_at]
    taken_back = await clawbacks.open_clawbacks(connection, matured)
    lapsed = await lapsed_queries.lapsed_minor(connection, matured)
    apart = await hold_queries.set_apart(connection, [old.commission_id for old, _ in changed], now)
    for old, target in changed:
        aside = apart.get(old.commission_id, NOTHING_APART)
        changes.append(
            Change(
                old.commission_id,
                old.agreement_id,
                old.rev + 1,
                old.target_minor,
                target.minor if target else 0,
                has_matured=old.matured_at is not None,
                clause=target.clause if target else "attribution",
                clawbacks=tuple(taken_back.get(old.commission_id, ())),
                lapsed_minor=lapsed.get(old.commission_id, 0),
                held_minor=aside.held_minor,
                disputed_minor=aside.disputed_minor,
                is_held=aside.is_held,
                charity_id=old.charity_id,
            )
        )
        inputs.append(target.inputs if target else "{}")
    await _post(connection, stream, changes, inputs, now)
    return len(changes)


async def _open_commissions(connection: Connection, stream: Stream, new: Sequence[Wanted]) -> list[int]:
    if not new:
        return []
    rows = await connection.fetch(
        """WITH drawn AS MATERIALIZED (
               SELECT nextval(s.id) AS id, w.* FROM unnest($5::text[], $6::uuid[], $7::uuid[], $8::text[],
                   $9::text[], $10::timestamptz[], $11::timestamptz[], $12::uuid[]) WITH ORDINALITY
                   AS w (kind, conversion_id, agreement_id, component, period, earned_at, matures_at,
                         charity_id, n)
               CROSS JOIN (SELECT pg_get_serial_sequence('commissions', 'id')::regclass AS id OFFSET 0) s),
           opened AS (
               INSERT INTO commissions (partnership_id, advertiser_id, partner_id, currency, id, kind,
                   conversion_id, agreement_id, component, period, earned_at, matures_at, charity_id)
               SELECT $1, $2, $3, $4, id, kind, conversion_id, agreement_id, component, period, earned_at,
                   matures_at, charity_id FROM drawn ORDER BY n)
           SELECT id FROM drawn ORDER BY n""",
        stream.partnership_id,
        stream.advertiser_id,
        stream.partner_id,
        stream.currency,
        [w.kind for w in new],
        [w.conversion_id for w in new],
        [w.agreement_id for w in new],
        [w.component for w in new],
        [w.period for w in new],
        [w.earned_at for w in new],
        [w.matures_at for w in new],
        [w.charity_id for w in new],
    )
    return [row["id"] for row in rows]


async def _post(
    connection: Connection, stream: Stream, changes: Sequence[Change], inputs: Sequence[str], now: datetime
) -> None:
    if not changes:
        return
    planned = [booking.entry_for(change, _owed(stream, change.charity_id), now) for change in changes]
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


def _owed(stream: Stream, charity_id: UUID | None) -> Pair:
    """Return between whom a commission is owed: with a charity, it is a donation."""
    return Pair(charity_id or stream.partner_id, stream.advertiser_id, stream.currency)
