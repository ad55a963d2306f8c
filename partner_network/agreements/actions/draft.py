"""Publish a program's policy, and draft terms for its partnerships."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from partner_network.agreements import (
    charity_queries,
    contracts,
    documents,
    ending,
    queries,
    rules,
    terms_reading,
)
from partner_network.agreements.actions import holding
from partner_network.agreements.documents import Parties, Party
from partner_network.agreements.queries import Agreement
from partner_network.agreements.terms import Terms
from partner_network.brands import queries as brands
from partner_network.brands import reach
from partner_network.brands.queries import Brand
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.notifications.actions import tell
from partner_network.programs import queries as partnerships
from partner_network.programs.queries import Partnership
from partner_network.settings import Operator


class NewAgreement(msgspec.Struct, frozen=True):
    """Terms under a published contract, for one partnership."""

    partnership_id: UUID
    contract_name: str
    contract_version: str
    terms_toml: str


class _Draft(msgspec.Struct, frozen=True):
    """All that both sides will sign."""

    contract_name: str
    contract_version: str
    program_version_id: UUID
    terms_toml: str
    parties: Parties


async def publish_program_version(member: Member, program_id: UUID, policy_toml: str) -> int:
    """Publish the next version of a program's policy; agreements drafted from now on cite it."""
    permissions.must(member, "manage programs")
    rules.program_in(policy_toml)
    async with connections.transaction(eyes=member.eyes) as connection:
        # The program's lock: two who publish at once get two numbers.
        brand_id: UUID | None = await connection.fetchval(
            "SELECT brand_id FROM programs WHERE id = $1 AND ($2::uuid IS NULL OR brand_id = $2) FOR UPDATE",
            program_id,
            member.brand_id,
        )
        if brand_id is None:
            raise NotFoundError("There is no such program of your brand.")
        at = await clock.now(connection)
        version: int = await connection.fetchval(
            """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
               SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4 FROM program_versions
               WHERE program_id = $2
               RETURNING version""",
            ids.new_id(at),
            program_id,
            policy_toml,
            at,
        )
        after = {"version": version}
        await audit.record(
            connection, member, "publish", "program", program_id, brands=[brand_id], after=after
        )
    return version


async def draft_agreement(
    member: Member,
    new: NewAgreement,
    operator: Operator | None,
    *,
    platform_country: str = reach.DEFAULT_PLATFORM,
) -> Agreement:
    """Draft terms for a partnership, as its advertiser or for it: both sides then read and sign them."""
    permissions.must(member, "draft agreements")
    if operator is None:
        raise ConflictError("The network has no name to sign under; set PARTNER_NETWORK_OPERATOR_* first.")
    contract = contracts.published(new.contract_name, new.contract_version)
    async with connections.transaction(eyes=member.eyes) as connection:
        # The partnership's lock: two who draft or sign at once go one after the other.
        await holding.lock(connection, new.partnership_id)
        partnership = await partnerships.partnership_within(connection, member, new.partnership_id)
        if member.brand_id == partnership.partner_id:
            raise ForbiddenError("The advertiser drafts the terms of its program; ask it to.")
        rules.must_be_open(partnership.status_at(await clock.now(connection)))
        version_id, terms_toml = await _completed(connection, partnership, new.terms_toml)
        terms = terms_reading.read_terms(terms_toml)
        rules.must_pay(terms)
        await _must_be_payable(connection, partnership, terms, platform_country)
        contracts.must_settle(contract, terms_reading.to_json(terms))
        await _must_give_notice(connection, partnership, terms)
        await holding.must_continue(connection, partnership.id, terms)
        await holding.must_suit_mirror(connection, partnership, terms)
        charity_ids = await charity_queries.named_in(connection, terms)
        draft = _Draft(
            new.contract_name,
            new.contract_version,
            version_id,
            terms_toml,
            await _parties(connection, partnership, operator),
        )
        agreement_id = await _insert(connection, member, partnership.id, draft)
        await _give(connection, agreement_id, partnership, charity_ids)
        drafted = await queries.agreement_within(connection, agreement_id)
        brands_of = (drafted.advertiser_id, drafted.partner_id)
        after = {"number": drafted.number, "content_hash": drafted.content_hash}
        await audit.record(
            connection, member, "draft", "agreement", agreement_id, brands=brands_of, after=after
        )
        await _tell_owners(connection, drafted)
        return drafted


async def _must_be_payable(
    connection: Connection, partnership: Partnership, terms: Terms, platform_country: str
) -> None:
    """Refuse terms under which Stripe could never pay the partner."""
    reach.must_take(terms.settlement.currency)
    country = await connection.fetchval("SELECT country FROM brands WHERE id = $1", partnership.partner_id)
    reach.must_reach(country, platform=platform_country)


async def _tell_owners(connection: Connection, drafted: Agreement) -> None:
    said = {
        "number": drafted.number,
        "agreement": ids.shown("agr", drafted.id),
        **await partnerships.names_of(connection, drafted.partnership_id),
    }
    both = (tell.brand(drafted.advertiser_id), tell.brand(drafted.partner_id))
    await tell.notify(connection, "agreement-to-sign", drafted.id, *both, said=said)


async def _completed(connection: Connection, partnership: Partnership, terms_toml: str) -> tuple[UUID, str]:
    """Return the program version to cite, and the terms with its policy in them."""
    newest = await connection.fetchrow(
        "SELECT id, policy_toml FROM program_versions WHERE program_id = $1 ORDER BY version DESC LIMIT 1",
        partnership.program_id,
    )
    if newest is None:
        raise ConflictError("The program has no published policy yet; publish one, then draft the agreement.")
    return newest["id"], rules.complete(terms_toml, newest["policy_toml"])


async def _must_give_notice(connection: Connection, partnership: Partnership, terms: Terms) -> None:
    """Refuse a change that wants to hold before the notice of what it changes is over."""
    held = await holding.settlement_of(connection, partnership.id)
    if held is None:
        return
    at = await clock.now(connection)
    starts = rules.starts_at(terms, signed_at=at, drafted_at=at, held=held)
    ending.must_begin_before_the_end(starts, partnership.ended_at)
    earliest = rules.notice_ends_at(held, at)
    if (
        terms.valid_from is not None
        and rules.starts_at(terms, signed_at=at, drafted_at=at, held=None) < earliest
    ):
        raise InvalidError(
            Sentence(
                "A change needs {notice_days} days of notice: it can hold from {earliest} on.",
                notice_days=held.notice_days,
                earliest=earliest,
            ),
            fields={"valid_from": Sentence("before the end of the notice")},
        )


async def _parties(connection: Connection, partnership: Partnership, operator: Operator) -> Parties:
    advertiser = await brands.brand_within(connection, partnership.advertiser_id)
    partner = await brands.brand_within(connection, partnership.partner_id)
    return Parties(
        advertiser=_party(advertiser),
        partner=_party(partner),
        operator=Party(operator.name, operator.legal_name, operator.address),
        program=partnership.program_name,
        governing_law=operator.governing_law,
        courts=operator.courts,
    )


def _party(brand: Brand) -> Party:
    return Party(brand.name, brand.legal_name, tuple(brand.address.splitlines()))


async def _insert(connection: Connection, member: Member, partnership_id: UUID, draft: _Draft) -> UUID:
    at = await clock.now(connection)
    agreement_id = ids.new_id(at)
    hashed = documents.content_hash(
        draft.contract_name, draft.contract_version, draft.terms_toml, draft.parties
    )
    await connection.execute(
        """INSERT INTO agreements (id, number, partnership_id, program_version_id, contract_name,
               contract_version, terms_toml, content_hash, drafted_by, drafted_at)
           SELECT $1, g.slug || '/' || b.slug || '/'
                  || (SELECT count(*) + 1 FROM agreements WHERE partnership_id = p.id),
                  p.id, $3, $4, $5, $6, $7, $8, $9
           FROM partnerships p JOIN programs g ON g.id = p.program_id JOIN brands b ON b.id = p.partner_id
           WHERE p.id = $2""",
        agreement_id,
        partnership_id,
        draft.program_version_id,
        draft.contract_name,
        draft.contract_version,
        draft.terms_toml,
        bytes.fromhex(hashed),
        member.id,
        at,
    )
    await connection.execute(
        "INSERT INTO agreement_parties (agreement_id, parties) VALUES ($1, $2)",
        agreement_id,
        msgspec.json.encode(draft.parties).decode(),
    )
    return agreement_id


async def _give(
    connection: Connection, agreement_id: UUID, partnership: Partnership, charity_ids: Sequence[UUID]
) -> None:
    """Write down whom an agreement gives to: the database lets nobody else be paid under it."""
    if charity_ids:
        await connection.execute(
            """INSERT INTO agreement_charities
                   (agreement_id, charity_id, partnership_id, advertiser_id, partner_id)
               SELECT $1, c, $3, $4, $5 FROM unnest($2::uuid[]) AS c""",
            agreement_id,
            charity_ids,
            partnership.id,
            partnership.advertiser_id,
            partnership.partner_id,
        )
