"""Whatever changes something that a person decided is in the trail, or says here why it need not be."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import partner_network

ROOT = Path(partner_network.__path__[0])
WRITES = re.compile(r"\b(INSERT INTO|UPDATE \w+|DELETE FROM|forget_for_audit)\b")

NOBODY_DECIDES = "the worker computes it from facts and signed terms, and the proof recomputes it"
A_FACT = "a machine reports it; facts are a trail of their own, append-only and hashed"
IN_TEST = "a fact of test mode, which never reaches money or figures, and goes after some days"
WITHIN = "within the transaction of an action that records it"
WITHOUT_RECORD = {
    "programs.end_at_its_instant": WITHIN,
    "attribution.ask_for_accrual": WITHIN,
    "attribution.decide_pending": NOBODY_DECIDES,
    "attribution.decide_taken": NOBODY_DECIDES,
    "brands.create_brand": "the slice below people; identity.brands.take_brand_in records it",
    "brands.change_customer_language": WITHIN,
    "brands.create_within": WITHIN,
    "clicks.insert.insert_clicks": A_FACT,
    "clicks.salts.salt_of_day": "made by the clock, for all visitors of a day alike",
    "clicks.salts.destroy_salts_before": "destroyed by the clock",
    "commissions.accrue.accrue_pending": NOBODY_DECIDES,
    "commissions.adjustments.insert_adjustment": WITHIN,
    "commissions.clawbacks.record_clawbacks": NOBODY_DECIDES,
    "commissions.clawbacks.record_settlements": NOBODY_DECIDES,
    "commissions.fix_rates.fix_rates": NOBODY_DECIDES,
    "commissions.mature.mature_due": NOBODY_DECIDES,
    "commissions.measure.measure_quality": NOBODY_DECIDES,
    "commissions.measure.measure_stream": NOBODY_DECIDES,
    "commissions.revise.revise": NOBODY_DECIDES,
    "commissions.stopping.stop": NOBODY_DECIDES,
    "commissions.move.move_held": "the worker moves the money of holds that are recorded",
    "conversions.customers.customers_of": A_FACT,
    "conversions.customers.identify_customers": A_FACT,
    "conversions.record_conversions.record_conversions": A_FACT,
    "conversions.record_refunds.record_refunds": A_FACT,
    "conversions.record_touches.record_touches": A_FACT,
    "conversions.record_touches.touch_by_codes": A_FACT,
    "conversions.in_test.take_touches": IN_TEST,
    "conversions.in_test.take_conversions": IN_TEST,
    "conversions.in_test.take_identifications": IN_TEST,
    "conversions.in_test.take_refunds": IN_TEST,
    "conversions.in_test.purge_test_facts": IN_TEST,
    "identity.api_keys.note_use": "a sign of life; each use is a request of its own",
    "identity.audit.record": "the record itself",
    "identity.audit.forget_subject": WITHIN,
    "identity.kept_forms.keep": "a form that waits; what it does once it is sent is recorded",
    "identity.kept_forms.offer": "a form that waits",
    "identity.kept_forms.take": "a form that waits",
    "identity.kept_forms.drop": "a form that waits",
    "identity.kept_forms.forget_old": "what nobody came back for, by the clock",
    "identity.limits.forget_empty": "what nobody used for long, by the clock",
    "identity.seal.seal_now": "the trail's own seal",
    "identity.seal.seal_some": "the trail's own seal",
    "identity.sessions.keep_awake": "a sign of life",
    "identity.sessions.end": WITHIN,
    "identity.factors.enrolment.start_totp": "nothing holds until its first code is given",
    "identity.factors.giving.renew": "the session that it opens is recorded",
    "identity.factors.giving.use_step": WITHIN,
    "identity.factors.passkeys.begin_asking": "a challenge, which holds for minutes",
    "identity.factors.passkeys.begin_making": "a challenge, which holds for minutes",
    "identity.factors.passkeys.by_passkey": "the session that it opens, or its failure, is recorded",
    "identity.factors.recovery.replace": WITHIN,
    "identity.resets.offer_reset": "anybody may ask for the letter; what its link does is recorded",
    "identity.resets.set_password": WITHIN,
    "ledger.account_ids": NOBODY_DECIDES,
    "ledger.post": NOBODY_DECIDES,
    "notifications.post.post_due": "the worker writes letters about what was told",
    "notifications.post.post_for": "the same",
    "notifications.read.mark_all_read": "that one has read something is nobody else's business",
    "notifications.read.mark_read": "the same",
    "rewards.entitle.ask": NOBODY_DECIDES,
    "rewards.entitle.entitle_pending": NOBODY_DECIDES,
    "rewards.grant.grant_pending": NOBODY_DECIDES,
    "rewards.post.post_moves": NOBODY_DECIDES,
    "rewards.record.record_moves": WITHIN,
    "rewards.redeem.redeem": A_FACT,
    "rewards.redeem.cancel": A_FACT,
    "payouts.accounts.read_account": "Stripe tells it",
    "payouts.accounts.read_waiting": "Stripe tells it",
    "payouts.accounts.release_mended": NOBODY_DECIDES,
    "payouts.accounts.why_refused": "Stripe tells it",
    "payouts.cases.close_booked": NOBODY_DECIDES,
    "payouts.cases.close_settled": NOBODY_DECIDES,
    "payouts.bank.read_all": "Stripe tells it",
    "payouts.bank.read_bank_payout": "Stripe tells it",
    "payouts.cases.open_case": NOBODY_DECIDES,
    "payouts.movements.book_movements": "Stripe tells it",
    "payouts.transactions.keep_new": "Stripe tells it",
    "payouts.arrive.begin": "the worker carries out what a person asked for",
    "payouts.arrive.fail": "Stripe answers",
    "payouts.arrive.record": "Stripe answers",
    "payouts.invoice.follow": "the worker carries out what a person asked for",
    "payouts.arrive.record_failure": "Stripe answers",
    "payouts.fund.fund_statements": NOBODY_DECIDES,
    "payouts.give_back.give_back": "the worker carries out what two people decided",
    "payouts.give_back.give_back_approved": "the worker carries out what two people decided",
    "payouts.hear.store_event": "Stripe tells it; what it says is kept whole",
    "payouts.onboard.read_recipient": "Stripe tells it",
    "payouts.record.hold": NOBODY_DECIDES,
    "payouts.record.record_answer": "Stripe answers",
    "payouts.reconcile.reconcile": "the worker compares with what Stripe says",
    "payouts.reconcile.settle_arrived": "the worker books what Stripe shows",
    "payouts.send.send_all": NOBODY_DECIDES,
    "payouts.send.send_payout": "the worker carries out what two people signed, attempt by attempt",
    "payouts.unfunded.pause_unfunded": "the contract's days have gone by",
    "privacy.let_go.let_go": "what has grown old goes by the clock",
    "programs.activate": WITHIN,
    "statements.lines.insert_lines": WITHIN,
    "statements.seal.seal": NOBODY_DECIDES,
    "statements.settle.tax": NOBODY_DECIDES,
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of verbs, by a short name."""
    for path in sorted([*ROOT.glob("*/actions.py"), *ROOT.glob("*/actions/**/*.py")]):
        parts = [part for part in path.relative_to(ROOT).with_suffix("").parts if part != "actions"]
        yield ".".join(parts), ast.parse(path.read_text())


def called(function: ast.AsyncFunctionDef | ast.FunctionDef) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}


def reached(name: str, functions: Mapping[str, ast.AsyncFunctionDef | ast.FunctionDef]) -> set[str]:
    """The function and those of its module that it calls, however deep."""
    seen, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += called(functions[one]) & functions.keys()
    return seen


def unrecorded(module: str, tree: ast.Module) -> Iterator[str]:
    """The public verbs of a module that write and leave no record."""
    functions = {
        node.name: node for node in tree.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
    }
    constants = {
        target.id: ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for name in functions:
        deep = [functions[one] for one in reached(name, functions)]
        said = " ".join(ast.unparse(one) for one in deep)
        said += " ".join(text for constant, text in constants.items() if constant in said)
        records = any("audit.record" in called(one) for one in deep)
        if not name.startswith("_") and WRITES.search(said) and not records:
            yield f"{module}.{name}"


def test_every_verb_that_writes_is_recorded_or_says_why_not() -> None:
    found = {name for module, tree in modules() for name in unrecorded(module, tree)}
    assert found == set(WITHOUT_RECORD), f"{found ^ set(WITHOUT_RECORD)}"


def test_a_verb_that_writes_through_others_and_records_nothing_is_found() -> None:
    source = """
_CHANGE = "UPDATE things SET a = 1"
async def change_thing(connection):
    await _write(connection)
async def change_and_record(connection):
    await _write(connection)
    await audit.record(connection)
async def read_thing(connection):
    await connection.fetch("SELECT 1")
async def _write(connection):
    await connection.execute(_CHANGE)
"""
    assert list(unrecorded("m", ast.parse(source))) == ["m.change_thing"]
