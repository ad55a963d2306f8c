import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shipping.image import ROOT, tracked_files

MODULES = [
    name
    for name in tracked_files()
    if name.startswith(("partner_network/", "admin/"))
    and name.endswith(".py")
    # the sandbox connects as whom each of its steps is; the connections' own module opens what others ask for
    and not name.startswith(("partner_network/sandbox/", "partner_network/database/"))
]

THE_WORKERS = {
    "agreements.actions.end.end_due",
    "agreements.jobs.render_agreement",
    "attribution.actions.decide_pending",
    "commissions.actions.accrue.accrue_pending",
    "commissions.actions.move.move_held",
    "commissions.actions.mature._due",
    "commissions.actions.stopping.stop",
    "commissions.actions.measure._measure_partnership",
    "commissions.actions.measure.measure_quality",
    "commissions.actions.mature._mature_together",
    "commissions.commands._list",
    "dashboards.exporting.writing.export",
    "dashboards.verification.ledger.verify",
    "dashboards.verification.reading.read_books",
    "gateways.mailer.letters._claim",
    "gateways.mailer.letters._close",
    "gateways.mailer.letters._hold",
    "gateways.mailer.letters._put_off",
    "gateways.mailer.letters.look_after",
    "identity.actions.resets.offer_reset",
    "identity.actions.seal.seal_some",
    "ledger.commands._parts",
    "ledger.jobs._is_ours",
    "ledger.jobs._keep",
    "ledger.jobs.check_due",
    "notifications.actions.keys.tell_of_ends",
    "notifications.actions.post._put_off",
    "notifications.actions.post.post_due",
    "notifications.actions.post.post_for",
    "notifications.jobs.tell_of_account",
    "notifications.jobs.tell_of_failure",
    "payouts.actions.accounts._keep",
    "payouts.actions.accounts.read_account",
    "payouts.actions.accounts.read_waiting",
    "payouts.actions.compare._balances",
    "payouts.actions.compare._look",
    "payouts.actions.compare._payments_not_settled",
    "payouts.actions.compare.compare",
    "payouts.actions.transactions._keep",
    "payouts.actions.transactions.keep_new",
    "payouts.actions.arrive.named",
    "payouts.actions.arrive.record_failure",
    "payouts.actions.bank._keep_with_bundle",
    "payouts.actions.bank.read_all",
    "payouts.actions.bank.read_bank_payout",
    "payouts.actions.give_back._alert",
    "payouts.actions.give_back._begin",
    "payouts.actions.give_back._record",
    "payouts.actions.give_back.give_back_approved",
    "payouts.actions.fund.charge_funding",
    "payouts.actions.fund.fund_statements",
    "payouts.actions.reconcile._settle",
    "payouts.actions.reconcile.reconcile",
    "payouts.actions.reconcile.settle_arrived",
    "payouts.actions.send._begin",
    "payouts.actions.send._look_up",
    "payouts.actions.movements.book_movements",
    "payouts.actions.record.record_answer",
    "payouts.actions.send.send_all",
    "payouts.funding_jobs.look_after_fundings",
    "payouts.actions.unfunded.pause_unfunded",
    "payouts.jobs._handled",
    "payouts.jobs._is_done",
    "payouts.jobs.pay",
    "payouts.jobs.read_funding",
    "payouts.jobs.read_invoice",
    "payouts.actions.invoice.follow",
    "payouts.actions.invoice._begin",
    "payouts.actions.invoice._remember",
    "payouts.funding_jobs._alert",
    "payouts.jobs.reconcile_due",
    "privacy.actions.let_go._forget_origins",
    "privacy.actions.let_go._is_due",
    "privacy.actions.let_go._is_not_done",
    "privacy.actions.let_go._let_rows_go",
    "receipts.replay.nightly._due",
    "receipts.replay.nightly._is_ours",
    "receipts.replay.nightly._keep",
    "receipts.trials.commands._what_if",
    "receipts.trials.computing._begin",
    "receipts.trials.computing._compute",
    "receipts.trials.computing._fail",
    "rewards.actions.entitle.entitle_pending",
    "rewards.actions.grant._lose_worth",
    "rewards.actions.grant._programs",
    "rewards.actions.grant.grant_pending",
    "rewards.actions.post.post_moves",
    "schedule.follow_calendar",
    "statements.actions.close._close_pair",
    "statements.actions.close.close_due",
    "statements.actions.lapse.let_lapse",
    "statements.jobs._keep",
    "statements.jobs.bill",
    "statements.jobs.make_up",
    "statements.jobs.render",
}
"""Run by the worker alone, who works for every brand."""

BEHIND_NO_WALL = {
    "app.ready": "asks whether the database answers",
    "gateways.clock.now": "what time it is",
    "identity.actions.limits._forgive": "counts of nobody in particular",
    "identity.actions.limits.count": "counts of nobody in particular",
    "identity.actions.limits.press": "counts of nobody in particular",
    "identity.actions.resets.ask_for_reset": "asks for a job, the same whoever it is about",
    "identity.queries.api_key_of": "a function that tells of one key, to whoever holds it",
    "notifications.queries.looking_as": "looks as one person, whose own rows alone that shows",
    "payouts.actions.pace.wait_for_turn": "one row that all workers take turns by",
    "identity.queries.session_of": "a function that tells of one session, to whoever holds its token",
}
WITHOUT_EYES = THE_WORKERS | BEHIND_NO_WALL.keys()


def asked_without_eyes(source: str) -> Iterator[str]:
    """The functions of a module that open a transaction without saying whose eyes look, or take the pool."""
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(
            _is_without_eyes(node) for node in ast.walk(function)
        ):
            yield function.name


def _is_without_eyes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    if called.endswith("connections.pool"):
        return True
    eyes = [word.value for word in node.keywords if word.arg == "eyes"]
    return called.endswith("connections.transaction") and (not eyes or ast.unparse(eyes[0]) == "None")


@pytest.mark.parametrize("name", MODULES)
def test_every_transaction_says_whose_eyes_look_unless_no_wall_stands_in_its_way(name: str) -> None:
    module = ".".join(Path(name).with_suffix("").parts).removeprefix("partner_network.")
    found = {f"{module}.{function}" for function in asked_without_eyes((ROOT / name).read_text())}

    assert found == {one for one in WITHOUT_EYES if one.rpartition(".")[0] == module}


@pytest.mark.parametrize(
    "line",
    [
        "async with connections.transaction() as connection: ...",
        "async with connections.transaction(eyes=None) as connection: ...",
        "async with connections.transaction(isolation='serializable') as connection: ...",
        "row = await connections.pool().fetchrow('SELECT 1')",
        "async with database.connections.pool().acquire() as connection: ...",
    ],
)
def test_a_transaction_without_eyes_is_found(line: str) -> None:
    assert list(asked_without_eyes(f"async def read():\n    {line}")) == ["read"]
