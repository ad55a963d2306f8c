"""Deciding what waits, on worked cases."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from partner_network.attribution import actions
from partner_network.database import connections
from partner_network.kernel import ids
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, days, on, order

SECOND = timedelta(seconds=1)


class Story:
    """The shop and two partners whose clicks compete; clicks are identified unless told."""

    def __init__(self, shop: Cast, blog: Partner, radio: Partner) -> None:
        self.shop, self.blog, self.radio = shop, blog, radio

    async def click(self, partner: Partner, at: datetime, customer: str | None = "ada", **how: Any) -> UUID:
        async with connections.transaction() as connection:
            click = await partner.click(connection, at, **how)
        if customer is not None:
            await self.shop.identify((customer, click))
        return click

    async def credited(self, number: int = 1) -> list[str]:
        """Who stands credited for an order, by slug."""
        rows = await connections.pool().fetch(
            """SELECT b.slug FROM conversions v JOIN current_decisions d ON d.conversion_id = v.id
               JOIN credits c ON c.conversion_id = d.conversion_id AND c.rev = d.rev
               JOIN partnerships p ON p.id = c.partnership_id JOIN brands b ON b.id = p.partner_id
               WHERE v.order_id = $1 ORDER BY b.slug""",
            f"{number:05}",
        )
        return [row["slug"] for row in rows]

    async def verdicts(self, number: int = 1) -> dict[str, tuple[str, str]]:
        """The verdict and reason of every candidate of an order, by click."""
        candidates = await connections.pool().fetchval(
            """SELECT d.candidates FROM current_decisions d JOIN conversions v ON v.id = d.conversion_id
               WHERE v.order_id = $1""",
            f"{number:05}",
        )
        return {one["touch"]: (one["verdict"], one["reason"]) for one in msgspec.json.decode(candidates)}

    async def revisions(self, number: int = 1) -> int:
        return await connections.pool().fetchval(
            """SELECT count(*) FROM decisions d JOIN conversions v ON v.id = d.conversion_id
               WHERE v.order_id = $1""",
            f"{number:05}",
        )


@pytest.fixture
async def story(shop: Cast, blog: Partner) -> Story:
    async with connections.transaction() as connection:
        return Story(shop, blog, await cast.partner(connection, shop, "radio"))


@pytest.fixture
async def binding(story: Story) -> Story:
    """The same, under a policy that binds customers for two months."""
    async with connections.transaction() as connection:
        await connection.execute(
            """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
               SELECT gen_random_uuid(), program_id, 2, $1, recorded_at FROM program_versions""",
            "[program.attribution]\nbinding_months = 2\n",
        )
    return story


async def rows(sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connections.pool().fetch(sql)]


async def test_the_last_of_two_partners_clicks_wins_and_the_receipt_names_both(story: Story) -> None:
    early = await story.click(story.blog, on(1))
    late = await story.click(story.radio, on(2))
    await story.shop.report(order(1, on(3)))
    assert await actions.decide_pending() == 1
    assert await story.credited() == ["radio"]
    verdicts = await story.verdicts()
    assert verdicts[str(late)][0] == "credited"
    assert verdicts[str(early)] == (
        "not_credited",
        "clicked 2 d 00 h before the sale; a later touch decides (clause 3.8)",
    )


async def test_deciding_empties_the_work_list_fills_the_next_and_asks_for_accrual(story: Story) -> None:
    click = await story.click(story.blog, on(1))
    sale = (await story.shop.report(order(1, on(3)))).conversions[0]
    await connections.pool().execute("DELETE FROM pgqueuer")
    await actions.decide_pending()
    assert await rows("SELECT * FROM undecided_conversions") == []
    assert await rows("SELECT * FROM unaccrued_conversions") == [
        (story.blog.partnership_id, ids.parse("cnv", sale.id))
    ]
    assert await rows("SELECT entrypoint FROM pgqueuer") == [("commissions.accrue",)]
    assert await rows("SELECT touch_id, touched_at, weight_numerator, weight_denominator FROM credits") == [
        (click, on(1), 1, 1)
    ]
    assert await actions.decide_pending() == 0


@pytest.mark.parametrize(
    ("before_order", "is_credited"),
    [
        (timedelta(0), True),
        (days(30) - SECOND, True),
        (days(30), False),
        (days(30) + SECOND, False),
        (-SECOND, False),
    ],
)
async def test_a_window_of_30_days_takes_the_instant_of_the_order_and_leaves_its_far_edge_out(
    story: Story, before_order: timedelta, is_credited: bool
) -> None:
    await story.click(story.blog, on(31, 11) - before_order)
    await story.shop.report(order(1, on(31, 11)))
    await actions.decide_pending()
    assert (await story.credited() == ["blog"]) is is_credited


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"excluded": "bot"}, "a bot made it (clause 3.7)"),
        ({"excluded": "prefetch"}, "a browser fetched it ahead; nobody clicked (clause 3.7)"),
        ({"consent": "denied"}, "the customer gave no consent (clause 3.7)"),
    ],
)
async def test_a_click_that_cannot_count_leaves_the_earlier_one_to_win(
    story: Story, how: dict[str, str], reason: str
) -> None:
    await story.click(story.blog, on(1))
    bad = await story.click(story.radio, on(2), **how)
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    assert await story.credited() == ["blog"]
    assert (await story.verdicts())[str(bad)] == ("excluded", reason)


async def test_a_click_of_unknown_consent_counts(story: Story) -> None:
    await story.click(story.blog, on(1), consent="unknown")
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    assert await story.credited() == ["blog"]


async def test_a_click_older_than_two_windows_is_no_candidate_and_one_just_too_old_is_shown(
    story: Story,
) -> None:
    await story.click(story.blog, on(31, 11) - days(60) - SECOND)
    shown = await story.click(story.blog, on(31, 11) - days(59))
    await story.shop.report(order(1, on(31, 11)))
    await actions.decide_pending()
    assert await story.verdicts() == {
        str(shown): ("excluded", "clicked 59 d 00 h before the sale; the window in clause 3.2 is 30 d")
    }


async def test_an_order_without_a_click_is_unattributed_and_owes_no_work(story: Story) -> None:
    await story.click(story.blog, on(1), customer="bob")
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    assert await rows("SELECT outcome, candidates FROM decisions") == [("unattributed", "[]")]
    assert await rows("SELECT * FROM unaccrued_conversions") == []


async def test_an_orders_own_click_counts_whoever_it_is_identified_with(story: Story) -> None:
    click = await story.click(story.blog, on(1), customer="bob")
    await story.shop.report(order(1, on(3), click_id=ids.shown("clk", click)))
    await actions.decide_pending()
    assert await story.credited() == ["blog"]


async def test_a_click_for_another_program_of_the_shop_is_shown_and_excluded(story: Story) -> None:
    async with connections.transaction() as connection:
        other = await cast.program(connection, story.shop.brand_id, "vinyl-club")
        club = await cast.partner(connection, story.shop, "club", program_id=other)
    elsewhere = await story.click(club, on(2))
    await story.click(story.blog, on(1))
    await story.shop.report(order(1, on(3), program="tune-house-records"))
    await actions.decide_pending()
    assert await story.credited() == ["blog"]
    assert (await story.verdicts())[str(elsewhere)] == ("excluded", "it belongs to another program")


async def test_each_partners_own_window_is_tested(story: Story) -> None:
    async with connections.transaction() as connection:
        club = await cast.partner(connection, story.shop, "club", click_days=2)
    await story.click(story.blog, on(1))
    await story.click(club, on(7))
    await story.shop.report(order(1, on(8)), order(2, on(10)))
    await actions.decide_pending()
    assert await story.credited(1) == ["club"]
    assert await story.credited(2) == ["blog"]


async def test_after_a_partnership_ended_earlier_clicks_run_off_and_later_ones_do_not_count(
    story: Story,
) -> None:
    async with connections.transaction() as connection:
        club = await cast.partner(connection, story.shop, "club", ended_at=on(5))
    await story.click(story.blog, on(1))
    await story.click(club, on(4))
    await story.shop.report(order(1, on(8)))
    await actions.decide_pending()
    assert await story.credited(1) == ["club"]
    await story.click(club, on(9))
    await story.shop.report(order(2, on(10)))
    await actions.decide_pending()
    reasons = [reason for _, reason in (await story.verdicts(2)).values()]
    assert any(reason.startswith("the partnership had ended") for reason in reasons)
    assert await story.credited(2) == ["club"]


async def test_the_first_attributed_sale_binds_the_customers_later_ones_and_they_say_so(
    binding: Story,
) -> None:
    story = binding
    await story.click(story.blog, on(1))
    first = (await story.shop.report(order(1, on(3)))).conversions[0]
    await story.click(story.radio, on(4))
    await story.shop.report(order(2, on(5)), order(3, on(6), customer_id="bob"))
    await actions.decide_pending()
    assert [await story.credited(n) for n in (1, 2, 3)] == [["blog"], ["blog"], []]
    assert await rows("SELECT bound_to FROM decisions WHERE bound_to IS NOT NULL") == [
        (ids.parse("cnv", first.id),)
    ]


async def test_a_binding_holds_across_batches_and_ends_with_its_months(binding: Story) -> None:
    story = binding
    await cast.set_clock(on(30, month=6))
    await story.click(story.blog, on(1))
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    await story.click(story.radio, on(2, month=5))
    # Two calendar months after noon UTC of 3 March, in New York: the clocks went forward in between.
    ends = on(3, 11, month=5)
    await story.shop.report(order(2, ends - SECOND), order(3, ends))
    await actions.decide_pending()
    assert [await story.credited(n) for n in (2, 3)] == [["blog"], ["radio"]]


async def test_an_unattributed_sale_and_a_lead_bind_nobody(binding: Story) -> None:
    story = binding
    await story.shop.report(order(1, on(1)))
    await story.click(story.blog, on(2))
    await story.shop.report(order(2, on(3), event="lead"))
    await story.click(story.radio, on(4))
    await story.shop.report(order(3, on(5)), order(4, on(6)))
    await actions.decide_pending()
    assert [await story.credited(n) for n in (1, 2, 3, 4)] == [[], ["blog"], ["radio"], ["radio"]]


async def test_an_earlier_sale_that_arrives_later_binds_what_was_decided_already(binding: Story) -> None:
    story = binding
    await story.click(story.blog, on(1))
    await story.click(story.radio, on(4))
    await story.shop.report(order(2, on(5)))
    await actions.decide_pending()
    assert await story.credited(2) == ["radio"]
    await story.shop.report(order(1, on(3)))
    await connections.pool().execute("DELETE FROM unaccrued_conversions")
    await actions.decide_pending()
    assert [await story.credited(n) for n in (1, 2)] == [["blog"], ["blog"]]
    assert await story.revisions(2) == 2
    concerned = await rows(
        """SELECT v.order_id, b.slug
           FROM unaccrued_conversions u JOIN conversions v ON v.id = u.conversion_id
           JOIN partnerships p ON p.id = u.partnership_id JOIN brands b ON b.id = p.partner_id
           ORDER BY 1, 2"""
    )
    assert concerned == [("00001", "blog"), ("00002", "blog"), ("00002", "radio")]


async def test_an_earlier_sale_that_arrives_after_the_lock_date_binds_nothing_decided(binding: Story) -> None:
    story = binding
    await story.click(story.blog, on(1))
    await story.click(story.radio, on(4))
    await story.shop.report(order(2, on(5)))
    await actions.decide_pending()
    await cast.set_clock(on(1, 4, month=5))  # 00:00 in New York: the lock date of March
    await story.shop.report(order(1, on(3)), order(3, on(30, month=4)))
    await actions.decide_pending()
    assert [await story.credited(n) for n in (1, 2, 3)] == [["blog"], ["radio"], ["blog"]]
    assert await story.revisions(2) == 1


async def test_an_earlier_sale_that_arrives_later_puts_later_ones_up_for_accrual_for_their_numbers(
    story: Story,
) -> None:
    await story.click(story.blog, on(4))
    await story.shop.report(order(2, on(5)))
    await actions.decide_pending()
    await connections.pool().execute("DELETE FROM unaccrued_conversions")
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    assert await story.credited(1) == []
    assert await rows(
        "SELECT order_id FROM unaccrued_conversions JOIN conversions ON id = conversion_id"
    ) == [("00002",)]


async def test_a_late_identification_revises_before_the_lock_date(story: Story) -> None:
    click = await story.click(story.blog, on(1), customer=None)
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    assert await story.credited() == []
    await cast.set_clock(on(1, 4, month=5) - SECOND)
    await story.shop.identify(("ada", click))
    await actions.decide_pending()
    assert await story.credited() == ["blog"]
    assert await story.revisions() == 2


async def test_a_late_identification_credits_nobody_from_the_lock_date_on_and_the_receipt_says_so(
    story: Story,
) -> None:
    click = await story.click(story.blog, on(1), customer=None)
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    await cast.set_clock(on(1, 4, month=5))
    await story.shop.identify(("ada", click))
    await actions.decide_pending()
    assert await story.credited() == []
    locked = "2026-05-01T04:00:00+00:00"
    assert await story.verdicts() == {
        str(click): (
            "excluded",
            f"it was recorded at {locked}; the lock date of clause 3.12 was {locked}",
        )
    }
    assert await story.revisions() == 2
    assert await rows("SELECT * FROM unaccrued_conversions") == []


async def test_an_order_that_comes_after_its_lock_date_is_decided_by_what_was_known_then(
    story: Story,
) -> None:
    click = await story.click(story.blog, on(1), customer=None)
    await cast.set_clock(on(2, month=5))
    await story.shop.identify(("ada", click))
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    assert await story.credited() == ["blog"]


async def test_a_revision_puts_the_former_partner_up_for_accrual_too(story: Story) -> None:
    await story.click(story.blog, on(1))
    late = await story.click(story.radio, on(2), customer=None)
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    await connections.pool().execute("DELETE FROM unaccrued_conversions")
    await story.shop.identify(("ada", late))
    await actions.decide_pending()
    assert {partnership for partnership, _ in await rows("SELECT * FROM unaccrued_conversions")} == {
        story.blog.partnership_id,
        story.radio.partnership_id,
    }


async def test_deciding_again_what_did_not_change_writes_nothing(story: Story) -> None:
    await story.click(story.blog, on(1))
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    await connections.pool().execute("INSERT INTO undecided_conversions SELECT id FROM conversions")
    await connections.pool().execute("DELETE FROM unaccrued_conversions")
    assert await actions.decide_pending() == 1
    assert await story.revisions() == 1
    assert await rows("SELECT * FROM unaccrued_conversions") == []


async def test_a_program_for_new_customers_only_leaves_repeat_orders_out(story: Story) -> None:
    await connections.pool().execute(
        """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
           SELECT gen_random_uuid(), program_id, 2, $1, recorded_at FROM program_versions""",
        '[program.attribution]\ncustomers = "new_only"\n',
    )
    await story.click(story.blog, on(1))
    await story.shop.report(order(2, on(4)))
    await actions.decide_pending()
    assert await story.credited(2) == ["blog"]
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    assert [await story.credited(n) for n in (1, 2)] == [["blog"], []]


async def test_a_policy_holds_from_when_it_was_recorded(story: Story) -> None:
    await connections.pool().execute(
        """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
           SELECT gen_random_uuid(), program_id, 2, $1, $2 FROM program_versions""",
        '[program.attribution]\nmodel = "first_click"\n',
        on(10),
    )
    await story.click(story.blog, on(1))
    await story.click(story.radio, on(2))
    await story.shop.report(order(1, on(10) - SECOND), order(2, on(10)))
    await actions.decide_pending()
    assert [await story.credited(n) for n in (1, 2)] == [["radio"], ["blog"]]


async def test_a_shared_order_is_split_in_exact_parts(story: Story) -> None:
    await connections.pool().execute(
        """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
           SELECT gen_random_uuid(), program_id, 2, $1, recorded_at FROM program_versions""",
        '[program.attribution]\nmodel = "linear"\n',
    )
    for day in (1, 2):
        await story.click(story.blog, on(day))
    await story.click(story.radio, on(3))
    await story.shop.report(order(1, on(4)))
    await actions.decide_pending()
    assert await rows("SELECT weight_numerator, weight_denominator FROM credits") == [(1, 3)] * 3


async def test_two_workers_at_once_decide_everything_once(story: Story) -> None:
    await story.click(story.blog, on(1))
    await story.shop.report(*(order(n, on(3)) for n in range(200)))

    async def work() -> int:
        done = 0
        while taken := await actions.decide_pending(limit=20):
            done += taken
        return done

    assert sum(await asyncio.gather(work(), work())) == 200
    assert await rows("SELECT count(*), count(DISTINCT conversion_id), max(rev) FROM decisions") == [
        (200, 200, 1)
    ]


async def test_an_identification_that_is_being_stored_while_a_worker_decides_is_not_missed(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    click = await story.click(story.blog, on(1), customer=None)
    await story.shop.report(order(1, on(3)))
    held = cast.HeldCommit(monkeypatch)
    storing = asyncio.create_task(story.shop.identify(("ada", click)))
    await held.reached_by(storing)
    deciding = asyncio.create_task(actions.decide_pending())
    await cast.until_it_waits(deciding)
    held.let_go()
    await asyncio.gather(storing, deciding)
    await actions.decide_pending()
    assert await story.credited() == ["blog"]


async def test_an_identification_and_an_order_sent_at_once_never_miss_each_other(story: Story) -> None:
    clicks = [await story.click(story.blog, on(1), customer=None) for _ in range(5)]
    await asyncio.gather(
        *(story.shop.identify((f"customer-{n}", click)) for n, click in enumerate(clicks)),
        *(story.shop.report(order(n, on(3), customer_id=f"customer-{n}")) for n in range(5)),
        actions.decide_pending(),
    )
    while await actions.decide_pending():
        pass
    assert [await story.credited(n) for n in range(5)] == [["blog"]] * 5


async def test_the_worker_role_may_decide(story: Story, database: FreshDatabase) -> None:
    await story.click(story.blog, on(1))
    await story.shop.report(order(1, on(3)))
    await connections.close_pool()
    await connections.open_pool(database.url("worker"), role="partner_network_worker")
    assert await actions.decide_pending() == 1
    assert await story.credited() == ["blog"]
