"""Write an export: every table's rows in a stream, then the manifest that proves each file."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args, get_type_hints
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from partner_network.attribution import receipt
from partner_network.attribution.facts import Candidate, Credit, Decision
from partner_network.dashboards.exporting import sources
from partner_network.dashboards.exporting.chained import Sealed, Writer
from partner_network.dashboards.exporting.formats import (
    FORMAT,
    MANIFEST,
    FixedRate,
    History,
    Manifest,
    Receipt,
    ReceiptLeaf,
    Share,
)
from partner_network.dashboards.verification.books import Books
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.rules import seen
from partner_network.receipts.rules.seen import Revision

OWN: dict[str, type[Struct]] = {"histories": History, "shares": Share, "fixed_rates": FixedRate}
RECEIPTS = "receipts"
_AT_ONCE = 500
RECEIPTS_QUERY = """
    SELECT d.conversion_id, d.rev, d.decided_at, d.model, d.bound_to, d.candidates, r.facts, r.salt, r.root,
        v.brand_id = $1 AS is_whole,
        array(SELECT (h.partner_id::text, c.touch_id::text, c.touched_at, c.weight_numerator::text,
                      c.weight_denominator::text)
              FROM credits c JOIN partnerships h ON h.id = c.partnership_id
              WHERE c.conversion_id = d.conversion_id AND c.rev = d.rev
              ORDER BY h.partner_id, c.touch_id) AS credits
    FROM receipts r JOIN decisions d ON d.conversion_id = r.conversion_id AND d.rev = r.rev
    JOIN conversions v ON v.id = d.conversion_id
    WHERE v.brand_id = $1 OR r.partner_ids @> ARRAY[$1]
    ORDER BY v.occurred_at, v.order_id, v.event, d.rev
"""
_candidates = msgspec.json.Decoder(tuple[Candidate, ...])
Tell = Callable[[str, int], None]
"""Is told which file is written and how many rows it has so far."""


def kinds() -> dict[str, type[Struct]]:
    """Return what the rows of each file are: the tables that verification reads, and the export's own."""
    hints: dict[str, Any] = get_type_hints(Books)
    rows = {name: get_args(hints[name])[0] for name in sources.SOURCES if name in hints}
    return {**rows, **OWN}


async def export(brand: str, out: Path, exported_at: datetime, tell: Tell) -> Manifest:
    """Write all that a brand may see into a new folder, as it stands at one instant of the database.

    `brand` is its slug or its id bnd_…. Memory holds some hundred rows at a time, however many there are.
    Errors: NotFoundError, ConflictError where the folder is there already.
    """
    async with connections.transaction(isolation="repeatable_read") as connection:
        await connection.execute("SET TRANSACTION READ ONLY")
        brand_id, slug = await _brand(connection, brand)
        unfinished = _folder_beside(out)
        files = {
            f"{name}.jsonl": await _write(_To(unfinished, name, tell), connection, kind, brand_id)
            for name, kind in kinds().items()
        }
        files[f"{RECEIPTS}.jsonl"] = await _write_receipts(
            _To(unfinished, RECEIPTS, tell), connection, brand_id
        )
        hashes = await connection.fetch(
            "SELECT number, content_hash FROM statements WHERE $1 IN (payee_id, payer_id) ORDER BY number",
            brand_id,
        )
    manifest = Manifest(
        format=FORMAT,
        engine_version=version("partner-network"),
        brand=slug,
        brand_id=brand_id,
        exported_at=exported_at,
        files=files,
        statements={row["number"]: row["content_hash"].hex() for row in hashes},
    )
    written = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    (unfinished / MANIFEST).write_bytes(written + b"\n")
    # Whoever sees the folder sees all of it.
    unfinished.replace(out)
    return manifest


def _folder_beside(out: Path) -> Path:
    unfinished = out.with_name(f"{out.name}.part")
    for there in (out, unfinished):
        if there.exists():
            raise ConflictError(Sentence("{out} is there already; name a folder that is not.", out=there))
    unfinished.mkdir(parents=True)
    return unfinished


async def _brand(connection: Connection, named: str) -> tuple[UUID, str]:
    wanted = ids.parse("bnd", named) if named.startswith("bnd_") else None
    row = await connection.fetchrow("SELECT id, slug FROM brands WHERE id = $1 OR slug = $2", wanted, named)
    if row is None:
        raise NotFoundError(Sentence("There is no brand {named!r}.", named=named))
    return row["id"], row["slug"]


class _To(Struct, frozen=True):
    """Where the rows of one file go, and who is told."""

    folder: Path
    name: str
    tell: Tell

    async def write(self, rows: AsyncIterator[object]) -> Sealed:
        """Write rows as they come."""
        with Writer(self.folder / f"{self.name}.jsonl") as writer:
            async for row in rows:
                writer.write(row)
                if writer.rows % _AT_ONCE == 0:
                    self.tell(self.name, writer.rows)
            self.tell(self.name, writer.rows)
            return writer.sealed


async def _write(to: _To, connection: Connection, kind: type[Struct], brand_id: UUID) -> Sealed:
    query = sources.query_of(to.name, kind)
    return await to.write(kind(*record) async for record in _rows(connection, query, brand_id))


async def _rows(connection: Connection, query: str, brand_id: UUID) -> AsyncIterator[asyncpg.Record]:
    async for record in connection.cursor(query, brand_id, prefetch=_AT_ONCE):
        yield record


async def _write_receipts(to: _To, connection: Connection, brand_id: UUID) -> Sealed:
    return await to.write(
        _receipt(record, None if record["is_whole"] else str(brand_id))
        async for record in _rows(connection, RECEIPTS_QUERY, brand_id)
    )


def _receipt(record: asyncpg.Record, viewer: str | None) -> Receipt:
    """Return what of a receipt its reader may see: the same as its page and its JSON show."""
    facts = receipt.decode(record["facts"])
    decision = Decision(
        facts.conversion.id,
        record["model"],
        tuple(
            Credit(partner, touch, at, Fraction(int(numerator), int(denominator)))
            for partner, touch, at, numerator, denominator in record["credits"]
        ),
        _candidates.decode(record["candidates"]),
        None if record["bound_to"] is None else ids.shown("cnv", record["bound_to"]),
    )
    content = record["facts"].encode()
    revision = Revision(
        record["rev"], record["decided_at"], facts, content, decision, record["salt"], record["root"]
    )
    shown = seen.seen_by(revision, viewer)
    return Receipt(
        conversion_id=record["conversion_id"],
        rev=record["rev"],
        root=record["root"].hex(),
        hashes=[part.hash.hex() for part in shown.parts],
        leaves=[
            ReceiptLeaf(part.n, part.text or "", part.leaf.salt.hex())
            for part in shown.parts
            if part.leaf is not None
        ],
        facts=None if shown.hides_some else record["facts"],
        salt=None if shown.hides_some else record["salt"].hex(),
    )
