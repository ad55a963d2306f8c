"""What moved at Stripe without a request of ours: taken back, given back, brought, or kept as a fee."""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Movement
from partner_network.ledger.rules import Account, Entry, EntryKind, Leg


def check(books: Books, explained: Explained) -> Kind:
    """Compare each movement with its entry, and what came back of transfers with their attempts."""
    found = "each booked once, reversals with their attempts"
    return kinds.compared("movements", len(books.movements), found, _movements(books, explained))


def _movements(books: Books, explained: Explained) -> Iterator[str]:
    for one in books.movements:
        name = partial(_named, one)
        entry = _entry(books, one)
        yield from explained.must_be_booked(entry, name)
        booked = books.entry_of_key.get(entry.key)
        if booked is None or booked.id != one.entry_id:
            yield f"{name()} names entry {one.entry_id}, which is not its own."
    for attempt in books.attempts:
        back = sum(one.amount_minor for one in books.movements if one.attempt_id == attempt.id)
        if back != attempt.reversed_minor:
            yield (
                f"Attempt {attempt.idempotency_key} has {attempt.reversed_minor:,} come back; "
                f"its movements say {back:,}."
            )


def _entry(books: Books, one: Movement) -> Entry:
    kind, legs = _legs(books, one)
    whole = [leg for leg in legs if leg.amount_minor]
    return Entry(kind, f"movement:{one.id}", one.at, whole)


def _legs(books: Books, one: Movement) -> tuple[EntryKind, list[Leg]]:
    cash, minor = Account("cash", one.currency), one.amount_minor
    match one.kind:
        case "reversal":
            payout_of = {attempt.id: attempt.payout_id for attempt in books.attempts}
            payouts = {payout.id: payout for payout in books.payouts}
            payout = payouts[payout_of[_known(one.attempt_id)]]
            funded = Account("pay_funded", one.currency, payout.payee_id, payout.payer_id)
            return "reverse_transfer", [Leg(cash, funded, minor)]
        case "return" | "reinstated":
            holder = next(f.advertiser_id for f in books.fundings if f.id == one.funding_id)
            prepaid = Account("prepaid", one.currency, holder)
            owed = Account("chargeback", one.currency, holder)
            if one.kind == "return":
                rest = minor - one.covered_minor
                return "return", [Leg(prepaid, cash, one.covered_minor), Leg(owed, cash, rest)]
            return "repay", [Leg(cash, prepaid, minor), Leg(prepaid, owed, one.covered_minor)]
        case "top_up":
            return "top_up", [Leg(cash, Account("own", one.currency), minor)]
        case "fee":
            return "fee", [Leg(Account("stripe_fees", one.currency), cash, minor)]
        case _:
            return "fee", [Leg(cash, Account("stripe_fees", one.currency), minor)]


def _known(found: UUID | None) -> UUID:
    if found is None:
        raise ValueError("a reversal names no attempt")
    return found


def _named(one: Movement) -> str:
    return f"Movement {one.id} of {kinds.minor(one.amount_minor, one.currency)}"
