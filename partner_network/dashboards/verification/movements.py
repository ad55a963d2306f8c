"""What moved at Stripe without a request of ours: taken back, given back, brought, or kept as a fee."""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from uuid import UUID

from msgspec import Struct

from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Movement
from partner_network.ledger.accounts import Pair
from partner_network.ledger.rules import Account, Entry, EntryKind, Leg


def check(books: Books, explained: Explained) -> Kind:
    """Compare each movement with its entry, and what came back of transfers with their attempts."""
    found = "each booked once, reversals with their attempts"
    return kinds.compared("movements", len(books.movements), found, _movements(books, explained))


class _About(Struct, frozen=True):
    """Whose money movements are: the pair of each attempt's payout, the advertiser of each payment."""

    pair_of: dict[UUID, Pair]
    payer_of: dict[UUID, UUID]


def _about(books: Books) -> _About:
    pair_of = {one.id: Pair(one.payee_id, one.payer_id, one.currency) for one in books.payouts}
    return _About(
        {one.id: pair_of[one.payout_id] for one in books.attempts},
        {one.id: one.advertiser_id for one in books.fundings},
    )


def _movements(books: Books, explained: Explained) -> Iterator[str]:
    about = _about(books)
    back: defaultdict[UUID | None, int] = defaultdict(int)
    for one in books.movements:
        back[one.attempt_id] += one.amount_minor
        name = partial(_named, one)
        entry = _entry(about, one)
        yield from explained.must_be_booked(entry, name)
        booked = books.entry_of_key.get(entry.key)
        if booked is None or booked.id != one.entry_id:
            yield f"{name()} names entry {one.entry_id}, which is not its own."
    for attempt in books.attempts:
        if back[attempt.id] != attempt.reversed_minor:
            yield (
                f"Attempt {attempt.idempotency_key} has {attempt.reversed_minor:,} come back; "
                f"its movements say {back[attempt.id]:,}."
            )


def _entry(about: _About, one: Movement) -> Entry:
    kind, legs = _legs(about, one)
    whole = [leg for leg in legs if leg.amount_minor]
    return Entry(kind, f"movement:{one.id}", one.at, whole)


def _legs(about: _About, one: Movement) -> tuple[EntryKind, list[Leg]]:
    cash, minor = Account("cash", one.currency), one.amount_minor
    match one.kind:
        case "reversal":
            pair = about.pair_of[_known(one.attempt_id)]
            funded = Account("pay_funded", one.currency, pair.partner_id, pair.advertiser_id)
            return "reverse_transfer", [Leg(cash, funded, minor)]
        case "return" | "reinstated":
            holder = about.payer_of[_known(one.funding_id)]
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
        raise ValueError("a movement names no attempt or payment")
    return found


def _named(one: Movement) -> str:
    return f"Movement {one.id} of {kinds.minor(one.amount_minor, one.currency)}"
