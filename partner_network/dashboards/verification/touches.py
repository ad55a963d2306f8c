"""Touches that are no clicks: reported as their hashes say, and codes of orders as their orders do."""

from collections.abc import Iterator, Sequence
from itertools import product
from uuid import UUID

from msgspec import convert, structs

from partner_network.conversions.rules import reports, touching
from partner_network.conversions.rules.reports import Consent, ReportedTouch, TouchWord
from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.fact_rows import Code, Conversion, Program, Touch
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.reports import pseudonym_in_hashes
from partner_network.kernel import ids
from partner_network.links.codes import rules as codes


def check(books: Books) -> Kind:
    """Compare every touch with the hash of what was reported, and codes with whose they were then."""
    found = "hashes recomputed, codes looked up, all as reported"
    return kinds.compared("touches", len(books.touches), found, _differences(books))


def _differences(books: Books) -> Iterator[str]:
    code_of: dict[tuple[UUID, str], Code] = {}
    for code in books.codes:
        if codes.folded(code.code) != code.folded:
            yield f"Code {code.code!r} of {books.slug_of[code.advertiser_id]} is looked up as another."
        code_of[code.advertiser_id, codes.folded(code.code)] = code
    yield from _partners(books)
    yield from _own(books, code_of)
    yield from _told(books, code_of)


def _partners(books: Books) -> Iterator[str]:
    """Yield codes and touches that name a partnership and the parties of another one."""
    for one in (*books.codes, *books.touches):
        partnership = None if one.partnership_id is None else books.partnership[one.partnership_id]
        if partnership is not None and (partnership.program_id, partnership.partner_id) != (
            one.program_id,
            one.partner_id,
        ):
            noun = "Code" if isinstance(one, Code) else "Touch"
            yield f"{noun} {one.id} does not agree with its partnership {partnership.id}."


def _own(books: Books, code_of: dict[tuple[UUID, str], Code]) -> Iterator[str]:
    """Yield each order whose code gave it another touch than it should, or one that it should not have."""
    touch_of = {one.conversion_id: one for one in books.touches if one.conversion_id is not None}
    for order in books.conversions:
        code = None if order.code is None else code_of.get((order.brand_id, codes.folded(order.code)))
        if code is not None and not codes.holds(code, order.occurred_at):
            code = None
        touch = touch_of.get(order.id)
        if (None if touch is None else _said(touch)) != (None if code is None else _due(order, code)):
            yield (
                f"The {books.order_name(order.id)} names the code {order.code!r}; "
                "the touch that it made is not that of the code's partner then."
            )


def _said(touch: Touch) -> tuple[object, ...]:
    return (
        touch.partnership_id, touch.customer_id, touch.kind, touch.evidence, touch.channel, touch.at,
        touch.recorded_at, touch.consent, touch.code, touch.payload_hash,
    )  # fmt: skip


def _due(order: Conversion, code: Code) -> tuple[object, ...]:
    return (
        code.partnership_id, order.customer_id, "code", "code", "partner", order.occurred_at,
        order.recorded_at, "unknown", order.code, order.payload_hash,
    )  # fmt: skip


def _told(books: Books, code_of: dict[tuple[UUID, str], Code]) -> Iterator[str]:
    pseudonym = {customer.id: pseudonym_in_hashes(customer) for customer in books.customers}
    programs = {program.id: program for program in books.programs}
    for touch in books.touches:
        if touch.conversion_id is not None:
            continue
        name = pseudonym[touch.customer_id]
        if name is None or not _is_as_reported(books, touch, name, programs[touch.program_id]):
            yield (
                f"Touch {touch.touch_id} of {books.slug_of[touch.brand_id]} is no longer what was reported: "
                f"its content does not give the hash {touch.payload_hash.hex()}."
            )
        if touch.kind == "code":
            code = code_of.get((touch.brand_id, codes.folded(touch.code or "")))
            if code is None or code.partnership_id != touch.partnership_id:
                yield f"Touch {touch.touch_id} names the code {touch.code!r}, which is not its partner's."


def _is_as_reported(books: Books, touch: Touch, pseudonym: bytes, program: Program) -> bool:
    """Tell whether one of the ways to name its program and its partner gives the stored hash."""
    if (touch.kind, touch.evidence) not in touching.EVIDENCE_OF.items():
        return False
    word = "direct" if touch.channel == "direct" else touch.kind
    unnamed = ReportedTouch(
        touch_id=touch.touch_id or "",
        kind=convert(word, TouchWord),
        customer_id=pseudonym.hex(),
        at=touch.at,
        code=touch.code,
        # Defaults are left out of what is hashed, and told by identity: read it as it was read then.
        consent=convert(touch.consent, Consent),
    )
    partners: Sequence[str | None] = [None]
    if touch.partner_id is not None and touch.kind != "code":
        partners = [books.slug_of[touch.partner_id], ids.shown("bnd", touch.partner_id)]
    return any(
        reports.content_hash(structs.replace(unnamed, program=named, partner=partner)) == touch.payload_hash
        for named, partner in product((None, program.slug, ids.shown("prg", program.id)), partners)
    )
