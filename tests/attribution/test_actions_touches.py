"""Codes, self-reports, views and direct visits beside clicks: who gets the sale, and to the cent how much."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from partner_network.attribution import actions
from partner_network.attribution.queries import facts
from partner_network.commissions.actions import accrue
from partner_network.database import connections
from partner_network.kernel import ids
from tests.attribution.test_actions import Story, rows, story
from tests.conversions import cast
from tests.conversions.cast import on, order
from tests.conversions.test_touches import give, tell, touch

__all__ = ["story"]


async def set_policy(attribution: str) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
               SELECT gen_random_uuid(), program_id, 2, $1, recorded_at FROM program_versions""",
            f"[program.attribution]\n{attribution}\n",
        )


async def earned() -> dict[str, int]:
    """What each partner's commissions come to now, in cents."""
    while await actions.decide_pending():
        pass
    await accrue.accrue_pending(on(31))
    found = await connections.pool().fetch(
        """SELECT b.slug, sum(t.target_minor)::bigint AS minor FROM current_targets t
           JOIN commissions c ON c.id = t.commission_id JOIN brands b ON b.id = c.partner_id
           GROUP BY b.slug HAVING sum(t.target_minor) > 0 ORDER BY b.slug"""
    )
    return {row["slug"]: row["minor"] for row in found}


# Ada clicks the blog, and types the radio's code when she pays 199.99: 5 % of it are 9.9995, so 10.00.
BY_HAND = [
    # the code takes part beside the click: click_id is the stronger evidence, as the default order says
    ('code_policy = "always"', {"blog": 1_000}),
    # and by a program that says otherwise it decides
    ('code_policy = "always"\nevidence = ["code", "click_id"]', {"radio": 1_000}),
    # both of equal worth: half each, 100.00 and 99.99 by largest remainder, so 5.00 and 5.00 by the half cent
    ('code_policy = "always"\nmodel = "linear"', {"blog": 500, "radio": 500}),
    # a tracked touch qualifies, so the code takes no part
    ('code_policy = "tie_only"\nevidence = ["code", "click_id"]', {"blog": 1_000}),
    # the radio has no click of its own
    ('code_policy = "click_required"\nevidence = ["code", "click_id"]', {"blog": 1_000}),
    ('code_policy = "never"\nevidence = ["code", "click_id"]', {"blog": 1_000}),
]


@pytest.mark.parametrize(("policy", "due"), BY_HAND)
async def test_a_click_of_one_partner_and_the_code_of_another_pay_as_the_program_says(
    story: Story, policy: str, due: dict[str, int]
) -> None:
    await set_policy(policy)
    await give(story.shop, story.radio, "RADIO10", on(1))
    await story.click(story.blog, on(2))

    await story.shop.report(order(1, on(3), net_minor=19_999, code="radio10"))

    assert await earned() == due


@pytest.mark.parametrize(
    ("policy", "due", "reason"),
    [
        ("always", {"radio": 250}, "used a code 0 min 00 s before the sale"),
        ("tie_only", {"radio": 250}, "used a code 0 min 00 s before the sale"),
        ("click_required", {}, "only beside a qualifying tracked touch of the same partner"),
        ("never", {}, "codes and self-reports do not count in this program"),
    ],
)
async def test_a_code_without_any_click_pays_where_the_program_lets_it(
    story: Story, policy: str, due: dict[str, int], reason: str
) -> None:
    await set_policy(f'code_policy = "{policy}"')
    await give(story.shop, story.radio, "RADIO10", on(1))

    await story.shop.report(order(1, on(3), code="RADIO10"))

    assert await earned() == due
    ((_, said),) = (await story.verdicts()).values()
    assert reason in said


async def test_a_code_counts_beside_its_partners_own_click_where_that_is_required(story: Story) -> None:
    await set_policy('code_policy = "click_required"\nevidence = ["code", "click_id"]')
    await give(story.shop, story.radio, "RADIO10", on(1))
    await story.click(story.radio, on(1, 13))
    await story.click(story.blog, on(2))

    await story.shop.report(order(1, on(3), code="RADIO10"))

    assert await earned() == {"radio": 250}


async def test_an_orders_code_speaks_for_that_order_alone(story: Story) -> None:
    await set_policy('code_policy = "always"')
    await give(story.shop, story.radio, "RADIO10", on(1))

    await story.shop.report(order(1, on(3), code="RADIO10"), order(2, on(4)))

    await earned()
    assert (await story.credited(1), await story.credited(2)) == (["radio"], [])
    assert await story.verdicts(2) == {}


async def test_a_code_that_is_nobodys_moves_nothing(story: Story) -> None:
    await set_policy('code_policy = "always"')
    await story.click(story.blog, on(2))

    await story.shop.report(order(1, on(3), code="NO-SUCH-CODE"))

    assert await earned() == {"blog": 250}
    assert len(await story.verdicts()) == 1


@pytest.mark.parametrize(
    ("kind", "windows", "is_credited"),
    [("self_report", 30, True), ("code", 30, True), ("view", 30, False), ("direct", 30, False)],
)
async def test_a_touch_told_before_the_order_or_after_it_leads_to_the_same(
    story: Story, kind: str, windows: int, *, is_credited: bool
) -> None:
    await set_policy('code_policy = "tie_only"')
    await give(story.shop, story.radio, "RADIO10", on(1))
    said = touch(1, on(2), kind=kind)
    said |= {
        "self_report": {"partner": "radio"},
        "view": {"partner": "radio"},
        "code": {"code": "RADIO10"},
    }.get(kind, {})

    await tell(story.shop, said)
    await story.shop.report(order(1, on(3), customer_id="ada"))
    await earned()
    await story.shop.report(order(2, on(3), customer_id="bob"))
    await earned()
    await tell(story.shop, said | {"touch_id": "T2", "customer_id": "bob"})
    await earned()

    assert windows == 30
    assert await story.credited(1) == await story.credited(2) == (["radio"] if is_credited else [])
    (one,), (other,) = (await story.verdicts(1)).values(), (await story.verdicts(2)).values()
    assert one == other


async def test_a_direct_visit_after_the_last_click_takes_the_sale_from_everybody(story: Story) -> None:
    await story.click(story.blog, on(2))
    await story.shop.report(order(1, on(4)))
    assert await earned() == {"blog": 250}

    await tell(story.shop, touch(1, on(3), kind="direct"))

    assert await earned() == {}
    assert sorted(reason for _, reason in (await story.verdicts()).values()) == [
        "a direct visit came 1 d 00 h later, so nobody is credited (clause 3.8)",
        "the customer came directly, 1 d 00 h before the sale: nobody is credited (clause 3.8)",
    ]


async def test_a_touch_told_after_the_lock_date_changes_nothing_and_the_decision_says_why(
    story: Story,
) -> None:
    await set_policy('code_policy = "always"')
    await story.shop.report(order(1, on(3)))
    await earned()
    await cast.set_clock(datetime(2026, 5, 1, 5, tzinfo=UTC))  # March is locked since May began in New York

    await tell(story.shop, touch(1, on(2)))

    assert await earned() == {}
    ((verdict, reason),) = (await story.verdicts()).values()
    assert verdict == "excluded"
    assert "it was recorded at 2026-05-01T05:00:00+00:00; the lock date" in reason


async def test_touches_of_another_program_and_of_other_customers_are_nobodys_here(story: Story) -> None:
    await set_policy('code_policy = "always"')
    async with connections.transaction() as connection:
        vinyl = await cast.program(connection, story.shop.brand_id, "vinyl")
    await tell(story.shop, touch(1, on(2), kind="direct", program="vinyl"))
    await tell(story.shop, touch(2, on(2), customer_id="bob", program="tune-house-records"))

    await story.shop.report(order(1, on(3), program="tune-house-records"))

    assert vinyl != story.shop.program_id
    await earned()
    assert [reason for _, reason in (await story.verdicts()).values()] == ["it belongs to another program"]


@pytest.mark.parametrize("model", ["first_click", "last_click"])
async def test_ten_thousand_clicks_of_one_customer_are_all_looked_at(story: Story, model: str) -> None:
    """The first of them is the radio's, the others are the blog's."""
    await set_policy(f'model = "{model}"')
    async with connections.transaction() as connection:
        first = await story.radio.click(connection, on(3, 0))
        instants = [on(3, 1, 3) + cast.days(n / 10_000) for n in range(9_999)]
        clicks = [ids.new_id(at) for at in instants]
        await connection.execute(
            """INSERT INTO clicks (click_id, at, recorded_at, link_id, partnership_id, program_id,
                   advertiser_id, partner_id, consent)
               SELECT t.click_id, t.at, t.at, $3, $4, $5, $6, $7, 'granted'
               FROM unnest($1::uuid[], $2::timestamptz[]) AS t (click_id, at)""",
            clicks,
            instants,
            uuid4(),
            story.blog.partnership_id,
            story.blog.program_id,
            story.blog.advertiser_id,
            story.blog.partner_id,
        )
    for part in _parts([first, *clicks]):
        await story.shop.identify(*(("ada", click) for click in part))

    await story.shop.report(order(1, on(20)))

    assert await earned() == {"radio" if model == "first_click" else "blog": 250}
    assert len(await story.verdicts()) == 10_000 < facts.MOST_TOUCHES


def _parts(clicks: list[UUID]) -> list[list[UUID]]:
    return [clicks[n : n + 1_000] for n in range(0, len(clicks), 1_000)]


async def test_a_batch_takes_no_more_than_the_memory_of_one_bears(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partner_network.attribution.queries.waiting.TOUCHES_A_BATCH", 4)
    for day in (1, 2, 3):
        await story.click(story.blog, on(day))
    await story.shop.report(*(order(n, on(4), customer_id="ada") for n in (1, 2)), order(3, on(4, 13)))

    taken = [await actions.decide_pending() for _ in range(4)]

    assert taken == [1, 1, 1, 0]
    assert await rows("SELECT count(*) FROM credits") == [(3,)]
