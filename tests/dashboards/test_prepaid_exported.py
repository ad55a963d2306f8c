"""An advertiser derives from its export alone what is left of the money that it paid in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from partner_network.dashboards.exporting import verifying, writing
from partner_network.gateways import clock
from partner_network.payouts import funding_jobs
from partner_network.payouts.actions import fund, movements
from tests.builders import SHOP, SMALL
from tests.dashboards.test_exports import (
    Rows,
    differences,
    forged,
    gone,
    more,
    must_name_what_was_touched,
    rows_of,
    said,
    text_of,
)
from tests.payouts.conftest import EARNED_MINOR, Sale, sale, simulator
from tests.payouts.test_returns import approve, ask, prepay

__all__ = ["sale", "simulator"]
NEW = ["fundings", "prepaid_returns", "movements"]


@pytest.fixture
async def folder(sale: Sale, tmp_path: Path) -> Path:
    """Tune House's files after all that can become of money that was paid in."""
    await paid_in_and_back(sale)
    return await exported(sale, SHOP, tmp_path)


async def paid_in_and_back(sale: Sale) -> None:
    """Pay in 40.00, of which a bank takes all back: 25.00 are there, 15.00 were used for a statement.

    Then pay in 20.00: they settle the debt of 15.00 first, 5.00 are left, of which 3.00 go back.
    """
    await prepay(sale, 4_000)
    await sale.close_and_sign()
    assert len(await fund.fund_statements(sale.brands[SHOP], "USD", await clock.now())) == 1
    await sale.dispute_funding("lost")
    await movements.book_movements(sale.stripe, await clock.now())
    assert await held(sale) == (0, EARNED_MINOR)
    await prepay(sale, 2_000)
    await approve(sale, await ask(sale, 300))
    await funding_jobs.look_after_fundings(sale.stripe, await clock.now())
    assert await held(sale) == (200, 0)


async def held(sale: Sale) -> tuple[int, int]:
    """Return what is prepaid, and what is owed, as the ledger says."""
    return await sale.posted("prepaid"), await sale.posted("chargeback")


async def exported(sale: Sale, brand: str, tmp_path: Path) -> Path:
    assert sale.brands
    await writing.export(brand, tmp_path / brand, await clock.now(), lambda _, __: None)
    return tmp_path / brand


async def test_paid_in_used_returned_and_taken_back_come_to_what_is_left_to_the_cent(folder: Path) -> None:
    assert differences(folder) == []
    counts = {kind.name: kind.count for kind in verifying.verify(folder)}
    # In, used, taken back (25.00 free, 15.00 owed), in again (15.00 repaid, 5.00 free), returned.
    assert (counts["fundings"], counts["returns"], counts["prepaid"]) == (2, 1, 7)
    paid = [(one["amount_minor"], one["repaid_minor"]) for one in rows_of(folder, "fundings")]
    assert paid == [(4_000, 0), (2_000, 1_500)]
    (returned,) = rows_of(folder, "prepaid_returns")
    assert (returned["amount_minor"], returned["status"]) == (300, "accepted")
    (moved,) = [one for one in rows_of(folder, "movements") if one["kind"] == "return"]
    assert (moved["amount_minor"], moved["covered_minor"]) == (4_000, 2_500)
    kept = {one["kind"]: one for one in rows_of(folder, "accounts")}
    assert kept["prepaid"]["credits_posted_minor"] - kept["prepaid"]["debits_posted_minor"] == 200
    assert kept["chargeback"]["debits_posted_minor"] == kept["chargeback"]["credits_posted_minor"] == 1_500


async def test_what_stripe_keeps_and_what_the_network_has_stay_behind(sale: Sale, folder: Path) -> None:
    assert await sale.posted("cash") != 0
    kept = {one["kind"]: one for one in rows_of(folder, "accounts")}
    assert kept["cash"]["debits_posted_minor"] == kept["cash"]["credits_posted_minor"] == 0
    assert "stripe_fees" not in kept
    assert "fee" not in {one["kind"] for one in rows_of(folder, "entries")}


async def test_of_all_that_its_partner_gets_the_statement_alone(
    sale: Sale, folder: Path, tmp_path: Path
) -> None:
    own = await exported(sale, SMALL, tmp_path)
    assert differences(own) == []
    assert [len(rows_of(own, name)) for name in NEW] == [0, 0, 0]
    for row in (*rows_of(folder, "fundings"), *rows_of(folder, "prepaid_returns")):
        assert row["id"] not in text_of(own)


@pytest.mark.parametrize("name", NEW)
async def test_each_of_its_files_that_is_touched_is_named_with_its_row(folder: Path, name: str) -> None:
    assert rows_of(folder, name)
    must_name_what_was_touched(folder, f"{name}.jsonl")


def unreturned(rows: Rows) -> object:
    return rows[0].update({"status": "approved"})


def no_debt(rows: Rows) -> object:
    debt = next(one for one in rows if one["kind"] == "chargeback")
    return debt.update({"debits_posted_minor": 0, "credits_posted_minor": 0})


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("fundings", more("amount_minor", 100), "fundings.jsonl: Funding"),
        ("fundings", more("repaid_minor", -100, 1), "fundings.jsonl: Funding"),
        ("fundings", said("status", "processing"), "entries.jsonl: "),
        ("prepaid_returns", more("amount_minor"), "prepaid_returns.jsonl: Return"),
        ("prepaid_returns", said("decided_by", None), "not decided by another person"),
        ("prepaid_returns", unreturned, "accounts.jsonl: Account"),
        ("movements", more("covered_minor", -100), "movements.jsonl: Movement"),
        ("movements", gone, "accounts.jsonl: Account"),
        ("payouts", more("amount_minor", -1), "accounts.jsonl: Account"),
        ("accounts", no_debt, "accounts.jsonl: "),
    ],
)  # fmt: skip
async def test_who_forges_what_was_paid_in_is_found_by_the_figures(
    folder: Path, name: str, change: Callable[[Rows], object], says: str
) -> None:
    forged(folder, name, change)
    found = differences(folder)
    assert any(says in one for one in found), found
