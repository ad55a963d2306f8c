"""Refunds: once, of an order that is there, and never more than its net."""

import asyncio
from uuid import uuid4

import pytest

from partner_network.conversions.actions import record_refunds
from partner_network.conversions.rules import refunding
from partner_network.conversions.rules.refunding import Given, RefundedOrder
from partner_network.database import connections
from partner_network.kernel.errors import ConflictError, InvalidError, PartnerNetworkError
from tests.conversions.cast import Cast, on, order, refund


async def refusal(shop: Cast, *refunds: dict[str, object]) -> PartnerNetworkError:
    with pytest.raises(PartnerNetworkError) as caught:
        await shop.refund(*refunds)
    return caught.value


async def stored() -> int:
    return await connections.pool().fetchval("SELECT coalesce(sum(net_minor), 0)::bigint FROM refunds")


async def test_a_refund_is_stored_once_and_asks_for_accrual(shop: Cast) -> None:
    sale = (await shop.report(order(1, on(1)))).conversions[0]
    first = await shop.refund(refund(1, 1, on(2)))
    again = await shop.refund(refund(1, 1, on(2)), refund(1, 1, on(2)))
    assert first.is_new
    assert not again.is_new
    assert again.refunds == first.refunds * 2
    assert first.refunds[0].conversion_id == sale.id
    assert await stored() == 1_000
    assert await connections.pool().fetchval("SELECT entrypoint FROM pgqueuer ORDER BY id DESC LIMIT 1") == (
        "commissions.accrue"
    )


async def test_a_used_refund_id_with_other_content_is_a_conflict(shop: Cast) -> None:
    await shop.report(order(1, on(1)))
    await shop.refund(refund(1, 1, on(2)))
    error = await refusal(shop, refund(1, 1, on(2), reason="Another"))
    assert isinstance(error, ConflictError)
    assert list(error.fields) == ["refunds[0].refund_id"]


async def test_refunds_together_never_exceed_the_order(shop: Cast) -> None:
    await shop.report(order(1, on(1)))
    await shop.refund(refund(1, 1, on(2), net_minor=4_000))
    error = await refusal(shop, refund(2, 1, on(2), net_minor=600), refund(3, 1, on(2), net_minor=401))
    assert isinstance(error, ConflictError)
    assert "at most 400 is left" in error.fields["refunds[1].net_minor"]
    assert await stored() == 4_000
    await shop.refund(refund(2, 1, on(2), net_minor=600), refund(3, 1, on(2), net_minor=400))
    assert await stored() == 5_000


async def test_refunds_racing_never_exceed_the_order(shop: Cast) -> None:
    await shop.report(order(1, on(1)))
    answers = await asyncio.gather(
        *(shop.refund(refund(n, 1, on(2), net_minor=2_000)) for n in range(5)), return_exceptions=True
    )
    assert sum(isinstance(answer, record_refunds.Answer) for answer in answers) == 2
    assert sum(isinstance(answer, ConflictError) for answer in answers) == 3
    assert await stored() == 4_000


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"order_id": "99999"}, "order_id"),
        ({"event": "lead"}, "order_id"),
        ({"at": on(1, 11).isoformat()}, "at"),
        ({"at": on(31, 13).isoformat()}, "at"),
        ({"line": "7"}, "line"),
        ({"net_minor": 0}, "net_minor"),
        ({"net_minor": -5}, "net_minor"),
    ],
)
async def test_a_refund_that_cannot_be_right_names_its_field(
    shop: Cast, fields: dict[str, object], at_fault: str
) -> None:
    await shop.report(order(1, on(1)))
    error = await refusal(shop, refund(1, 1, on(2)), refund(2, 1, on(2)) | fields)
    assert isinstance(error, InvalidError)
    assert list(error.fields) == [f"refunds[1].{at_fault}"]
    assert await stored() == 0


def bears(refunds: list[Given], lines: dict[str, int]) -> bool:
    case = RefundedOrder(uuid4(), uuid4(), on(1), sum(lines.values()), lines)
    *before, last = refunds
    return refunding.objection_to(case, last, before) is None


def test_a_line_bears_its_own_net_and_no_more() -> None:
    lines = {"a": 300, "b": 700}
    assert bears([Given("1", on(2), 300, "a")], lines)
    assert not bears([Given("1", on(2), 301, "a")], lines)
    assert not bears([Given("1", on(2), 200, "a"), Given("2", on(3), 101, "a")], lines)


def test_a_refund_of_the_whole_is_spread_and_lowers_what_its_lines_bear() -> None:
    lines = {"a": 300, "b": 700}
    whole = Given("1", on(2), 500, None)  # 150 of a, 350 of b
    assert bears([whole, Given("2", on(3), 150, "a")], lines)
    assert not bears([whole, Given("2", on(3), 151, "a")], lines)


def test_what_counts_is_when_refunds_were_given_and_not_when_they_arrived() -> None:
    lines = {"a": 300, "b": 700}
    line = Given("1", on(3), 300, "a")
    assert bears([line, Given("2", on(4), 700, None)], lines)
    assert not bears([line, Given("2", on(2), 700, None)], lines)
