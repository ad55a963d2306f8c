"""Agreements: the text that was signed, who signed it, and from when its terms hold."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements import documents, rules, terms_reading
from partner_network.agreements.documents import Parties
from partner_network.agreements.rules import Held, Span
from partner_network.dashboards.verification import kinds, notices
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.fact_rows import Agreement, Partnership, Signature, Terms
from partner_network.dashboards.verification.kinds import Kind
from partner_network.kernel.errors import PartnerNetworkError

Signatures = dict[UUID, list[Signature]]


def check(books: Books, *, knows_people: bool = True) -> Kind:
    """Compare agreements with their contracts, signatures with agreements, terms with signatures.

    Without people, who signed was an owner is not asked: a brand is not told who is who at the other one.
    """
    found = "fingerprints recomputed, signatures, terms and ends follow from them"
    differences = _differences(books, knows_people=knows_people)
    return kinds.compared("agreements", len(books.agreements), found, differences)


def _differences(books: Books, *, knows_people: bool) -> Iterator[str]:
    signatures = grouped(books.signatures, lambda signature: signature.agreement_id)
    policy_of = {version.id: version.policy_toml for version in books.program_versions}
    for agreement in books.agreements:
        yield from _text(agreement, policy_of[agreement.program_version_id])
        yield from _signed(books, agreement, signatures.get(agreement.id, []), knows_people=knows_people)
    agreements = grouped(books.agreements, lambda agreement: agreement.partnership_id)
    held = grouped(books.terms, lambda terms: terms.partnership_id)
    for partnership in books.partnerships:
        signed = _in_order(partnership, agreements.get(partnership.id, []), signatures)
        yield from _terms(books, partnership, signed, held.get(partnership.id, []))
    yield from notices.differences(books, knows_people=knows_people)


def _text(agreement: Agreement, policy_toml: str) -> Iterator[str]:
    try:
        parties = msgspec.json.decode(agreement.parties or "null", type=Parties)
        says = documents.content_hash(
            agreement.contract_name, agreement.contract_version, agreement.terms_toml, parties
        )
        policy = rules.program_in(policy_toml)
    except (PartnerNetworkError, msgspec.DecodeError) as unreadable:
        yield f"Agreement {agreement.number} can no longer be read as it was signed: {unreadable}"
        return
    if says != agreement.content_hash.hex():
        yield (
            f"Agreement {agreement.number} has the fingerprint {agreement.content_hash.hex()}; "
            f"its contract, parties and terms give {says}."
        )
    elif terms_reading.read_terms(agreement.terms_toml).program != policy:
        yield (
            f"Agreement {agreement.number} states another policy than the program version that it cites: "
            f"that one says {policy.attribution}."
        )


def _signed(
    books: Books, agreement: Agreement, signatures: Sequence[Signature], *, knows_people: bool
) -> Iterator[str]:
    partnership = books.partnership[agreement.partnership_id]
    owners = [one for one in books.memberships if one.role == "owner"]
    for signature in signatures:
        whose = f"The signature of {books.slug_of[signature.brand_id]} under agreement {agreement.number}"
        if signature.signed_hash != agreement.content_hash:
            yield f"{whose} is for {signature.signed_hash.hex()}, not for {agreement.content_hash.hex()}."
        if signature.brand_id not in {partnership.advertiser_id, partnership.partner_id}:
            yield f"{whose} is of neither party."
        if knows_people and not any(
            (one.member_id, one.brand_id) == (signature.member_id, signature.brand_id)
            and one.holds(signature.signed_at)
            for one in owners
        ):
            yield f"{whose} was given by {signature.member_id}, who was no owner of that brand then."
        if signature.signed_at < agreement.drafted_at:
            yield f"{whose} is of {signature.signed_at}, before the draft of {agreement.drafted_at}."


def _in_order(
    partnership: Partnership, agreements: Sequence[Agreement], signatures: Signatures
) -> list[tuple[datetime, Agreement]]:
    """Return the agreements that both brands signed, each with its later signature, in that order."""
    both = {partnership.advertiser_id, partnership.partner_id}
    signed: list[tuple[datetime, Agreement]] = []
    for agreement in agreements:
        given = signatures.get(agreement.id, [])
        if {one.brand_id for one in given} == both:
            signed.append((max(one.signed_at for one in given), agreement))
    return sorted(signed, key=lambda one: (one[0], one[1].id))


def _terms(
    books: Books,
    partnership: Partnership,
    signed: Sequence[tuple[datetime, Agreement]],
    booked: Sequence[Terms],
) -> Iterator[str]:
    who = f"{books.slug_of[partnership.partner_id]} with {books.slug_of[partnership.advertiser_id]}"
    if signed and partnership.active_from != signed[0][0]:
        yield (
            f"The partnership of {who} is active from {partnership.active_from}; "
            f"its first agreement was signed at {signed[0][0]}."
        )
    expected = set(_followed(books, signed))
    for row in sorted(set(booked) - expected, key=_order):
        yield f"The terms of {who} {_said(row)}, which does not follow from what was signed."
    for row in sorted(expected - set(booked), key=_order):
        yield f"The terms of {who} should say that it {_said(row)}, and do not."


def _order(row: Terms) -> tuple[datetime, UUID]:
    return row.known_from, row.agreement_id


def _said(row: Terms) -> str:
    until = "" if row.valid_until is None else f" until {row.valid_until}"
    known = f"known from {row.known_from}" + ("" if row.known_until is None else f" to {row.known_until}")
    return f"hold from {row.valid_from}{until} by agreement {row.agreement_id}, {known}"


def _followed(books: Books, signed: Sequence[tuple[datetime, Agreement]]) -> list[Terms]:
    """Return the rows that signing these agreements, one after the other, has left."""
    rows: list[Terms] = []
    for signed_at, agreement in signed:
        current = sorted(
            (n for n, row in enumerate(rows) if row.known_until is None),
            key=lambda n: rows[n].valid_from or datetime.min.replace(tzinfo=signed_at.tzinfo),
        )
        held = books.terms_of[rows[current[-1]].agreement_id].settlement if current else None
        starts = rules.starts_at(
            books.terms_of[agreement.id], signed_at=signed_at, drafted_at=agreement.drafted_at, held=held
        )
        change = rules.succession([_held(rows, n) for n in current], agreement.id, starts)
        closed = [one.int for one in change.closes]
        known_from = max([signed_at, *(rows[n].known_from + rules.MICROSECOND for n in closed)])
        for n in closed:
            rows[n] = msgspec.structs.replace(rows[n], known_until=known_from)
        rows += [
            Terms(agreement.partnership_id, span.agreement_id, span.starts_at, span.ends_at, known_from, None)
            for span in change.opens
        ]
    return rows


def _held(rows: Sequence[Terms], n: int) -> Held:
    row = rows[n]
    return Held(UUID(int=n), Span(row.agreement_id, row.valid_from, row.valid_until))
