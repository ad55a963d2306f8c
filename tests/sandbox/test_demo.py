"""The demo ends with figures that add up, or says why not; what it starts, it stops."""

import re
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest

from partner_network.sandbox import cast
from tests.sandbox import demo_runs
from tests.sandbox.demo_runs import Staying

FIELDS = [
    "orders",
    "customers",
    "clicks",
    "conversions",
    "attributed",
    "unattributed",
    "refunds",
    "commission_minor",
    "tax_minor",
    "statements",
    "statements_paid",
    "paid_minor",
    "netted_minor",
    "unrecovered_minor",
    "outstanding_minor",
    "stripe_transfers",
    "stripe_transfers_minor",
    "ledger_sum_minor",
    "seconds",
]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_runs.write_orders(tmp_path_factory.mktemp("orders") / "orders.csv")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def once(orders: Path, out: Path) -> CompletedProcess[str]:
    return demo_runs.run_once(orders, "--seed", "3", "--out", str(out), "--verify")


@pytest.mark.slow
def test_a_run_ends_well_and_its_last_line_has_every_figure(once: CompletedProcess[str]) -> None:
    assert once.returncode == 0, once.stderr
    found = demo_runs.figures_of(once)
    assert list(found) == FIELDS
    assert (found["orders"], found["conversions"], found["customers"]) == (60, 60, 24)
    assert found["attributed"] + found["unattributed"] == 60
    assert found["ledger_sum_minor"] == 0
    assert min(found["attributed"], found["unattributed"], found["clicks"], found["statements_paid"]) > 0


@pytest.mark.slow
def test_all_that_was_earned_is_paid_netted_or_still_there_and_stripe_paid_it(
    once: CompletedProcess[str],
) -> None:
    found = demo_runs.figures_of(once)
    assert found["commission_minor"] + found["tax_minor"] == (
        found["paid_minor"] + found["netted_minor"] + found["outstanding_minor"] - found["unrecovered_minor"]
    )
    assert found["stripe_transfers_minor"] == found["paid_minor"] > 0
    assert found["stripe_transfers"] == found["statements_paid"]


@pytest.mark.slow
def test_the_documents_are_left_where_asked(once: CompletedProcess[str], out: Path) -> None:
    found = demo_runs.figures_of(once)
    agreements = list((out / "agreements").iterdir())
    statements = sorted(path.name for path in (out / "statements").iterdir())
    assert len(agreements) == len(cast.DEALS)
    kinds = {"pdf", "csv", "xlsx", "json"}
    assert len(statements) == len(kinds) * found["statements"]  # those that are carried have theirs too
    assert {path.suffix for path in agreements} == {".pdf"}
    assert all(path.read_bytes().startswith(b"%PDF-") for path in agreements)
    assert {name.rpartition(".")[2] for name in statements} == kinds
    summary = (out / "summary.html").read_text()
    assert f"{found['paid_minor'] // 100:,}" in summary
    assert summary.count("<rect") == 2 * summary.count("<tr><th>2025")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures(once: CompletedProcess[str], orders: Path) -> None:
    again = demo_runs.run_once(orders, "--seed", "3")
    assert again.returncode == 0, again.stderr
    first, second = demo_runs.figures_of(once), demo_runs.figures_of(again)
    assert first | {"seconds": 0} == second | {"seconds": 0}


def test_a_malformed_row_is_named_by_its_line_and_nothing_is_started(tmp_path: Path) -> None:
    bad = tmp_path / "orders.csv"
    bad.write_text("customer_id,date,quantity,value_usd\n0001,1997-01-01,1,10.00\n0001,1997-01-02,1,ten\n")
    run = demo_runs.run_once(bad)
    assert run.returncode != 0
    assert run.stderr == (
        f"bin/demo: {bad}, line 3: value_usd 'ten' is no amount like 29.33. Nothing was loaded.\n"
    )
    assert run.stdout == ""


@pytest.mark.slow
def test_ctrl_c_ends_all_it_started_and_the_next_start_goes_on_with_the_same_data(
    orders: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    with demo_runs.staying_up(folder, orders, tmp_path / "first.log") as demo:
        demo.wait_for("inviting partners")  # in the middle of loading
        must_end_with_all_it_started(demo)
    with demo_runs.staying_up(folder, orders, tmp_path / "second.log") as demo:
        demo.wait_for("Ctrl-C ends everything")
        assert "loading anew" in demo.printed()
        before = statements_seen_at(demo)
        must_end_with_all_it_started(demo)
    with demo_runs.staying_up(folder, orders, tmp_path / "third.log") as demo:
        demo.wait_for("Ctrl-C ends everything")
        assert "replaying" not in demo.printed()
        assert statements_seen_at(demo) == before != []
        must_end_with_all_it_started(demo)


def must_end_with_all_it_started(demo: Staying) -> None:
    started = demo.everything_it_started()
    assert len(started) > 4  # the database's own, the web app's two, Stripe's stand-in, the worker
    assert demo.press_ctrl_c() == 130
    assert demo_runs.still_run(started) == set()
    assert "Traceback" not in demo.printed()


def statements_seen_at(demo: Staying) -> list[str]:
    """Sign in as the page that was printed says, and read the statements' numbers."""
    address = re.search(r"The partner network +(\S+)", demo.printed())
    password = re.search(r"Everybody's password +(\S+)", demo.printed())
    assert address is not None
    assert password is not None
    name, _ = cast.OPERATORS["manager"]
    with httpx.Client(base_url=address[1], timeout=60, trust_env=False) as client:
        who = {"email": cast.email_of(name, "network"), "password": password[1]}
        assert client.post("/api/v1/sessions", json=who).status_code == 201
        listed = client.get("/api/v1/statements", params={"limit": "100"}).json()
    return [statement["number"] for statement in listed["items"]]
