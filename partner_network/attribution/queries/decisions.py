"""Read what is decided."""

from collections.abc import Sequence
from fractions import Fraction
from uuid import UUID

import msgspec

from partner_network.attribution.cases import Case, Standing
from partner_network.attribution.facts import Candidate, Credit
from partner_network.database.connections import Connection

_candidates = msgspec.json.Decoder(tuple[Candidate, ...])


async def standing_decisions(connection: Connection, batch: Sequence[Case]) -> dict[UUID, Standing]:
    """Return what stands decided of these conversions; those never decided are left out."""
    decided = [case.id for case in batch if case.was_decided]
    if not decided:
        return {}
    rows = await connection.fetch(
        """SELECT d.conversion_id, d.rev, d.bound_to, d.candidates,
               EXISTS (SELECT FROM receipts r WHERE r.conversion_id = d.conversion_id AND r.rev = d.rev)
                   AS has_receipt
           FROM unnest($1::uuid[]) AS w (id) CROSS JOIN LATERAL (
               SELECT * FROM current_decisions WHERE conversion_id = w.id OFFSET 0) d""",
        decided,
    )
    credited = await credits_of(connection, [(row["conversion_id"], row["rev"]) for row in rows])
    return {
        row["conversion_id"]: Standing(
            row["rev"],
            row["bound_to"],
            frozenset(
                (credit.touch, partnership_id, credit.weight)
                for credit, partnership_id in credited.get(row["conversion_id"], ())
            ),
            _candidates.decode(row["candidates"]),
            row["has_receipt"],
        )
        for row in rows
    }


async def credits_of(
    connection: Connection, decided: Sequence[tuple[UUID, int]]
) -> dict[UUID, list[tuple[Credit, UUID]]]:
    """Return the credits of decisions named by (conversion, revision), each with its partnership."""
    if not decided:
        return {}
    rows = await connection.fetch(
        """SELECT c.conversion_id, c.touch_id::text AS touch, c.partnership_id, c.touched_at,
               p.partner_id::text AS partner, c.weight_numerator::text AS n, c.weight_denominator::text AS d
           FROM unnest($1::uuid[], $2::int[]) AS w (conversion_id, rev)
           CROSS JOIN LATERAL (
               SELECT * FROM credits WHERE conversion_id = w.conversion_id AND rev = w.rev OFFSET 0) c
           JOIN partnerships p ON p.id = c.partnership_id ORDER BY p.partner_id, c.touch_id""",
        [conversion_id for conversion_id, _ in decided],
        [rev for _, rev in decided],
    )
    found: dict[UUID, list[tuple[Credit, UUID]]] = {}
    for row in rows:
        weight = Fraction(int(row["n"]), int(row["d"]))
        credit = Credit(row["partner"], row["touch"], row["touched_at"], weight)
        found.setdefault(row["conversion_id"], []).append((credit, row["partnership_id"]))
    return found
