"""The worked tables of maturity and of the close, each computed by the rules."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from partner_network.kernel import periods
from partner_network.kernel.periods import Lock
from partner_network.ledger.accounts import Pair
from partner_network.statements import carrying, lapsing
from partner_network.statements import rules as statements
from partner_network.statements.rules import DueClawback

Rows = list[tuple[str, ...]]


def matured(rows: Rows) -> Rows:
    found: Rows = []
    for zone, occurred, known, hold_days, months, days, *_ in rows:
        at, lock, of = datetime.fromisoformat(occurred), Lock(int(months), int(days)), ZoneInfo(zone)
        matures = periods.matures_at(at, int(hold_days), lock, of)
        hold_ends = periods.midnight(at.astimezone(of).date() + timedelta(days=int(hold_days) + 1), of)
        ends = (
            shown(hold_ends),
            shown(periods.lock_at(at, lock, of)),
            shown(max(matures, datetime.fromisoformat(known))),
        )
        found.append((zone, occurred, known, hold_days, months, days, *ends))
    return found


def line_kinds(rows: Rows) -> Rows:
    found: Rows = []
    for entry, *given, _ in rows:
        is_revision, is_bonus, is_late = (word == "yes" for word in given)
        kind = statements.line_kind(entry, is_revision=is_revision, is_bonus=is_bonus, is_late=is_late)
        found.append((entry, *given, kind))
    return found


def recoveries(rows: Rows) -> Rows:
    found: Rows = []
    for written, brought, before, now, _ in rows:
        due = [
            DueClawback(number, *_two(one.split(" at "))) for number, one in enumerate(written.split(", "))
        ]
        taken = statements.recoveries(
            due,
            positive_earnings_minor=max(0, int(brought)),
            available_minor=min(int(before), int(now)),
        )
        amounts = ", ".join(str(amount) for _, amount in taken)
        found.append((written, brought, before, now, amounts or "0"))
    return found


def taxes(rows: Rows) -> Rows:
    found: Rows = []
    for brought, recovered, rate, pay, *_ in rows:
        tax = statements.tax_minor(
            earnings_minor=int(brought), recovered_minor=int(recovered), tax_rate_ppm=int(rate)
        )
        covered = statements.covered_minor(tax, payable_minor=int(pay))
        found.append((brought, recovered, rate, pay, str(tax), str(covered)))
    return found


def _two(words: Sequence[str]) -> tuple[int, int]:
    one, other = map(int, words)
    return one, other


def taxes_due(rows: Rows) -> Rows:
    """Close one period after the other: recover the oldest tax that is due, then tax what was brought."""
    found: Rows = []
    pay, due = 0, 0
    for brought, rate, share, *_ in rows:
        before = (str(pay), str(due))
        owed = [DueClawback(1, due, int(share), is_tax=True)] if due else []
        pay += int(brought)
        taken = statements.recoveries(owed, positive_earnings_minor=max(0, int(brought)), available_minor=pay)
        kinds = statements.recovered_kinds(owed, taken)
        pay -= sum(kinds.values())
        due -= sum(kinds.values())
        tax = statements.tax_minor(
            earnings_minor=int(brought), recovered_minor=kinds["recovered"], tax_rate_ppm=int(rate)
        )
        covered = statements.covered_minor(tax, payable_minor=pay)
        pay += tax if tax > 0 else -covered
        due += max(0, -tax) - covered
        recovered = str(kinds["tax_recovered"])
        found.append((brought, rate, share, *before, recovered, str(tax), str(pay), str(due)))
    return found


def netted(rows: Rows) -> Rows:
    return [
        (*given, str(statements.netted_minor(sides=[(int(a), int(b)) for a, b in (given[:2], given[2:])])))
        for *given, _ in rows
    ]


def sealed(rows: Rows) -> Rows:
    found: Rows = []
    for opening, lines, minimum, last, *_ in rows:
        closing = int(opening) + sum(int(line) for line in lines.split(", "))
        carried = carrying.carried_reason(
            closing_minor=closing, minimum_minor=int(minimum), is_last=last == "yes"
        )
        found.append((opening, lines, minimum, last, str(closing), "carried" if carried else "to be paid"))
    return found


def borne(rows: Rows) -> Rows:
    """Book what statements leave of a clawback at the end, as it was decided."""
    found: Rows = []
    pair, at = Pair(UUID(int=1), UUID(int=2), "EUR"), datetime(2026, 5, 1, tzinfo=UTC)
    for due, recovered, decided, *_ in rows:
        left = int(due) - int(recovered)
        entry_of = lapsing.borne_entry_of if decided == "approved" else lapsing.entry_of
        legs = entry_of(1, 1, pair, left, at).legs if left else ()
        network = sum(leg.amount_minor for leg in legs if leg.debit.kind == "writeoff")
        assert network == sum(leg.amount_minor for leg in legs if leg.credit == pair.prepaid)
        advertiser = sum(leg.amount_minor for leg in legs if leg.debit.kind == "clawback_owed") - network
        found.append((due, recovered, decided, str(advertiser), str(network)))
    return found


def shown(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


COMPUTE: dict[tuple[str, ...], Callable[[Rows], Rows]] = {
    (
        "zone",
        "occurred at",
        "known at",
        "hold days",
        "lock months",
        "lock days",
        "hold ends at",
        "locks at",
        "takes effect at",
    ): matured,
    ("entry", "by a revision", "a bonus", "late", "line"): line_kinds,
    ("clawbacks", "brought", "pay before the end", "pay now", "recovered"): recoveries,
    ("brought", "recovered", "rate ppm", "pay", "tax", "covered"): taxes,
    (
        "brought",
        "rate ppm",
        "share ppm",
        "pay before",
        "due before",
        "recovered of tax",
        "tax",
        "pay after",
        "due after",
    ): taxes_due,
    ("A before the end", "A now", "B before the end", "B now", "netted"): netted,
    ("opening", "lines", "minimum", "last", "closing", "fate"): sealed,
    ("due", "recovered", "decided", "borne by the advertiser", "borne by the network"): borne,
}
