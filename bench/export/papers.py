"""What a verification asks of agreements: parties, a fingerprint, and the signatures of both brands."""

from datetime import UTC, datetime

import asyncpg
import msgspec

from partner_network.agreements import documents
from partner_network.agreements.documents import Parties, Party

_SIGNED_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SIGN = """INSERT INTO signatures (agreement_id, brand_id, signed_hash, member_id, name, role, signed_at,
        address_prefix, user_agent)
    SELECT g.id, m.brand_id, g.content_hash, m.member_id, 'x', 'owner', $1, '192.0.2.0/24', 'x'
    FROM agreements g JOIN partnerships p ON p.id = g.partnership_id
    JOIN memberships m ON m.brand_id IN (p.advertiser_id, p.partner_id)"""


async def sign(owner_url: str) -> None:
    """Let both brands sign every agreement, word for word as it stands."""
    owner: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(owner_url)
    found = await owner.fetch(
        """SELECT g.id, g.contract_name, g.contract_version, g.terms_toml, a.name AS advertiser,
               b.name AS partner
           FROM agreements g JOIN partnerships p ON p.id = g.partnership_id
           JOIN brands a ON a.id = p.advertiser_id JOIN brands b ON b.id = p.partner_id"""
    )
    # They were made with a fingerprint that stands for any text, and terms that hold since ever.
    await owner.execute("ALTER TABLE agreements DISABLE TRIGGER USER; ALTER TABLE terms DISABLE TRIGGER USER")
    await owner.execute("UPDATE terms SET valid = tstzrange($1, NULL)", _SIGNED_AT)
    for row in found:
        parties = Parties(
            _party(row["advertiser"]), _party(row["partner"]), _party("network"), "x", "any law", "any court"
        )
        says = documents.content_hash(
            row["contract_name"], row["contract_version"], row["terms_toml"], parties
        )
        await owner.execute(
            "UPDATE agreements SET content_hash = $2 WHERE id = $1", row["id"], bytes.fromhex(says)
        )
        await owner.execute(
            "INSERT INTO agreement_parties (agreement_id, parties) VALUES ($1, $2)",
            row["id"],
            msgspec.json.encode(parties).decode(),
        )
    await owner.execute("ALTER TABLE agreements ENABLE TRIGGER USER; ALTER TABLE terms ENABLE TRIGGER USER")
    await owner.execute(_SIGN, _SIGNED_AT)
    await owner.close()


def _party(name: str) -> Party:
    return Party(name, name, ("x",))
