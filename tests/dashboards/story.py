"""Four months of the named cast: enough that every table which money depends on has a row that matters."""

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from msgspec import structs

from partner_network.commissions.actions import load_rates
from partner_network.commissions.rules.rate_files import Published
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.statements import jobs as statements
from partner_network.statements import queries
from partner_network.statements.actions import limits, objections, sign_off
from tests import builders
from tests.builders import RADIO, SHOP, SMALL, WEEKLY, Cast, at, numbered


async def live(cast: Cast) -> None:
    """Live from January to the fifth of May 2026."""
    await _january(cast)
    await _february(cast)
    await _march(cast)
    await _april(cast)
    await _abroad(cast)


async def _january(cast: Cast) -> None:
    ada, cid = await cast.click(SHOP, WEEKLY, at(1, 3), at(1, 7))
    bob, cid_again, jon = await cast.click(SHOP, RADIO, at(1, 4), at(1, 8), at(1, 14))
    (dee,) = await cast.click(SHOP, SMALL, at(1, 10))
    (fay,) = await cast.click(SHOP, RADIO, at(1, 11), excluded="bot")
    (gus,) = await cast.click(SHOP, WEEKLY, at(1, 12), consent="denied")
    (hal,) = await cast.click(SHOP, RADIO, at(1, 5))
    (ivy,) = await cast.click(WEEKLY, SHOP, at(1, 12))
    await builders.set_clock(at(1, 16))
    await cast.identify(SHOP, {ada: "ada", cid: "cid", cid_again: "cid", fay: "fay", hal: "hal"})
    await cast.order(
        SHOP,
        *numbered(
            [
                ("ada", at(1, 5), 12_000, ada),
                ("bob", at(1, 6), 9_000, bob),
                ("cid", at(1, 9), 20_001, None),  # two partners share it
                ("dee", at(1, 11), 5_000, dee),
                ("eve", at(1, 11), 7_000, None),  # nobody's
                ("fay", at(1, 12), 3_000, None),  # a bot's
                ("gus", at(1, 13), 4_000, gus),  # without consent
                ("jon", at(1, 15), 6_000, None),  # nobody's, until somebody tells who clicked
                ("eve", at(1, 15), 0, None),
            ],
            start=1,
        ),
    )
    await cast.order(WEEKLY, *numbered([("ivy", at(1, 13), 8_000, ivy)], start=1))
    await cast.work()
    await builders.set_clock(at(1, 18))
    await cast.identify(SHOP, {jon: "jon"})
    await cast.work()
    await builders.set_clock(at(1, 20))
    await cast.refund(SHOP, "00003", 5_000, at(1, 20))  # not matured yet
    await cast.work()
    await builders.set_clock(at(1, 21))
    await cast.hold(SHOP, "00001", "00002", "00004")
    await cast.work()
    await builders.set_clock(at(1, 25))
    await cast.let_go(SHOP, "00001", "00002", "00004")
    await cast.work()
    await _first_of(cast, 2)


async def _february(cast: Cast) -> None:
    await builders.set_clock(at(2, 3))
    await builders.agree(cast, SHOP, SMALL, rate_ppm=120_000)  # holds after a notice of 30 days
    ada, kim = await cast.click(SHOP, WEEKLY, at(2, 4), at(2, 18))
    bob, leo = await cast.click(SHOP, RADIO, at(2, 9), at(2, 11))
    (dee,) = await cast.click(SHOP, SMALL, at(2, 12))
    (ivy,) = await cast.click(WEEKLY, SHOP, at(2, 14))
    await builders.set_clock(at(2, 21))
    await cast.identify(SHOP, {kim: "kim"})
    await cast.order(
        SHOP,
        *numbered(
            [
                ("ada", at(2, 5), 30_000, ada),
                ("bob", at(2, 10), 15_000, bob),
                ("leo", at(2, 12), 12_345, leo),
                ("dee", at(2, 13), 8_000, dee),
                ("kim", at(2, 19), 9_999, None),
                ("hal", at(2, 20), 9_000, None),  # the click of January is too old
            ],
            start=11,
        ),
    )
    await cast.order(WEEKLY, *numbered([("ivy", at(2, 15), 50_000, ivy)], start=11))
    await cast.work()
    await _first_of(cast, 3)


async def _march(cast: Cast) -> None:
    await builders.set_clock(at(3, 5))
    await cast.refund(SHOP, "00002", 9_000, at(3, 5))  # paid already
    await cast.refund(SHOP, "00001", 6_000, at(3, 5))
    await cast.work()
    await builders.set_clock(at(3, 8))
    await cast.adjust(SHOP, WEEKLY, "00001", 100)  # gives back part of what is due
    await cast.adjust(SHOP, RADIO, "00012", 123)
    await cast.contest(SHOP, RADIO, "00002")
    await cast.redeem(SHOP, "till-1", "dee", 400)
    await cast.redeem(SHOP, "till-2", "dee", 300, cancel=True)
    await cast.work()
    late, bob, max_ = await cast.click(SHOP, RADIO, at(2, 26), at(3, 9), at(3, 12))
    (ada,) = await cast.click(SHOP, WEEKLY, at(3, 10))
    before, after = await cast.click(SHOP, SMALL, at(3, 4, 23), at(3, 5, 0))
    (ivy,) = await cast.click(WEEKLY, SHOP, at(3, 11))
    await builders.set_clock(at(3, 20))
    await cast.order(
        SHOP,
        *numbered(
            [
                ("bob", at(3, 10), 20_000, bob),
                ("ada", at(3, 12), 10_000, ada),
                ("max", at(3, 13), 33_333, max_),
                ("pam", at(2, 27), 4_321, late),  # reported when February was locked
                ("quin", at(3, 4, 23, 59), 5_000, before),
                ("rob", at(3, 5, 0), 5_000, after),  # the first under the new terms
            ],
            start=21,
        ),
    )
    await cast.order(WEEKLY, *numbered([("ivy", at(3, 12), 4_000, ivy)], start=21))
    await cast.decline(SHOP, "00002")
    await cast.refuse_next_transfer()
    await _first_of(cast, 4)
    await cast.pay_again()


async def _april(cast: Cast) -> None:
    await builders.set_clock(at(4, 10))
    for minor in (2_000, 300, 700):
        await cast.top_up(minor)
    await cast.adjust(SHOP, RADIO, "00002", 250)  # after its clawback was recovered
    await cast.give_code(SHOP, RADIO, "RADIO10")
    await cast.work()
    (ned,) = await cast.click(SHOP, RADIO, at(4, 12))
    await builders.set_clock(at(4, 14))
    (last,) = numbered([("ned", at(4, 13), 5_000, ned)], start=31)
    await cast.order(SHOP, structs.replace(last, code=" radio10"))  # whose click it was, too
    await cast.touch(SHOP, builders.named("T-ned", "ned", at(4, 12, 18), RADIO))
    await cast.touch(SHOP, builders.named("T-uma", "uma", at(4, 13), RADIO))  # who never bought
    await cast.step_aside_and_back(WEEKLY)  # the owner who signed; the proof still knows her as that
    await _large(cast)
    await _first_of(cast, 5, fund_it=False)


async def _large(cast: Cast) -> None:
    """Close April, object to a line, and let two people approve that statement above a limit."""
    await builders.set_clock(at(5, 1, 5))
    now = await clock.now()
    await statements.close_periods(now)
    admin = structs.replace(cast.manager, roles=frozenset({"admin"}), has_given_factor=True)
    admin = structs.replace(admin, id=await _hire("adi", "admin"))
    zoe = structs.replace(cast.approver, id=await _hire("zoe", "finance"))
    await limits.set_limit("USD", 0, reason="Two see more", by=admin, now=now)
    async with connections.transaction() as connection:
        of = [one for one in await queries.statements(connection) if one.status == "draft"]
        one = next(one for one in of if one.payer_id == cast.brands[SHOP])
        lines = await queries.lines_of(connection, one.id)
    read = one.content_hash
    await sign_off.prepare_statement(one.id, content_hash=read, preparer=cast.preparer, now=now)
    line = next(line for line in lines if line.kind in {"earned", "late"})
    why = "It was never delivered"
    await objections.object_to_line(one.id, line.transfer_id, reason=why, by=cast.owners[SHOP], now=now)
    await objections.answer_objection(
        one.id, line.transfer_id, outcome="declined", minor=0, reason="It was", by=cast.approver, now=now
    )
    for approver in (cast.approver, zoe):
        await sign_off.approve_statement(
            one.id, content_hash=read, approver=approver, reason="As agreed", now=now
        )
    await builders.set_clock(at(5, 1, 6))
    await limits.set_limit("USD", None, reason="One is enough", by=admin, now=await clock.now())


async def _hire(name: str, role: str) -> UUID:
    member_id = uuid4()
    async with connections.transaction() as connection:
        await connection.execute(
            """INSERT INTO members (id, email, name, password_hash, created_at)
               VALUES ($1, $2 || '@network.test', $2, 'x', $3)""",
            member_id,
            name,
            at(1, 1),
        )
        await connection.execute(
            """INSERT INTO memberships (id, member_id, role, created_at)
               VALUES (gen_random_uuid(), $1, $2, $3)""",
            member_id,
            role,
            at(1, 1),
        )
    return member_id


async def _abroad(cast: Cast) -> None:
    """Sell in other currencies, at rates of which some are published too late to count."""
    eva, jun, lea = await cast.click(SHOP, WEEKLY, at(5, 1, 9), at(5, 1, 10), at(5, 1, 11))
    await builders.set_clock(at(5, 4))
    rates = {"USD": "1.25", "JPY": "160", "GBP": "0.8"}
    published = [Published(date(2026, 4, 30), "EUR", quote, Decimal(rate)) for quote, rate in rates.items()]
    await load_rates.load_rates(published, source="eurofxref.csv", now=at(5, 4))
    orders = numbered(
        [("eva", at(5, 2), 8_000, eva), ("jun", at(5, 2), 12_800, jun), ("lea", at(5, 3), 6_400, lea)],
        start=41,
    )
    abroad = zip(orders, ("EUR", "JPY", "GBP"), strict=True)
    await cast.order(SHOP, *[structs.replace(one, currency=currency) for one, currency in abroad])
    await cast.work()
    await builders.set_clock(at(5, 5))
    late = [Published(date(2026, 5, 1), "EUR", quote, Decimal(rate) * 2) for quote, rate in rates.items()]
    await load_rates.load_rates(late, source="eurofxref-hist.csv", now=at(5, 5))


async def _first_of(cast: Cast, month: int, *, fund_it: bool = True) -> None:
    await builders.set_clock(at(month, 1, 6))
    await cast.close_month(fund_it=fund_it)
