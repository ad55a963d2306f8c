"""Commissions: every target computed again from the whole history, and every revision from its target."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from partner_network.agreements.terms import Settlement
from partner_network.commissions.rules import targets as engine
from partner_network.dashboards.verification import checkpoints, kinds, orders, quality
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Commission, Revision
from partner_network.dashboards.verification.orders import Priced
from partner_network.kernel import periods
from partner_network.kernel.errors import PartnerNetworkError

Key: TypeAlias = tuple[UUID | None, UUID, str, str, str]
"""Conversion, agreement, component, kind, and for a bonus its period: what a commission is for."""


class _Due(Struct, frozen=True, gc=False):
    """What one commission shall come to."""

    period: str
    minor: int
    clause: str
    charity: str = ""


class _Inputs(Struct, frozen=True, gc=False):
    """Of the figures that explain a revision, the one they come to."""

    minor: int = 0


_inputs = msgspec.json.Decoder(_Inputs)


def check(books: Books, priced: Mapping[UUID, Priced] | None = None) -> Kind:
    """Compare the newest revision of every commission with what facts and signed terms come to.

    Streams that wait for the worker are left out, and counted: nobody says that they are right already.
    Where the orders are given, measures of quality are taken as they were measured: they were made from
    orders that whoever asks may not have.
    """
    waiting = {one.partnership_id for one in books.waiting if one.partnership_id is not None}
    found = "recomputed, all equal to the cent" + kinds.more(len(waiting), "partnership", "to be accrued")
    count = sum(one.partnership_id not in waiting for one in books.commissions)
    return kinds.compared("commissions", count, found, _differences(books, waiting, priced))


def _differences(books: Books, waiting: set[UUID], given: Mapping[UUID, Priced] | None) -> Iterator[str]:
    if given is None:
        yield from quality.differences(books)
    of = grouped(books.commissions, lambda commission: commission.partnership_id)
    for commission in books.commissions:
        if (commission.payee_id, commission.advertiser_id) not in books.untold:
            yield from _shape(books, commission)
        yield from _chain(books, commission, books.revisions_of.get(commission.id, []))
    priced_of = orders.by_partnership(books) if given is None else given
    for partnership_id, priced in priced_of.items():
        if partnership_id in waiting:
            continue
        try:
            due = _due(priced)
        except PartnerNetworkError as impossible:
            yield f"The commissions of {_who(books, partnership_id)} cannot be computed: {impossible}"
            continue
        yield from _compared(books, partnership_id, due, of.get(partnership_id, []))
    yield from checkpoints.differences(books, priced_of, waiting)


def _due(priced: Priced) -> dict[Key, _Due]:
    """Return what each commission of a partnership shall come to, over its whole history at once."""
    computed = engine.targets(priced.orders, priced.plan)
    due: dict[Key, _Due] = {}
    for one in computed.commissions:
        key = (priced.conversion_of[one.conversion], UUID(one.version), one.component, "commission", "")
        due[key] = _Due(one.period, one.minor, one.clause)
    for one in computed.donations:
        key = (priced.conversion_of[one.conversion], UUID(one.version), one.component, "donation", "")
        due[key] = _Due(one.period, one.minor, one.clause, one.charity)
    for one in computed.bonuses:
        key = (None, UUID(one.version), one.bonus, "bonus", one.period)
        due[key] = _Due(one.period, one.minor, one.clause)
    return due


def _compared(
    books: Books, partnership_id: UUID, due: dict[Key, _Due], booked: Sequence[Commission]
) -> Iterator[str]:
    left = dict(due)
    for commission in booked:
        wanted = left.pop(_key(commission), None)
        newest = books.revisions_of[commission.id][-1]
        target = 0 if wanted is None else wanted.minor
        if newest.target_minor != target:
            yield (
                f"{named(books, commission)} is booked as {newest.target_minor:,}; "
                f"facts and terms give {kinds.minor(target, commission.currency)}."
            )
        if wanted is not None and wanted.minor:
            yield from _explained(books, commission, newest, wanted)
    for (conversion_id, _, component, kind, period), wanted in left.items():
        if wanted.minor:
            what = period if conversion_id is None else f"the {books.order_name(conversion_id)}"
            yield (
                f"No {kind} {component!r} of {_who(books, partnership_id)} is booked for {what}; "
                f"facts and terms give {wanted.minor:,} minor units."
            )


def _key(commission: Commission) -> Key:
    period = commission.period if commission.kind == "bonus" else ""
    return (
        commission.conversion_id,
        commission.agreement_id,
        commission.component,
        commission.kind,
        period,
    )


def _explained(books: Books, commission: Commission, newest: Revision, wanted: _Due) -> Iterator[str]:
    """Yield where period or clause differ from what the target says."""
    name = partial(named, books, commission)
    if commission.period != wanted.period:
        yield f"{name()} counts in {commission.period}; facts and terms place it in {wanted.period}."
    charity = "" if commission.charity_id is None else books.slug_of[commission.charity_id]
    if charity != wanted.charity:
        yield f"{name()} pays {charity or 'no charity'}; the signed terms name {wanted.charity or 'none'}."
    if newest.clause != wanted.clause:
        yield f"{name()} cites {newest.clause}; it follows from {wanted.clause}."


def _shape(books: Books, commission: Commission) -> Iterator[str]:
    """Yield what of a commission's row does not follow from its partnership, agreement and order."""
    name = partial(named, books, commission)
    partnership = books.partnership[commission.partnership_id]
    if (commission.advertiser_id, commission.partner_id) != (
        partnership.advertiser_id,
        partnership.partner_id,
    ):
        yield f"{name()} names other parties than its partnership."
    settlement = books.terms_of[commission.agreement_id].settlement
    if commission.currency != settlement.currency:
        yield f"{name()} is in {commission.currency}; its agreement settles in {settlement.currency}."
    if commission.conversion_id is None:
        # A bonus keeps the date of the order that earned it when it was first booked, whatever adds to it
        # or takes that order away later; so the date of any order of the program may be its own.
        if (partnership.program_id, commission.earned_at) not in books.instants:
            yield f"{name()} is dated {commission.earned_at}, when nobody bought anything."
    else:
        ordered_at = books.conversion[commission.conversion_id].occurred_at
        if commission.earned_at != ordered_at:
            yield f"{name()} is dated {commission.earned_at}; its order is of {ordered_at}."
    matures_at = _matures_at(settlement, commission.earned_at)
    if commission.matures_at != matures_at:
        yield f"{name()} matures at {commission.matures_at}; its terms say {matures_at}."


def _matures_at(settlement: Settlement, earned_at: datetime) -> datetime:
    zone = periods.zone_named(settlement.time_zone)
    return periods.matures_at(earned_at, settlement.hold_days, settlement.lock, zone)


def _chain(books: Books, commission: Commission, revisions: Sequence[Revision]) -> Iterator[str]:
    name = partial(named, books, commission)
    if not revisions:
        yield f"{name()} has no revision."
    before = 0
    for n, revision in enumerate(revisions, start=1):
        if revision.rev != n or revision.previous_target_minor != before:
            yield (
                f"Revision {revision.rev} of {name()} starts from {revision.previous_target_minor:,}, "
                f"not from {before:,} before it."
            )
        explained = minor_in(revision)
        if explained != revision.target_minor:
            yield (
                f"Revision {revision.rev} of {name()} is {revision.target_minor:,}; "
                f"the inputs that it cites come to {explained}."
            )
        before = revision.target_minor


def minor_in(revision: Revision) -> int | None:
    """Return what the figures that explain a revision come to, None where they cannot be read."""
    try:
        return _inputs.decode(revision.inputs).minor
    except msgspec.DecodeError:
        return None


def named(books: Books, commission: Commission) -> str:
    """Say which commission, of whom, for what."""
    what = (
        f"for {commission.period}"
        if commission.conversion_id is None
        else f"on the {books.order_name(commission.conversion_id)}"
    )
    who = books.slug_of.get(commission.partner_id, "a partner")
    return f"Commission {commission.id} ({commission.component}) of {who} {what}"


def _who(books: Books, partnership_id: UUID) -> str:
    partnership = books.partnership[partnership_id]
    return f"{books.slug_of[partnership.partner_id]} with {books.slug_of[partnership.advertiser_id]}"
