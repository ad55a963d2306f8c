"""Touches that are no clicks: reported by themselves, or named by an order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from partner_network.conversions.actions import record_touches
from partner_network.conversions.rules import reading
from partner_network.conversions.rules.reports import ReportedTouch
from partner_network.database import connections
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.errors import ConflictError, InvalidError
from partner_network.links.codes import actions as codes
from partner_network.links.codes.rules import Code
from tests.conversions import cast
from tests.conversions.cast import Cast, Partner, batch, on, order


def touch(number: int, at: datetime, **fields: object) -> dict[str, object]:
    """Ada names the blog when she is asked, as the shop's machine writes it."""
    return (
        {"touch_id": f"T{number}", "kind": "self_report", "customer_id": "ada", "at": at.isoformat()}
        | ({"partner": "blog"} if fields.get("kind", "self_report") in {"self_report", "view"} else {})
        | fields
    )


async def tell(shop: Cast, *touches: Mapping[str, object]) -> record_touches.Answer:
    reports = reading.read_batch(batch("touches", touches), "touches", ReportedTouch)
    return await record_touches.record_touches(reports, brand_id=shop.brand_id)


async def give(shop: Cast, partner: Partner, code: str, at: datetime) -> Code:
    """Give a code at an instant, and go back to the end of the month."""
    await cast.set_clock(at)
    manager = Member(shop.member_id, "Mo", "mo@tune-house.test", None, frozenset({"manager"}))
    given = await codes.give_code(asking=manager, partnership_id=partner.partnership_id, code=code)
    await cast.set_clock(on(31))
    return given


async def withdraw(shop: Cast, code: Code, at: datetime) -> None:
    await cast.set_clock(at)
    manager = Member(shop.member_id, "Mo", "mo@tune-house.test", None, frozenset({"manager"}))
    await codes.withdraw_code(asking=manager, code_id=code.id)
    await cast.set_clock(on(31))


async def stored() -> list[dict[str, Any]]:
    rows = await connections.pool().fetch("SELECT * FROM touches ORDER BY id")
    return [dict(row) for row in rows]


async def test_each_kind_is_stored_as_what_it_proves(shop: Cast, blog: Partner) -> None:
    await give(shop, blog, "BLOG10", on(1))

    await tell(
        shop,
        touch(1, on(2)),
        touch(2, on(3), kind="view", consent="granted"),
        touch(3, on(4), kind="code", code=" blog10"),
        touch(4, on(5), kind="direct", consent="denied"),
    )

    said = [
        (one["kind"], one["evidence"], one["channel"], one["partnership_id"], one["consent"], one["code"])
        for one in await stored()
    ]
    assert said == [
        ("self_report", "self_report", "partner", blog.partnership_id, "unknown", None),
        ("view", "cookie", "partner", blog.partnership_id, "granted", None),
        ("code", "code", "partner", blog.partnership_id, "unknown", " blog10"),
        ("view", "cookie", "direct", None, "denied", None),
    ]


async def test_told_again_a_touch_gets_its_first_answer_and_other_content_is_refused(
    shop: Cast, blog: Partner
) -> None:
    first = await tell(shop, touch(1, on(2)), touch(1, on(2)))
    again = await tell(shop, touch(1, on(2)), touch(2, on(3)))

    assert first.touches[0] == first.touches[1] == again.touches[0]
    assert (first.is_new, again.is_new, (await tell(shop, touch(1, on(2)))).is_new) == (True, True, False)
    assert ids.parse("tch", first.touches[0].id) == (await stored())[0]["id"]
    with pytest.raises(ConflictError, match="T1' is stored with other content"):
        await tell(shop, touch(3, on(4)), touch(1, on(3)))
    assert [one["touch_id"] for one in await stored()] == ["T1", "T2"]
    assert blog.partnership_id == (await stored())[0]["partnership_id"]


@pytest.mark.parametrize(
    ("fields", "path", "sentence"),
    [
        ({"kind": "rumour"}, "kind", "Give code, self_report, view or direct."),
        ({"kind": "code", "partner": None}, "code", "A touch of kind code needs this."),
        ({"kind": "code", "code": "X", "partner": "blog"}, "partner", "A touch of kind code has none"),
        ({"partner": None}, "partner", "A touch of kind self_report needs this."),
        ({"code": "BLOG10"}, "code", "A touch of kind self_report has none; leave it out."),
        ({"kind": "direct", "partner": "blog"}, "partner", "A touch of kind direct has none; leave it out."),
        ({"partner": "radio"}, "partner", "No brand 'radio' promotes that program."),
        (
            {"kind": "code", "partner": None, "code": "NOBODYS"},
            "code",
            "was nobody's then; give it to a partner first.",
        ),
        (
            {"kind": "code", "partner": None, "code": "BLOG10", "at": "2026-03-01T11:59:59Z"},
            "code",
            "was nobody's then",
        ),
        ({"program": "elsewhere"}, "program", "You have no program 'elsewhere'."),
        ({"at": "2026-03-31T12:00:01Z"}, "at", "This lies in the future"),
        ({"consent": "perhaps"}, "consent", "Give granted, denied or unknown."),
        ({"touch_id": ""}, "touch_id", "Give your own id of the touch"),
        ({"who": "me"}, "who", "There is no such field; leave it out."),
    ],
)
async def test_what_cannot_be_right_is_refused_by_its_field_and_nothing_is_stored(
    shop: Cast, blog: Partner, fields: dict[str, object], path: str, sentence: str
) -> None:
    await give(shop, blog, "BLOG10", on(1))

    said = {name: value for name, value in (touch(2, on(2)) | fields).items() if value is not None}

    with pytest.raises(InvalidError) as refused:
        await tell(shop, touch(1, on(2)), said)

    assert sentence in refused.value.fields[f"touches[1].{path}"]
    assert await stored() == []


async def test_the_program_of_a_code_is_the_codes_and_of_others_the_named_or_the_only_one(
    shop: Cast, blog: Partner
) -> None:
    await give(shop, blog, "BLOG10", on(1))
    async with connections.transaction() as connection:
        await cast.program(connection, shop.brand_id, "vinyl")

    await tell(shop, touch(1, on(2), kind="code", code="BLOG10"))
    await tell(shop, touch(2, on(2), kind="direct", program="vinyl"))

    assert [one["program_id"] == shop.program_id for one in await stored()] == [True, False]
    for fields, sentence in (
        ({}, "Name one of your programs: tune-house-records, vinyl."),
        ({"program": "vinyl"}, "No brand 'blog' promotes that program."),
        ({"kind": "code", "code": "BLOG10", "program": "vinyl"}, "belongs to another program"),
    ):
        with pytest.raises(InvalidError, match=sentence):
            await tell(shop, touch(3, on(2), **fields))


async def test_an_order_that_names_a_code_gets_its_touch_whatever_the_case(shop: Cast, blog: Partner) -> None:
    await give(shop, blog, "Blog10", on(1))

    await shop.report(order(1, on(3), code=" BLOG10 "))

    (made,) = await stored()
    conversion = await connections.pool().fetchrow("SELECT * FROM conversions")
    assert conversion is not None
    for name in ("customer_id", "recorded_at", "payload_hash", "code", "program_id"):
        assert made[name] == conversion[name], name
    assert (made["conversion_id"], made["at"]) == (conversion["id"], conversion["occurred_at"])
    assert (made["kind"], made["partner_id"], made["touch_id"]) == ("code", blog.partner_id, None)


async def test_no_sale_is_lost_for_a_code_that_is_nobodys_and_what_it_said_is_kept(
    shop: Cast, blog: Partner
) -> None:
    code = await give(shop, blog, "BLOG10", on(2))
    await withdraw(shop, code, on(5))

    answer = await shop.report(
        order(1, on(3), code="NO-SUCH-CODE"),
        order(2, on(2, 11), code="BLOG10"),  # before it was given
        order(3, on(5), code="BLOG10"),  # the instant it was withdrawn
        order(4, on(4), code="BLOG10"),  # reported after it was withdrawn, and meant before
    )

    assert len(answer.conversions) == 4
    rows = await connections.pool().fetch("SELECT order_id, code FROM conversions ORDER BY order_id")
    assert [row["code"] for row in rows] == ["NO-SUCH-CODE", "BLOG10", "BLOG10", "BLOG10"]
    assert [one["at"] for one in await stored()] == [on(4)]


async def test_an_order_told_again_with_another_code_is_refused(shop: Cast, blog: Partner) -> None:
    await give(shop, blog, "BLOG10", on(1))
    await shop.report(order(1, on(3), code="BLOG10"))

    assert not (await shop.report(order(1, on(3), code="BLOG10"))).is_new
    for other in (order(1, on(3)), order(1, on(3), code="blog10")):
        with pytest.raises(ConflictError):
            await shop.report(other)
    assert len(await stored()) == 1


async def test_a_touch_of_an_erased_customer_is_known_again_and_names_nobody_new(
    shop: Cast, blog: Partner
) -> None:
    assert blog.partner_id
    first = await tell(shop, touch(1, on(2)))
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE customers SET external_id = NULL, erased_at = $1 WHERE external_id = 'ada'", on(31)
        )
        assert await connection.fetchval("SELECT count(*) FROM customer_keys") == 0

    assert await tell(shop, touch(1, on(2))) == record_touches.Answer(first.touches, is_new=False)
    assert await connections.pool().fetchval("SELECT count(*) FROM customers") == 1


@pytest.mark.parametrize(
    "change",
    ["at = at - interval '1 day'", "partner_id = NULL", "kind = 'view'", "touch_id = 'T2'"],
)
async def test_the_database_changes_no_touch_and_forgets_none(shop: Cast, blog: Partner, change: str) -> None:
    assert blog.partner_id
    await tell(shop, touch(1, on(2)))

    for sql in (f"UPDATE touches SET {change}", "DELETE FROM touches", "TRUNCATE touches"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await connections.pool().execute(sql)
