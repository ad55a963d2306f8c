"""The proof finds nothing wrong with the network that lived, and every single row that somebody changes."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from typing import cast

import asyncpg
import pytest
from msgspec.structs import replace

from partner_network.dashboards.verification import proof, reading
from partner_network.dashboards.verification.kinds import Kind
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import Funding, StripeConnect, Transfer
from partner_network.ledger import actions as ledger
from partner_network.ledger.rules import Account, Entry, Leg
from tests.builders import RADIO, SHOP, at
from tests.conftest import Databases, FreshDatabase
from tests.dashboards import damages
from tests.dashboards.conftest import Lived
from tests.dashboards.damages import DAMAGES, GONE, WITHOUT_MONEY, Damage, Gone


@pytest.fixture
async def owner(databases: Databases, lived: Lived) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The owner of the tables, in a transaction that comes to nothing."""
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        databases.url(lived.database), server_settings={"timezone": "UTC"}
    )
    transaction = connection.transaction(isolation="repeatable_read")
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def damage(owner: "asyncpg.Connection[asyncpg.Record]", table: str, sql: str) -> None:
    """Do what nobody may do, with the table's guards taken away."""
    await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_made_in_check")
    await owner.execute("ALTER TABLE receipts DROP CONSTRAINT IF EXISTS receipts_conversion_id_rev_fkey")
    done = await owner.execute(sql)
    assert done.rpartition(" ")[2] == "1", f"{done}: one row was meant"


async def last_of(owner: "asyncpg.Connection[asyncpg.Record]", stripe: StripeConnect | None) -> Kind:
    rows = await reading.read_within(cast("Connection", owner))
    return [kind async for kind in proof.compared(rows, stripe, clock.wall_now())][-1]


async def test_everything_that_the_network_did_is_proved_with_a_line_for_each_kind(
    copy: FreshDatabase, stripe: StripeConnect
) -> None:
    kinds = [kind async for kind in proof.verify(stripe)]
    assert [kind.difference for kind in kinds if kind.difference is not None] == []
    counts = {
        kind.name: kind.count for kind in kinds if kind.name != "returns"
    }  # those of payouts/test_returns
    assert min(counts.values()) >= 3, f"{copy.name} holds too little to prove anything: {counts}"
    commissions = next(kind for kind in kinds if kind.name == "commissions")
    assert commissions.line == "commissions           26 recomputed, all equal to the cent"


@pytest.mark.parametrize("what", DAMAGES, ids=lambda what: f"{what.table}: {what.change[:50]}")
async def test_a_changed_row_is_found_and_named(
    owner: "asyncpg.Connection[asyncpg.Record]", stripe: StripeConnect, what: Damage
) -> None:
    await damage(owner, what.table, f"UPDATE {what.table} SET {what.change} WHERE {what.where}")
    last = await last_of(owner, stripe)
    assert last.difference is not None
    assert (last.name, bool(re.search(what.names, last.difference))) == (what.kind, True), last.difference


@pytest.mark.parametrize("what", GONE, ids=lambda what: what.table)
async def test_a_missing_row_is_found_and_named(
    owner: "asyncpg.Connection[asyncpg.Record]", stripe: StripeConnect, what: Gone
) -> None:
    await damage(owner, what.table, f"DELETE FROM {what.table} WHERE {what.where}")
    last = await last_of(owner, stripe)
    assert last.difference is not None
    assert (last.name, bool(re.search(what.names, last.difference))) == (what.kind, True), last.difference


async def test_a_changed_tax_profile_that_money_depended_on_is_found(
    owner: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await owner.execute(
        """INSERT INTO tax_profiles (id, brand_id, valid_from, legal_name, address, country, status,
               tax_number, tax_rate_ppm, recorded_at, recorded_by)
           SELECT gen_random_uuid(), b.id, '2026-01-01', b.name, 'x', 'US', 'standard', 'x', b.tax_rate_ppm,
               '2025-12-01Z', m.id
           FROM brands b, (SELECT id FROM members LIMIT 1) m"""
    )
    assert (await last_of(owner, None)).difference is None

    raised = f"UPDATE tax_profiles SET tax_rate_ppm = tax_rate_ppm + 10_000 WHERE brand_id = {damages.RADIO}"
    await damage(owner, "tax_profiles", raised)

    last = await last_of(owner, None)
    assert last.difference is not None
    assert re.search("TUNE-HOUSE-NIGHT-RADIO-2026-0[123]-USD.*tax", last.difference), last.difference


async def test_an_entry_that_is_sound_but_follows_from_nothing_is_found(
    owner: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    shop, radio = [
        await owner.fetchval("SELECT id FROM brands WHERE slug = $1", slug) for slug in (SHOP, RADIO)
    ]
    recv, pay = Account("recv", "USD", shop, radio), Account("pay_pending", "USD", radio, shop)
    gift = Entry("accrue", "gift", at(5, 2), [Leg(recv, pay, 500)])
    await ledger.post(cast("Connection", owner), [gift], recorded_at=at(5, 2))
    last = await last_of(owner, None)
    assert last.difference == "Entry gift (accrue of 500 minor units of USD) follows from no fact."


async def test_a_commission_that_no_order_earned_is_found(
    owner: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    await owner.execute(
        """WITH forged AS (
               INSERT INTO commissions (kind, conversion_id, partnership_id, advertiser_id, partner_id,
                   agreement_id, component, period, currency, earned_at, matures_at)
               SELECT 'commission', v.id, c.partnership_id, c.advertiser_id, c.partner_id, c.agreement_id,
                   'sales', '2026-01', 'USD', v.occurred_at, c.matures_at
               FROM conversions v, commissions c WHERE v.order_id = '00005' AND c.conversion_id = (
                   SELECT id FROM conversions WHERE order_id = '00002')
               RETURNING id)
           INSERT INTO commission_revisions (commission_id, rev, previous_target_minor, target_minor,
               entry_id, inputs, clause, engine_version, recorded_at)
           SELECT forged.id, 1, 0, 900, e.id, '{"minor": 900}', 'x', 'x', e.recorded_at
           FROM forged, ledger_entries e ORDER BY e.id LIMIT 1"""
    )
    last = await last_of(owner, None)
    assert last.difference is not None
    assert "on the sale 00005 of tune-house is booked as 900; facts and terms give 0" in last.difference


WAITING = [
    (
        "INSERT INTO undecided_conversions SELECT id FROM conversions WHERE order_id = '00005'",
        f"DELETE FROM decisions WHERE conversion_id = {damages.EVE}",
        "decisions",
        "decided again, all alike; 1 conversion waits to be decided",
    ),
    (
        f"""INSERT INTO unaccrued_conversions SELECT partnership_id, conversion_id FROM commissions
            WHERE conversion_id = {damages.BOB}""",
        f"DELETE FROM adjustments WHERE conversion_id = {damages.BOB}",
        "commissions",
        "recomputed, all equal to the cent; 1 partnership waits to be accrued",
    ),
]


@pytest.mark.parametrize(("puts_back", "change", "name", "found"), WAITING, ids=["decision", "accrual"])
async def test_what_waits_for_the_worker_is_counted_and_not_called_wrong(
    owner: "asyncpg.Connection[asyncpg.Record]", puts_back: str, change: str, name: str, found: str
) -> None:
    await damage(owner, change.split()[2], change)
    assert (await last_of(owner, None)).name == name
    await owner.execute(puts_back)
    rows = await reading.read_within(cast("Connection", owner))
    kinds = {kind.name: kind for kind in proof.recomputed(rows)}
    assert kinds[name].difference is None
    assert kinds[name].found == found


class Elsewhere(StripeConnect):
    """Stripe, saying something else than it did."""

    def __init__(self, real: StripeConnect, change: Callable[[list[Transfer]], Iterable[Transfer]]) -> None:
        self._real = real
        self._change = change

    async def read_funding(self, payment_intent_id: str) -> Funding:
        return await self._real.read_funding(payment_intent_id)

    def all_transfers(self) -> AsyncIterator[Transfer]:
        return self._changed()

    async def _changed(self) -> AsyncGenerator[Transfer]:
        for transfer in self._change([transfer async for transfer in self._real.all_transfers()]):
            yield transfer


SAID_OTHERWISE: list[tuple[str, Callable[[Transfer], list[Transfer]], str]] = [
    ("another amount", lambda one: [replace(one, amount_minor=1)], "Stripe shows 1 minor units of USD"),
    ("another currency", lambda one: [replace(one, currency="EUR")], "minor units of EUR"),
    ("another destination", lambda one: [replace(one, destination="acct_x")], "to acct_x"),
    ("another payout", lambda one: [replace(one, transfer_group="pay_x")], "in group pay_x"),
    ("another statement", lambda one: [replace(one, description="X")], "for X"),
    ("money taken back", lambda one: [replace(one, reversed_minor=7)], "took 7 of it back"),
    ("no transfer", lambda _: [], "which Stripe does not know"),
    ("one too many", lambda one: [one, replace(one, id="tr_x")], "shows transfer tr_x .* nobody booked"),
]


@pytest.mark.parametrize(("what", "change", "names"), SAID_OTHERWISE, ids=[one[0] for one in SAID_OTHERWISE])
async def test_what_stripe_says_otherwise_is_found_and_named(
    copy: FreshDatabase,
    stripe: StripeConnect,
    what: str,
    change: Callable[[Transfer], list[Transfer]],
    names: str,
) -> None:
    del what
    said = Elsewhere(stripe, lambda shown: [*change(shown[-1]), *shown[:-1]])
    last = [kind async for kind in proof.verify(said)][-1]
    assert copy.name
    assert last.name == "transfers"
    assert re.search(names, last.difference or "")


async def test_a_row_is_changed_in_every_table_that_money_depends_on(
    owner: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    rows = await owner.fetch(
        """SELECT c.relname FROM pg_class c
           WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"""
    )
    assert {row["relname"] for row in rows} - WITHOUT_MONEY == {what.table for what in DAMAGES}
