"""A refund that never happened is undone by a fact that names it."""

import pytest

from partner_network.conversions import queries
from partner_network.database import connections
from partner_network.kernel.errors import InvalidError, PartnerNetworkError
from tests.conversions.cast import Cast, on, order, refund

FIRST = refund(1, 1, on(2), net_minor=5_000)
UNDONE = {"refund_id": "U1", "order_id": "00001", "at": on(3).isoformat(), "reason": "Sent by mistake"}


@pytest.fixture
async def refunded(shop: Cast) -> Cast:
    """The shop sold one record for 50.00 and gave all of it back."""
    await shop.report(order(1, on(1)))
    await shop.refund(FIRST)
    return shop


async def _refunded_minor(shop: Cast) -> int:
    async with connections.transaction() as connection:
        (one,) = await queries.conversions_of(connection, shop.brand_id)
    return one.refunded_minor


async def test_an_undone_refund_gives_nothing_back(refunded: Cast) -> None:
    assert await _refunded_minor(refunded) == 5_000
    assert (await refunded.refund(UNDONE | {"cancels": "R1"})).is_new
    assert await _refunded_minor(refunded) == 0
    assert not (await refunded.refund(UNDONE | {"cancels": "R1"})).is_new


async def test_what_was_undone_may_be_given_back_again(refunded: Cast) -> None:
    await refunded.refund(UNDONE | {"cancels": "R1"}, refund(2, 1, on(4), net_minor=5_000))
    assert await _refunded_minor(refunded) == 5_000


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"cancels": "R7"}, "No refund 'R7' of this order is stored"),
        ({"cancels": "R1", "net_minor": 5_000}, "undoes all of it; leave this out"),
        ({"cancels": "R1", "line": "a"}, "undoes all of it; leave this out"),
        ({"cancels": "R1", "at": on(1, 13).isoformat()}, "That refund was given at"),
        ({}, "from 1 to"),
        ({"cancels": ""}, "earlier refund of that order"),
    ],
)
async def test_what_cannot_be_undone_is_refused(refunded: Cast, said: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidError) as refused:
        await refunded.refund(UNDONE | said)
    assert why in str([str(sentence) for sentence in refused.value.fields.values()])
    assert await _refunded_minor(refunded) == 5_000


@pytest.mark.parametrize("undoing", ["R1", "U1"])
async def test_a_refund_is_undone_once_and_an_undoing_never(refunded: Cast, undoing: str) -> None:
    await refunded.refund(UNDONE | {"cancels": "R1"})
    with pytest.raises(PartnerNetworkError):
        await refunded.refund(UNDONE | {"refund_id": "U2", "cancels": undoing})
    assert await _refunded_minor(refunded) == 0
