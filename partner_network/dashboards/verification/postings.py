"""The ledger by itself: what entries say, what balances hold, and what holds them together."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias
from uuid import UUID

from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Account, Entry, Transfer
from partner_network.ledger import rules

Sums: TypeAlias = tuple[int, int, int, int]
_DEBIT, _CREDIT, _PENDING = 0, 1, 2


def check_entries(books: Books) -> Kind:
    """Recompute the hash of every entry from its legs and their accounts."""
    return kinds.compared("entries", len(books.entries), "hashes recomputed from their legs", _entries(books))


def _entries(books: Books) -> Iterator[str]:
    currency_of = {account.id: account.currency for account in books.accounts}
    for entry in books.entries:
        legs = books.legs_of.get(entry.id, [])
        if rules.payload_hash(books.written[entry.key]) != entry.payload_hash:
            yield f"{_which(entry)} no longer says what was booked: its hash differs."
        if any(leg.effective_at != entry.effective_at for leg in legs):
            yield f"{_which(entry)} takes effect at {entry.effective_at}; a leg of it does not."
        if any(currency_of[leg.debit_account_id] != entry.currency for leg in legs):
            yield f"{_which(entry)} is in {entry.currency}; a leg of it is not."


def _which(entry: Entry) -> str:
    return f"Entry {entry.key} ({entry.id})"


def check_balances(books: Books) -> Kind:
    """Sum every balance from its transfers, and hold the balances against each other."""
    found = "summed from their postings, all invariants hold"
    return kinds.compared("balances", len(books.accounts), found, _balances(books))


def _balances(books: Books) -> Iterator[str]:
    summed = _sums(books)
    for account in books.accounts:
        kept = (
            account.debits_posted_minor,
            account.credits_posted_minor,
            account.debits_pending_minor,
            account.credits_pending_minor,
        )
        if kept != summed[account.id]:
            yield (
                f"The balance of {named(books, account)} is kept as {_spoken(kept)}; "
                f"its transfers sum to {_spoken(summed[account.id])}."
            )
        if account.may_go_negative != (account.kind == "cash"):
            yield f"{named(books, account)} is marked wrong: no account but cash may go negative."
        if account.kind != "cash" and _held(account) < 0:
            yield f"{named(books, account)} holds {_held(account):,} minor units: below zero."
    yield from _debits_equal_credits(books)
    yield from _pairs(books)
    yield from _currencies(books)


def _sums(books: Books) -> dict[int, Sums]:
    """Return debits and credits of each account, posted and pending."""
    sums: dict[int, list[int]] = {account.id: [0, 0, 0, 0] for account in books.accounts}
    for transfer in books.transfers:
        for account_id, side in (
            (transfer.debit_account_id, _DEBIT),
            (transfer.credit_account_id, _CREDIT),
        ):
            if transfer.phase in {"posted", "post"}:
                sums[account_id][side] += transfer.amount_minor
            sums[account_id][_PENDING + side] += _pending(transfer)
    return {account_id: (one[0], one[1], one[2], one[3]) for account_id, one in sums.items()}


def _pending(transfer: Transfer) -> int:
    if transfer.phase == "posted":
        return 0
    return transfer.amount_minor if transfer.phase == "pending" else -transfer.amount_minor


def _held(account: Account) -> int:
    """Return the posted balance on the account's normal side."""
    held = account.debits_posted_minor - account.credits_posted_minor
    return held if account.is_debit_normal else -held


def _debits_equal_credits(books: Books) -> Iterator[str]:
    off: defaultdict[str, int] = defaultdict(int)
    pending: defaultdict[str, int] = defaultdict(int)
    for account in books.accounts:
        off[account.currency] += account.debits_posted_minor - account.credits_posted_minor
        pending[account.currency] += account.debits_pending_minor - account.credits_pending_minor
    for sums, phase in ((off, "posted"), (pending, "pending")):
        for currency, difference in sums.items():
            if difference:
                yield f"All {phase} debits less all credits in {currency} are {difference:,}, not 0."


def _pairs(books: Books) -> Iterator[str]:
    """Yield where an advertiser's side of a pair and the partner's differ."""
    held: defaultdict[tuple[str, UUID | None, UUID | None], defaultdict[str, int]] = defaultdict(
        lambda: defaultdict(int)
    )
    for account in books.accounts:
        if account.counterparty_id is None:
            continue
        of_advertiser = account.kind in {"recv", "clawback_owed"}
        advertiser, partner = (
            (account.holder_id, account.counterparty_id)
            if of_advertiser
            else (account.counterparty_id, account.holder_id)
        )
        held[account.currency, advertiser, partner][account.kind] += _held(account)
    for (currency, advertiser, partner), of in held.items():
        who = f"{_slug(books, advertiser)} and {_slug(books, partner)} in {currency}"
        owed = of["pay_pending"] + of["pay_held"] + of["pay_disputed"] + of["pay"]
        if of["recv"] != owed:
            yield f"Between {who}, recv is {of['recv']:,}, but the four pay accounts hold {owed:,}."
        if of["clawback_due"] != of["clawback_owed"]:
            yield (
                f"Between {who}, clawback_due is {of['clawback_due']:,} "
                f"and clawback_owed {of['clawback_owed']:,}."
            )


def _currencies(books: Books) -> Iterator[str]:
    """Yield where the money there is and whose it is differ."""
    held: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for account in books.accounts:
        held[account.currency][account.kind] += _held(account)
    for currency, of in held.items():
        there_is = of["cash"] + of["chargeback"]
        whose = of["prepaid"] + of["pay_funded"] + of["payout_clearing"] + of["own"]
        whose -= of["stripe_fees"] + of["writeoff"]
        if there_is != whose:
            yield (
                f"In {currency}, cash and chargebacks are {there_is:,}; "
                f"prepaid, funded, clearing and own money less fees and write-offs are {whose:,}."
            )


def named(books: Books, account: Account) -> str:
    """Say an account as MONEY section 5 writes it: `pay:{P}:{A}` in its currency."""
    parts = [
        account.kind,
        *(_slug(books, one) for one in (account.holder_id, account.counterparty_id) if one),
    ]
    return f"{':'.join(parts)} in {account.currency}"


def _slug(books: Books, brand_id: UUID | None) -> str:
    return "nobody" if brand_id is None else books.slug_of[brand_id]


def _spoken(sums: Sums) -> str:
    posted, pending = f"{sums[0]:,} and {sums[1]:,}", f"{sums[2]:,} and {sums[3]:,}"
    return f"debits and credits of {posted} posted, {pending} pending"
