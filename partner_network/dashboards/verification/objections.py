"""Objections and large approvals: by whom they may be, answered in time, and what was upheld is adjusted."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.money_rows import Approval, Statement
from partner_network.dashboards.verification.sign_off_rows import FirstApproval, Objection
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Verb
from partner_network.statements import approving


def differences(books: Books) -> Iterator[str]:
    """Yield what is wrong with objections, their answers, first approvals and limits."""
    approved = {one.statement_id: one for one in books.approvals}
    for one in books.sign_offs.objections:
        yield from _objection(books, one, approved.get(one.statement_id))
    for limit in books.sign_offs.limits:
        name = f"The limit of {limit.currency} of {limit.at}"
        yield from may(books, name, limit.set_by, "set approval limits", limit.at)
    first = {one.statement_id: one for one in books.sign_offs.first_approvals}
    for one in first.values():
        yield from _first(books, one, approved.get(one.statement_id))
    for approval in books.approvals:
        limit_minor = books.sign_offs.limit_minor(approval.currency, approval.approved_at)
        if approving.needs_two(approval.closing_minor, limit_minor) and approval.statement_id not in first:
            number = books.statement[approval.statement_id].number
            yield f"The approval of statement {number} is above the limit and the only one."


def _objection(books: Books, one: Objection, approval: Approval | None) -> Iterator[str]:
    statement = books.statement[one.statement_id]
    name = f"The objection to transfer {one.transfer_id} of statement {statement.number}"
    yield from may(books, name, one.objected_by, "object to statements", one.at, brand_id=statement.payer_id)
    if books.statement_listing(statement.account_id, one.transfer_id) != statement:
        yield f"{name} is to what it does not list."
    issued = books.preparation.get(statement.id)
    if issued is None or one.at < issued.prepared_at:
        yield f"{name} is of {one.at}, before it was issued."
    if one.answered_by is None or one.answered_at is None:
        return
    answer = f"The answer to {name[0].lower()}{name[1:]}"
    yield from may(books, answer, one.answered_by, "answer objections", one.answered_at)
    if one.answered_at < one.at:
        yield f"{answer} is of {one.answered_at}, before it was raised at {one.at}."
    if approval is not None and one.at < approval.approved_at < one.answered_at:
        yield f"{answer} came after the approval, which it should have kept waiting."
    yield from _upheld(books, answer, statement, one)


def _upheld(books: Books, answer: str, statement: Statement, one: Objection) -> Iterator[str]:
    """Yield where an upheld objection took back other than a part of its line."""
    if one.adjustment_id is None:
        return
    leg = books.transfer.get(one.transfer_id)
    commission = books.commission.get(leg.commission_id or 0) if leg else None
    taken = books.adjustment.get(one.adjustment_id)
    if leg is None or commission is None or taken is None:
        yield f"{answer} takes back from no commission."
    elif (taken.conversion_id, taken.partnership_id) != (commission.conversion_id, commission.partnership_id):
        yield f"{answer} takes back from another order than that of statement {statement.number}."
    elif not -leg.amount_minor <= taken.minor < 0 or taken.at != one.answered_at:
        yield f"{answer} takes back {-taken.minor:,} of a line of {leg.amount_minor:,} at {taken.at}."


def _first(books: Books, one: FirstApproval, second: Approval | None) -> Iterator[str]:
    statement = books.statement[one.statement_id]
    name = f"The first approval of statement {statement.number}"
    yield from may(books, name, one.approver_id, "approve statements", one.approved_at)
    if (one.content_hash, one.closing_minor, one.currency) != (
        statement.content_hash,
        statement.closing_minor,
        statement.currency,
    ):
        yield f"{name} is of other content than the statement has."
    if one.approver_id == one.preparer_id:
        yield f"{name} is by the person who prepared it."
    if second is not None and (second.approver_id == one.approver_id or second.approved_at < one.approved_at):
        yield f"{name} is by the person who gave the second, or later than that."


def may(
    books: Books, name: str, member_id: UUID, verb: Verb, at: datetime, *, brand_id: UUID | None = None
) -> Iterator[str]:
    """Yield where somebody had no role that allows a deed at its instant."""
    allowed = permissions.MAY[verb]
    roles = allowed.at_operator if brand_id is None else allowed.at_brand
    if not any(
        one.brand_id == brand_id and one.role in roles and one.holds(at)
        for one in books.roles_of.get(member_id, ())
    ):
        yield f"{name} is by {member_id}, who may not {verb}."
