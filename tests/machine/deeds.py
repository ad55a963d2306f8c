"""What people and the worker do, through the real actions."""

import contextlib
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from partner_network.agreements.actions import draft
from partner_network.agreements.actions import sign as signing
from partner_network.agreements.actions.draft import NewAgreement
from partner_network.agreements.actions.sign import Signer
from partner_network.attribution import actions as attribution
from partner_network.commissions.actions import accrue as accruing
from partner_network.commissions.actions import adjustments, contests, holds
from partner_network.commissions.actions import load_rates as rates
from partner_network.commissions.actions.adjustments import NewAdjustment
from partner_network.commissions.actions.contests import Outcome
from partner_network.commissions.rules import targets as engine
from partner_network.commissions.rules.rate_files import Published
from partner_network.conversions.actions import record_refunds
from partner_network.conversions.rules.refunding import Given
from partner_network.conversions.rules.reports import ReportedRefund
from partner_network.dashboards.verification import proof as proving
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, NotFoundError
from partner_network.payouts import jobs as payouts
from partner_network.statements import jobs as statements
from partner_network.statements.actions import close
from tests.builders import OPERATOR, SHOP, Cast
from tests.machine import books
from tests.machine.facts import Stream

EUROS_IN = {
    "USD": (Decimal("1.0831"), Decimal("1.1"), Decimal("1.125")),
    "JPY": (Decimal("161.37"), Decimal(160), Decimal("158.05")),
    "SEK": (Decimal("11.2345"), Decimal("11.5"), Decimal(11)),
}
_FIRST_PUBLISHED = date(2025, 12, 27)


class Sold(Struct):
    """One order, and what was given back on it so far."""

    shop: str
    order_id: str
    net_minor: int
    lines: list[str]
    refunds: dict[str, int] = {}
    told: int = 0


async def sign(cast: Cast, pair: tuple[str, str], terms: str) -> None:
    """Draft and sign terms between two brands, by a contract that settles rewards where they grant any."""
    version = "2026-12" if "[[rewards]]" in terms else "2026-11"
    new = NewAgreement(cast.partnerships[pair].id, "cross-promotion", version, terms)
    drafted = await draft.draft_agreement(cast.owners[pair[0]], new, OPERATOR)
    for slug in pair:
        await signing.sign_agreement(
            Signer(cast.owners[slug], "192.0.2.7", "Tests"), drafted.id, drafted.content_hash
        )


def parts(net_minor: int, lines: int) -> dict[str, int]:
    """Return an order's lines with what each comes to; the first takes what is left over."""
    return {f"l{n}": net_minor // lines + (net_minor % lines if n == 0 else 0) for n in range(lines)}


async def refund(cast: Cast, order: Sold, given: Given) -> None:
    """Report money given back, on one line or on the whole order."""
    reported = ReportedRefund(
        refund_id=given.refund_id,
        order_id=order.order_id,
        at=given.at,
        net_minor=given.net_minor,
        reason="Scratched",
        line=given.line,
        cancels=given.cancels,
    )
    await record_refunds.record_refunds([reported], brand_id=cast.brands[order.shop])


async def adjust(cast: Cast, which: int, minor: int, now: datetime) -> bool:
    """Adjust one of the commissions on orders; tell whether there was one."""
    found = await _commissions("c.conversion_id IS NOT NULL")
    if found:
        new = NewAdjustment(commission_id=found[which % len(found)], minor=minor, reason="As agreed")
        await adjustments.adjust_commission(new, by=cast.manager, now=now)
    return bool(found)


async def hold(cast: Cast, which: int | None, pair: tuple[str, str], now: datetime) -> bool:
    """Hold back one commission, or (None) all of a pair's; tell whether there was anything to hold."""
    found = await _commissions("true")
    try:
        if which is None:
            partnership_id = cast.partnerships[pair].id
            await holds.hold_partnership(partnership_id, reason="A look", by=cast.manager, now=now)
        elif found:
            await holds.hold_commission(found[which % len(found)], reason="A look", by=cast.manager, now=now)
    except ConflictError:
        return False
    return True


async def release(cast: Cast, which: int | None, pair: tuple[str, str], now: datetime) -> bool:
    """Let one commission go, or (None) all of a pair's; tell whether there was anything to release."""
    found = await _commissions("EXISTS (SELECT FROM commission_holds h WHERE h.commission_id = c.id)")
    try:
        if which is None:
            partnership_id = cast.partnerships[pair].id
            await holds.release_partnership(partnership_id, reason="All is well", by=cast.manager, now=now)
        elif found:
            await holds.release_commission(
                found[which % len(found)], reason="All is well", by=cast.manager, now=now
            )
    except ConflictError:
        return False
    return True


async def contest(cast: Cast, which: int, outcome: Outcome | None, now: datetime) -> bool:
    """Let a partner contest what was clawed back, and a manager decide; tell whether anything was."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT b.transfer_id, p.slug FROM clawbacks b JOIN commissions c ON c.id = b.commission_id
               JOIN brands p ON p.id = c.partner_id ORDER BY b.transfer_id"""
        )
    if not rows:
        return False
    one = rows[which % len(rows)]
    # It may be too late, or contested before: then it may still be to decide.
    with contextlib.suppress(ConflictError):
        await contests.contest_clawback(
            one["transfer_id"], reason="It came back", by=cast.owners[one["slug"]], now=now
        )
    if outcome is None:
        return True
    try:
        await contests.decide_contest(
            one["transfer_id"], outcome=outcome, reason="Looked at", by=cast.manager, now=now
        )
    except ConflictError:
        return False
    return True


async def _commissions(which: str) -> list[int]:
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            f"""SELECT c.id FROM commissions c LEFT JOIN conversions v ON v.id = c.conversion_id
                JOIN brands b ON b.id = c.partner_id WHERE {which}
                ORDER BY v.order_id NULLS FIRST, b.slug, c.component, c.period, c.id"""
        )
    return [row["id"] for row in rows]


async def decide() -> None:
    """Decide, or decide again, whatever waits for it."""
    while await attribution.decide_pending():
        pass


async def accrue(now: datetime) -> None:
    """Decide and accrue, but let nothing mature."""
    await decide()
    await accruing.accrue_pending(now)


async def recompute_all(now: datetime) -> int:
    """Compute every credited or adjusted order again; return how many revisions that made."""
    async with connections.transaction() as connection:
        await connection.execute(
            """INSERT INTO unaccrued_conversions
               SELECT partnership_id, conversion_id FROM credits
               UNION SELECT partnership_id, conversion_id FROM adjustments ON CONFLICT DO NOTHING"""
        )
    return await accruing.accrue_pending(now)


async def load_rates(now: datetime, *currencies: str) -> None:
    """Load what one euro was worth in these currencies, as published every fifth day."""
    published = [
        Published(_FIRST_PUBLISHED + timedelta(days=5 * n), "EUR", currency, EUROS_IN[currency][n % 3])
        for n in range(90)
        for currency in currencies
    ]
    await rates.load_rates(published, source="ecb.csv", now=now)


async def redeem(cast: Cast, key: str, customer: str, minor: int, *, cancel: bool) -> bool:
    """Redeem credit at the till, and perhaps take it back; tell whether there was as much."""
    try:
        await cast.redeem(SHOP, key, customer, minor, cancel=cancel)
    except (ConflictError, NotFoundError):
        return False
    return True


async def close_everything(now: datetime) -> None:
    """Close what has ended, and compare it with the ledger at its cut-off while nothing else happened.

    Only what has stopped is left out.
    """
    await statements.bring_up_to_date(now)
    closed = await close.close_due(now)
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT b.slug || ' and ' || a.slug || ', USD', a.slug || ' and ' || b.slug || ', USD'
               FROM stopped_streams s JOIN partnerships p ON p.id = s.partnership_id
               JOIN brands a ON a.id = p.advertiser_id JOIN brands b ON b.id = p.partner_id"""
        )
        stopped = {name for row in rows for name in row}
        assert {one.name for one in closed.left_out} <= stopped, closed.left_out
        await books.must_be_cut_off(connection, closed.statements)


async def pay(cast: Cast, *, fund: bool) -> None:
    """Let advertisers pay in what is missing, or not, and send what is funded."""
    if fund:
        await cast.pay_in()
    await payouts.pay(cast.stripe, await clock.now())


async def must_be_sent(cast: Cast) -> None:
    """Payouts are transfers that Stripe accepted: no more, no fewer, none of another amount."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT a.payout_id, a.destination, a.stripe_transfer_id, a.amount_minor, a.status
               FROM payout_attempts a"""
        )
    for row in rows:
        sent = await cast.stripe.find_transfers(
            transfer_group=ids.shown("pay", row["payout_id"]), destination=row["destination"]
        )
        accepted = row["status"] in {"accepted", "settled"}
        found = [(one.id, one.amount_minor) for one in sent if one.id == row["stripe_transfer_id"]]
        assert found == ([(row["stripe_transfer_id"], row["amount_minor"])] if accepted else []), dict(row)


def must_pay_nothing_on_nothing(found: dict[UUID, Stream]) -> None:
    """What was given back entirely, in time, pays nothing but what people adjusted."""
    for stream in found.values():
        paid: defaultdict[str, int] = defaultdict(int)
        for target in engine.targets(stream.orders.values(), stream.plan).commissions:
            paid[target.conversion] += target.minor
        for order in filter(stream.is_given_back, stream.orders.values()):
            adjusted = sum(adjustment.minor for adjustment in order.adjustments)
            assert paid[order.id] == max(0, adjusted), order


async def must_be_proved() -> None:
    """The product's own proof, which reads and computes everything in its own way, finds no difference."""
    kinds = [kind async for kind in proving.verify(None)]
    assert kinds[-1].difference is None, kinds[-1]
