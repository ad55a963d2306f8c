"""After erasures and retention every figure is still proved from what is left, to the cent."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from partner_network.dashboards.verification import proof
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.privacy import jobs
from partner_network.privacy.actions import erase_customers, erase_members
from tests import builders
from tests.builders import RADIO, SHOP, WEEKLY, Cast, Partnership, at
from tests.conftest import Databases, FreshDatabase
from tests.dashboards.conftest import Lived, lived

__all__ = ["lived"]

MONEY = """SELECT (SELECT json_agg(b ORDER BY account_id) FROM ledger_balances b)::text,
    (SELECT json_agg(s ORDER BY number)
     FROM (SELECT number, totals, closing_minor, content_hash FROM statements) s)::text,
    (SELECT json_agg(l ORDER BY account_id, transfer_id) FROM statement_lines l)::text"""


@pytest.fixture
async def played(databases: Databases, lived: Lived) -> AsyncIterator[FreshDatabase]:
    """The lived network in a database of the test's own, at its own time, with the owner's rights."""
    name = f"played_{uuid4().hex[:12]}"
    await databases.execute(f"CREATE DATABASE {name} TEMPLATE {lived.database}")
    fresh = FreshDatabase(databases, name)
    await connections.open_pool(fresh.url(), max_size=2)
    clock.use_simulated_time(sandbox=True)
    try:
        yield fresh
    finally:
        clock.use_simulated_time(sandbox=False)
        await connections.close_pool()
        await databases.drop(name)


async def differences() -> list[str]:
    return [kind.difference async for kind in proof.verify(None) if kind.difference is not None]


async def money() -> asyncpg.Record | None:
    return await connections.pool().fetchrow(MONEY)


async def owner_of(slug: str) -> Member:
    row = await connections.pool().fetchrow(
        """SELECT m.id, m.name, m.email, b.id AS brand_id FROM members m
           JOIN memberships r ON r.member_id = m.id AND r.role = 'owner'
           JOIN brands b ON b.id = r.brand_id AND b.slug = $1""",
        slug,
    )
    assert row is not None
    return Member(row["id"], row["name"], row["email"], row["brand_id"], frozenset({"owner"}))


async def erase_everybody() -> int:
    """Erase every customer of every brand, and everybody who has an account but an admin; say how many."""
    pool = connections.pool()
    owners = {one.brand_id: one for one in [await owner_of(slug) for slug in builders.TAX_PPM]}
    customers = await pool.fetch("SELECT brand_id, external_id FROM customers")
    for row in customers:
        await erase_customers.erase_customer(owners[row["brand_id"]], row["brand_id"], row["external_id"])
    admin = await builders.person("ann@network.test", None, "admin")
    able = Member(admin.id, admin.name, admin.email, None, admin.roles, has_given_factor=True)
    for brand_id in owners:
        await builders.person(f"heir@{brand_id}.test", brand_id, "owner")
    members = await pool.fetch("SELECT id FROM members WHERE email NOT LIKE 'heir@%' AND id <> $1", admin.id)
    for row in members:
        await erase_members.erase_member(able, row["id"])
    return len(customers) + len(members)


async def found_again(lived: Lived, stripe: StripeConnect) -> Cast:
    """The cast of the lived network, to live on; those who signed statements off are erased by then."""
    pool, cast = connections.pool(), Cast(stripe, lived.stripe_address)
    cast.brands = {row["slug"]: row["id"] for row in await pool.fetch("SELECT id, slug FROM brands")}
    slug_of = {brand_id: slug for slug, brand_id in cast.brands.items()}
    for row in await pool.fetch("SELECT * FROM partnerships"):
        pair = slug_of[row["advertiser_id"]], slug_of[row["partner_id"]]
        cast.partnerships[pair] = Partnership(
            row["id"], row["program_id"], row["advertiser_id"], row["partner_id"]
        )
        cast.programs[pair[0]] = row["program_id"]
    cast.preparer, cast.approver = [
        await builders.person(f"{name}@network.test", None, "finance") for name in ("pat", "abe")
    ]
    return cast


async def test_erasing_everybody_changes_no_cent_and_leaves_every_proof_standing(
    played: FreshDatabase,
) -> None:
    assert played.name
    before = await money()

    assert await erase_everybody() > 20
    await jobs.let_go(await clock.now() + timedelta(days=3_000), clock.wall_now() + timedelta(days=3_000))

    assert await connections.pool().fetchval("SELECT count(*) FROM customer_keys") == 0
    assert await money() == before
    assert await differences() == []


async def test_what_happens_after_the_erasures_is_proved_too(played: FreshDatabase, lived: Lived) -> None:
    assert played.name
    stripe = lived.stripe()
    await erase_everybody()
    cast = await found_again(lived, stripe)
    await builders.set_clock(at(5, 10))
    bob, new = await cast.click(SHOP, RADIO, at(5, 4), at(5, 5))
    await cast.identify(SHOP, {bob: "bob"})
    await cast.order(
        SHOP, *builders.numbered([("bob", at(5, 6), 9_000, None), ("eve", at(5, 7), 8_000, new)], 44)
    )
    await cast.refund(SHOP, "00012", 1_500, at(5, 8))  # an order of Bob's from before he was erased
    (ivy,) = await cast.click(WEEKLY, SHOP, at(5, 4))
    await cast.order(WEEKLY, *builders.numbered([("ivy", at(5, 5), 4_000, ivy)], 41))
    await cast.work()
    await builders.set_clock(at(6, 1, 6))
    await cast.close_month(fund_it=False)
    await stripe.close()

    assert await differences() == []


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE conversions SET net_minor = net_minor + 1 WHERE order_id = '00002'", "conversions"),
        ("UPDATE customers SET pseudonym = sha256('x')", "customers"),
        ("UPDATE ended_memberships SET role = 'viewer'", "ended_memberships"),
    ],
)
async def test_what_is_changed_after_the_erasures_is_still_found(
    played: FreshDatabase, change: str, table: str
) -> None:
    assert played.name
    await erase_everybody()
    await connections.pool().execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")

    await connections.pool().execute(change)

    assert len(await differences()) == 1


async def test_an_erased_member_is_no_one_in_a_signature_but_the_name_that_was_signed(
    played: FreshDatabase,
) -> None:
    assert played.name
    signer = await owner_of(RADIO)
    await erase_everybody()

    row = await connections.pool().fetchrow(
        """SELECT s.name, m.name AS now_called, m.email FROM signatures s
           JOIN members m ON m.id = s.member_id WHERE s.member_id = $1""",
        signer.id,
    )

    assert row is not None
    assert row["name"] == signer.name
    assert row["now_called"] == f"Former member {ids.shown('mbr', signer.id)[-6:]}"
    assert row["email"].endswith("@erased.invalid")
