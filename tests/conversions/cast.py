"""The named cast of conversions and attribution: Tune House sells music; Blog, Radio and Club promote it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from partner_network.conversions.actions import customers, record_conversions, record_refunds
from partner_network.conversions.actions.record_conversions import Answer
from partner_network.conversions.rules import reading
from partner_network.conversions.rules.reports import (
    ReportedConversion,
    ReportedIdentification,
    ReportedRefund,
)
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids

AnyConnection: TypeAlias = "Connection | asyncpg.Connection[asyncpg.Record]"

YEAR_START = datetime(2026, 1, 1, tzinfo=UTC)


def on(day: int, hour: int = 12, month: int = 3) -> datetime:
    """An instant of 2026, in March unless told."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def order(number: int, at: datetime, **fields: object) -> dict[str, object]:
    """A sale of 50.00 USD to Ada, as the shop's machine writes it."""
    return {
        "order_id": f"{number:05}",
        "event": "sale",
        "customer_id": "ada",
        "occurred_at": at.isoformat(),
        "currency": "USD",
        "net_minor": 5_000,
    } | fields


def batch(noun: str, items: Sequence[object]) -> bytes:
    return json.dumps({noun: items}).encode()


class Cast:
    """One advertiser with its program, and what people do around it."""

    def __init__(self, brand_id: UUID, program_id: UUID, member_id: UUID) -> None:
        self.brand_id = brand_id
        self.program_id = program_id
        self.member_id = member_id

    async def report(self, *orders: Mapping[str, object]) -> Answer:
        reports = reading.read_batch(batch("conversions", orders), "conversions", ReportedConversion)
        return await record_conversions.record_conversions(reports, brand_id=self.brand_id)

    async def identify(self, *pairs: tuple[str, UUID]) -> None:
        await customers.identify_customers(
            [
                ReportedIdentification(customer_id=customer, click_id=ids.shown("clk", click))
                for customer, click in pairs
            ],
            brand_id=self.brand_id,
        )

    async def refund(self, *refunds: Mapping[str, object]) -> record_refunds.Answer:
        reports = reading.read_batch(batch("refunds", refunds), "refunds", ReportedRefund)
        return await record_refunds.record_refunds(reports, brand_id=self.brand_id)


async def set_clock(at: datetime) -> None:
    """Stop the shared clock at an instant."""
    async with connections.transaction() as connection:
        await connection.execute("DELETE FROM simulated_clock")
        await clock.set_simulated(connection, at, running=False)


async def brand(connection: AnyConnection, slug: str) -> UUID:
    brand_id = uuid4()
    await connection.execute(
        """INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
           VALUES ($1, $2, $2, $2, '1 Main Street', 'US', $3)""",
        brand_id,
        slug,
        YEAR_START,
    )
    return brand_id


async def program(
    connection: AnyConnection, brand_id: UUID, slug: str, attribution: str = "", at: datetime = YEAR_START
) -> UUID:
    program_id = uuid4()
    await connection.execute(
        """INSERT INTO programs (id, brand_id, slug, name, offer, default_url, destination_hosts, created_at)
           VALUES ($1, $2, $3, $3, 'Records', 'https://tunes.test/', '{tunes.test}', $4)""",
        program_id,
        brand_id,
        slug,
        at,
    )
    await connection.execute(
        """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
           VALUES ($1, $2, 1, $3, $4)""",
        uuid4(),
        program_id,
        f"[program.attribution]\n{attribution}\n",
        at,
    )
    return program_id


async def tune_house(connection: AnyConnection, slug: str = "tune-house", attribution: str = "") -> Cast:
    """The shop and its one program."""
    member_id = uuid4()
    await connection.execute(
        """INSERT INTO members (id, email, name, password_hash, created_at) VALUES ($1, $2, 'Mo', '-', $3)""",
        member_id,
        f"mo@{slug}.test",
        YEAR_START,
    )
    brand_id = await brand(connection, slug)
    return Cast(brand_id, await program(connection, brand_id, f"{slug}-records", attribution), member_id)


class Partner:
    """A brand that promotes, with its partnership in one program."""

    def __init__(self, advertiser_id: UUID, program_id: UUID, partner_id: UUID) -> None:
        self.advertiser_id = advertiser_id
        self.program_id = program_id
        self.partner_id = partner_id
        self.partnership_id = uuid4()

    async def click(
        self,
        connection: AnyConnection,
        at: datetime,
        *,
        consent: str = "granted",
        excluded: str | None = None,
        recorded_at: datetime | None = None,
    ) -> UUID:
        click_id = ids.new_id(at)
        await connection.execute(
            """INSERT INTO clicks (click_id, at, recorded_at, link_id, partnership_id, program_id,
                   advertiser_id, partner_id, consent, excluded)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
            click_id,
            at,
            recorded_at or at,
            uuid4(),
            self.partnership_id,
            self.program_id,
            self.advertiser_id,
            self.partner_id,
            consent,
            excluded,
        )
        return click_id


TERMS = """
[settlement]
currency = "USD"
time_zone = "America/New_York"
[windows]
click_days = {click_days}
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{{ from = 0, rate_ppm = 50_000 }}]
"""


async def partner(
    connection: AnyConnection,
    shop: Cast,
    slug: str,
    *,
    program_id: UUID | None = None,
    click_days: int = 30,
    ended_at: datetime | None = None,
    more_terms: str = "",
    contract_version: str = "2026-11",
) -> Partner:
    """A partner whose agreement is signed and in force since the year's start."""
    joined = Partner(shop.brand_id, program_id or shop.program_id, await brand(connection, slug))
    await connection.execute(
        """INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at,
               active_from, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7)""",
        joined.partnership_id,
        joined.program_id,
        joined.advertiser_id,
        joined.partner_id,
        "ended" if ended_at else "active",
        YEAR_START,
        ended_at,
    )
    agreement_id = uuid4()
    await connection.execute(
        """INSERT INTO agreements (id, number, partnership_id, program_version_id, contract_name,
               contract_version, terms_toml, content_hash, drafted_by, drafted_at)
           SELECT $1, $2, $3, v.id, 'cross-promotion', $8, $4, sha256('x'), $5, $6
           FROM program_versions v WHERE v.program_id = $7""",
        agreement_id,
        f"A-{slug}",
        joined.partnership_id,
        TERMS.format(click_days=click_days) + more_terms,
        shop.member_id,
        YEAR_START,
        joined.program_id,
        contract_version,
    )
    await connection.execute(
        """INSERT INTO terms (id, partnership_id, agreement_id, valid, recorded)
           VALUES ($1, $2, $3, tstzrange($4, $5), tstzrange($4, NULL))""",
        uuid4(),
        joined.partnership_id,
        agreement_id,
        YEAR_START,
        ended_at,
    )
    return joined


def days(count: float) -> timedelta:
    return timedelta(days=count)


def refund(number: int, of_order: int, at: datetime, **fields: object) -> dict[str, object]:
    """Ten dollars given back, as the shop's machine writes it."""
    return {
        "refund_id": f"R{number}",
        "order_id": f"{of_order:05}",
        "at": at.isoformat(),
        "net_minor": 1_000,
        "reason": "Scratched",
    } | fields


class HeldCommit:
    """Stops the next transaction that asks for a job, with all it wrote, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_reached, self._may_go = asyncio.Event(), asyncio.Event()
        self._enqueue = jobs.enqueue
        monkeypatch.setattr(jobs, "enqueue", self._wait_once)

    async def _wait_once(self, connection: Connection, entrypoint: str) -> None:
        if not self.is_reached.is_set():
            self.is_reached.set()
            await self._may_go.wait()
        await self._enqueue(connection, entrypoint)

    async def reached_by(self, task: "asyncio.Task[object]") -> None:
        reached = asyncio.create_task(self.is_reached.wait())
        await asyncio.wait({task, reached}, return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
        assert self.is_reached.is_set()

    def let_go(self) -> None:
        self._may_go.set()


async def until_it_waits(task: "asyncio.Task[object]", held: HeldCommit | None = None) -> None:
    """Return when somebody waits for a lock in the database, or the task is held or done without."""
    while not task.done() and not (held is not None and held.is_reached.is_set()):
        if await connections.pool().fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            return
        await asyncio.sleep(0.01)
