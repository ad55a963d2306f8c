"""A charity's promises, trace and export are its own: what it is given, to the cent, and nothing else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest

from partner_network.dashboards.exporting import writing
from partner_network.dashboards.promises import queries as promises
from partner_network.dashboards.promises.stages import Promise
from partner_network.dashboards.tracing import composing, lines
from partner_network.dashboards.web import words
from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.statements import queries as statements
from tests.builders import SHOP, SMALL, at
from tests.conftest import FreshDatabase
from tests.dashboards import giving
from tests.dashboards.giving import GIVEN_MINOR, TREES
from tests.dashboards.test_exports import differences, rows_of, text_of
from tests.payouts.conftest import Sale, sale, simulator

__all__ = ["sale", "simulator"]


@pytest.fixture
async def given(sale: Sale, database: FreshDatabase) -> Sale:
    """An order of which Trees is given 12.35; the reader's rights are the web's."""
    assert database.name
    await giving.trees(sale)
    await giving.agree(sale)
    await giving.sell(sale)
    return sale


@asynccontextmanager
async def as_read_by(database: FreshDatabase, brand_id: UUID | None) -> AsyncGenerator[Connection]:
    """Look with a brand's eyes, or the operator's, and with no more rights than the web has."""
    web = await database.connect("web")
    try:
        async with web.transaction():
            connection = cast("Connection", web)
            await connections.look(connection, brand_id or "operator")
            yield connection
    finally:
        await web.close()


async def promised(database: FreshDatabase, brand_id: UUID | None) -> list[Promise]:
    async with as_read_by(database, brand_id) as connection:
        return await promises.promises_of(connection, brand_id, await clock.now(connection))


def gifts(found: list[Promise]) -> list[tuple[str, int, str, str]]:
    return [(one.stage, one.minor, one.actor, one.clause) for one in found if one.between.payee == "Trees"]


async def test_what_is_given_is_promised_to_the_charity_station_by_station(
    given: Sale, database: FreshDatabase
) -> None:
    trees, shop, small = (given.brands[slug] for slug in (TREES, SHOP, SMALL))
    stations: list[list[tuple[str, int, str, str]]] = []
    for step in (giving.sell_no_more, giving.mature, giving.close, giving.sign_off, giving.pay):
        await step(given)
        own = await promised(database, trees)
        stations.append(gifts(own))
        assert gifts(own) == gifts(await promised(database, shop)) == gifts(await promised(database, None))
        assert gifts(await promised(database, small)) == []
        assert len(own) == 1, "what others are owed is not the charity's to read"
    assert stations == [
        [("pending", GIVEN_MINOR, "time", "8.1")],
        [("matured", GIVEN_MINOR, "network", "8.2")],
        [("stated", GIVEN_MINOR, "network", "8.6")],
        [("approved", GIVEN_MINOR, "advertiser", "9.1")],
        [("paid", GIVEN_MINOR, "nobody", "9.2")],
    ]


@pytest.mark.parametrize("reader", [TREES, SHOP])
async def test_a_gift_is_traced_from_the_transfer_to_the_clause(
    given: Sale, database: FreshDatabase, reader: str
) -> None:
    await giving.mature(given)
    await giving.close(given)
    await giving.pay(given)
    brand_id = given.brands[reader]
    async with as_read_by(database, brand_id) as connection:
        found = await statements.statements(connection)
        (one,) = [one for one in found if one.payee_id == given.brands[TREES]]
        some = await composing.first_lines(connection, one, after=0, limit=10)
        trace = await composing.trace_of(connection, one, some, words.KIND_OF_LINE)
        (line,) = trace.lines
        way = await lines.line_trace(connection, one, line.line.transfer_id, brand_id)
    assert [(step.name, step.result.minor) for step in trace.sums] == [
        ("transfers", GIVEN_MINOR),
        ("statement", GIVEN_MINOR),
        ("lines", GIVEN_MINOR),
        ("page", GIVEN_MINOR),
    ]
    assert (trace.holds, trace.is_sent, way.holds) == (True, True, True)
    assert (line.line.kind, line.line.amount_minor, line.line.clause) == ("earned", GIVEN_MINOR, "6.11")
    assert "charity" in way.clause_text if reader == SHOP else way.clause_text == ""


@pytest.mark.parametrize("brand", [TREES, SHOP, SMALL])
async def test_exports_of_a_charity_and_of_those_who_give_prove_themselves(
    given: Sale, tmp_path: Path, brand: str
) -> None:
    await giving.mature(given)
    await giving.close(given)
    await giving.pay(given)
    await writing.export(brand, tmp_path / brand, at(5, 5), lambda _, __: None)
    assert differences(tmp_path / brand) == []
    if brand == TREES:
        assert [one["closing_minor"] for one in rows_of(tmp_path / brand, "statements")] == [GIVEN_MINOR]
        assert SMALL not in text_of(tmp_path / brand)
