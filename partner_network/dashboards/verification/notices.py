"""Notices: that each takes effect when its terms say, and that a partnership ends by the earliest."""

from collections.abc import Iterator
from uuid import UUID

from partner_network.agreements import contracts, ending
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.fact_rows import Terms
from partner_network.dashboards.verification.notice_rows import PartnershipNotice
from partner_network.identity.rules.permissions import MAY
from partner_network.kernel.errors import PartnerNetworkError


def differences(books: Books, *, knows_people: bool) -> Iterator[str]:
    """Yield what is wrong with the ends of partnerships and the notices that they follow from."""
    given = grouped(books.partnership_notices, lambda notice: notice.partnership_id)
    for partnership in books.partnerships:
        who = _who(books, partnership.id)
        notices = given.get(partnership.id, [])
        standing = [one.ends_at for one in notices if one.withdrawn_at is None]
        if partnership.ended_at != min(standing, default=None):
            yield (
                f"The partnership of {who} ends at {partnership.ended_at}; "
                f"the notice that stands says {min(standing, default=None)}."
            )
        for notice in notices:
            yield from _notice(books, notice, f"The notice of {notice.given_at} between {who}")
            if knows_people:
                yield from _given_by(books, notice, f"The notice of {notice.given_at} between {who}")


def _notice(books: Books, notice: PartnershipNotice, name: str) -> Iterator[str]:
    partnership = books.partnership[notice.partnership_id]
    if notice.given_for not in {partnership.advertiser_id, partnership.partner_id}:
        yield f"{name} is of neither party."
    if partnership.active_from is None or notice.given_at < partnership.active_from:
        yield f"{name} was given before the partnership was active, from {partnership.active_from}."
    if notice.withdrawn_at is not None and not notice.given_at <= notice.withdrawn_at < notice.ends_at:
        yield f"{name} was withdrawn at {notice.withdrawn_at}, when it had taken effect at {notice.ends_at}."
    held = _in_force(books, notice)
    if held is None or held.agreement_id != notice.agreement_id:
        told = None if held is None else held.agreement_id
        yield f"{name} is under agreement {notice.agreement_id}; in force was {told}."
        return
    settlement = books.terms_of[held.agreement_id].settlement
    ends_at = ending.notice_ends_at(settlement, notice.given_at, for_good_cause=notice.for_good_cause)
    if notice.ends_at != ends_at:
        yield f"{name} takes effect at {notice.ends_at}; its terms give {ends_at}."
    clause = _clause(books, notice)
    if notice.clause != clause:
        yield f"{name} is under clause {notice.clause}; it should be {clause}."


def _in_force(books: Books, notice: PartnershipNotice) -> Terms | None:
    """Return the terms known to be in force when notice was given: the first where none had begun."""
    at = notice.given_at
    known = [
        row
        for row in books.terms
        if row.partnership_id == notice.partnership_id
        and row.known_from <= at
        and (row.known_until is None or at < row.known_until)
    ]
    known.sort(key=lambda row: (row.valid_from is not None, row.valid_from))
    begun = [row for row in known if row.valid_from is None or row.valid_from <= at]
    return begun[-1] if begun else next(iter(known), None)


def _clause(books: Books, notice: PartnershipNotice) -> str | None:
    cited = "good_cause" if notice.for_good_cause else "settlement.notice_days"
    for agreement in books.agreements:
        if agreement.id == notice.agreement_id:
            try:
                contract = contracts.published(agreement.contract_name, agreement.contract_version)
            except PartnerNetworkError:
                return None
            return contracts.clause_of(contract, cited)
    return None


def _given_by(books: Books, notice: PartnershipNotice, name: str) -> Iterator[str]:
    may = MAY["end partnerships"]
    brand_id, roles = (None, may.at_operator) if notice.by_operator else (notice.given_for, may.at_brand)
    if not any(
        (one.member_id, one.brand_id) == (notice.given_by, brand_id)
        and one.role in roles
        and one.holds(notice.given_at)
        for one in books.memberships
    ):
        yield f"{name} was given by {notice.given_by}, who could not give it then."


def _who(books: Books, partnership_id: UUID) -> str:
    one = books.partnership[partnership_id]
    return f"{books.slug_of[one.partner_id]} with {books.slug_of[one.advertiser_id]}"
