"""What is still due of clawbacks when a partnership has ended and its last statement is closed lapses."""

from collections.abc import Sequence
from datetime import datetime

from partner_network.commissions.actions import clawbacks, mature
from partner_network.commissions.actions.accrue import stream_lock
from partner_network.commissions.booking import Settled
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.ledger import actions as ledger
from partner_network.statements import lapse_queries
from partner_network.statements import lapsing as rules
from partner_network.statements.actions import telling
from partner_network.statements.lapse_queries import EndedPair, Lapsing


async def let_lapse(now: datetime) -> int:
    """Book who bears what no statement can recover any more; return of how many clawbacks.

    The advertiser does, or by two people's word the network.
    Idempotent and safe with several workers: each pair is looked at again under its lock.
    Source: MONEY section 5: end of a partnership; the contract's clause 5.7.
    """
    async with connections.transaction() as connection:
        pairs = await lapse_queries.ended_pairs(connection, now)
    done = 0
    for of in pairs:
        async with connections.transaction() as connection:
            done += await _let_lapse(connection, of, now)
    return done


async def _let_lapse(connection: Connection, of: EndedPair, now: datetime) -> int:
    pair = of.pair
    # A close that recovers it waits, and so does an order computed anew that would make less of it due.
    lock = mature.pair_lock(pair.currency, pair.advertiser_id, pair.partner_id)
    await connections.lock_all(connection, lock, *(stream_lock(one) for one in of.partnership_ids))
    # Another worker may have been here, or a new partnership of the two have begun.
    if of not in await lapse_queries.ended_pairs(connection, now):
        return 0
    if await lapse_queries.may_still_recover(connection, of, now):
        return 0
    # Who proposes meanwhile that the network bears one is waited for, or finds it gone.
    for one in await lapse_queries.lapsing(connection, of, now):
        await connections.lock_all(connection, rules.lock_of(one.clawback_id))
    lapsing = await lapse_queries.lapsing(connection, of, now)
    await _book(connection, of, lapsing, now)
    for is_borne in (False, True):
        some = [one for one in lapsing if one.is_borne == is_borne]
        if some:
            minor = sum(one.due_minor for one in some)
            tell = telling.tell_written_off if is_borne else telling.tell_lapsed
            await tell(connection, pair, [one.clawback_id for one in some], minor, now)
    return len(lapsing)


async def _book(connection: Connection, of: EndedPair, lapsing: Sequence[Lapsing], now: datetime) -> None:
    if not lapsing:
        return
    entries = [
        (rules.borne_entry_of if one.is_borne else rules.entry_of)(
            one.clawback_id, one.commission_id, of.pair, one.due_minor, now
        )
        for one in lapsing
    ]
    booked = await ledger.post(connection, entries, recorded_at=now)
    settled = [
        (
            Settled(one.clawback_id, 0, "written_off" if one.is_borne else "forgiven", one.due_minor),
            entry.transfer_ids[0],
        )
        for one, entry in zip(lapsing, booked, strict=True)
    ]
    await clawbacks.record_settlements(connection, settled)
