"""Which rules of settlement held between two brands, as it was known at an instant."""

from collections import defaultdict
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from partner_network.agreements.terms import Settlement
from partner_network.agreements.terms import Terms as SignedTerms
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.fact_rows import Terms
from partner_network.dashboards.verification.money_rows import Statement

PayerAndPayee: TypeAlias = tuple[UUID, UUID]


class _Row(Struct, frozen=True, gc=False):
    """Terms of a pair, and from when it was known that they are the pair's too."""

    terms: Terms
    since: datetime


class Settlements(Struct, frozen=True):
    """The terms of every payer and payee, read once for all their statements."""

    rows: dict[PayerAndPayee, list[_Row]]
    signed: dict[UUID, SignedTerms]

    def at(self, statement: Statement, at: datetime) -> Settlement | None:
        """Return the rules of a pair: the signed ones valid at an instant, else the last, as known then."""
        known = self.known(statement.payer_id, statement.payee_id, at)
        known.sort(
            key=lambda row: (_holds(row, at), row.valid_from is not None, row.valid_from), reverse=True
        )
        settlements = (self.signed[row.agreement_id].settlement for row in known)
        return next((one for one in settlements if one.currency == statement.currency), None)

    def known(self, payer_id: UUID, payee_id: UUID, at: datetime) -> list[Terms]:
        """Return the terms between two brands that were known at an instant."""
        return [
            one.terms
            for one in self.rows.get((payer_id, payee_id), ())
            if max(one.since, one.terms.known_from) <= at
            and (one.terms.known_until is None or at < one.terms.known_until)
        ]


def of_pairs(books: Books) -> Settlements:
    """Return who pays whom by what was signed for a partnership: its partner, and its charities."""
    charities = grouped(books.agreement_charities, lambda one: one.agreement_id)
    found: defaultdict[PayerAndPayee, list[_Row]] = defaultdict(list)
    for partnership_id, rows in grouped(books.terms, lambda one: one.partnership_id).items():
        partnership = books.partnership[partnership_id]
        since: dict[UUID, datetime] = {}
        for row in rows:
            for one in charities.get(row.agreement_id, ()):
                since[one.charity_id] = min(since.get(one.charity_id, row.known_from), row.known_from)
        payees = {partnership.partner_id: min(row.known_from for row in rows), **since}
        for payee_id, known_from in payees.items():
            of_pair = found[partnership.advertiser_id, payee_id]
            of_pair.extend(_Row(row, known_from) for row in rows)
    return Settlements(dict(found), books.terms_of)


def _holds(row: Terms, at: datetime) -> bool:
    return (row.valid_from is None or row.valid_from <= at) and (
        row.valid_until is None or at < row.valid_until
    )
