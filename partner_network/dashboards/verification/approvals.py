"""Approvals: two people, both of the operator's finance, and exactly the content that was closed."""

from collections.abc import Iterator

from partner_network.dashboards.verification import kinds, objections
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.money_rows import Approval, Preparation, Statement


def check(books: Books) -> Kind:
    """Compare who signed what off with the statements and with what their roles allow."""
    found = "content, order and roles agree, always two people, large ones three, objections answered"
    return kinds.compared("approvals", len(books.approvals), found, _differences(books))


def _differences(books: Books) -> Iterator[str]:
    prepared = {one.statement_id: one for one in books.preparations}
    for one in books.preparations:
        statement = books.statement[one.statement_id]
        name = f"The preparation of statement {statement.number}"
        yield from _content(name, statement, one)
        yield from objections.may(books, name, one.preparer_id, "prepare statements", one.prepared_at)
        if one.prepared_at < statement.closed_at:
            yield f"{name} is of {one.prepared_at}, before it was closed at {statement.closed_at}."
        if statement.carried_reason is not None:
            yield f"{name} signs what is carried, since {statement.carried_reason}."
    for one in books.approvals:
        statement = books.statement[one.statement_id]
        name = f"The approval of statement {statement.number}"
        yield from _content(name, statement, one)
        yield from objections.may(books, name, one.approver_id, "approve statements", one.approved_at)
        preparation = prepared.get(one.statement_id)
        if preparation is None or preparation.preparer_id != one.preparer_id:
            yield f"{name} names a preparer who did not prepare it."
        elif one.approved_at < preparation.prepared_at:
            yield f"{name} is of {one.approved_at}, before it was prepared at {preparation.prepared_at}."
        if one.approver_id == one.preparer_id:
            yield f"{name} is by the person who prepared it."
    yield from objections.differences(books)


def _content(name: str, statement: Statement, signed: Preparation | Approval) -> Iterator[str]:
    if (signed.content_hash, signed.closing_minor, signed.currency) != (
        statement.content_hash,
        statement.closing_minor,
        statement.currency,
    ):
        yield f"{name} is of other content than the statement has."
