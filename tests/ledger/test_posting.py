"""What the ledger books, and what it refuses to everybody."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.kernel.errors import ConflictError
from partner_network.ledger import actions as ledger
from partner_network.ledger import queries
from partner_network.ledger.rules import Account, Entry, Leg
from tests.conftest import FreshDatabase

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def _brand(connection: Connection, slug: str) -> UUID:
    brand_id = uuid4()
    await connection.execute(
        """INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
           VALUES ($1, $2, $2, $2, 'Street 1', 'US', $3)""",
        brand_id,
        slug,
        NOW,
    )
    return brand_id


class Pair:
    """A shop that advertises and a blog that promotes it, with the accounts between them."""

    def __init__(self, shop: UUID, blog: UUID) -> None:
        self.recv = Account("recv", "USD", shop, blog)
        self.pay_pending = Account("pay_pending", "USD", blog, shop)
        self.pay = Account("pay", "USD", blog, shop)

    def accrue(self, key: str, amount_minor: int) -> Entry:
        return Entry("accrue", key, NOW, [Leg(self.recv, self.pay_pending, amount_minor)])


@pytest.fixture
async def pair(database: FreshDatabase) -> Pair:
    assert database.name
    async with connections.transaction() as connection:
        return Pair(await _brand(connection, "shop"), await _brand(connection, "blog"))


async def _post(*entries: Entry) -> None:
    async with connections.transaction() as connection:
        await ledger.post(connection, entries, recorded_at=NOW)


async def test_an_accrual_raises_what_is_owed_and_what_is_pending_alike(pair: Pair) -> None:
    await _post(pair.accrue("a", 400), pair.accrue("b", 500))
    async with connections.transaction() as connection:
        held = {b.kind: b.posted_minor for b in await queries.balances(connection)}
    assert held == {"recv": 900, "pay_pending": 900}


async def test_the_same_entry_twice_is_booked_once(pair: Pair) -> None:
    await _post(pair.accrue("a", 400))
    await _post(pair.accrue("a", 400))
    async with connections.transaction() as connection:
        assert [b.posted_minor for b in await queries.balances(connection)] == [400, 400]


async def test_a_used_key_with_other_content_is_refused(pair: Pair) -> None:
    await _post(pair.accrue("a", 400))
    with pytest.raises(ConflictError, match="other content"):
        await _post(pair.accrue("a", 401))


async def test_an_account_that_would_fall_below_zero_stops_the_whole_entry(pair: Pair) -> None:
    await _post(pair.accrue("a", 400))
    with pytest.raises(asyncpg.CheckViolationError, match="never_more_than_there_is"):
        await _post(Entry("mature", "m", NOW, [Leg(pair.pay_pending, pair.pay, 401)]))
    async with connections.transaction() as connection:
        assert {b.posted_minor for b in await queries.balances(connection)} == {400}


async def test_a_pending_leg_reserves_until_it_is_posted_or_void(pair: Pair) -> None:
    await _post(pair.accrue("a", 400))
    async with connections.transaction() as connection:
        (pending,) = await ledger.post(
            connection,
            [Entry("mature", "p", NOW, [Leg(pair.pay_pending, pair.pay, 300, "pending")])],
            recorded_at=NOW,
        )
    with pytest.raises(asyncpg.CheckViolationError):
        await _post(Entry("mature", "too much", NOW, [Leg(pair.pay_pending, pair.pay, 101)]))
    leg = Leg(pair.pay_pending, pair.pay, 300, "post", pending.transfer_ids[0])
    await _post(Entry("mature", "posted", NOW, [leg]))
    async with connections.transaction() as connection:
        held = {b.kind: (b.posted_minor, b.pending_minor) for b in await queries.balances(connection)}
    assert held == {"recv": (400, 0), "pay_pending": (100, 0), "pay": (300, 0)}


async def test_a_pending_leg_ends_once_and_for_its_own_amount(pair: Pair) -> None:
    await _post(pair.accrue("a", 400))
    async with connections.transaction() as connection:
        (pending,) = await ledger.post(
            connection,
            [Entry("mature", "p", NOW, [Leg(pair.pay_pending, pair.pay, 300, "pending")])],
            recorded_at=NOW,
        )
    other = Leg(pair.pay_pending, pair.pay, 299, "post", pending.transfer_ids[0])
    with pytest.raises(asyncpg.RestrictViolationError):
        await _post(Entry("mature", "other", NOW, [other]))
    void = Leg(pair.pay_pending, pair.pay, 300, "void", pending.transfer_ids[0])
    await _post(Entry("void", "v1", NOW, [void]))
    with pytest.raises(asyncpg.UniqueViolationError):
        await _post(Entry("void", "v2", NOW, [void]))


FORBIDDEN = [
    ("UPDATE ledger_entries SET kind = 'mature'", "a changed entry"),
    ("DELETE FROM ledger_entries", "a deleted entry"),
    ("UPDATE ledger_transfers SET amount_minor = 1", "a changed posting"),
    ("DELETE FROM ledger_transfers", "a deleted posting"),
    ("TRUNCATE ledger_transfers CASCADE", "an emptied ledger"),
    ("UPDATE ledger_balances SET credits_posted_minor = 0", "a balance by hand"),
    ("DELETE FROM ledger_balances", "a balance removed"),
    ("UPDATE ledger_accounts SET kind = 'cash'", "an account turned into another"),
    (
        """INSERT INTO ledger_transfers (entry_id, leg, currency, debit_account_id, credit_account_id,
               amount_minor, phase, effective_at)
           SELECT entry_id, 2, currency, debit_account_id, credit_account_id, 1, 'posted', effective_at
           FROM ledger_transfers""",
        "a leg added later",
    ),
    (
        """INSERT INTO ledger_entries (kind, currency, key, payload_hash, effective_at, recorded_at, made_in)
           SELECT 'accrue', 'USD', 'forged', payload_hash, effective_at, recorded_at, made_in
           FROM ledger_entries""",
        "an entry dated into another transaction",
    ),
]


@pytest.mark.parametrize("role", ["worker", "web", "redirect"])
@pytest.mark.parametrize(("sql", "what"), FORBIDDEN, ids=[what for _, what in FORBIDDEN])
async def test_the_applications_roles_cannot_rewrite_the_ledger(
    database: FreshDatabase, pair: Pair, role: str, sql: str, what: str
) -> None:
    await _post(pair.accrue("a", 400))
    connection = await database.connect(role)
    try:
        with pytest.raises(
            (asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError)
        ):
            await connection.execute(sql)
    finally:
        await connection.close()
    assert what


async def test_a_leg_between_two_currencies_is_refused(database: FreshDatabase, pair: Pair) -> None:
    euros = Account("pay_pending", "EUR", pair.pay.holder_id, pair.pay.counterparty_id)
    with pytest.raises(ValueError, match="exactly one currency"):
        await _post(Entry("accrue", "mixed", NOW, [Leg(pair.recv, euros, 400)]))
    await _post(
        pair.accrue("a", 400),
        Entry(
            "accrue",
            "e",
            NOW,
            [Leg(Account("recv", "EUR", pair.recv.holder_id, pair.recv.counterparty_id), euros, 1)],
        ),
    )
    connection = await database.connect("worker")
    try:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await connection.execute(
                """WITH e AS (INSERT INTO ledger_entries
                       (kind, currency, key, payload_hash, effective_at, recorded_at)
                       VALUES ('accrue', 'USD', 'mixed', '', now(), now()) RETURNING id)
                   INSERT INTO ledger_transfers (entry_id, leg, currency, debit_account_id,
                       credit_account_id, amount_minor, phase, effective_at)
                   SELECT e.id, 1, 'USD', (SELECT id FROM ledger_accounts WHERE currency = 'USD' LIMIT 1),
                       (SELECT id FROM ledger_accounts WHERE currency = 'EUR' LIMIT 1), 5, 'posted', now()
                   FROM e"""
            )
    finally:
        await connection.close()


async def test_an_entry_without_legs_is_refused_at_commit(database: FreshDatabase) -> None:
    connection = await database.connect("worker")
    try:
        with pytest.raises(asyncpg.RestrictViolationError, match="no legs"):
            await connection.execute(
                """INSERT INTO ledger_entries (kind, currency, key, payload_hash, effective_at, recorded_at)
                   VALUES ('accrue', 'USD', 'empty', '', now(), now())"""
            )
    finally:
        await connection.close()
