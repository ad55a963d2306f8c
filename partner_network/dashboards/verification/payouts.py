"""Fundings and payouts: what came in, what statements were funded with, what was sent."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Attempt, Funding, Payout
from partner_network.kernel import ids
from partner_network.ledger.rules import Account, Entry, EntryKind, Leg
from partner_network.statements import rules

ACCEPTED = frozenset({"accepted", "settled", "reversed"})
ARRIVED = frozenset({"settled", "reversed"})
LIVE = frozenset({"submitting", "unknown"})


def check_fundings(books: Books, explained: Explained) -> Kind:
    """Compare what advertisers paid in with its entries."""
    found = "each settled one booked once"
    return kinds.compared("fundings", len(books.fundings), found, _fundings(books, explained))


def _fundings(books: Books, explained: Explained) -> Iterator[str]:
    for funding in books.fundings:
        name = partial(named_funding, books, funding)
        if funding.status != "settled":
            continue
        if funding.settled_at is None:
            yield f"{name()} is settled, but nobody knows since when."
            continue
        for entry in _received(books, funding, funding.settled_at):
            yield from explained.must_be_booked(entry, name)


def _received(books: Books, funding: Funding, settled_at: datetime) -> Iterator[Entry]:
    cash = Account("cash", funding.currency)
    prepaid = Account("prepaid", funding.currency, funding.advertiser_id)
    legs = [Leg(cash, prepaid, funding.amount_minor)]
    if funding.repaid_minor:
        owed = Account("chargeback", funding.currency, funding.advertiser_id)
        legs.append(Leg(prepaid, owed, funding.repaid_minor))
    kind: EntryKind = "repay" if funding.repaid_minor else "receive"
    yield Entry(kind, f"funding:{funding.id}", settled_at, legs)
    fee = fee_minor(books, funding)
    if fee:
        taken = Leg(Account("stripe_fees", funding.currency), cash, fee)
        yield Entry("fee", f"fee:{funding.id}", settled_at, [taken])


def fee_minor(books: Books, funding: Funding) -> int:
    """Return what is booked as Stripe's fee on a payment; only Stripe can say what it should be."""
    entry = books.entry_of_key.get(f"fee:{funding.id}")
    return 0 if entry is None else sum(leg.amount_minor for leg in books.legs_of.get(entry.id, []))


def named_funding(books: Books, funding: Funding) -> str:
    """Say which payment."""
    amount = kinds.minor(funding.amount_minor, funding.currency)
    return f"Funding {funding.id} of {amount} by {books.slug_of[funding.advertiser_id]}"


def check_payouts(books: Books, explained: Explained) -> Kind:
    """Compare payouts with the statements they pay, and attempts with their entries."""
    found = "statement, amount, entries and attempts agree"
    return kinds.compared("payouts", len(books.payouts), found, _payouts(books, explained))


def _payouts(books: Books, explained: Explained) -> Iterator[str]:
    attempts = grouped(books.attempts, lambda attempt: attempt.payout_id)
    accounts = {(one.brand_id, one.account_id) for one in books.stripe_accounts}
    accounts |= {(one.brand_id, one.account_id) for one in books.former_accounts}
    account_of = {one.brand_id: one.account_id for one in books.stripe_accounts}
    for payout in books.payouts:
        yield from _funded(books, payout, explained)
        of_payout = attempts.get(payout.id, [])
        for attempt in of_payout:
            left_minor = _left_minor(books, payout, of_payout, attempt)
            yield from _attempt(books, payout, attempt, left_minor, explained)
            if (payout.payee_id, attempt.destination) not in accounts:
                yield (
                    f"{named(books, payout)} went to {attempt.destination}; the account of its payee is "
                    f"{account_of.get(payout.payee_id)}."
                )
        yield from _one_at_a_time(books, payout, of_payout)


def _funded(books: Books, payout: Payout, explained: Explained) -> Iterator[str]:
    name = partial(named, books, payout)
    statement = books.statement[payout.statement_id]
    if (payout.payee_id, payout.payer_id, payout.currency, payout.closing_minor, payout.content_hash) != (
        statement.payee_id,
        statement.payer_id,
        statement.currency,
        statement.closing_minor,
        statement.content_hash,
    ):
        yield f"{name()} names other parties, currency or content than its statement."
    due = _fundable_minor(books, payout)
    if payout.amount_minor != due:
        yield f"{name()} is of {payout.amount_minor:,}; fundable was {kinds.minor(due, payout.currency)}."
    payer, payee, currency = payout.payer_id, payout.payee_id, payout.currency
    legs = [
        Leg(Account("prepaid", currency, payer), Account("recv", currency, payer, payee), due),
        Leg(Account("pay", currency, payee, payer), Account("pay_funded", currency, payee, payer), due),
    ]
    entry = Entry("fund", f"fund:{statement.id}", payout.reserved_at, legs)
    yield from explained.must_be_booked(entry, name)
    booked = books.entry_of_key.get(entry.key)
    if booked is None or booked.id != payout.fund_entry_id:
        yield f"{name()} names entry {payout.fund_entry_id}, which did not fund it."


def _fundable_minor(books: Books, payout: Payout) -> int:
    """Return what could be paid on a statement just before it was funded. Source: MONEY section 6."""
    statement = books.statement[payout.statement_id]
    stated = books.stated_until(statement.account_id, statement.seq)
    later = sum(
        transfer.amount_minor
        for transfer in books.debits_of(statement.account_id)
        if transfer.entry_id < payout.fund_entry_id and transfer.id not in stated
    )
    return rules.fundable_minor(closing_minor=statement.closing_minor, later_debits_minor=later)


def _left_minor(books: Books, payout: Payout, attempts: Sequence[Attempt], attempt: Attempt) -> int:
    """Return what was left of a payout when an attempt was begun: what came back later was not counted.

    An entry's number says what was booked first: attempts and what comes back are booked under one lock.
    """
    begun = books.entry_of_key.get(f"payout:{payout.id}:{attempt.n}")
    sent = {one.id: one.amount_minor for one in attempts if one.n < attempt.n and one.status in ACCEPTED}
    back_minor = sum(
        one.amount_minor
        for one in books.movements
        if one.attempt_id in sent and (begun is None or one.entry_id < begun.id)
    )
    return payout.amount_minor - sum(sent.values()) + back_minor


def _attempt(
    books: Books, payout: Payout, attempt: Attempt, left_minor: int, explained: Explained
) -> Iterator[str]:
    name = partial(named_attempt, books, payout, attempt)
    if attempt.idempotency_key != f"{ids.shown('pay', payout.id)}-{attempt.n}":
        yield f"{name()} was sent under the key {attempt.idempotency_key}, which is not its own."
    if attempt.amount_minor != left_minor:
        yield f"{name()} is of {attempt.amount_minor:,}, what is left of its payout of {left_minor:,}."
    clearing = Account("payout_clearing", payout.currency, payout.payee_id, payout.payer_id)
    funded = Account("pay_funded", payout.currency, payout.payee_id, payout.payer_id)
    reserved = Leg(funded, clearing, left_minor, "pending")
    key = f"payout:{payout.id}:{attempt.n}"
    yield from explained.must_be_booked(_entry(books, payout, "payout", key, reserved), name)
    pending = books.entry_of_key.get(key)
    legs = [] if pending is None else books.legs_of.get(pending.id, [])
    if attempt.pending_transfer_id not in {leg.id for leg in legs}:
        yield f"{name()} names transfer {attempt.pending_transfer_id}, which did not reserve it."
    if attempt.status in ACCEPTED or attempt.status == "failed":
        is_sent = attempt.status in ACCEPTED
        kind = "accept" if is_sent else "void"
        phase = "post" if is_sent else "void"
        leg = Leg(funded, clearing, left_minor, phase, attempt.pending_transfer_id)
        entry = _entry(books, payout, kind, f"{kind}:{attempt.id}", leg)
        yield from explained.must_be_booked(entry, name)
    if attempt.status in ARRIVED:
        leg = Leg(clearing, Account("cash", payout.currency), left_minor)
        entry = _entry(books, payout, "settle", f"settle:{attempt.id}", leg)
        yield from explained.must_be_booked(entry, name)


def _entry(books: Books, payout: Payout, kind: EntryKind, key: str, leg: Leg) -> Entry:
    """Return an entry whose date no other row holds: the one it is booked with is its own."""
    booked = books.entry_of_key.get(key)
    return Entry(kind, key, payout.reserved_at if booked is None else booked.effective_at, [leg])


def _one_at_a_time(books: Books, payout: Payout, attempts: Sequence[Attempt]) -> Iterator[str]:
    live = [one for one in attempts if one.status in LIVE]
    if len(live) > 1 or [one.n for one in attempts] != list(range(1, len(attempts) + 1)):
        yield f"{named(books, payout)} has attempts that overlap or are missing."


def named(books: Books, payout: Payout) -> str:
    """Say which payout, of which statement."""
    return f"Payout {ids.shown('pay', payout.id)} of statement {books.statement[payout.statement_id].number}"


def named_attempt(books: Books, payout: Payout, attempt: Attempt) -> str:
    """Say which try to send which payout."""
    return f"Attempt {attempt.n} of {named(books, payout)}"
