"""What was known about each conversion, from the rows alone: its touches, its program's policy, its terms."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import get_args
from uuid import UUID

from partner_network.agreements.terms import Event, TouchKind
from partner_network.attribution import cases, clauses
from partner_network.attribution.cases import Case, Customer, Found, Known, PolicyVersion, Signed
from partner_network.attribution.facts import Touch
from partner_network.attribution.queries.facts import MOST_TOUCHES, NOBODY
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.fact_rows import Click, Terms
from partner_network.dashboards.verification.fact_rows import Touch as ReportedTouch

_STATES_KEPT = 16


def known_now(books: Books) -> Known:
    """Return everything that is known today about all conversions, in canonical order."""
    return Known(
        touches=_touches(books, books.cases),
        policies=_policies(books),
        partnerships=_partnerships(books, books.current_terms),
        bonds={},
        converted_before=_converted_before(books.cases),
    )


def widest_windows(books: Books) -> dict[UUID, timedelta]:
    """Return by program the longest window of any terms ever signed: no older touch can count."""
    widest: dict[UUID, timedelta] = {}
    for row in books.terms:
        windows = books.terms_of[row.agreement_id].windows
        program_id = books.partnership[row.partnership_id].program_id
        days = max(windows.days(kind, event) for kind in get_args(TouchKind) for event in get_args(Event))
        widest[program_id] = max(widest.get(program_id, timedelta()), timedelta(days=days))
    return widest


def _touches(books: Books, batch: Sequence[Case]) -> list[list[Found]]:
    click_of = {click.click_id: click for click in books.clicks}
    of_customer: defaultdict[UUID, list[tuple[datetime, Found]]] = defaultdict(list)
    for one in books.identifications:  # of each customer the newest first
        click = click_of[one.click_id]
        of_customer[one.customer_id].append(
            (click.at, _found(click, max(click.recorded_at, one.recorded_at)))
        )
    reported_by: defaultdict[UUID, list[tuple[datetime, Found]]] = defaultdict(list)
    for touch in books.touches:  # and these too
        if touch.conversion_id is None:
            reported_by[touch.customer_id].append((touch.at, _reported(touch)))
    code_of = {one.conversion_id: one for one in books.touches if one.conversion_id is not None}
    found: list[list[Found]] = []
    for case in batch:
        touches = [one for at, one in of_customer.get(case.customer_id, ()) if at <= case.occurred_at]
        reported = reported_by.get(case.customer_id, ())
        touches = (
            touches[:MOST_TOUCHES] + [one for at, one in reported if at <= case.occurred_at][:MOST_TOUCHES]
        )
        if case.click_id is not None:
            own = click_of[case.click_id]
            touches.append(_found(own, own.recorded_at))
        if case.id in code_of:
            touches.append(_reported(code_of[case.id]))
        found.append(touches)
    return found


def _found(click: Click, recorded_at: datetime) -> Found:
    return Found(
        Touch(
            id=str(click.click_id),
            partner=str(click.partner_id),
            program=str(click.program_id),
            at=click.at,
            recorded_at=recorded_at,
            consent=click.consent != "denied",
            excluded=click.excluded,
        ),
        click.partnership_id,
    )


def _reported(touch: ReportedTouch) -> Found:
    return Found(
        Touch(
            id=str(touch.id),
            partner=None if touch.partner_id is None else str(touch.partner_id),
            program=str(touch.program_id),
            at=touch.at,
            recorded_at=touch.recorded_at,
            kind=touch.kind,
            evidence=touch.evidence,
            channel=touch.channel,
            consent=touch.consent != "denied",
        ),
        touch.partnership_id or NOBODY,
    )


def _policies(books: Books) -> dict[UUID, tuple[PolicyVersion, ...]]:
    versions = grouped(books.program_versions, lambda version: version.program_id)
    return {
        program_id: tuple(
            PolicyVersion(one.id, one.version, one.recorded_at, cases.read_policy(one.policy_toml))
            for one in of_program
        )
        for program_id, of_program in versions.items()
    }


class TermsKnown:
    """Partnerships with the terms that were known to hold at an instant: amendments may come later."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._changes = sorted({row.known_from for row in books.terms})
        self._known_since = lru_cache(maxsize=_STATES_KEPT)(self._read)

    def at(self, instant: datetime) -> Mapping[UUID, cases.Partnership]:
        """Return them as they were known at an instant."""
        return self._known_since(bisect_right(self._changes, instant) - 1)

    def _read(self, change: int) -> Mapping[UUID, cases.Partnership]:
        if change < 0:
            return {}
        then = self._changes[change]
        rows = [
            row
            for row in self._books.terms
            if row.known_from <= then and (row.known_until is None or then < row.known_until)
        ]
        return _partnerships(
            self._books, sorted(rows, key=lambda row: (row.valid_from is not None, row.valid_from))
        )


def _partnerships(books: Books, terms: Iterable[Terms]) -> dict[UUID, cases.Partnership]:
    """Return partnerships with the signed terms that are known to hold; those without are left out."""
    agreements = {one.id: one for one in books.agreements}
    held: defaultdict[UUID, list[Signed]] = defaultdict(list)
    for row in terms:
        agreement = agreements[row.agreement_id]
        held[row.partnership_id].append(
            Signed(
                row.valid_from,
                row.valid_until,
                books.terms_of[row.agreement_id],
                agreement.number,
                clauses.clauses_of(agreement.contract_name, agreement.contract_version),
            )
        )
    return {
        one.id: cases.Partnership(one.active_from, one.ended_at, tuple(held[one.id]))
        for one in books.partnerships
        if one.id in held
    }


def _converted_before(batch: Sequence[Case]) -> dict[UUID, datetime]:
    """Return by conversion since when an earlier one of its customer is known."""
    known_since: dict[Customer, datetime] = {}
    found: dict[UUID, datetime] = {}
    for case in batch:
        earliest = known_since.get(case.customer)
        if earliest is not None:
            found[case.id] = earliest
        known_since[case.customer] = min(earliest or case.recorded_at, case.recorded_at)
    return found
