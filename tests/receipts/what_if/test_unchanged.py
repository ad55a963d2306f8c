"""With no change, what would have been is what is booked, to the cent."""

from datetime import datetime
from pathlib import Path

import pytest

from partner_network.database import connections
from partner_network.receipts.what_if.comparing import what_if
from partner_network.receipts.what_if.values import Change, Figures
from tests.builders import SHOP, WEEKLY, Cast, at
from tests.conftest import FreshDatabase
from tests.dashboards.random_life import RandomLife, lived
from tests.receipts.what_if import lives

SPANS = [lives.YEAR, (at(2, 1, 0), at(3, 1, 0)), (at(2, 11, 7), at(4, 20, 13))]


async def _is_what_is_booked(cast: Cast, slug: str, since: datetime, until: datetime) -> None:
    async with connections.transaction() as connection:
        compared = await what_if(connection, cast.programs[slug], since, until, Change())
    assert compared.before == compared.after
    assert not compared.moved_conversions
    booked = await lives.booked(cast, slug, since, until)
    paid = {row.partner: _dollars(row.after) for row in compared.rows if _dollars(row.after) != (0, 0)}
    if (since, until) == lives.YEAR:
        assert paid == booked
    else:  # a booked bonus keeps the date of the order that reached it first
        assert _commissions(paid) == _commissions(booked)
    counted = {row.partner: row.after.conversions for row in compared.rows if row.after.conversions}
    assert counted == await lives.credited(cast, slug, since, until)
    assert not compared.unlike_stored
    assert compared.conversions is not None
    assert compared.unattributed_after is not None
    assert compared.after.weight_ppm == 1_000_000 * (compared.conversions - compared.unattributed_after)


def _dollars(figures: Figures) -> tuple[int, int]:
    return figures.commission_minor.get("USD", 0), figures.bonus_minor.get("USD", 0)


def _commissions(paid: dict[str, tuple[int, int]]) -> dict[str, int]:
    return {partner: commission for partner, (commission, _) in paid.items() if commission}


@pytest.mark.parametrize("seed", [2, 3])
async def test_with_no_change_a_random_network_comes_to_what_is_booked(
    database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    assert database.name
    async with lived(RandomLife(seed, 60), tmp_path, monkeypatch) as cast:
        for slug in (SHOP, WEEKLY):
            for since, until in SPANS:
                await _is_what_is_booked(cast, slug, since, until)
