"""End a partnership in tests, as its parties do."""

from datetime import datetime
from uuid import UUID

from partner_network.agreements import jobs
from partner_network.agreements.actions import end
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member


async def end_now(member: Member, partnership_id: UUID) -> datetime:
    """End it at this instant, for good cause."""
    ending = await end.end_partnership(
        member, partnership_id, reason="Our links were sold on", for_good_cause=True
    )
    assert ending.end is not None
    return ending.end.at


async def give_notice(member: Member, partnership_id: UUID) -> datetime:
    """Give notice as the terms ask for, and return when it takes effect."""
    ending = await end.end_partnership(member, partnership_id, reason="We sell no records any more")
    assert ending.end is not None
    return ending.end.at


async def end_what_is_due() -> int:
    """Do what the calendar does."""
    return await jobs.end_due(await clock.now())


async def ended_at(connection: Connection, partnership_id: UUID, instant: datetime) -> None:
    """Have it ended at an instant, as the advertiser's notice for good cause at that instant would have."""
    await connection.execute(
        """INSERT INTO partnership_notices (id, partnership_id, advertiser_id, partner_id, agreement_id,
               clause, given_for, given_by, by_operator, given_at, for_good_cause, reason, ends_at)
           SELECT gen_random_uuid(), p.id, p.advertiser_id, p.partner_id, t.agreement_id, '10.2',
               p.advertiser_id, coalesce((SELECT r.member_id FROM memberships r WHERE r.role = 'owner'
                   AND r.brand_id = p.advertiser_id LIMIT 1), g.drafted_by), false, $2, true, 'x', $2
           FROM partnerships p JOIN terms t ON t.partnership_id = p.id AND upper_inf(t.recorded)
               AND t.valid @> $2::timestamptz
           JOIN agreements g ON g.id = t.agreement_id WHERE p.id = $1""",
        partnership_id,
        instant,
    )
    await connection.execute("UPDATE partnerships SET status = 'ended' WHERE id = $1", partnership_id)
