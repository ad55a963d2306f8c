"""Ask what other terms, or another policy, would have come to; nothing is booked."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from partner_network.commissions.rules import grouping
from partner_network.database.connections import Connection
from partner_network.kernel.errors import ForbiddenError, InvalidError
from partner_network.receipts.what_if import alike, credited, deciding, moves, orders, pricing, sides
from partner_network.receipts.what_if.credited import Credited
from partner_network.receipts.what_if.deciding import Span
from partner_network.receipts.what_if.pricing import Paid
from partner_network.receipts.what_if.sharing import Shared
from partner_network.receipts.what_if.sides import Side
from partner_network.receipts.what_if.values import Asked, Change, Compared, Figures, PartnerRow

BEFORE, AFTER = "trial_before", "trial_after"


async def what_if(
    connection: Connection,
    program_id: UUID,
    since: datetime,
    until: datetime,
    change: Change,
    *,
    only_partner: UUID | None = None,
) -> Compared:
    """Return credit and commission by partner for the orders of [since, until), as it is and as changed.

    Call it inside a transaction whose eyes see the whole program: its advertiser's, the operator's or a
    worker's; it writes nothing but temporary tables, which end with the transaction. Both sides are computed
    the same way from the facts as they are known now, so that the difference is the change alone.
    `only_partner`, a partnership, answers that partner: the change may then be nothing but its own terms,
    and nothing is told of anybody else.
    Errors: NotFoundError for no such program; InvalidError for a span of nothing, or terms of a partnership
    without signed terms; ForbiddenError when a partner asks for more than its own.
    """
    if until <= since:
        raise InvalidError("The span must end after it begins.")
    if only_partner is not None and (change.policy is not None or set(change.terms) - {only_partner}):
        raise ForbiddenError("A partner tries other terms of its own partnership, nothing else.")
    asked = Asked(since, until, only_partner)
    before = await sides.as_it_is(connection, program_id)
    after = sides.as_changed(before, change)
    starts_at, ends_at, oldest = await _computed_span(connection, before, after, asked)
    await orders.prepare(connection)
    with_history = _asks_for_history((before, after), ends_at - oldest)
    await orders.load(connection, program_id, starts_at, ends_at, with_history=with_history)
    span = await deciding.span_of(connection, program_id, starts_at, ends_at)
    was = would_be = await deciding.fill(connection, before, span, BEFORE)
    if deciding.decides_alike(before, after, span):
        known = await _known(connection, was, (before, after), asked, span)
    else:
        would_be = await deciding.fill(connection, after, span, AFTER)
        known = [
            *await _known(connection, was, (before,), asked, span),
            *await _known(connection, would_be, (after,), asked, span),
        ]
    rows = _rows(before, known[0], known[1], only_partner)
    told = await moves.between(connection, was, would_be, asked)
    return Compared(
        program_id=program_id,
        since=since,
        until=until,
        computed_since=starts_at,
        computed_until=ends_at,
        rows=rows,
        before=_total([row.before for row in rows]),
        after=_total([row.after for row in rows]),
        conversions=told.conversions,
        unattributed_before=told.unattributed_before,
        unattributed_after=told.unattributed_after,
        moved_conversions=told.moved_conversions,
        moved=told.moved,
        unlike_stored=told.unlike_stored,
    )


Known = tuple[Mapping[UUID, Credited], Mapping[UUID, Paid]]


async def _known(
    connection: Connection, shared: Shared, priced: Sequence[Side], asked: Asked, span: Span
) -> list[Known]:
    """Return what sides come to that share a table of credits."""
    sums = await credited.sums(connection, shared, asked)
    grouped = await alike.group(connection, priced, shared.table, asked, (span.starts_at, span.ends_at))
    found: list[Known] = []
    for side in priced:
        paid = await pricing.paid_by_partnership(connection, side, shared.table, grouped, asked)
        found.append((sums, paid))
    return found


def _asks_for_history(both: Sequence[Side], age: timedelta) -> bool:
    return any(
        any(version.policy.customers == "new_only" for version in side.policies)
        or any(grouping.asks_for_history(one.plan, age) for one in side.joined.values())
        for side in both
    )


async def _computed_span(
    connection: Connection, before: Side, after: Side, asked: Asked
) -> tuple[datetime, datetime, datetime]:
    """Return the span to compute, and when the program's first conversion occurred."""
    since, until = asked.since, asked.until
    starts_at, ends_at = sides.computed_span((before, after), since, until)
    if sides.counts_by_receipt(before) or sides.counts_by_receipt(after):
        # A late order counts in the period it was received in, so that period is computed too, whole.
        for at in await orders.received_around(connection, before.program_id, since, until):
            first, last = sides.computed_span((before, after), at, at + datetime.resolution)
            starts_at, ends_at = min(starts_at, first), max(ends_at, last)
        for at in await orders.received_around(connection, before.program_id, starts_at, ends_at):
            starts_at = min(starts_at, at)
    known = await orders.first_and_last(connection, before.program_id)
    if known is None:
        return since, until, since
    first, last = known
    starts_at, ends_at = (
        max(starts_at, min(first, since)),
        min(ends_at, max(last + datetime.resolution, until)),
    )
    return starts_at, ends_at, first


def _rows(
    side: Side,
    before: tuple[Mapping[UUID, Credited], Mapping[UUID, Paid]],
    after: tuple[Mapping[UUID, Credited], Mapping[UUID, Paid]],
    only_partner: UUID | None,
) -> tuple[PartnerRow, ...]:
    rows = [
        PartnerRow(
            partnership_id=one.id,
            partner_id=one.partner_id,
            partner=one.partner,
            before=_figures(one.id, *before),
            after=_figures(one.id, *after),
            unpriced=next(
                (
                    paid[one.id].unpriced
                    for _, paid in (before, after)
                    if one.id in paid and paid[one.id].unpriced
                ),
                None,
            ),
        )
        for one in side.joined.values()
        if only_partner in {None, one.id}
    ]
    empty = Figures()
    return tuple(
        row
        for row in sorted(rows, key=lambda row: (row.partner, row.partnership_id))
        if (row.before, row.after, row.unpriced) != (empty, empty, None)
    )


def _figures(partnership_id: UUID, credits_: Mapping[UUID, Credited], paid: Mapping[UUID, Paid]) -> Figures:
    one, money = credits_.get(partnership_id, Credited()), paid.get(partnership_id, Paid({}, {}))
    return Figures(
        conversions=one.conversions,
        weight_ppm=one.weight_ppm,
        net_minor=one.net_minor,
        commission_minor=_not_zero(money.commission_minor),
        bonus_minor=_not_zero(money.bonus_minor),
        donation_minor=_not_zero(money.donation_minor),
    )


def _not_zero(minor: Mapping[str, int]) -> dict[str, int]:
    return {currency: amount for currency, amount in sorted(minor.items()) if amount}


def _total(figures: list[Figures]) -> Figures:
    return Figures(
        conversions=sum(one.conversions for one in figures),
        weight_ppm=sum(one.weight_ppm for one in figures),
        net_minor=_added([one.net_minor for one in figures]),
        commission_minor=_added([one.commission_minor for one in figures]),
        bonus_minor=_added([one.bonus_minor for one in figures]),
        donation_minor=_added([one.donation_minor for one in figures]),
    )


def _added(amounts: list[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in amounts:
        for currency, minor in one.items():
            total[currency] = total.get(currency, 0) + minor
    return dict(sorted(total.items()))
