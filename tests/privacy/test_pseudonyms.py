"""Hashes of reports hold a pseudonym in place of a customer's id, also those from before there were any."""

import importlib
from collections.abc import AsyncIterator

import pytest

from partner_network.conversions.rules import pseudonyms, reports
from partner_network.conversions.rules.reports import ReportedConversion
from partner_network.dashboards.verification import proof
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.kernel import ids
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import Cast, on, order

upgrade = importlib.import_module("partner_network.migrations.2026_11_22t07_01_00")
ANA = ids.new_id(on(1))


@pytest.fixture
async def shop(database: FreshDatabase) -> AsyncIterator[Cast]:
    assert database.name
    clock.use_simulated_time(sandbox=True)
    await cast.set_clock(on(31))
    async with connections.transaction() as connection:
        shop = await cast.tune_house(connection)
    yield shop
    clock.use_simulated_time(sandbox=False)


def test_two_customers_of_one_id_have_two_pseudonyms() -> None:
    assert pseudonyms.new_customer(ANA, "ana").pseudonym != pseudonyms.new_customer(ANA, "ana").pseudonym


def test_a_pseudonym_is_known_again_with_its_key_and_never_without() -> None:
    ana = pseudonyms.new_customer(ANA, "ana")
    erased = pseudonyms.Customer(ANA, ana.pseudonym, None)

    assert ana.pseudonym_as("ana") == ana.pseudonym != ana.pseudonym_as("eve")
    assert erased.pseudonym_as("ana") == erased.pseudonym_as("eve") == ana.pseudonym


async def conversion_checks() -> str | None:
    kinds = [kind async for kind in proof.verify(None)]
    return next(kind.difference for kind in kinds if kind.name == "conversions")


async def test_reports_hashed_with_the_clear_id_are_hashed_again_and_still_known(shop: Cast) -> None:
    orders = [
        order(1, on(1)),
        order(2, on(2), program="tune-house-records", lines=[{"id": "1", "net_minor": 5_000, "sku": "x"}]),
        order(3, on(3), customer_id="böb"),
    ]
    await shop.report(*orders)
    async with connections.transaction() as connection:
        await connection.execute("ALTER TABLE conversions DISABLE TRIGGER append_only")
        for one in orders:
            said = reports.content_hash(
                cast.reading.read_batch(cast.batch("conversions", [one]), "conversions", ReportedConversion)[
                    0
                ]
            )
            await connection.execute(
                "UPDATE conversions SET payload_hash = $2 WHERE order_id = $1", one["order_id"], said
            )
        await connection.execute("ALTER TABLE conversions ENABLE TRIGGER append_only")
    assert await conversion_checks() is not None, "as it was before"

    async with connections.transaction() as connection:
        await upgrade.hash_with_pseudonyms(connection)

    assert await conversion_checks() is None
    assert (await shop.report(*orders)).is_new is False


async def test_what_was_changed_before_stays_found_out(shop: Cast) -> None:
    await shop.report(order(1, on(1)))
    async with connections.transaction() as connection:
        await connection.execute("ALTER TABLE conversions DISABLE TRIGGER append_only")
        await connection.execute("UPDATE conversions SET payload_hash = sha256('x')")
        await upgrade.hash_with_pseudonyms(connection)

    assert "is no longer what was reported" in (await conversion_checks() or "")
