"""One program with partners, customers, touches and orders drawn by lot: the same for one seed.

Instants are few and coarse, so that equal ones, exact windows and late facts come up all the time.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from partner_network.database.connections import Connection
from partner_network.kernel import ids
from tests.conversions import cast
from tests.conversions.cast import Cast

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 150
TERMS = """
[settlement]
currency = "USD"
time_zone = "{zone}"
lock = {{ months = {lock_months}, days = 0 }}
[settlement.clawback]
max_age_days = {max_age_days}
mode = "{mode}"
[windows]
click_days = {click_days}
view_days = {view_days}
events = {{ lead = {lead_days} }}
run_off_days = {run_off_days}
{commission}
"""
COMMISSION = """
[[commission.components]]
name = "sales"
event = "sale"
tiers = [{ from = 0, rate_ppm = 50_000 }, { from = 20_000, rate_ppm = 80_000 }]
[[commission.components]]
name = "leads"
event = "lead"
metric = "count"
structure = "flat"
tiers = [{ from = 0, amount_minor = 250 }]
"""
EVIDENCE = {"click": "click_id", "view": "cookie", "code": "code", "self_report": "self_report"}


class Lots:
    """What is drawn, and the shop it is drawn for."""

    def __init__(self, seed: int, shop: Cast, *, commission: str = COMMISSION) -> None:
        self.lot = random.Random(seed)  # noqa: S311 -- the same facts for the same seed
        self.shop = shop
        self.commission = commission
        self.partners: list[tuple[UUID, UUID]] = []
        self.clicks: list[tuple[UUID, datetime]] = []
        self.customers: list[UUID] = []

    def instant(self, earliest: datetime = START, days: int = DAYS) -> datetime:
        return earliest + timedelta(hours=6 * self.lot.randrange(4 * days))

    def late(self, at: datetime) -> datetime:
        return at + self.lot.choice([timedelta(0), timedelta(0), timedelta(hours=6), timedelta(days=70)])

    def terms(self) -> str:
        lot = self.lot
        return TERMS.format(
            zone=lot.choice(["America/New_York", "Asia/Kathmandu", "UTC"]),
            lock_months=lot.choice([0, 1]),
            max_age_days=lot.choice([10, 180]),
            mode=lot.choice(["recompute", "line_only"]),
            click_days=lot.choice([0, 7, 30, 30]),
            view_days=lot.choice([0, 3]),
            lead_days=lot.choice([1, 20]),
            run_off_days=lot.choice([0, 5, 30]),
            commission=self.commission,
        )

    async def fill(self, connection: Connection, partners: int = 4, customers: int = 8) -> None:
        """Draw partners with one or two versions of terms, some with an end, and what their customers do."""
        zone = self.lot.choice(["America/New_York", "UTC"])
        for n in range(partners):
            await self._partner(connection, f"partner-{n}", zone)
        self.customers = [ids.new_id(START) for _ in range(customers)]
        await connection.executemany(
            """INSERT INTO customers (id, brand_id, external_id, first_seen_at, pseudonym)
               VALUES ($1, $2, $1::uuid::text, $3, sha256($1::uuid::text::bytea))""",
            [(one, self.shop.brand_id, START) for one in self.customers],
        )
        await self.click(
            connection, [(one, self.instant()) for one in self.lot.choices(self.customers, k=25 * customers)]
        )

    async def _partner(self, connection: Connection, slug: str, zone: str) -> None:
        lot, shop = self.lot, self.shop
        partner_id, partnership_id = await cast.brand(connection, slug), ids.new_id(START)
        active_from = lot.choice([None, START, self.instant(days=40)])
        ended_at = self.instant(START + timedelta(days=60), 90) if lot.random() < 0.4 else None
        await connection.execute(
            """INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status, created_at,
                   active_from, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            partnership_id,
            shop.program_id,
            shop.brand_id,
            partner_id,
            "ended" if ended_at else "active",
            START,
            active_from,
            ended_at,
        )
        starts = [lot.choice([None, START])]
        if lot.random() < 0.5:
            starts.append(self.instant(START + timedelta(days=30), 60))
        for n, starts_at in enumerate(starts):
            await self._sign(
                connection, partnership_id, f"{slug}-{n}", zone, (starts_at, (*starts[1:], None)[n])
            )
        self.partners.append((partnership_id, partner_id))

    async def _sign(
        self,
        connection: Connection,
        partnership_id: UUID,
        number: str,
        zone: str,
        valid: tuple[datetime | None, datetime | None],
    ) -> None:
        agreement_id = ids.new_id(START)
        text = self.terms().replace('time_zone = "', f'time_zone = "{zone}" # "')
        await connection.execute(
            """INSERT INTO agreements (id, number, partnership_id, program_version_id, contract_name,
                   contract_version, terms_toml, content_hash, drafted_by, drafted_at)
               SELECT $1, $2, $3, v.id, 'cross-promotion', '2026-11', $4, sha256('x'), $5, $6
               FROM program_versions v WHERE v.program_id = $7 AND v.version = 1""",
            agreement_id,
            number,
            partnership_id,
            text,
            self.shop.member_id,
            START,
            self.shop.program_id,
        )
        await connection.execute(
            """INSERT INTO terms (id, partnership_id, agreement_id, valid, recorded)
               VALUES ($1, $2, $3, tstzrange($4, $5), tstzrange($6, NULL))""",
            ids.new_id(START),
            partnership_id,
            agreement_id,
            *valid,
            START,
        )

    async def click(self, connection: Connection, clicked: Sequence[tuple[UUID, datetime]]) -> None:
        """Let customers click links of partners; of most clicks the shop tells whose they are."""
        lot = self.lot
        made = [(ids.new_id(at), customer, at, lot.choice(self.partners)) for customer, at in clicked]
        self.clicks += [(click_id, at) for click_id, _, at, _ in made]
        recorded = [self.late(at) for _, _, at, _ in made]
        await _insert(
            connection,
            "clicks",
            (
                "click_id", "at", "recorded_at", "link_id", "partnership_id", "program_id", "advertiser_id",
                "partner_id", "consent", "excluded",
            ),
            [
                (
                    click_id, at, known_at, ids.new_id(at), partnership_id, self.shop.program_id,
                    self.shop.brand_id, partner_id, lot.choice(["granted", "granted", "denied", "unknown"]),
                    lot.choice([None, None, None, "bot", "prefetch"]),
                )
                for (click_id, _, at, (partnership_id, partner_id)), known_at in zip(
                    made, recorded, strict=True
                )
            ],
        )  # fmt: skip
        await _insert(
            connection,
            "identifications",
            ("customer_id", "click_id", "recorded_at"),
            [
                (customer, click_id, self.late(known_at))
                for (click_id, customer, _, _), known_at in zip(made, recorded, strict=True)
                if lot.random() < 0.8
            ],
        )

    async def touch(self, connection: Connection, count: int) -> None:
        """Report views, codes, self-reports and direct visits."""
        lot = self.lot
        rows: list[tuple[object, ...]] = []
        for n in range(count):
            at = self.instant()
            kind = lot.choice(["view", "code", "self_report", "click"])
            is_direct = lot.random() < 0.3
            partnership_id, partner_id = lot.choice(self.partners)
            rows.append(
                (
                    ids.new_id(at), self.shop.brand_id, self.shop.program_id,
                    None if is_direct else partnership_id, None if is_direct else partner_id,
                    lot.choice(self.customers), "view" if is_direct else kind,
                    lot.choice([EVIDENCE["view" if is_direct else kind], "cookie"]),
                    "direct" if is_direct else "partner", at, self.late(at),
                    lot.choice(["granted", "denied"]), "TEN" if kind == "code" and not is_direct else None,
                    f"touch {n}", b"x" * 32,
                )
            )  # fmt: skip
        await _insert(connection, "touches", _TOUCH, rows)

    async def order(self, connection: Connection, count: int) -> None:
        """Report sales and leads, some of them with a click or a code of their own, some of them late."""
        lot = self.lot
        rows: list[tuple[object, ...]] = []
        for n in lot.sample(range(count), count):
            at = self.instant()
            clicked = [click_id for click_id, clicked_at in self.clicks if clicked_at <= at]
            rows.append(
                (
                    ids.new_id(at), self.shop.brand_id, self.shop.program_id, lot.choice(self.customers),
                    lot.choice(["sale", "sale", "sale", "lead"]), f"{n:05}", at, self.late(at), "USD",
                    lot.choice([0, lot.randrange(1, 30_000), lot.randrange(1, 30_000)]),
                    lot.choice(clicked) if clicked and lot.random() < 0.4 else None, b"x" * 32,
                )
            )  # fmt: skip
        await _insert(connection, "conversions", _CONVERSION, rows)
        await connection.execute("INSERT INTO undecided_conversions SELECT id FROM conversions")
        await self._refund(connection, rows)

    async def _refund(self, connection: Connection, orders: Sequence[tuple[object, ...]]) -> None:
        lot = self.lot
        await connection.executemany(
            """INSERT INTO refunds (id, brand_id, conversion_id, refund_id, at, recorded_at, net_minor,
                   reason, payload_hash)
               SELECT $1, brand_id, id, $1::uuid::text, $3, $3, $4, 'Scratched', payload_hash
               FROM conversions WHERE id = $2""",
            [
                (ids.new_id(START), row[0], row[6] + timedelta(days=lot.choice([0, 5, 10, 40])), part)
                for row in orders
                if isinstance(row[6], datetime) and isinstance(row[9], int) and row[9] and lot.random() < 0.2
                for part in [lot.choice([row[9], max(1, row[9] // 3)])]
            ],
        )


async def _insert(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    await connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)


_TOUCH = (
    "id", "brand_id", "program_id", "partnership_id", "partner_id", "customer_id", "kind", "evidence",
    "channel", "at", "recorded_at", "consent", "code", "touch_id", "payload_hash",
)  # fmt: skip
_CONVERSION = (
    "id", "brand_id", "program_id", "customer_id", "event", "order_id", "occurred_at", "recorded_at",
    "currency", "net_minor", "click_id", "payload_hash",
)  # fmt: skip
