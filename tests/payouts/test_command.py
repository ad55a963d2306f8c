"""`partner-network reconcile`: what it prints, and what its exit code says."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from partner_network.gateways import clock
from partner_network.payouts import jobs as payouts
from tests.conftest import FreshDatabase
from tests.payouts.conftest import Sale
from tests.test_cli import settings_for


@pytest.fixture
def environment(database: FreshDatabase, sale: Sale, tmp_path: Path) -> dict[str, str]:
    """The settings of an installation whose Stripe is the sale's."""
    return {
        **settings_for(database.url(), database.url("worker"), tmp_path),
        "STRIPE_SECRET_KEY": "sk_test_sale",
        "STRIPE_WEBHOOK_SECRET": "whsec_sale",
        "STRIPE_API_BASE": sale.stripe_address,
    }


async def reconcile(environment: dict[str, str]) -> tuple[int, str, str]:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "partner_network", "reconcile"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


async def test_it_says_that_the_books_agree_and_ends_well(environment: dict[str, str], sale: Sale) -> None:
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())

    assert await reconcile(environment) == (0, "Our books and Stripe's agree.\n", "")


async def test_it_prints_a_line_for_each_difference_and_ends_with_1(
    environment: dict[str, str], sale: Sale
) -> None:
    await sale.to_be_paid()
    await payouts.pay(sale.stripe, await clock.now())
    charged = await sale.charge_by_hand(700)

    code, told, complaint = await reconcile(environment)

    assert (code, complaint) == (1, "")
    assert told == f"payment not booked: {charged}: Stripe took $7.00, which is no funding of ours.\n"


async def test_it_says_what_could_not_be_compared_yet(environment: dict[str, str], sale: Sale) -> None:
    await sale.to_be_paid()
    await sale.fault("drop_before", times=3)
    await payouts.pay(sale.stripe, await clock.now())

    code, told, _ = await reconcile(environment)

    assert code == 2
    assert told.splitlines() == [
        "balance differs: not compared while a request to Stripe has no answer; run it again later.",
        "transfer not booked: not compared while a request to Stripe has no answer; run it again later.",
    ]


async def test_it_ends_with_2_and_a_sentence_when_stripe_does_not_answer(environment: dict[str, str]) -> None:
    code, told, complaint = await reconcile({**environment, "STRIPE_API_BASE": "http://127.0.0.1:9"})

    assert (code, told) == (2, "")
    assert complaint.startswith("No answer from Stripe")
    assert "Traceback" not in complaint
