"""Open programs, invite partners, take them up, activate, and pair what is reciprocal."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from partner_network.brands import actions as brands
from partner_network.brands import reach
from partner_network.brands.actions import NewBrand
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit, people
from partner_network.identity.actions.people import Accepted, Invited, Invitee
from partner_network.identity.rules import permissions
from partner_network.identity.rules.audit import Actor
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError, NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.notifications.actions import tell
from partner_network.programs import queries, rules
from partner_network.programs.queries import Partnership


class NewProgram(msgspec.Struct, frozen=True):
    """What an advertiser wants promoted, and to which hosts links may lead."""

    brand_id: UUID
    slug: str
    name: str
    offer: str
    default_url: str
    destination_hosts: tuple[str, ...]


class InvitedPartner(msgspec.Struct, frozen=True):
    """A fresh partnership; with a brand that is new here goes an invitation for its first owner."""

    partnership_id: UUID
    partner_id: UUID
    invitation: Invited | None


async def create_program(member: Member, new: NewProgram, *, sandbox: bool = False) -> UUID:
    """Open a program for the member's own brand; the operator may for every brand."""
    permissions.must(member, "manage programs")
    rules.must_be_program(
        slug=new.slug,
        name=new.name,
        offer=new.offer,
        default_url=new.default_url,
        hosts=new.destination_hosts,
        sandbox=sandbox,
    )
    if not member.is_operator and member.brand_id != new.brand_id:
        raise NotFoundError("You can open programs for your own brand only.")
    async with connections.transaction(eyes=member.eyes) as connection:
        at = await clock.now(connection)
        if not await connection.fetchval("SELECT true FROM brands WHERE id = $1", new.brand_id):
            raise NotFoundError("There is no such brand.")
        program_id: UUID | None = await connection.fetchval(
            """INSERT INTO programs (id, brand_id, slug, name, offer, default_url, destination_hosts,
                                     created_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (slug) DO NOTHING RETURNING id""",
            ids.new_id(at),
            new.brand_id,
            new.slug,
            new.name.strip(),
            new.offer.strip(),
            new.default_url,
            new.destination_hosts,
            at,
        )
        if program_id is None:
            raise ConflictError(
                Sentence("The short name {slug!r} is taken; choose another.", slug=new.slug),
                fields={"slug": Sentence("taken")},
            )
        after = msgspec.structs.asdict(new)
        await audit.record(
            connection, member, "create", "program", program_id, brands=[new.brand_id], after=after
        )
    return program_id


async def invite_partner(
    member: Member,
    program_id: UUID,
    partner: UUID | NewBrand,
    *,
    owner: Invitee | None = None,
    platform_country: str = reach.DEFAULT_PLATFORM,
) -> InvitedPartner:
    """Invite a brand to promote a program; a brand that is new here is made, its owner invited by e-mail.

    An existing brand answers through its own members: nobody outside it may name its owner.
    Errors: InvalidError for a brand that Stripe could never pay, besides the usual.
    """
    permissions.must(member, "invite partners")
    rules.must_name_owner(None if owner is None else owner.email, is_new=isinstance(partner, NewBrand))
    async with connections.transaction(eyes=member.eyes) as connection:
        advertiser_id: UUID | None = await connection.fetchval(
            "SELECT brand_id FROM programs WHERE id = $1 AND ($2::uuid IS NULL OR brand_id = $2)",
            program_id,
            member.brand_id,
        )
        if advertiser_id is None:
            raise NotFoundError("There is no such program of your brand.")
        await _must_not_be_paused(connection, program_id)
        partner_id = await _partner(connection, partner)
        partnership_id = await _create(connection, program_id, advertiser_id, partner_id)
        # Only now: a brand sees nothing of another before they have a partnership.
        country = await connection.fetchval("SELECT country FROM brands WHERE id = $1", partner_id)
        reach.must_reach(country, platform=platform_country)
        concerned, after = (advertiser_id, partner_id), {"program": ids.shown("prg", program_id)}
        if isinstance(partner, NewBrand):
            made = {"slug": partner.slug, "country": partner.country}
            await audit.record(
                connection, member, "create", "brand", partner_id, brands=concerned, after=made
            )
        await audit.record(
            connection, member, "invite", "partnership", partnership_id, brands=concerned, after=after
        )
        if owner is None:
            await _tell_invited(connection, partnership_id, partner_id)
            return InvitedPartner(partnership_id, partner_id, None)
        invitation = await people.invite(
            connection, member, owner, role="owner", brand_id=partner_id, partnership_id=partnership_id
        )
        return InvitedPartner(partnership_id, partner_id, invitation)


async def _must_not_be_paused(connection: Connection, program_id: UUID) -> None:
    if await connection.fetchval(
        "SELECT EXISTS (SELECT FROM program_pauses WHERE program_id = $1 AND ended_at IS NULL)", program_id
    ):
        raise ConflictError(
            "This program is paused, since statements were not funded in time; it invites partners again "
            "when its brand has paid in."
        )


async def _tell_invited(connection: Connection, partnership_id: UUID, partner_id: UUID) -> None:
    said = await queries.names_of(connection, partnership_id)
    await tell.notify(connection, "partnership-invitation", partnership_id, tell.brand(partner_id), said=said)


async def accept_invitation(token: str, *, name: str, password: str) -> Accepted:
    """Take an invitation up: the person joins the brand, and its partnership goes into review."""
    proof = await people.proof_for(token, password)
    async with connections.transaction(eyes="doorkeeper") as connection:
        accepted = await people.accept(connection, token, name=name, password_hash=proof)
        if accepted.partnership_id is not None and accepted.brand_id is not None:
            await connections.look(connection, accepted.brand_id)
            await _step(connection, accepted.partnership_id, "in_review")
            await _record_acceptance(connection, accepted, accepted.partnership_id)
    return accepted


async def _record_acceptance(connection: Connection, accepted: Accepted, partnership_id: UUID) -> None:
    concerned = await connection.fetchrow(
        "SELECT advertiser_id, partner_id FROM partnerships WHERE id = $1", partnership_id
    )
    by = Actor("member", accepted.member_id, ("owner",), None, accepted.brand_id)
    await audit.record(
        connection,
        by,
        "accept",
        "partnership",
        partnership_id,
        brands=tuple(concerned or ()),
        before={"status": "invited"},
        after={"status": "in_review"},
    )


async def answer_partnership(member: Member, partnership_id: UUID, *, accept: bool) -> Partnership:
    """Accept or decline, as the invited brand, a partnership that an advertiser offers."""
    permissions.must(member, "accept partnerships")
    async with connections.transaction(eyes=member.eyes) as connection:
        partnership = await queries.partnership_within(connection, member, partnership_id)
        if partnership.partner_id != member.brand_id:
            raise NotFoundError("This invitation is for the other brand to answer.")
        await _step(connection, partnership_id, "in_review" if accept else "declined")
        answered = await queries.partnership_within(connection, member, partnership_id)
        await audit.record(
            connection,
            member,
            "accept" if accept else "decline",
            "partnership",
            partnership_id,
            brands=(partnership.advertiser_id, partnership.partner_id),
            before={"status": partnership.status},
            after={"status": answered.status},
        )
        return answered


async def pair_partnerships(member: Member, one_id: UUID, other_id: UUID) -> None:
    """Mark two partnerships as each other's mirror: each brand promotes the other."""
    permissions.must(member, "invite partners")
    async with connections.transaction(eyes=member.eyes) as connection:
        await _locked(connection, [one_id, other_id])
        one = await queries.partnership_within(connection, member, one_id)
        other = await queries.partnership_within(connection, member, other_id)
        if (one.advertiser_id, one.partner_id) != (other.partner_id, other.advertiser_id):
            raise InvalidError(
                "Reciprocal partnerships join the same two brands, each promoting the other once."
            )
        if {one.mirror_id, other.mirror_id} not in ({None}, {one_id, other_id}):
            raise ConflictError("One of the two partnerships is paired with another already.")
        await connection.execute(
            """UPDATE partnerships SET mirror_id = CASE id WHEN $1 THEN $2::uuid ELSE $1 END
               WHERE id IN ($1, $2)""",
            one_id,
            other_id,
        )
        brands_of, after = (one.advertiser_id, one.partner_id), {"mirror": ids.shown("prt", other_id)}
        await audit.record(connection, member, "pair", "partnership", one_id, brands=brands_of, after=after)


async def activate(connection: Connection, partnership_id: UUID, at: datetime) -> None:
    """Start a partnership whose agreement both sides signed, within the caller's transaction."""
    await _step(connection, partnership_id, "active")
    await connection.execute("UPDATE partnerships SET active_from = $2 WHERE id = $1", partnership_id, at)


async def end_at_its_instant(connection: Connection, partnership_id: UUID, now: datetime) -> bool:
    """End a partnership whose notice has taken effect, within the caller's transaction; once, for good."""
    (status,) = (await _locked(connection, [partnership_id])).values()
    if status == "ended":
        return False
    rules.must_become(status, "ended")
    done = await connection.execute(
        "UPDATE partnerships SET status = 'ended' WHERE id = $1 AND ended_at <= $2", partnership_id, now
    )
    return done != "UPDATE 0"


async def _partner(connection: Connection, partner: UUID | NewBrand) -> UUID:
    if isinstance(partner, NewBrand):
        return await brands.create_within(connection, partner)
    return partner  # whether it exists says its foreign key: brands do not see those they have nothing with


async def _create(connection: Connection, program_id: UUID, advertiser_id: UUID, partner_id: UUID) -> UUID:
    if partner_id == advertiser_id:
        raise InvalidError(
            "A brand cannot promote itself; choose another.", fields={"partner": Sentence("is you")}
        )
    at = await clock.now(connection)
    try:
        made: UUID | None = await connection.fetchval(
            """INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at)
               VALUES ($1, $2, $3, $4, 'invited', $5)
               ON CONFLICT (program_id, partner_id) DO NOTHING RETURNING id""",
            ids.new_id(at),
            program_id,
            advertiser_id,
            partner_id,
            at,
        )
    except asyncpg.ForeignKeyViolationError as unknown:
        raise NotFoundError("There is no such brand.") from unknown
    if made is None:
        raise ConflictError("This brand has a partnership with the program already.")
    return made


async def _step(connection: Connection, partnership_id: UUID, wanted: rules.Status) -> None:
    statuses = await _locked(connection, [partnership_id])
    rules.must_become(statuses[partnership_id], wanted)
    await connection.execute("UPDATE partnerships SET status = $2 WHERE id = $1", partnership_id, wanted)


async def _locked(connection: Connection, partnership_ids: Sequence[UUID]) -> dict[UUID, rules.Status]:
    """Hold the partnerships, in the order of their ids, before anything is decided about them."""
    rows = await connection.fetch(
        "SELECT id, status FROM partnerships WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(partnership_ids)
    )
    return {row["id"]: row["status"] for row in rows}
