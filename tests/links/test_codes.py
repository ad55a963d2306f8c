"""Promo codes: each is one partnership's for good."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from partner_network.database import connections
from partner_network.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PartnerNetworkError,
)
from partner_network.links.codes import actions, queries, rules
from partner_network.links.codes.rules import Code
from tests.links.cast import MADE_AT, Network


async def give(
    network: Network, code: str = "SUMMER10", *, brand_id: UUID | None, role: str = "marketer"
) -> Code:
    return await actions.give_code(
        asking=network.member(brand_id, role), partnership_id=network.cast.partnership, code=code
    )


async def test_an_advertiser_gives_a_code_and_both_brands_find_it(network: Network) -> None:
    made = await give(network, " Summer10 ", brand_id=network.cast.shop)

    for brand_id in (network.cast.shop, network.cast.roaster):
        async with connections.transaction(eyes=brand_id) as connection:
            assert await queries.codes_of(connection, brand_id, limit=9) == [made]
    assert (made.code, made.partner_id, made.withdrawn_at) == ("Summer10", network.cast.roaster, None)


async def test_the_operators_manager_gives_a_code_for_a_brand(network: Network) -> None:
    assert (await give(network, brand_id=None, role="manager")).advertiser_id == network.cast.shop


@pytest.mark.parametrize(
    ("role", "refusal"), [("marketer", NotFoundError), ("owner", NotFoundError), ("viewer", ForbiddenError)]
)
async def test_a_partner_gives_itself_no_code(
    network: Network, role: str, refusal: type[PartnerNetworkError]
) -> None:
    with pytest.raises(refusal):
        await give(network, brand_id=network.cast.roaster, role=role)


@pytest.mark.parametrize("again", ["SUMMER10", "summer10", " Summer10 ", "\uff33UMMER10"])
async def test_a_code_never_changes_hands_however_it_is_written(network: Network, again: str) -> None:
    made = await give(network, brand_id=network.cast.shop)
    await actions.withdraw_code(asking=network.member(network.cast.shop, "owner"), code_id=made.id)

    with pytest.raises(ConflictError, match="never changes hands"):
        await give(network, again, brand_id=network.cast.shop)


async def test_of_two_who_give_the_same_code_at_once_one_is_refused(network: Network) -> None:
    answers = await asyncio.gather(
        *(give(network, brand_id=network.cast.shop) for _ in range(2)), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in answers) == ["Code", "ConflictError"]


@pytest.mark.parametrize("code", ["", "X", "TWO WORDS", "x" * 41, "tab\there", "zero\u200bwidth"])
async def test_what_nobody_could_type_is_no_code(network: Network, code: str) -> None:
    with pytest.raises(InvalidError, match="like SUMMER10"):
        await give(network, code, brand_id=network.cast.shop)


@pytest.mark.parametrize("status", ["invited", "paused", "ended"])
async def test_a_partnership_that_is_not_active_gets_no_code(network: Network, status: str) -> None:
    await network.fetch("UPDATE partnerships SET status = $1, ended_at = now()", status)

    with pytest.raises(ConflictError, match="codes can be given once it is"):
        await give(network, brand_id=network.cast.shop)


async def test_a_withdrawn_code_holds_for_what_came_before_and_stays_withdrawn(network: Network) -> None:
    made = await give(network, brand_id=network.cast.shop)
    asking = network.member(network.cast.shop, "marketer")

    first = await actions.withdraw_code(asking=asking, code_id=made.id)
    again = await actions.withdraw_code(asking=asking, code_id=made.id)

    assert first == again
    assert first.withdrawn_at is not None
    moment = timedelta(microseconds=1)
    held = [made.created_at - moment, made.created_at, first.withdrawn_at - moment, first.withdrawn_at]
    assert [rules.holds(first, at) for at in held] == [False, True, True, False]


async def test_others_withdraw_no_code(network: Network) -> None:
    made = await give(network, brand_id=network.cast.shop)

    for brand_id in (network.cast.roaster, uuid4()):
        with pytest.raises(NotFoundError):
            await actions.withdraw_code(asking=network.member(brand_id, "owner"), code_id=made.id)


@pytest.mark.parametrize(
    "change",
    [
        "code = 'WINTER20'",
        "folded = 'winter20'",
        "partner_id = advertiser_id",
        "created_at = created_at - interval '1 day'",
        "withdrawn_at = NULL",
    ],
)
async def test_the_database_lets_nobody_change_a_code_but_to_withdraw_it_once(
    network: Network, change: str
) -> None:
    made = await give(network, brand_id=network.cast.shop)
    await actions.withdraw_code(asking=network.member(network.cast.shop, "owner"), code_id=made.id)

    with pytest.raises(asyncpg.RestrictViolationError):
        await network.fetch(f"UPDATE codes SET {change}")
    with pytest.raises(asyncpg.RestrictViolationError):
        await network.fetch("DELETE FROM codes")


async def test_what_is_typed_at_a_checkout_is_known_and_another_brands_code_is_not(network: Network) -> None:
    made = await give(network, brand_id=network.cast.shop)

    async def named(brand_id: UUID, *typed: str) -> Sequence[str]:
        async with connections.transaction() as connection:
            found = await queries.codes_named(connection, brand_id, typed)
        assert {one.id for one in found.values()} <= {made.id}
        return sorted(found)

    assert await named(network.cast.shop, "summer10", " SUMMER10", "SUMMER11") == [" SUMMER10", "summer10"]
    assert await named(network.cast.roaster, "SUMMER10") == []
    assert made.created_at > MADE_AT
