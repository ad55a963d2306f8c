"""The named cast of the money's stories: Tune House sells music, and three partners promote it.

Vinyl Weekly promotes it and is promoted by it in turn; Night Radio charges tax; Needle Drop is small.
Everything is done through the real actions, many facts at a time.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import msgspec

from partner_network.agreements.actions import draft, sign
from partner_network.agreements.actions.draft import NewAgreement
from partner_network.agreements.actions.sign import Signer
from partner_network.brands import actions as brands
from partner_network.brands.actions import NewBrand
from partner_network.clicks.actions.insert import insert_clicks
from partner_network.clicks.rules import Click, Consent, Excluded
from partner_network.commissions.actions import contests, holds
from partner_network.conversions.actions import (
    customers,
    record_conversions,
    record_refunds,
    record_touches,
)
from partner_network.conversions.rules.reports import (
    OrderLine,
    ReportedConversion,
    ReportedIdentification,
    ReportedRefund,
    ReportedTouch,
)
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.identity.actions import members
from partner_network.identity.rules.permissions import ApiKey, Member
from partner_network.kernel import ids
from partner_network.links.codes import actions as codes
from partner_network.payouts import jobs as payouts
from partner_network.payouts import queries as payout_queries
from partner_network.payouts.actions import fund, movements, onboard
from partner_network.payouts.jobs import ChargeFunding
from partner_network.programs import actions as programs
from partner_network.programs.actions import NewProgram
from partner_network.rewards import jobs as rewards
from partner_network.rewards.actions import redeem
from partner_network.rewards.rules.wishes import Redemption
from partner_network.settings import Operator
from partner_network.statements import jobs as statements
from partner_network.statements import queries as statement_queries
from partner_network.statements.actions import sign_off

NEW_YORK = ZoneInfo("America/New_York")
OPERATOR = Operator(
    name="Side by Side",
    legal_name="Side by Side Inc.",
    address=("1 Network Plaza", "New York, NY"),
    governing_law="the law of the State of New York",
    courts="the courts of New York City",
)
CARD = "pm_card_bypassPending"

SHOP, WEEKLY, RADIO, SMALL = "tune-house", "vinyl-weekly", "night-radio", "needle-drop"
TAX_PPM = {SHOP: 0, WEEKLY: 0, RADIO: 88_750, SMALL: 0}
POLICY_OF = {SHOP: 'model = "linear"', WEEKLY: 'model = "last_click"\nbinding_months = 6'}

TERMS = """
[[commission.components]]
name = "sales"
event = "sale"
structure = "{structure}"
tiers = [{{ from = 0, rate_ppm = {rate_ppm} }}, {{ from = 20_000, rate_ppm = 150_000 }}]
{bonus}
[settlement]
currency = "USD"
time_zone = "America/New_York"
hold_days = 5
lock = {{ months = 0, days = 0 }}
minimum_payout_minor = 1_000
clawback = {{ mode = "recompute", max_age_days = 180, max_share_ppm = 500_000, contest_days = 10 }}
"""
BONUS = """
[[commission.bonuses]]
name = "first-two"
kind = "first_n"
event = "sale"
metric = "count"
n = 2
period = "quarter"
amount_minor = 250
"""
REWARDS = """
[[rewards]]
name = "welcome"
kind = "customer_credit"
event = "sale"
amount_minor = 1_000
valid_days = 90
worth = [{ after_days = 60, ppm = 500_000 }]
growth = [{ orders = 1, ppm = 1_500_000 }]

[[rewards]]
name = "regulars"
kind = "partner_credit"
event = "sale"
rate_ppm = 20_000

[[rewards]]
name = "deep"
kind = "perk"
event = "sale"
perk = "enhanced_analytics"
period = "month"
from = 4_000
"""
QUALITY = """
[[commission.quality]]
name = "stayed"
component = "sales"
period = "month"
cohort_months = 1
within_months = 1
least_customers = 1
steps = [{ from_ppm = 0, multiplier_ppm = 1_000_000 }, { from_ppm = 900_000, multiplier_ppm = 1_100_000 }]
"""


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """An instant of 2026 by the clocks of New York."""
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK)


class Partnership(msgspec.Struct, frozen=True):
    """One brand that promotes another's program."""

    id: UUID
    program_id: UUID
    advertiser_id: UUID
    partner_id: UUID


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A sale as its shop reports it; ``click`` is its own click."""

    order_id: str
    customer: str
    at: datetime
    net_minor: int
    click: UUID | None = None
    code: str | None = None
    lines: tuple[OrderLine, ...] = ()
    currency: str = "USD"


class Cast:
    """The companies and people of one network, and what they do."""

    def __init__(self, stripe: StripeConnect, stripe_address: str) -> None:
        self.stripe = stripe
        self.stripe_address = stripe_address
        self.brands: dict[str, UUID] = {}
        self.programs: dict[str, UUID] = {}
        self.partnerships: dict[tuple[str, str], Partnership] = {}
        self.owners: dict[str, Member] = {}
        self.preparer: Member
        self.approver: Member
        self.manager: Member

    async def click(
        self,
        advertiser: str,
        partner: str,
        *instants: datetime,
        consent: Consent = "granted",
        excluded: Excluded | None = None,
    ) -> list[UUID]:
        """Let visitors click a partner's link at these instants."""
        of = self.partnerships[advertiser, partner]
        made = [ids.new_id(instant) for instant in instants]
        async with connections.transaction() as connection:
            await insert_clicks(
                connection,
                [
                    Click(
                        click_id=click_id,
                        at=instant,
                        link_id=of.id,
                        partnership_id=of.id,
                        program_id=of.program_id,
                        advertiser_id=of.advertiser_id,
                        partner_id=of.partner_id,
                        visitor_key=None,
                        consent=consent,
                        excluded=excluded,
                        country=None,
                        network_prefix=None,
                        subs=(),
                    )
                    for click_id, instant in zip(made, instants, strict=True)
                ],
            )
        return made

    async def step_aside_and_back(self, slug: str) -> None:
        """Let a brand's owner be a marketer for a moment, while a colleague stands in."""
        owner = self.owners[slug]
        stand_in = await person(f"otto@{slug}.test", self.brands[slug], "owner")
        for role in ("marketer", "owner"):
            await members.set_roles(stand_in, owner.id, [role])

    async def identify(self, advertiser: str, customer_of: Mapping[UUID, str]) -> None:
        """Tell who stands behind clicks."""
        await customers.identify_customers(
            [
                ReportedIdentification(customer_id=customer, click_id=ids.shown("clk", click_id))
                for click_id, customer in customer_of.items()
            ],
            brand_id=self.brands[advertiser],
        )

    async def order(self, advertiser: str, *orders: Order) -> None:
        """Report sales, all at once."""
        await record_conversions.record_conversions(
            [
                ReportedConversion(
                    order_id=one.order_id,
                    event="sale",
                    customer_id=one.customer,
                    occurred_at=one.at,
                    currency=one.currency,
                    net_minor=one.net_minor,
                    click_id=None if one.click is None else ids.shown("clk", one.click),
                    code=one.code,
                    lines=one.lines,
                )
                for one in orders
            ],
            brand_id=self.brands[advertiser],
        )

    async def give_code(self, advertiser: str, partner: str, code: str) -> None:
        """Give a partner a code of its own."""
        of = self.partnerships[advertiser, partner]
        await codes.give_code(asking=self.manager, partnership_id=of.id, code=code)

    async def touch(self, advertiser: str, *touches: ReportedTouch) -> None:
        """Report touches that are no clicks."""
        await record_touches.record_touches(touches, brand_id=self.brands[advertiser])

    async def refund(self, advertiser: str, order_id: str, net_minor: int, when: datetime) -> None:
        """Report that money was given back on an order."""
        await record_refunds.record_refunds(
            [
                ReportedRefund(
                    refund_id=f"R-{order_id}-{when:%m%d}",
                    order_id=order_id,
                    at=when,
                    net_minor=net_minor,
                    reason="Scratched",
                )
            ],
            brand_id=self.brands[advertiser],
        )

    async def adjust(self, advertiser: str, partner: str, order_id: str, minor: int) -> None:
        """Record, as an upheld dispute would, what one order shall pay more or less."""
        now = await clock.now()
        of = self.partnerships[advertiser, partner]
        async with connections.transaction() as connection:
            await connection.execute(
                """WITH adjusted AS (
                       INSERT INTO adjustments
                           (id, conversion_id, partnership_id, at, recorded_at, minor, reason, decided_by)
                       SELECT $1, id, $2, $3, $3, $4, 'An upheld dispute', $5
                       FROM conversions WHERE brand_id = $6 AND order_id = $7
                       RETURNING partnership_id, conversion_id)
                   INSERT INTO unaccrued_conversions SELECT * FROM adjusted ON CONFLICT DO NOTHING""",
                ids.new_id(now),
                of.id,
                now,
                minor,
                self.manager.id,
                of.advertiser_id,
                order_id,
            )

    async def hold(self, advertiser: str, *order_ids: str) -> None:
        """Hold what these orders earn, as a manager would."""
        now = await clock.now()
        for one in await self._earned(advertiser, order_ids):
            await holds.hold_commission(one, reason="To be looked at", by=self.manager, now=now)

    async def let_go(self, advertiser: str, *order_ids: str) -> None:
        """Let go what these orders earn."""
        now = await clock.now()
        for one in await self._earned(advertiser, order_ids):
            await holds.release_commission(one, reason="All is well", by=self.manager, now=now)

    async def _earned(self, advertiser: str, order_ids: Sequence[str]) -> list[int]:
        async with connections.transaction() as connection:
            rows = await connection.fetch(
                """SELECT c.id FROM commissions c JOIN conversions v ON v.id = c.conversion_id
                   WHERE v.brand_id = $1 AND v.order_id = ANY($2::text[]) ORDER BY c.id""",
                self.brands[advertiser],
                list(order_ids),
            )
        return [row["id"] for row in rows]

    async def contest(self, advertiser: str, partner: str, order_id: str) -> None:
        """Let a partner contest what is taken back from it on an order."""
        await contests.contest_clawback(
            await self._taken_back(advertiser, order_id),
            reason="It was never returned",
            by=self.owners[partner],
            now=await clock.now(),
        )

    async def decline(self, advertiser: str, order_id: str) -> None:
        """Decline a contest, as a manager would."""
        manager = msgspec.structs.replace(self.manager, has_given_factor=True)
        await contests.decide_contest(
            await self._taken_back(advertiser, order_id),
            outcome="declined",
            reason="The shop has it back",
            by=manager,
            now=await clock.now(),
        )

    async def _taken_back(self, advertiser: str, order_id: str) -> int:
        (commission_id,) = await self._earned(advertiser, [order_id])
        async with connections.transaction() as connection:
            return await connection.fetchval(
                "SELECT min(transfer_id) FROM clawbacks WHERE commission_id = $1", commission_id
            )

    async def work(self) -> None:
        """Decide, accrue and mature what is there, as the worker does."""
        await statements.bring_up_to_date(await clock.now())
        await rewards.grant(await clock.now())

    async def redeem(self, slug: str, key: str, customer: str, minor: int, *, cancel: bool = False) -> None:
        """Redeem credit at the till, and take it back where somebody says so."""
        machine = ApiKey(uuid4(), self.brands[slug], frozenset({"credits:redeem"}), is_live=True)
        await redeem.redeem(machine, Redemption(key, "USD", minor, customer=customer))
        if cancel:
            await redeem.cancel(machine, key)

    async def close_month(self, *, fund_it: bool = True) -> None:
        """Do on the first of a month what the worker, finance and the advertisers do."""
        now = await clock.now()
        await statements.close_periods(now)
        await self.sign_off()
        if fund_it:
            await self.pay_in()
        await payouts.pay(self.stripe, now)

    async def sign_off(self) -> None:
        """Prepare and approve every statement that is to be paid."""
        now = await clock.now()
        async with connections.transaction() as connection:
            drafts = await statement_queries.statements(connection, limit=1000)
        for one in drafts:
            if one.status == "draft":
                await sign_off.prepare_statement(
                    one.id, content_hash=one.content_hash, preparer=self.preparer, now=now
                )
                await sign_off.approve_statement(
                    one.id,
                    content_hash=one.content_hash,
                    approver=self.approver,
                    reason="As agreed",
                    now=now,
                )

    async def refuse_next_transfer(self) -> None:
        """Let Stripe refuse the next transfer, once."""
        fault = {"route": "POST /v1/transfers", "kind": "403", "times": 1}
        async with _browser() as browser:
            (await browser.post(f"{self.stripe_address}/_simulator/faults", json=fault)).raise_for_status()

    async def top_up(self, minor: int) -> None:
        """Let the operator bring money of its own to Stripe."""
        body = {"amount": str(minor), "currency": "usd", "description": "Fees"}
        async with _browser() as browser:
            answer = await browser.post(
                f"{self.stripe_address}/v1/topups",
                data=body,
                headers={"authorization": "Bearer sk_test_cast"},
            )
            answer.raise_for_status()
            if answer.json()["status"] != "succeeded":
                paid = {"id": answer.json()["id"], "outcome": "paid"}
                (await browser.post(f"{self.stripe_address}/_simulator/banks", json=paid)).raise_for_status()
        await movements.book_movements(self.stripe, await clock.now())

    async def pay_again(self) -> None:
        """Release what is held, as a person would who has mended it, and pay."""
        async with connections.transaction() as connection:
            await connection.execute("UPDATE payouts SET held_reason = NULL")
        await payouts.pay(self.stripe, await clock.now())

    async def pay_in(self) -> None:
        """Let every advertiser pay what is missing."""
        now = await clock.now()
        for slug in self.programs:
            async with connections.transaction() as connection:
                need = await payout_queries.need_of(connection, self.brands[slug], "USD")
                if not need.missing_minor:
                    continue
                funding_id = await fund.request_funding(
                    connection,
                    advertiser_id=self.brands[slug],
                    amount_minor=need.missing_minor,
                    currency="USD",
                    requested_by=self.owners[slug],
                    now=now,
                )
            await payouts.charge(self.stripe, ChargeFunding(funding_id), now)


async def set_clock(instant: datetime) -> None:
    """Stop the shared clock at an instant."""
    async with connections.transaction() as connection:
        await clock.set_simulated(connection, instant, running=False)


async def open_network(stripe: StripeConnect, stripe_address: str) -> Cast:
    """Found the network: brands, people, programs, signed agreements, accounts at Stripe."""
    cast = Cast(stripe, stripe_address)
    for slug, tax_rate_ppm in TAX_PPM.items():
        name = slug.replace("-", " ").title()
        cast.brands[slug] = await brands.create_brand(
            NewBrand(
                slug=slug,
                name=name,
                legal_name=f"{name} Inc.",
                address="1 Main Street\nNew York, NY",
                country="US",
                tax_rate_ppm=tax_rate_ppm,
            )
        )
        cast.owners[slug] = await person(f"olga@{slug}.test", cast.brands[slug], "owner")
    cast.manager = await person("mia@network.test", None, "manager")
    cast.preparer = await person("pia@network.test", None, "finance")
    cast.approver = await person("art@network.test", None, "finance")
    for slug, policy in POLICY_OF.items():
        cast.programs[slug] = await _program(cast, slug, policy)
    for advertiser, partner in ((SHOP, WEEKLY), (SHOP, RADIO), (SHOP, SMALL), (WEEKLY, SHOP)):
        cast.partnerships[advertiser, partner] = await _partnership(cast, advertiser, partner)
    await programs.pair_partnerships(
        cast.manager, cast.partnerships[SHOP, WEEKLY].id, cast.partnerships[WEEKLY, SHOP].id
    )
    for advertiser, partner in cast.partnerships:
        await agree(cast, advertiser, partner)
    for slug in cast.brands:
        await _introduce_to_stripe(cast, slug)
    return cast


async def person(email: str, brand_id: UUID | None, role: str) -> Member:
    """Let somebody join, with one role."""
    now = await clock.now()
    member = Member(
        ids.new_id(now),
        email.partition("@")[0].title(),
        email,
        brand_id,
        frozenset({role}),
        has_given_factor=True,
    )
    async with connections.transaction() as connection:
        await connection.execute(
            "INSERT INTO members (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, '-', $4)",
            member.id,
            email,
            member.name,
            now,
        )
        await connection.execute(
            "INSERT INTO memberships (id, member_id, brand_id, role, created_at) VALUES ($1, $2, $3, $4, $5)",
            ids.new_id(now),
            member.id,
            brand_id,
            role,
            now,
        )
    return member


async def _program(cast: Cast, slug: str, policy: str) -> UUID:
    program_id = await programs.create_program(
        cast.owners[slug],
        NewProgram(
            brand_id=cast.brands[slug],
            slug=f"{slug}-records",
            name=f"{slug} records",
            offer="Ten per cent on every record",
            default_url=f"https://{slug}.test/",
            destination_hosts=(f"{slug}.test",),
        ),
    )
    await draft.publish_program_version(cast.owners[slug], program_id, f"[program.attribution]\n{policy}\n")
    return program_id


async def _partnership(cast: Cast, advertiser: str, partner: str) -> Partnership:
    invited = await programs.invite_partner(
        cast.owners[advertiser], cast.programs[advertiser], cast.brands[partner]
    )
    await programs.answer_partnership(cast.owners[partner], invited.partnership_id, accept=True)
    return Partnership(
        invited.partnership_id, cast.programs[advertiser], cast.brands[advertiser], cast.brands[partner]
    )


async def agree(cast: Cast, advertiser: str, partner: str, *, rate_ppm: int = 100_000) -> None:
    """Draft and sign terms; once some hold, those that follow them after their notice."""
    terms = TERMS.format(
        structure="retroactive" if partner == WEEKLY else "graduated",
        bonus={RADIO: BONUS, WEEKLY: QUALITY, SMALL: REWARDS}.get(partner, ""),
        rate_ppm=rate_ppm,
    )
    version = "2026-12" if partner in {WEEKLY, SMALL} else "2026-11"
    drafted = await draft.draft_agreement(
        cast.owners[advertiser],
        NewAgreement(cast.partnerships[advertiser, partner].id, "cross-promotion", version, terms),
        OPERATOR,
    )
    for slug in (advertiser, partner):
        await sign.sign_agreement(
            Signer(cast.owners[slug], "192.0.2.7", "Tests"), drafted.id, drafted.content_hash
        )


def _browser() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, verify=False)  # noqa: S501 -- no certificates on loopback


async def _introduce_to_stripe(cast: Cast, slug: str) -> None:
    now, brand_id = await clock.now(), cast.brands[slug]
    page = await onboard.open_recipient(
        cast.stripe,
        brand_id,
        by=cast.owners[slug],
        return_url="http://127.0.0.1/back",
        refresh_url="http://127.0.0.1/again",
        now=now,
    )
    async with _browser() as browser:
        await browser.post(page)
    await onboard.read_recipient(cast.stripe, brand_id, now)
    if slug in cast.programs:
        await onboard.save_payment_method(
            cast.stripe, brand_id, by=cast.owners[slug], payment_method_id=CARD, now=now
        )


def numbered(orders: Sequence[tuple[str, datetime, int, UUID | None]], start: int) -> list[Order]:
    """Make orders of (customer, instant, net, own click), numbered from ``start`` on."""
    return [
        Order(order_id=f"{n:05}", customer=customer, at=instant, net_minor=net_minor, click=click)
        for n, (customer, instant, net_minor, click) in enumerate(orders, start=start)
    ]


def named(touch_id: str, customer: str, instant: datetime, partner: str) -> ReportedTouch:
    """Make a customer's word on who sent them."""
    return ReportedTouch(
        touch_id=touch_id, kind="self_report", customer_id=customer, at=instant, partner=partner
    )
