"""Recompute a brand's money from its export alone: the same checks as of the whole network, row for row."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from partner_network.dashboards.exporting import pricing, reading, receipts
from partner_network.dashboards.exporting.chained import DamagedError
from partner_network.dashboards.exporting.reading import Export
from partner_network.dashboards.verification import (
    agreements,
    bookings,
    commissions,
    holds,
    kinds,
    movements,
    payouts,
    postings,
    prepaid,
    returns,
    statements,
)
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import StripeAccount
from partner_network.kernel.errors import PartnerNetworkError
from partner_network.ledger import invariants
from partner_network.ledger.invariants import Held, Sums
from partner_network.ledger.rules import Account

_FILE_OF: Mapping[str, str] = MappingProxyType(
    {
        "receipts": "receipts.jsonl",
        "agreements": "agreements.jsonl",
        "entries": "entries.jsonl",
        "balances": "accounts.jsonl",
        "commissions": "commissions.jsonl",
        "revisions": "revisions.jsonl",
        "maturities": "commissions.jsonl",
        "holds": "holds.jsonl",
        "clawbacks": "clawbacks.jsonl",
        "statements": "statements.jsonl",
        "approvals": "approvals.jsonl",
        "fundings": "fundings.jsonl",
        "returns": "prepaid_returns.jsonl",
        "payouts": "payouts.jsonl",
        "movements": "movements.jsonl",
        "prepaid": "accounts.jsonl",
        "explained": "entries.jsonl",
    }
)
"""Which file a kind of difference is about."""
_NOT_HERE = (KeyError, IndexError, ValueError, PartnerNetworkError, DamagedError)
"""What a check meets where a row names another one that is not in the export, or says what cannot be.

A file that is gone through again may have been changed since it was read."""


def verify(folder: Path) -> Iterator[Kind]:
    """Yield a line for each kind of thing in an export, with the first difference in it, by file and row.

    What was changed in a file after it was written is told for every file, and nothing is recomputed from
    such files. Errors: InvalidError where there is no export.
    """
    manifest = reading.manifest_in(folder)
    export, faults = reading.read(folder, manifest)
    rows = sum(one.rows for one in manifest.files.values())
    for fault in faults or [None]:
        yield Kind("files", rows, "rows, each following the one before it", fault)
    if not faults:
        yield from recomputed(_with_accounts(export))


def recomputed(export: Export) -> Iterator[Kind]:
    """Yield what can be said of an export whose files are as they were written."""
    books, explained = export.books, Explained(export.books)
    checks: dict[str, Callable[[], Kind]] = {
        "agreements": lambda: agreements.check(books, knows_people=False),
        "receipts": lambda: receipts.check(export),
        "entries": lambda: postings.check_entries(books),
        "balances": lambda: _balances(export),
        "commissions": lambda: commissions.check(books, pricing.by_partnership(export)),
        "revisions": lambda: bookings.check_revisions(books, explained),
        "maturities": lambda: bookings.check_maturities(books, explained),
        "holds": lambda: holds.check(books, explained),
        "clawbacks": lambda: bookings.check_clawbacks(books, explained),
        "statements": lambda: statements.check(books, explained),
        "approvals": lambda: _approvals(export),
        "fundings": lambda: payouts.check_fundings(books, explained),
        "returns": lambda: returns.check(books, explained),
        "payouts": lambda: payouts.check_payouts(books, explained),
        "movements": lambda: movements.check(books, explained),
        "explained": explained.check,
        "prepaid": lambda: prepaid.check(books, lambda holder_id: holder_id == export.manifest.brand_id),
    }
    for name, check in checks.items():
        yield _with_file(_checked(name, check))


def _checked(name: str, check: Callable[[], Kind]) -> Kind:
    try:
        return check()
    except _NOT_HERE as missing:
        why = f"a row names {missing}, which no row of this export has, or says what cannot be"
        return Kind(name, 0, "cannot be recomputed", f"{why} ({type(missing).__name__}).")


def _with_file(kind: Kind) -> Kind:
    if kind.difference is None:
        return kind
    return replace(kind, difference=f"{_FILE_OF[kind.name]}: {kind.difference}")


def _with_accounts(export: Export) -> Export:
    """Return an export with the accounts at Stripe that its attempts went to.

    Where a payee is paid is its own affair and not exported; that each attempt of it went to one and the
    same account, besides those that were closed and replaced, is what is left to hold against each other.
    """
    payee_of = {payout.id: payout.payee_id for payout in export.books.payouts}
    former = {(one.brand_id, one.account_id) for one in export.books.former_accounts}
    went_to = {(payee_of[one.payout_id], one.destination) for one in export.books.attempts} - former
    there = [StripeAccount(*one) for one in dict(sorted(went_to)).items()]
    return replace(export, books=replace(export.books, stripe_accounts=there))


def _approvals(export: Export) -> Kind:
    """Compare what was signed off with what the statements say, and with the manifest."""
    books = export.books
    found = "of exactly the content that the statements have"
    return kinds.compared("approvals", len(books.approvals), found, _signed_off(export))


def _signed_off(export: Export) -> Iterator[str]:
    books = export.books
    hashes = {one.number: one.content_hash.hex() for one in books.statements}
    for number in sorted(hashes.keys() ^ export.manifest.statements.keys()):
        yield f"statement {number} is in the manifest or in statements.jsonl, not in both."
    for number, content_hash in hashes.items():
        if export.manifest.statements[number] != content_hash:
            yield f"statement {number} has another content hash than the manifest says."
    for row, one in enumerate((*books.preparations, *books.approvals), start=1):
        statement = books.statement[one.statement_id]
        if (one.content_hash, one.closing_minor, one.currency) != (
            statement.content_hash,
            statement.closing_minor,
            statement.currency,
        ):
            yield f"signature {row}, of statement {statement.number}, is of other content than it has."
    prepared = {one.statement_id: one.preparer_id for one in books.preparations}
    for one in books.approvals:
        name = f"the approval of statement {books.statement[one.statement_id].number}"
        if prepared.get(one.statement_id) != one.preparer_id:
            yield f"{name} names a preparer who did not prepare it."
        if one.approver_id == one.preparer_id:
            yield f"{name} is by the person who prepared it."


def _balances(export: Export) -> Kind:
    """Sum what the brand's accounts hold from their postings, and hold the sides of each pair together."""
    found = "summed from their postings, both sides of each pair agree"
    return kinds.compared("balances", len(export.books.accounts), found, _of_pairs(export))


def _of_pairs(export: Export) -> Iterator[str]:
    debits: defaultdict[int, int] = defaultdict(int)
    credits_: defaultdict[int, int] = defaultdict(int)
    for transfer in export.books.transfers:
        if transfer.phase in {"posted", "post"}:
            debits[transfer.debit_account_id] += transfer.amount_minor
            credits_[transfer.credit_account_id] += transfer.amount_minor
    held: list[Held] = []
    for row, one in enumerate(export.books.accounts, start=1):
        account = Account(one.kind, one.currency, one.holder_id, one.counterparty_id)
        if export.manifest.brand_id not in {one.holder_id, one.counterparty_id}:
            continue
        kept, summed = (one.debits_posted_minor, one.credits_posted_minor), (debits[one.id], credits_[one.id])
        if kept != summed:
            yield f"row {row}, account {one.id}, is kept as {kept}; its postings sum to {summed}."
        held.append(Held(account, Sums(*kept)))
    yield from invariants.pairs(held)
