"""What a close must have done for each account: its lines, recoveries, tax and netting, as known then."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from partner_network.agreements.terms import Settlement
from partner_network.brands import taxes
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.chains import Moment, Posting, Standing, moment_of
from partner_network.dashboards.verification.money_rows import Clawback, Commission, Statement, Transfer
from partner_network.kernel import periods
from partner_network.ledger.rules import Account, Entry, Leg
from partner_network.statements import rules
from partner_network.statements.rules import DueClawback, Line

_INSTANT = timedelta(microseconds=1)


class Close(Struct, frozen=True):
    """One account's side of one close, with what was there when it began."""

    statement: Statement
    settlement: Settlement
    tax_rate_ppm: int
    earnings_minor: int
    before_minor: int
    now_minor: int
    recovered: tuple[tuple[int, int], ...]
    recovered_tax_minor: int = 0
    """What of it was tax that an earlier credit note had left due."""

    @property
    def recovered_minor(self) -> int:
        """What clawbacks took."""
        return sum(amount for _, amount in self.recovered)

    @property
    def tax_minor(self) -> int:
        """The tax on what is left."""
        return rules.tax_minor(
            earnings_minor=self.earnings_minor,
            recovered_minor=self.recovered_minor - self.recovered_tax_minor,
            tax_rate_ppm=self.tax_rate_ppm,
        )

    @property
    def available(self) -> tuple[int, int]:
        """What may be netted: effective before the end of the period, and now; after recovery and tax."""
        moved = (self.tax_minor if self.tax_minor > 0 else -self.covered_minor) - self.recovered_minor
        return self.before_minor + moved, self.now_minor + moved

    @property
    def covered_minor(self) -> int:
        """What of a credit note the account covers."""
        payable = min(self.before_minor, self.now_minor) - self.recovered_minor
        return rules.covered_minor(self.tax_minor, payable_minor=payable)

    @property
    def tax_due_minor(self) -> int:
        """What of a credit note is due from the payee."""
        return max(0, -self.tax_minor) - self.covered_minor


class Accounts(Struct, frozen=True):
    """What stands on each `pay` account, read once for all its statements."""

    books: Books
    postings: dict[int, list[Posting]]
    clawbacks: dict[tuple[UUID | None, UUID | None, str], list[Clawback]]
    ended: dict[int, list[tuple[Moment, int]]]


def accounts_of(books: Books) -> Accounts:
    """Read the postings of every `pay` account, each as the line that it is on a statement."""
    postings: dict[int, list[Posting]] = {a.id: [] for a in books.accounts if a.kind == "pay"}
    for transfer in sorted(books.transfers, key=lambda transfer: transfer.id):
        if transfer.phase != "posted":
            continue
        for account_id, sign in ((transfer.credit_account_id, 1), (transfer.debit_account_id, -1)):
            if account_id in postings:
                postings[account_id].append(_posting(books, transfer, sign * transfer.amount_minor))

    ended: dict[int, list[tuple[Moment, int]]] = {}
    for one in books.clawback_settlements:
        if one.kind != "returned":
            entry = books.entry[books.transfer[one.transfer_id].entry_id]
            ended.setdefault(one.clawback_id, []).append((moment_of(entry), one.amount_minor))
    return Accounts(books, postings, grouped(books.clawbacks, books.pair_of_clawback), ended)


def _posting(books: Books, transfer: Transfer, amount_minor: int) -> Posting:
    entry = books.entry[transfer.entry_id]
    commission = None if transfer.commission_id is None else books.commission[transfer.commission_id]
    is_late = False
    if commission is not None and commission.conversion_id is not None:
        is_late = _is_late(books, transfer, commission, commission.conversion_id)
    kind = rules.line_kind(
        entry.kind,
        is_revision=entry.key.startswith("commission:"),
        is_bonus=commission is not None and commission.kind == "bonus",
        is_late=is_late,
    )
    period = None if commission is None else commission.period
    line = Line(transfer.id, kind, amount_minor, transfer.effective_at, period, transfer.commission_id)
    return Posting(moment_of(entry), line)


def _is_late(books: Books, transfer: Transfer, commission: Commission, conversion_id: UUID) -> bool:
    if (commission.payee_id, commission.advertiser_id) in books.untold:
        # Neither order nor terms are told: whether it was late is taken from the statement.
        return transfer.id in books.stated_late
    conversion = books.conversion[conversion_id]
    settlement = books.terms_of[commission.agreement_id].settlement
    return rules.is_late(settlement, conversion.occurred_at, conversion.recorded_at)


def close_of(
    accounts: Accounts,
    statement: Statement,
    settlement: Settlement,
    lines: Sequence[Line],
    standing: Standing,
) -> Close:
    """Compute a close from what was recorded before it began."""
    began = moment_of(statement)
    before_minor, now_minor = standing
    earnings = rules.earnings_minor(lines)
    taxed = accounts.books.taxed
    last_day = periods.last_day(statement.ends_at, periods.zone_named(settlement.time_zone))
    tax_rate = taxes.rate_on(taxed[statement.payee_id], taxed[statement.payer_id], last_day)
    if statement.payee_id in accounts.books.charities:
        tax_rate = 0
    due = _past_contest(accounts, statement, began)
    recovered = rules.recoveries(
        due,
        positive_earnings_minor=max(0, earnings),
        available_minor=min(before_minor, now_minor),
    )
    tax_minor = rules.recovered_kinds(due, recovered)["tax_recovered"]
    return Close(
        statement, settlement, tax_rate, earnings, before_minor, now_minor, tuple(recovered), tax_minor
    )


def _past_contest(accounts: Accounts, statement: Statement, began: Moment) -> list[DueClawback]:
    books = accounts.books
    due: list[DueClawback] = []
    for one in accounts.clawbacks.get((statement.payee_id, statement.payer_id, statement.currency), []):
        made = moment_of(books.entry[books.transfer[one.transfer_id].entry_id])
        left = one.amount_minor - sum(
            amount for at, amount in accounts.ended.get(one.transfer_id, ()) if at < began
        )
        is_over = one.contest_until <= statement.ends_at and not _is_contested(books, one, statement)
        if made < began and is_over and left > 0:
            is_tax = one.commission_id is None
            due.append(DueClawback(one.transfer_id, left, one.max_share_ppm, is_tax))
    return due


def _is_contested(books: Books, clawback: Clawback, statement: Statement) -> bool:
    """Tell whether a close found a contest that nobody had decided, so that it recovered nothing of it."""
    one = books.contest_of.get(clawback.transfer_id)
    began = moment_of(statement)
    if one is None or (one.at, one.made_in) > began:
        return False
    if one.decided_at is None or one.decided_in is None:
        return True
    return (one.decided_at, one.decided_in) > began


def entries_of(books: Books, close: Close) -> Iterator[Entry]:
    """Yield the entries of recovery and tax that a close must have made."""
    statement = close.statement
    effective_at = statement.ends_at - _INSTANT
    pay, recv, due, owed = _accounts(statement)
    for clawback_id, amount in close.recovered:
        clawback = books.clawback[clawback_id]
        legs = [
            Leg(pay, due, amount, commission_id=clawback.commission_id),
            Leg(owed, recv, amount, commission_id=clawback.commission_id),
        ]
        key = f"recover:{clawback_id}:{statement.period}"
        kind = "recover_tax" if clawback.commission_id is None else "recover"
        yield Entry(kind, key, effective_at, legs, clause=clawback.clause)
    if close.tax_minor:
        key = f"tax:{statement.account_id}:{statement.period}"
        legs = [Leg(recv, pay, close.tax_minor)] if close.tax_minor > 0 else []
        legs += [Leg(pay, recv, close.covered_minor)] if close.covered_minor else []
        legs += [Leg(due, owed, close.tax_due_minor)] if close.tax_due_minor else []
        yield Entry("tax", key, effective_at, legs)


def net_of(sides: Sequence[Close]) -> Entry | None:
    """Return the entry by which two directions of a pair were set off; None when there was nothing to."""
    if len(sides) < 2 or any(side.settlement.netting != "reciprocal" for side in sides):  # noqa: PLR2004 - two directions
        return None
    amount = rules.netted_minor(sides=[side.available for side in sides])
    if amount == 0:
        return None
    one, other = (side.statement for side in sorted(sides, key=lambda side: side.statement.account_id))
    legs = [Leg(pay, recv, amount) for pay, recv, _, _ in (_accounts(one), _accounts(other))]
    key = f"net:{one.account_id}:{other.account_id}:{one.period}"
    return Entry("net", key, one.ends_at - _INSTANT, legs)


def _accounts(statement: Statement) -> tuple[Account, Account, Account, Account]:
    payee, payer, currency = statement.payee_id, statement.payer_id, statement.currency
    return (
        Account("pay", currency, payee, payer),
        Account("recv", currency, payer, payee),
        Account("clawback_due", currency, payee, payer),
        Account("clawback_owed", currency, payer, payee),
    )
