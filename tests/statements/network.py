"""Three companies whose commissions, bonuses and clawbacks are drawn by lot: the same for one seed.

Tune House and Vinyl Weekly promote each other and net; Night Radio promotes Tune House and charges 19 % tax.
Facts are written as they would stand, and booked, matured and closed by the product's own code.
"""

import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from partner_network.agreements import terms_reading
from partner_network.commissions import booking
from partner_network.commissions.actions import mature
from partner_network.commissions.booking import Change
from partner_network.database import connections
from partner_network.kernel import periods
from partner_network.ledger import actions as ledger
from partner_network.ledger.accounts import Pair
from tests.conftest import Databases

BERLIN = ZoneInfo("Europe/Berlin")
TERMS = """
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{ from = 0, rate_ppm = 50_000 }]

[settlement]
currency = "EUR"
time_zone = "Europe/Berlin"
hold_days = 5
lock = { months = 0, days = 3 }
minimum_payout_minor = 2_000
clawback = { mode = "recompute", max_age_days = 180, max_share_ppm = 500_000, contest_days = 10 }
"""
SETTLEMENT = terms_reading.read_terms(TERMS).settlement
HOUSE, WEEKLY, RADIO = "tune-house", "vinyl-weekly", "night-radio"
TAX_PPM = {HOUSE: 0, WEEKLY: 0, RADIO: 190_000}
PAIRS = [(HOUSE, WEEKLY), (WEEKLY, HOUSE), (HOUSE, RADIO)]
"""Advertiser and partner."""


def day(month: int, number: int, hour: int = 12) -> datetime:
    """An instant of 2026 by the clocks of Berlin."""
    return datetime(2026, month, number, hour, tzinfo=BERLIN).astimezone(UTC)


class Stream(msgspec.Struct, frozen=True):
    """One partnership with its agreement and program."""

    id: UUID
    agreement_id: UUID
    program_id: UUID
    customer_id: UUID
    advertiser_id: UUID
    partner_id: UUID


@asynccontextmanager
async def fresh(databases: Databases, template: str) -> AsyncGenerator[None]:
    """A fresh database with sixteen connections of this process open on it."""
    name = f"test_{uuid4().hex[:12]}"
    await databases.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    await connections.open_pool(databases.url(name), max_size=16)
    try:
        yield
    finally:
        await connections.close_pool()
        await databases.drop(name)


async def fetch(sql: str, *values: object) -> list[asyncpg.Record]:
    """Return what a statement of SQL returns, committed."""
    async with connections.transaction() as connection:
        return await connection.fetch(sql, *values)


async def statements() -> list[asyncpg.Record]:
    """Return all statements, each account's as they chain."""
    return await fetch("SELECT * FROM statements ORDER BY account_id, seq")


async def found() -> list[Stream]:
    """Make companies, programs, partnerships and agreements; return the partnerships as in `PAIRS`."""
    made, member = day(1, 1, 0), uuid4()
    brand = {slug: uuid4() for slug in TAX_PPM}
    async with connections.transaction() as connection:
        for slug, rate in TAX_PPM.items():
            await connection.execute(
                """INSERT INTO brands (id, slug, name, legal_name, address, country, created_at, tax_rate_ppm)
                   VALUES ($1, $2, $2, $2, 'x', 'DE', $3, $4)""",
                brand[slug],
                slug,
                made,
                rate,
            )
        await connection.execute(
            """INSERT INTO members (id, email, name, password_hash, created_at)
               VALUES ($1, 'm@x.test', 'M', 'x', $2)""",
            member,
            made,
        )
        streams: list[Stream] = []
        for advertiser, partner in PAIRS:
            one = Stream(uuid4(), uuid4(), uuid4(), uuid4(), brand[advertiser], brand[partner])
            version = uuid4()
            for sql, *values in (
                (
                    """INSERT INTO programs
                           (id, brand_id, slug, name, offer, default_url, destination_hosts, created_at)
                       VALUES ($1, $2, $3, $3, 'x', 'https://x.test', '{x.test}', $4)""",
                    one.program_id,
                    one.advertiser_id,
                    f"for-{partner}",
                    made,
                ),
                (
                    """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
                       VALUES ($1, $2, 1, 'x', $3)""",
                    version,
                    one.program_id,
                    made,
                ),
                (
                    """INSERT INTO partnerships
                           (id, program_id, advertiser_id, partner_id, status, created_at, active_from)
                       VALUES ($1, $2, $3, $4, 'active', $5, $5)""",
                    one.id,
                    one.program_id,
                    one.advertiser_id,
                    one.partner_id,
                    made,
                ),
                (
                    """INSERT INTO agreements (id, number, partnership_id, program_version_id, contract_name,
                           contract_version, terms_toml, content_hash, drafted_by, drafted_at)
                       VALUES ($1, $2, $3, $4, 'cross-promotion', '2026-11', $5, sha256('x'), $6, $7)""",
                    one.agreement_id,
                    str(one.id),
                    one.id,
                    version,
                    TERMS,
                    member,
                    made,
                ),
                (
                    """INSERT INTO terms (id, partnership_id, agreement_id, valid, recorded)
                       VALUES ($1, $2, $3, tstzrange(NULL, NULL), tstzrange($4, NULL))""",
                    uuid4(),
                    one.id,
                    one.agreement_id,
                    made,
                ),
                (
                    """INSERT INTO customers (id, brand_id, external_id, first_seen_at, pseudonym)
                       VALUES ($1, $2, $3, $4, sha256($3::text::bytea))""",
                    one.customer_id,
                    one.advertiser_id,
                    str(one.id),
                    made,
                ),
            ):
                await connection.execute(sql, *values)
            streams.append(one)
    return streams


async def earn(
    stream: Stream, minor: int, occurred_at: datetime, recorded_at: datetime, *, is_bonus: bool = False
) -> int:
    """Book one commission on an order, or a bonus, as accruing would; return its id."""
    conversion_id = None if is_bonus else uuid4()
    matures_at = periods.matures_at(occurred_at, SETTLEMENT.hold_days, SETTLEMENT.lock, BERLIN)
    async with connections.transaction() as connection:
        if conversion_id is not None:
            await connection.execute(
                """INSERT INTO conversions (id, brand_id, program_id, customer_id, event, order_id,
                       occurred_at, recorded_at, currency, net_minor, payload_hash)
                   VALUES ($1, $2, $3, $4, 'sale', $5, $6, $7, 'EUR', $8, sha256('x'))""",
                conversion_id,
                stream.advertiser_id,
                stream.program_id,
                stream.customer_id,
                str(conversion_id),
                occurred_at,
                recorded_at,
                20 * minor,
            )
        commission_id: int = await connection.fetchval(
            """INSERT INTO commissions (kind, conversion_id, partnership_id, advertiser_id, partner_id,
                   agreement_id, component, period, currency, earned_at, matures_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'EUR', $9, $10) RETURNING id""",
            "bonus" if is_bonus else "commission",
            conversion_id,
            stream.id,
            stream.advertiser_id,
            stream.partner_id,
            stream.agreement_id,
            f"bonus {uuid4()}" if is_bonus else "sales",
            periods.period_of(occurred_at, "month", BERLIN).label,
            occurred_at,
            matures_at,
        )
    await revise(stream, commission_id, (0, minor), recorded_at, rev=1)
    return commission_id


async def revise(
    stream: Stream, commission_id: int, minor: tuple[int, int], at: datetime, *, rev: int = 2
) -> None:
    """Book that a commission shall come to something else, from what to what, as accruing would."""
    previous_minor, target_minor = minor
    async with connections.transaction() as connection:
        has_matured = await connection.fetchval(
            "SELECT matured_at IS NOT NULL FROM commissions WHERE id = $1", commission_id
        )
        change = Change(
            commission_id,
            stream.agreement_id,
            rev,
            previous_minor,
            target_minor,
            has_matured=has_matured,
            clause="commission.components.sales",
        )
        entry, _ = booking.entry_for(change, Pair(stream.partner_id, stream.advertiser_id, "EUR"), at)
        (booked,) = await ledger.post(connection, [entry], recorded_at=at)
        await connection.execute(
            """INSERT INTO commission_revisions (commission_id, rev, previous_rev, previous_target_minor,
                   target_minor, entry_id, inputs, clause, engine_version, recorded_at)
               VALUES ($1, $2, nullif($2 - 1, 0), $3, $4, $5, '{}', $6, 'x', $7)""",
            commission_id,
            rev,
            previous_minor,
            target_minor,
            booked.entry_id,
            change.clause,
            at,
        )
        if change.clawback_minor:
            await connection.execute(
                """INSERT INTO clawbacks
                       (transfer_id, commission_id, amount_minor, contest_until, max_share_ppm, clause)
                   VALUES ($1, $2, $3, $4, 500000, 'settlement.clawback')""",
                booked.transfer_ids[-1],
                commission_id,
                change.clawback_minor,
                at + timedelta(days=SETTLEMENT.clawback.contest_days),
            )


async def live(
    streams: Sequence[Stream], seed: int, months: Sequence[int] = (1, 2, 3, 4)
) -> AsyncIterator[datetime]:
    """Live some months, yielding just after the end of each, when everything due has matured."""
    lot = random.Random(seed)  # noqa: S311 -- the same life for the same seed
    earned: list[tuple[Stream, int, int]] = []
    for month in months:
        for _ in range(12):
            stream = lot.choice(streams)
            minor = lot.randint(1, 9_000)
            recorded = day(month, lot.randint(2, 28), lot.randint(0, 23))
            # every third order is reported long after it happened, or exactly at its lock date
            occurred = recorded - lot.choice([timedelta(0), timedelta(minutes=5), timedelta(days=40)])
            if month > 1 and lot.random() < 0.15:
                occurred, recorded = day(month - 1, 20), day(month, 4, 0)
            is_bonus = lot.random() < 0.2
            earned.append((stream, await earn(stream, minor, occurred, recorded, is_bonus=is_bonus), minor))
        for _ in range(2):
            stream, commission_id, minor = earned.pop(lot.randrange(len(earned)))
            await revise(stream, commission_id, (minor, lot.randint(0, 2 * minor)), day(month, 28, 23))
        now = day(month + 1, 1, 1)
        await mature.mature_due(now)
        yield now
