"""Sign an agreement; the second signature makes its terms hold."""

from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements import ending, queries, rules, terms_reading
from partner_network.agreements.actions import holding
from partner_network.agreements.queries import Agreement
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError
from partner_network.notifications.actions import tell
from partner_network.programs import actions as programs
from partner_network.programs import queries as partnerships
from partner_network.programs.queries import Partnership

RENDER = "agreements.render_agreement"
_USER_AGENT_CHARACTERS_MAX = 500


class RenderAgreement(msgspec.Struct, frozen=True):
    """Ask for the PDF of an agreement that both brands signed."""

    agreement_id: UUID


class Signer(msgspec.Struct, frozen=True):
    """Who signs, and from where."""

    member: Member
    address: str
    user_agent: str


async def sign_agreement(signer: Signer, agreement_id: UUID, read_hash: str) -> Agreement:
    """Sign, for the signer's brand, exactly the text that was read; the second signature makes it hold.

    Errors: NotFoundError for others' agreements, ForbiddenError for whoever is no owner, ConflictError when
        the text is another, a newer draft exists, or the brand signed already.
    """
    member = signer.member
    permissions.must(member, "sign agreements")
    async with connections.transaction(eyes=member.eyes) as connection:
        drafted = await queries.agreement_within(connection, agreement_id, brand_id=member.brand_id)
        await holding.lock(connection, drafted.partnership_id)
        # Read again under the lock: the other side may have signed, or drafted anew, in this moment.
        agreement = await queries.agreement_within(connection, agreement_id, brand_id=member.brand_id)
        partnership = await partnerships.partnership_within(connection, member, agreement.partnership_id)
        rules.must_be_open(partnership.status_at(await clock.now(connection)))
        if any(one.brand_id == member.brand_id for one in agreement.signatures):
            raise ConflictError("Your brand has signed this agreement already.")
        if agreement.is_superseded:
            raise ConflictError("There is a newer draft of this agreement; read and sign that one.")
        rules.must_be_unchanged(read_hash, agreement.content_hash, queries.text_hash(agreement))
        at = await clock.now(connection)
        await _sign(connection, signer, agreement, at)
        brands = (partnership.advertiser_id, partnership.partner_id)
        after = {"number": agreement.number, "content_hash": agreement.content_hash}
        await audit.record(connection, member, "sign", "agreement", agreement.id, brands=brands, after=after)
        signed = await queries.agreement_within(connection, agreement_id)
        if signed.is_signed:
            await _put_in_force(connection, signed, partnership, at)
            after = {"number": agreement.number, "is_in_force": True}
            await audit.record(
                connection, member, "put in force", "agreement", agreement.id, brands=brands, after=after
            )
        return signed


async def _put_in_force(
    connection: Connection, agreement: Agreement, partnership: Partnership, at: datetime
) -> None:
    """Record the terms, start the partnership, and ask for the document, all with the second signature."""
    if partnership.status == "in_review":
        await programs.activate(connection, partnership.id, at)
    terms = terms_reading.read_terms(agreement.terms_toml)
    await holding.must_continue(connection, partnership.id, terms)
    await holding.must_suit_mirror(connection, partnership, terms)
    starts = rules.starts_at(
        terms,
        signed_at=at,
        drafted_at=agreement.drafted_at,
        held=await holding.settlement_of(connection, partnership.id),
    )
    ending.must_begin_before_the_end(starts, partnership.ended_at)
    await _record_terms(connection, agreement, starts, at)
    await jobs.enqueue(connection, RENDER, RenderAgreement(agreement.id))
    # An order of this very moment may be decided and priced by the terms before; the database puts it up
    # again for both.
    await jobs.enqueue(connection, "attribution.decide")
    await jobs.enqueue(connection, rules.ACCRUE)
    both = (tell.brand(partnership.advertiser_id), tell.brand(partnership.partner_id))
    said = {
        "number": agreement.number,
        "agreement": ids.shown("agr", agreement.id),
        "starts": starts,
        **await partnerships.names_of(connection, partnership.id),
    }
    await tell.notify(connection, "agreement-in-force", agreement.id, *both, said=said, at=at)


async def _record_terms(connection: Connection, agreement: Agreement, starts: datetime, at: datetime) -> None:
    """Close what is known to hold from ``starts`` on, and record what holds instead."""
    held = await queries.held_rows(connection, agreement.partnership_id)
    change = rules.succession(held, agreement.id, starts)
    # A simulated clock may stand still; two states of knowledge never share their instant.
    known_since = await connection.fetchval(
        "SELECT greatest($2, max(lower(recorded)) + interval '1 microsecond') FROM terms WHERE id = ANY($1)",
        list(change.closes),
        at,
    )
    recorded_at: datetime = known_since or at
    await connection.execute(
        "UPDATE terms SET recorded = tstzrange(lower(recorded), $2) WHERE id = ANY($1)",
        list(change.closes),
        recorded_at,
    )
    for span in change.opens:
        await connection.execute(
            """INSERT INTO terms (id, partnership_id, agreement_id, valid, recorded)
               VALUES ($1, $2, $3, tstzrange($4, $5), tstzrange($6, NULL))""",
            ids.new_id(at),
            agreement.partnership_id,
            span.agreement_id,
            span.starts_at,
            span.ends_at,
            recorded_at,
        )


async def _sign(connection: Connection, signer: Signer, agreement: Agreement, at: datetime) -> None:
    await connection.execute(
        """INSERT INTO signatures (agreement_id, brand_id, signed_hash, member_id, name, role, signed_at,
                                   address_prefix, user_agent)
           VALUES ($1, $2, $3, $4, $5, 'owner', $6, $7, $8)""",
        agreement.id,
        signer.member.brand_id,
        bytes.fromhex(agreement.content_hash),
        signer.member.id,
        signer.member.name,
        at,
        rules.truncated(signer.address),
        signer.user_agent[:_USER_AGENT_CHARACTERS_MAX],
    )
