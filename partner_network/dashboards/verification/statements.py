"""Statements: every line, total and fingerprint drawn up again, each close as it must have been."""

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from partner_network.agreements.terms import Settlement
from partner_network.dashboards.verification import closes, endings, kinds, settlements
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.chains import Chain
from partner_network.dashboards.verification.closes import Accounts, Close
from partner_network.dashboards.verification.endings import GOES_ON, Ending
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Clawback, Statement, StatementLine
from partner_network.kernel import periods
from partner_network.statements import carrying, rules
from partner_network.statements.rules import Content, Line

_UNTOLD = Settlement(currency="XXX", time_zone="UTC", netting="none")
"""In place of what a charity is not told: a gift is neither taxed nor netted, which is all that is asked."""


def check(books: Books, explained: Explained) -> Kind:
    """Compare statements with what stood on their accounts, and closes with what they must have done."""
    found = f"drawn up again with {len(books.statement_lines):,} lines, all equal to the cent"
    return kinds.compared("statements", len(books.statements), found, _differences(books, explained))


def _differences(books: Books, explained: Explained) -> Iterator[str]:
    accounts = closes.accounts_of(books)
    agreed = settlements.of_pairs(books)
    booked = grouped(books.statement_lines, lambda line: line.statement_id)
    made: list[Close] = []
    for account_id, chain in grouped(books.statements, lambda one: one.account_id).items():
        last: Statement | None = None
        stated: set[int] = set()
        standing = Chain(accounts.postings.get(account_id, ()))
        for statement in chain:
            lines = standing.lines_of(statement)
            is_told = (statement.payee_id, statement.payer_id) not in books.untold
            settlement = agreed.at(statement, statement.closed_at) if is_told else _UNTOLD
            yield from _follows(books, statement, last)
            yield from _lines(statement, lines, booked.get(statement.id, []))
            if settlement is None:
                yield f"Statement {statement.number} is of a pair without terms in {statement.currency}."
                continue
            if is_told:
                is_below = carrying.is_below(
                    closing_minor=statement.closing_minor, minimum_minor=settlement.minimum_payout_minor
                )
                on_it = {one.transfer_id for one in lines} if is_below else set[int]()
                ending = (
                    endings.ending_of(accounts, agreed, statement, (stated, on_it)) if is_below else GOES_ON
                )
                yield from _agreed(statement, settlement, ending)
            yield from _content(books, statement, lines)
            close = closes.close_of(accounts, statement, settlement, lines, standing.standing_at(statement))
            for entry in closes.entries_of(books, close):
                yield from explained.must_be_booked(entry, partial(_named, statement))
            made.append(close)
            standing.state(statement, lines)
            stated |= {line.transfer_id for line in lines}
            last = statement
        if account_id not in accounts.postings:
            yield f"Statement {chain[0].number} is of account {account_id}, which is no pay account."
    yield from _netted(made, explained)
    yield from _recovered(accounts, made)
    yield from _tax_due(books, made)


def _named(statement: Statement) -> str:
    return f"Statement {statement.number}"


def _follows(books: Books, statement: Statement, last: Statement | None) -> Iterator[str]:
    """Yield where a statement does not continue the one before it."""
    account = books.account[statement.account_id]
    if (account.kind, account.holder_id, account.counterparty_id, account.currency) != (
        "pay",
        statement.payee_id,
        statement.payer_id,
        statement.currency,
    ):
        yield f"Statement {statement.number} is not of the account between its two brands."
    opening, seq = (0, 1) if last is None else (last.closing_minor, last.seq + 1)
    if statement.opening_minor != opening or statement.seq != seq:
        yield (
            f"Statement {statement.number} opens as number {statement.seq} with {statement.opening_minor:,}; "
            f"it should be number {seq} and open with {opening:,}."
        )
    if last is not None and statement.starts_at < last.ends_at:
        yield f"Statement {statement.number} begins before {last.number} ends."


def _lines(statement: Statement, lines: Sequence[Line], booked: Sequence[StatementLine]) -> Iterator[str]:
    due = {(one.transfer_id, one.kind, one.amount_minor, one.earning_period) for one in lines}
    listed = {(one.transfer_id, one.kind, one.amount_minor, one.earning_period) for one in booked}
    for transfer_id, kind, amount, period in sorted(listed - due, key=lambda one: one[0]):
        yield (
            f"Statement {statement.number} lists transfer {transfer_id} as {kind} of {amount:,} "
            f"for {period}; the ledger does not."
        )
    for transfer_id, kind, amount, period in sorted(due - listed, key=lambda one: one[0]):
        yield (
            f"Statement {statement.number} lacks transfer {transfer_id}, {kind} of {amount:,} for {period}."
        )


def _content(books: Books, statement: Statement, lines: Sequence[Line]) -> Iterator[str]:
    """Yield where closing, totals or fingerprint are not those of the lines."""
    name = f"Statement {statement.number}"
    closing = statement.opening_minor + sum(line.amount_minor for line in lines)
    if statement.closing_minor != closing:
        yield f"{name} closes with {statement.closing_minor:,}; its lines give {closing:,}."
    totals = rules.totals(lines)
    if msgspec.json.decode(statement.totals) != totals:
        yield f"{name} states the totals {statement.totals}; its lines give {totals}."
    payer, payee = books.slug_of[statement.payer_id], books.slug_of[statement.payee_id]
    content = Content(
        number=f"{payer}-{payee}-{statement.period}-{statement.currency}".upper(),
        payee_id=statement.payee_id,
        payer_id=statement.payer_id,
        currency=statement.currency,
        period=statement.period,
        opening_minor=statement.opening_minor,
        closing_minor=closing,
        ignores_minimum=statement.ignores_minimum,
        lines=tuple(lines),
    )
    if content.number != statement.number or rules.content_hash(content) != statement.content_hash:
        yield f"{name} has a fingerprint of other content than {content.number}, its lines and its amounts."


def _agreed(statement: Statement, settlement: Settlement, ending: Ending) -> Iterator[str]:
    """Yield where period or minimum are not those of the signed terms."""
    name = f"Statement {statement.number}"
    zone = periods.zone_named(settlement.time_zone)
    period = periods.period_of(statement.starts_at, settlement.period, zone)
    if (statement.starts_at, statement.ends_at, statement.period) != (
        period.starts_at,
        period.ends_at,
        period.label,
    ):
        yield f"{name} covers {statement.starts_at} to {statement.ends_at}; its terms say {period.label}."
    if statement.closed_at < statement.ends_at:
        yield f"{name} was closed at {statement.closed_at}, before its period had ended."
    minimum = settlement.minimum_payout_minor
    is_last = ending.is_last or (ending.may_be_last and statement.ignores_minimum)
    reason = carrying.carried_reason(
        closing_minor=statement.closing_minor, minimum_minor=minimum, is_last=is_last
    )
    if (statement.minimum_minor, statement.carried_reason) != (minimum, reason):
        which = ", since it is the last one" if is_last else ""
        yield (
            f"{name} is {_carried(statement.carried_reason)} at a minimum of {statement.minimum_minor:,}; "
            f"it should be {_carried(reason)} at {minimum:,}{which}."
        )
    if statement.ignores_minimum and not is_last:
        yield f"{name} ignores the minimum of {minimum:,}, and is not the last one below it."


def _carried(reason: str | None) -> str:
    return "to be paid" if reason is None else f"carried ({reason})"


def _netted(made: Sequence[Close], explained: Explained) -> Iterator[str]:
    """Yield where two directions of a pair were not set off as they should have been."""

    def pair(close: Close) -> tuple[object, ...]:
        one = close.statement
        return one.currency, one.period, frozenset({one.payee_id, one.payer_id}), one.made_in

    for sides in grouped(made, pair).values():
        entry = closes.net_of(sides)
        if entry is not None:
            yield from explained.must_be_booked(entry, partial(_named, sides[0].statement))


def _recovered(accounts: Accounts, made: Sequence[Close]) -> Iterator[str]:
    """Yield where what closes recovered is recorded otherwise."""
    books = accounts.books
    due: set[tuple[int, int, int]] = set()
    for close in made:
        for clawback_id, amount in close.recovered:
            entry = books.entry_of_key.get(f"recover:{clawback_id}:{close.statement.period}")
            if entry is not None:
                due.add((clawback_id, books.legs_of[entry.id][0].id, amount))
    booked = {
        (one.clawback_id, one.transfer_id, one.amount_minor)
        for one in books.clawback_settlements
        if one.kind == "recovered"
    }
    for clawback_id, transfer_id, amount in sorted(due ^ booked):
        which = "is missing" if (clawback_id, transfer_id, amount) in due else "follows from no close"
        yield f"The settlement recovered of {amount:,} of clawback {clawback_id} {which}."


def _tax_due(books: Books, made: Sequence[Close]) -> Iterator[str]:
    """Yield where what credit notes left due is recorded otherwise."""
    due: set[Clawback] = set()
    for close in made:
        entry = books.entry_of_key.get(f"tax:{close.statement.account_id}:{close.statement.period}")
        if entry is not None and close.tax_due_minor:
            due.add(
                Clawback(
                    books.legs_of[entry.id][-1].id,
                    None,
                    close.tax_due_minor,
                    close.statement.ends_at,
                    close.settlement.clawback.max_share_ppm,
                    rules.TAX_DUE_CLAUSE,
                )
            )
    booked = {one for one in books.clawbacks if one.commission_id is None}
    for one in sorted(due ^ booked, key=lambda one: (one.transfer_id, one in due)):
        which = "is missing" if one in due else "follows from no credit note"
        yield (
            f"The clawback {one.transfer_id} of tax of {one.amount_minor:,}, due from {one.contest_until}, "
            f"up to {one.max_share_ppm:,} ppm, under {one.clause}, {which}."
        )
