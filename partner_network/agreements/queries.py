"""Agreements as their two brands read them, and the terms that hold for a partnership."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements import documents, terms_reading
from partner_network.agreements.documents import AgreementDocument, Parties, Signature
from partner_network.agreements.rules import Held, Span
from partner_network.agreements.terms import Terms
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.rules.permissions import Asking
from partner_network.kernel.errors import NotFoundError

_AGREEMENT = """SELECT a.id, a.number, a.partnership_id, p.advertiser_id, p.partner_id, p.program_id,
    a.program_version_id, a.contract_name, a.contract_version, a.terms_toml,
    encode(a.content_hash, 'hex') AS content_hash, a.drafted_at, n.parties::text AS parties,
    d.file_key, encode(d.pdf_sha256, 'hex') AS pdf_sha256,
    EXISTS (SELECT FROM agreements later
            WHERE later.partnership_id = a.partnership_id AND later.id > a.id) AS is_superseded
    FROM agreements a JOIN partnerships p ON p.id = a.partnership_id
    JOIN agreement_parties n ON n.agreement_id = a.id
    LEFT JOIN agreement_documents d ON d.agreement_id = a.id"""
# $1 is the asking brand, null for the operator, who sees all.
_SEES = "($1::uuid IS NULL OR $1 IN (p.advertiser_id, p.partner_id))"


class Signed(msgspec.Struct, frozen=True):
    """One brand's signature."""

    brand_id: UUID
    brand: str
    name: str
    role: str
    signed_at: datetime
    address_prefix: str


class Agreement(msgspec.Struct, frozen=True):
    """Terms under a published contract, as drafted; signed by none, one or both of its brands."""

    id: UUID
    number: str
    partnership_id: UUID
    advertiser_id: UUID
    partner_id: UUID
    program_id: UUID
    program_version_id: UUID
    contract_name: str
    contract_version: str
    terms_toml: str
    content_hash: str
    """What both sides sign, in hexadecimal digits."""
    drafted_at: datetime
    parties: Parties
    signatures: tuple[Signed, ...]
    file_key: str | None
    pdf_sha256: str | None
    is_superseded: bool
    """Whether a newer draft exists, which alone can still be signed."""

    @property
    def is_signed(self) -> bool:
        """Say whether both brands signed."""
        return {one.brand_id for one in self.signatures} == {self.advertiser_id, self.partner_id}


class HeldTerms(msgspec.Struct, frozen=True):
    """Which signed terms hold from when until when, as we know now; None is open on that side."""

    agreement_id: UUID
    starts_at: datetime | None
    ends_at: datetime | None
    terms: Terms


async def agreement_of(asking: Asking, agreement_id: UUID) -> Agreement:
    """Return an agreement of the asking brand, on either side. Errors: NotFoundError."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        return await agreement_within(connection, agreement_id, brand_id=asking.brand_id)


async def agreement_within(
    connection: Connection, agreement_id: UUID, *, brand_id: UUID | None = None
) -> Agreement:
    """Return an agreement within the caller's transaction, seen by one brand or by the network itself."""
    row = await connection.fetchrow(f"{_AGREEMENT} WHERE {_SEES} AND a.id = $2", brand_id, agreement_id)
    if row is None:
        raise NotFoundError("There is no such agreement for you.")
    signatures = await _signatures(connection, [agreement_id])
    return _agreement(dict(row), signatures.get(agreement_id, ()))


async def agreements_of(
    asking: Asking, *, partnership_id: UUID | None = None, after: UUID | None, limit: int
) -> Sequence[Agreement]:
    """List the agreements of the asking brand, or of one of its partnerships, the oldest first."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await connection.fetch(
            f"""{_AGREEMENT} WHERE {_SEES} AND ($2::uuid IS NULL OR a.partnership_id = $2)
                AND ($3::uuid IS NULL OR a.id > $3) ORDER BY a.id LIMIT $4""",
            asking.brand_id,
            partnership_id,
            after,
            limit,
        )
        signatures = await _signatures(connection, [row["id"] for row in rows])
    return [_agreement(dict(row), signatures.get(row["id"], ())) for row in rows]


def document_of(agreement: Agreement) -> AgreementDocument:
    """Return what the printed agreement shows, with the signatures it has."""
    return AgreementDocument(
        number=agreement.number,
        contract_name=agreement.contract_name,
        contract_version=agreement.contract_version,
        terms_toml=agreement.terms_toml,
        parties=agreement.parties,
        signatures=tuple(
            Signature(one.brand, one.name, one.role, one.signed_at, one.address_prefix)
            for one in agreement.signatures
        ),
    )


def text_hash(agreement: Agreement) -> str:
    """Return the hash of the unsigned text as the contract's files give it today."""
    return documents.content_hash(
        agreement.contract_name, agreement.contract_version, agreement.terms_toml, agreement.parties
    )


async def terms_versions_of(connection: Connection, partnership_id: UUID) -> Sequence[HeldTerms]:
    """List the signed terms of a partnership by time, as recorded now; they never overlap."""
    rows = await connection.fetch(
        """SELECT t.agreement_id, lower(t.valid) AS starts_at, upper(t.valid) AS ends_at, a.terms_toml
           FROM terms t JOIN agreements a ON a.id = t.agreement_id
           WHERE t.partnership_id = $1 AND upper_inf(t.recorded) ORDER BY t.valid""",
        partnership_id,
    )
    return [
        HeldTerms(
            row["agreement_id"], row["starts_at"], row["ends_at"], terms_reading.read_terms(row["terms_toml"])
        )
        for row in rows
    ]


async def held_rows(connection: Connection, partnership_id: UUID) -> Sequence[Held]:
    """Return the rows of terms recorded at present; the caller holds the partnership's lock."""
    rows = await connection.fetch(
        """SELECT id, agreement_id, lower(valid) AS starts_at, upper(valid) AS ends_at FROM terms
           WHERE partnership_id = $1 AND upper_inf(recorded) ORDER BY valid""",
        partnership_id,
    )
    return [Held(row["id"], Span(row["agreement_id"], row["starts_at"], row["ends_at"])) for row in rows]


async def _signatures(
    connection: Connection, agreement_ids: Sequence[UUID]
) -> dict[UUID, tuple[Signed, ...]]:
    rows = await connection.fetch(
        """SELECT s.agreement_id, s.brand_id, s.name, s.role, s.signed_at, s.address_prefix,
                  CASE s.brand_id WHEN p.advertiser_id THEN n.parties #>> '{advertiser,name}'
                       ELSE n.parties #>> '{partner,name}' END AS brand
           FROM signatures s JOIN agreements a ON a.id = s.agreement_id
           JOIN partnerships p ON p.id = a.partnership_id JOIN agreement_parties n ON n.agreement_id = a.id
           WHERE s.agreement_id = ANY($1) ORDER BY s.signed_at, s.brand_id""",
        list(agreement_ids),
    )
    found: dict[UUID, tuple[Signed, ...]] = {}
    for row in rows:
        facts = dict(row)
        agreement_id = facts.pop("agreement_id")
        found[agreement_id] = (*found.get(agreement_id, ()), msgspec.convert(facts, Signed))
    return found


def _agreement(row: dict[str, object], signatures: tuple[Signed, ...]) -> Agreement:
    parties = msgspec.json.decode(str(row["parties"]), type=Parties)
    return msgspec.convert(row | {"parties": parties, "signatures": signatures}, Agreement)
