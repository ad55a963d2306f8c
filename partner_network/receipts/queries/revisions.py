"""Read the decisions of one conversion with their receipts, as whoever asks may see them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from partner_network.attribution import receipt
from partner_network.attribution.facts import Candidate, Decision
from partner_network.attribution.queries.decisions import credits_of
from partner_network.database.connections import Connection
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError
from partner_network.receipts.rules.seen import Revision, Viewer

REVISIONS_MAX = 50
_candidates = msgspec.json.Decoder(list[Candidate])


class Reported(Struct, frozen=True):
    """A conversion as its advertiser reported it, with the names around it; money in minor units."""

    id: UUID
    advertiser_id: UUID
    advertiser: str
    program_id: UUID
    program: str | None
    """None for a partner that has no partnership in the program: its touch belonged to another one."""
    event: str
    order_id: str
    occurred_at: datetime
    recorded_at: datetime
    currency: str
    net_minor: int
    rev: int | None
    """The newest revision; None while the conversion waits to be decided."""
    outcome: str | None
    waits: bool
    """Whether it is to be looked at again, as the advertiser and the operator know."""
    nobodys_code: str | None
    """A code that the order named and that was nobody's then, for its advertiser and the operator."""


async def reported(connection: Connection, conversion_id: UUID, asking_brand: UUID | None) -> Reported:
    """Return one conversion; without an asking brand it is the operator who asks.

    Errors: NotFoundError for anybody but the advertiser, the operator and each partner with a touch that
    was looked at, in the same words for a conversion that is not there.
    """
    row = await connection.fetchrow(
        """SELECT v.id, v.brand_id AS advertiser_id, b.name AS advertiser, v.program_id, g.name AS program,
               v.event, v.order_id, v.occurred_at, v.recorded_at, v.currency, v.net_minor, d.rev, d.outcome,
               EXISTS (SELECT FROM undecided_conversions u WHERE u.conversion_id = v.id) AS waits,
               CASE WHEN $2::uuid <> v.brand_id THEN NULL
                   WHEN NOT EXISTS (SELECT FROM touches t WHERE t.conversion_id = v.id) THEN v.code
               END AS nobodys_code
           FROM conversions v JOIN brands b ON b.id = v.brand_id
           LEFT JOIN program_names g ON g.id = v.program_id
           LEFT JOIN current_decisions d ON d.conversion_id = v.id
           WHERE v.id = $1 AND ($2::uuid IS NULL OR v.brand_id = $2 OR EXISTS (
               SELECT FROM candidacies c WHERE c.conversion_id = v.id AND c.partner_id = $2))""",
        conversion_id,
        asking_brand,
    )
    if row is None:
        raise nothing_here()
    return Reported(**row)


def nothing_here() -> NotFoundError:
    """Say that there is no such receipt, in one wording whatever the cause."""
    return NotFoundError("There is no such conversion for you; open it from the list of conversions.")


def viewer_of(one: Reported, asking_brand: UUID | None) -> Viewer:
    """Return whose part is shown: everything to the advertiser and the operator."""
    return None if asking_brand in {None, one.advertiser_id} else str(asking_brand)


async def revisions_of(connection: Connection, conversion_id: UUID, viewer: Viewer) -> list[Revision]:
    """Return the newest revisions of a conversion's decision that concern a viewer, the newest first."""
    rows = await connection.fetch(
        """SELECT d.rev, d.decided_at, d.model, d.bound_to, d.candidates, r.facts, r.salt, r.root
           FROM decisions d JOIN receipts r ON r.conversion_id = d.conversion_id AND r.rev = d.rev
           WHERE d.conversion_id = $1 AND ($2::uuid IS NULL OR r.partner_ids @> ARRAY[$2])
           ORDER BY d.rev DESC LIMIT $3""",
        conversion_id,
        None if viewer is None else UUID(viewer),
        REVISIONS_MAX,
    )
    return await _with_credits(connection, conversion_id, rows)


async def _with_credits(
    connection: Connection, conversion_id: UUID, rows: Sequence[asyncpg.Record]
) -> list[Revision]:
    found: list[Revision] = []
    for row in rows:
        facts = receipt.decode(row["facts"])
        credited = await credits_of(connection, [(conversion_id, row["rev"])])
        decision = Decision(
            facts.conversion.id,
            row["model"],
            tuple(credit for credit, _ in credited.get(conversion_id, ())),
            tuple(_candidates.decode(row["candidates"])),
            None if row["bound_to"] is None else ids.shown("cnv", row["bound_to"]),
        )
        content = row["facts"].encode()
        found.append(
            Revision(row["rev"], row["decided_at"], facts, content, decision, row["salt"], row["root"])
        )
    return found
