"""Receipts: each decided again from its own facts, byte for byte, and read by whom it concerns."""

from typing import cast

from msgspec import Struct

from partner_network.dashboards.verification.kinds import Kind, compared
from partner_network.database.connections import Connection
from partner_network.kernel import periods
from partner_network.receipts.replay import queries, stretches
from partner_network.receipts.replay.queries import AnyConnection


class Receipts(Struct, frozen=True):
    """What came of the receipts as they were read: they are too many to be kept until all is read."""

    count: int
    without: int
    differences: list[str]


# Whom a decision concerns, as its candidates and its credits say; text, since anybody may have changed them.
_CONCERNED = """
    SELECT d.conversion_id, d.rev, c.candidate ->> 'partner' AS partner
    FROM decisions d CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(d.candidates) WHEN 'array' THEN d.candidates ELSE '[]' END) AS c (candidate)
    WHERE c.candidate ->> 'partner' IS NOT NULL
    UNION SELECT c.conversion_id, c.rev, p.partner_id::text
    FROM credits c JOIN partnerships p ON p.id = c.partnership_id
"""
_ORDER = """'the ' || v.event || ' ' || v.order_id || ' of ' || b.slug
    FROM conversions v JOIN brands b ON b.id = v.brand_id"""
_OTHER_PARTNERS = f"""
    WITH concerned AS (
        SELECT conversion_id, rev, array_agg(partner ORDER BY partner) AS partners FROM ({_CONCERNED}) c
        GROUP BY conversion_id, rev)
    SELECT 'The receipt of decision ' || r.rev || ' on ' || (SELECT {_ORDER} WHERE v.id = r.conversion_id)
        || ' names other partners than its decision.'
    FROM receipts r LEFT JOIN concerned c USING (conversion_id, rev)
    WHERE r.partner_ids::text[] IS DISTINCT FROM coalesce(c.partners, '{{}}') LIMIT 1
"""
_OTHER_READERS = f"""
    SELECT (SELECT slug FROM brands WHERE id = k.partner_id)
        || ' may read ' || (SELECT {_ORDER} WHERE v.id = k.conversion_id) || ' and was no candidate of it.'
    FROM candidacies k WHERE (k.partner_id::text, k.conversion_id)
        NOT IN (SELECT partner, conversion_id FROM ({_CONCERNED}) c)
    UNION ALL
    SELECT 'A partner may not read ' || (SELECT {_ORDER} WHERE v.id = c.conversion_id)
        || ' and was a candidate of it: ' || c.partner || '.'
    FROM ({_CONCERNED}) c WHERE (c.partner, c.conversion_id)
        NOT IN (SELECT partner_id::text, conversion_id FROM candidacies)
    LIMIT 1
"""


async def read(connection: Connection) -> Receipts:
    """Prove all receipts within the caller's transaction, one stretch in memory at a time."""
    count, without, differences = 0, 0, list[str]()
    plain = cast("AnyConnection", connection)
    for row in await connection.fetch("SELECT id FROM programs ORDER BY id"):
        ends = periods.LIFETIME.ends_at
        all_of_it = await queries.stretches_of(plain, row["id"], periods.LIFETIME.starts_at, ends)
        async for one in stretches.prove(plain, row["id"], ends, all_of_it):
            count += one.decisions - one.without_receipt
            without += one.without_receipt
            differences += one.differences[: 1 - len(differences)]
    for sql in (_OTHER_PARTNERS, _OTHER_READERS):
        differences += [row[0] for row in await connection.fetch(sql)]
    return Receipts(count, without, differences)


def check(receipts: Receipts) -> Kind:
    """Say what came of deciding every receipt again from its own facts, and who may read which."""
    older = f"; {receipts.without:,} decisions are from before there were any" if receipts.without else ""
    found = f"decided again from their own facts, all alike{older}"
    return compared("receipts", receipts.count, found, receipts.differences)
