"""End a partnership by notice, take the notice back, and write the end down when it has come."""

from datetime import datetime
from uuid import UUID

from partner_network.agreements import contracts, ending, notice_queries, queries
from partner_network.agreements.actions import holding
from partner_network.agreements.notice_queries import Ending
from partner_network.agreements.queries import HeldTerms
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.audit import By, Verb
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.sentences import Sentence
from partner_network.notifications.actions import tell
from partner_network.notifications.rules.values import Value
from partner_network.programs import actions as programs
from partner_network.programs import queries as partnerships
from partner_network.programs.queries import Partnership

GOES_ON = Sentence("The partnership goes on.")


async def end_partnership(
    member: Member, partnership_id: UUID, *, reason: str, for_good_cause: bool = False
) -> Ending:
    """Give notice for the member's brand, or for the advertiser as the operator; it ends at 00:00 after it.

    For good cause it ends at once. Asked again with the same words, it changes nothing.
    Errors: NotFoundError for others' partnerships, ForbiddenError, InvalidError without a reason,
        ConflictError where nothing is in force, all is over, or this side has given notice.
    Source: the contract's clauses 10.1 to 10.4.
    """
    permissions.must(member, "end partnerships")
    reason = ending.must_be_reason(reason)
    async with connections.transaction(eyes=member.eyes) as connection:
        # The partnership's lock: two notices, or a notice and a signature, go one after the other.
        await holding.lock(connection, partnership_id)
        partnership = await partnerships.partnership_within(connection, member, partnership_id)
        party_id = member.brand_id or partnership.advertiser_id
        at = await clock.now(connection)
        notices = await notice_queries.notices_of(connection, partnership_id)
        standing = ending.standing_of(notices, party_id)
        if standing is None or (standing.reason, standing.for_good_cause) != (reason, for_good_cause):
            ending.must_be_running(partnership.status_at(at), invites=party_id == partnership.advertiser_id)
            ending.must_be_new(notices, party_id, for_good_cause=for_good_cause)
            held = notice_queries.terms_at(await queries.terms_versions_of(connection, partnership_id), at)
            if held is None:
                raise RuntimeError(f"partnership {partnership_id} is active without terms")
            await _give(connection, member, partnership, held, (at, reason, for_good_cause))
        return await notice_queries.ending_within(
            connection, await partnerships.partnership_within(connection, member, partnership_id)
        )


async def _give(
    connection: Connection,
    member: Member,
    partnership: Partnership,
    held: HeldTerms,
    said: tuple[datetime, str, bool],
) -> None:
    at, reason, for_good_cause = said
    ends_at = ending.notice_ends_at(held.terms.settlement, at, for_good_cause=for_good_cause)
    agreement = await queries.agreement_within(connection, held.agreement_id)
    contract = contracts.published(agreement.contract_name, agreement.contract_version)
    notice_id = ids.new_id(at)
    await connection.execute(
        """INSERT INTO partnership_notices (id, partnership_id, advertiser_id, partner_id, agreement_id,
               clause, given_for, given_by, by_operator, given_at, for_good_cause, reason, ends_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)""",
        notice_id,
        partnership.id,
        partnership.advertiser_id,
        partnership.partner_id,
        held.agreement_id,
        contracts.clause_of(contract, "good_cause" if for_good_cause else "settlement.notice_days"),
        member.brand_id or partnership.advertiser_id,
        member.id,
        member.is_operator,
        at,
        for_good_cause,
        reason,
        ends_at,
    )
    await _record(connection, member, "end", partnership)
    told = await _told(connection, partnership, held)
    author = told["partner" if member.brand_id == partnership.partner_id else "advertiser"]
    told |= {"author": author, "reason": reason}
    await tell.notify(connection, "partnership-notice", notice_id, *_both(partnership), said=told, at=at)
    if ends_at <= at:
        await _finish(connection, partnership, at)
    # An order of this very moment may be decided without the end; the database puts it up again.
    await jobs.enqueue(connection, "attribution.decide")


async def withdraw_notice(member: Member, partnership_id: UUID) -> Ending:
    """Take back, before it takes effect, the notice that the member's side gave; again changes nothing.

    Errors: NotFoundError for others' partnerships, ForbiddenError, ConflictError where there is none or the
        partnership has ended.
    """
    permissions.must(member, "end partnerships")
    async with connections.transaction(eyes=member.eyes) as connection:
        await holding.lock(connection, partnership_id)
        partnership = await partnerships.partnership_within(connection, member, partnership_id)
        party_id = member.brand_id or partnership.advertiser_id
        at = await clock.now(connection)
        notices = await notice_queries.notices_of(connection, partnership_id)
        own = [one for one in notices if one.given_for == party_id]
        if not own or own[0].stands:
            notice = ending.must_be_withdrawable(notices, party_id, at)
            await connection.execute(
                "UPDATE partnership_notices SET withdrawn_at = $2, withdrawn_by = $3 WHERE id = $1",
                notice.id,
                at,
                member.id,
            )
            await _record(connection, member, "withdraw", partnership)
            await _tell_withdrawn(connection, partnership, notice.id, notice.brand, at)
        return await notice_queries.ending_within(
            connection, await partnerships.partnership_within(connection, member, partnership_id)
        )


async def _tell_withdrawn(
    connection: Connection, before: Partnership, notice_id: UUID, author: str, at: datetime
) -> None:
    ended_at = await _ended_at(connection, before.id)
    after = GOES_ON
    if ended_at is not None:
        after = Sentence("The notice of the other side stands: it still ends at {ends}.", ends=ended_at)
    said: dict[str, Value] = {
        **await partnerships.names_of(connection, before.id),
        "partnership": ids.shown("prt", before.id),
        "author": author,
        "next": after,
    }
    kind = "partnership-notice-withdrawn"
    await tell.notify(connection, kind, notice_id, *_both(before), said=said, at=at)


async def end_due(now: datetime) -> int:
    """Write down each end that has come, and tell both sides; return how many there were.

    Idempotent. Decisions and links go by the instant of the notice, whether this has run or not.
    """
    async with connections.transaction() as connection:
        due = await notice_queries.due(connection, now)
    ended = 0
    for partnership_id in due:
        async with connections.transaction() as connection:
            await holding.lock(connection, partnership_id)
            partnership = await partnerships.partnership_by_id(connection, partnership_id)
            ended += await _finish(connection, partnership, now)
    return ended


async def _finish(connection: Connection, partnership: Partnership, now: datetime) -> bool:
    """End a partnership whose instant has come; the caller holds its lock."""
    if not await programs.end_at_its_instant(connection, partnership.id, now):
        return False
    held = notice_queries.terms_at(await queries.terms_versions_of(connection, partnership.id), now)
    told = {} if held is None else await _told(connection, partnership, held)
    await tell.notify(connection, "partnership-ended", partnership.id, *_both(partnership), said=told, at=now)
    return True


async def _told(connection: Connection, partnership: Partnership, held: HeldTerms) -> dict[str, Value]:
    ends_at = await _ended_at(connection, partnership.id)
    if ends_at is None:
        raise RuntimeError(f"partnership {partnership.id} ends without an instant")
    return {
        **await partnerships.names_of(connection, partnership.id),
        "partnership": ids.shown("prt", partnership.id),
        "ends": ends_at,
        "until": ending.runs_off_until(ends_at, held.terms.windows),
    }


async def _record(connection: Connection, by: By, verb: Verb, before: Partnership) -> None:
    await audit.record(
        connection,
        by,
        verb,
        "partnership",
        before.id,
        brands=(before.advertiser_id, before.partner_id),
        before={"ended_at": _shown(before.ended_at)},
        after={"ended_at": _shown(await _ended_at(connection, before.id))},
    )


async def _ended_at(connection: Connection, partnership_id: UUID) -> datetime | None:
    return await connection.fetchval("SELECT ended_at FROM partnerships WHERE id = $1", partnership_id)


def _shown(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _both(partnership: Partnership) -> tuple[tell.To, tell.To]:
    return tell.brand(partnership.advertiser_id), tell.brand(partnership.partner_id)
