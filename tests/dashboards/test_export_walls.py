"""An export says nothing of other brands but what its reader needs to recompute money, each for a reason."""

import re
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from partner_network.dashboards.exporting import writing
from partner_network.kernel import ids
from tests.builders import RADIO, SHOP, SMALL, WEEKLY, at
from tests.conftest import FreshDatabase
from tests.dashboards import giving
from tests.dashboards.test_exports import quiet, text_of
from tests.dashboards.test_prepaid_exported import paid_in_and_back
from tests.payouts.conftest import Sale, sale, simulator

__all__ = ["sale", "simulator"]

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
MINE = ("brand_id", "advertiser_id", "partner_id", "payee_id", "payer_id", "holder_id", "counterparty_id",
    "charity_id")  # fmt: skip
"""A row that names the reader in one of these is its own, or that of a pair that it is one of."""
HANGS_ON = {
    "partnership_id": """EXISTS (SELECT FROM partnerships p WHERE p.id = {table}.partnership_id
        AND b.id IN (p.advertiser_id, p.partner_id))""",
    "commission_id": """EXISTS (SELECT FROM commissions c WHERE c.id = {table}.commission_id
        AND b.id IN (c.advertiser_id, c.partner_id, c.charity_id))""",
    "statement_id": """EXISTS (SELECT FROM statements s WHERE s.id = {table}.statement_id
        AND b.id IN (s.payer_id, s.payee_id))""",
    "payout_id": """EXISTS (SELECT FROM payouts o WHERE o.id = {table}.payout_id
        AND b.id IN (o.payer_id, o.payee_id))""",
    "attempt_id": """EXISTS (SELECT FROM payouts o JOIN payout_attempts t ON t.payout_id = o.id
        WHERE t.id = {table}.attempt_id AND b.id IN (o.payer_id, o.payee_id))""",
    "funding_id": """EXISTS (SELECT FROM fundings f WHERE f.id = {table}.funding_id
        AND b.id = f.advertiser_id)""",
}
OF_OTHERS = {
    "brands.name": "whom it works with",
    "brands.slug": "whom it works with, as statements are numbered",
    "program_versions.policy_toml": "the rule of the program by which its agreements say credit is decided",
    "conversions.order_id": "the orders that it is credited with, by the advertiser's number",
    "refunds.refund_id": "which refund of such an order, so that its undoing is matched",
    "refunds.line": "which line of such an order was given back",
    "conversions.lines": "what of an order a component matches",
    "ledger_entries.key": "the entries between it and another brand name what called for them",
    "ledger_entries.reason": "why what it earned was held",
    "ledger_entries.clause": "the clause of its own agreement",
}
"""What an export may say of a row that names other brands only, and why."""
PARSED = {"receipts.facts", "decisions.candidates", "statements.totals", "agreement_parties.parties"}
"""JSON that a marker would make unreadable; what is hidden of it has tests of its own."""


async def planted(owner: Owner) -> dict[str, list[str]]:
    """Add a marker of its own to every text of every row; return what could be planted, by table."""
    columns = await owner.fetch(
        """SELECT c.table_name AS name, c.column_name AS said FROM information_schema.columns c
           JOIN pg_class r ON r.relname = c.table_name AND r.relnamespace = 'public'::regnamespace
           WHERE c.table_schema = 'public' AND c.data_type = 'text' AND c.is_generated = 'NEVER'
               AND r.relkind IN ('r', 'p') AND NOT r.relispartition ORDER BY 1, 2"""
    )
    done: dict[str, list[str]] = {}
    for table, column in columns:
        if f"{table}.{column}" in PARSED:
            continue
        try:
            async with owner.transaction():
                await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                await owner.execute(
                    f"UPDATE {table} SET {column} = coalesce({column}, '') || '<<{table}.{column}:' || "
                    f"row_number || '>>' FROM (SELECT ctid AS at, row_number() OVER () FROM {table}) n "
                    f"WHERE {table}.ctid = n.at"
                )
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
            continue  # one of a few words, or an address of another row: nobody's secret
        done.setdefault(table, []).append(column)
    return done


async def is_own(owner: Owner, brand: UUID, table: str, column: str, marker: str) -> bool:
    """Tell whether the row that a marker was planted in names the reader, or hangs on one that does."""
    there = {
        row["column_name"]
        for row in await owner.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1", table
        )
    }
    names = [f"{table}.{name}" for name in MINE if name in there]
    names += ["brands.id"] if table == "brands" else []
    hangs = [f"b.id IN ({', '.join(names)})"] if names else []
    hangs += [on.format(table=table) for name, on in HANGS_ON.items() if name in there]
    if not hangs:
        return False
    return await owner.fetchval(
        f"""SELECT coalesce({" OR ".join(hangs)}, false) FROM {table}, (SELECT $1::uuid AS id) b
            WHERE {table}.{column} LIKE $2""",
        brand,
        f"%{marker}%",
    )


@pytest.mark.parametrize("slug", [SHOP, WEEKLY, RADIO, SMALL])
async def test_an_export_says_of_others_only_what_is_listed_with_its_reason(
    copy: FreshDatabase, tmp_path: Path, slug: str
) -> None:
    owner = await copy.connect("owner")
    try:
        await owner.execute(
            """INSERT INTO tax_profiles SELECT gen_random_uuid(), b.id, '2026-03-01', 'L', 'A', 'US',
                   'standard', 'V', 'T', b.tax_rate_ppm, '2026-01-01',
                   (SELECT min(id::text)::uuid FROM members)
               FROM brands b"""
        )
        done = await planted(owner)
        assert {"legal_name", "address", "tax_id", "name"} <= set(done["brands"])
        assert {"vat_id", "tax_number", "legal_name", "address"} <= set(done["tax_profiles"])
        found = await told_of_others(owner, slug, tmp_path)
    finally:
        await owner.close()
    assert " ".join(sorted(found.keys() - OF_OTHERS.keys())) == ""
    assert "brands.name" in found, "what was planted is found where it may be"


async def told_of_others(owner: Owner, slug: str, folder: Path) -> dict[str, str]:
    """Export for a brand; return each column of which it says a row of others alone, with its marker."""
    # A slug may bear a marker by now, which comes after it.
    brand_id = await owner.fetchval("SELECT id FROM brands WHERE split_part(slug, '<<', 1) = $1", slug)
    await writing.export(ids.shown("bnd", brand_id), folder / slug, at(5, 5), quiet)
    found: dict[str, str] = {}
    for marker, table, column in set(re.findall(r"(<<(\w+)\.(\w+):\d+>>)", text_of(folder / slug))):
        if not await is_own(owner, brand_id, table, column, marker):
            found[f"{table}.{column}"] = marker
    return found


@pytest.mark.parametrize("slug", [giving.TREES, SHOP, SMALL])
async def test_what_is_given_tells_a_charity_and_who_gives_nothing_more_of_each_other(
    sale: Sale, database: FreshDatabase, tmp_path: Path, slug: str
) -> None:
    for step in (giving.trees, giving.agree, giving.sell, giving.mature, giving.close, giving.pay):
        await step(sale)
    owner = await database.connect("owner")
    try:
        assert "name" in (await planted(owner))["brands"]
        found = await told_of_others(owner, slug, tmp_path)
    finally:
        await owner.close()
    assert " ".join(sorted(found.keys() - OF_OTHERS.keys())) == ""


@pytest.mark.parametrize("slug", [SHOP, SMALL])
async def test_what_was_paid_in_and_went_back_is_told_to_nobody_else(
    sale: Sale, database: FreshDatabase, tmp_path: Path, slug: str
) -> None:
    await paid_in_and_back(sale)
    owner = await database.connect("owner")
    try:
        done = await planted(owner)
        assert {"payment_intent_id"} <= set(done["fundings"])
        assert {"reason", "decided_reason"} <= set(done["prepaid_returns"])
        found = await told_of_others(owner, slug, tmp_path)
        text = text_of(tmp_path / slug)
    finally:
        await owner.close()
    assert " ".join(sorted(found.keys() - OF_OTHERS.keys())) == ""
    assert ("<<fundings.payment_intent_id" in text) == (slug == SHOP)
    assert "<<prepaid_returns." not in text, "why somebody asked is the network's own"
