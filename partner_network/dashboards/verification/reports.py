"""Facts: clicks as they were recorded, conversions and refunds as the advertiser reported them."""

from collections.abc import Iterator
from uuid import UUID

import msgspec

from partner_network.conversions.rules import pseudonyms, reports
from partner_network.conversions.rules.reports import Event, OrderLine, ReportedConversion, ReportedRefund
from partner_network.dashboards.verification import kinds
from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.fact_rows import Conversion, Customer, Program, Refund
from partner_network.dashboards.verification.kinds import Kind
from partner_network.kernel import ids

_lines = msgspec.json.Decoder(tuple[OrderLine, ...])


def check_clicks(books: Books) -> Kind:
    """Compare every click with its id and its partnership, and identifications with their brands."""
    found = "ids, instants and parties agree"
    return kinds.compared("clicks", books.clicks_in_all, found, _clicks(books))


def _clicks(books: Books) -> Iterator[str]:
    if books.misfiled_click is not None:
        yield (
            f"Click {ids.shown('clk', books.misfiled_click)} does not agree with itself: "
            "its id, its instants and its partnership say different things."
        )
    brand_of = {program.id: program.brand_id for program in books.programs}
    advertiser_of = {click.click_id: brand_of[click.program_id] for click in books.clicks}
    customer_of = {customer.id: customer for customer in books.customers}
    for one in books.identifications:
        if customer_of[one.customer_id].brand_id != advertiser_of[one.click_id]:
            yield (
                f"Click {ids.shown('clk', one.click_id)} is said to be of customer "
                f"{one.customer_id}, who is another brand's."
            )


def check_conversions(books: Books) -> Kind:
    """Compare every conversion with the hash of what was reported."""
    found = "hashes recomputed, all as reported"
    return kinds.compared("conversions", len(books.conversions), found, _conversions(books))


def _conversions(books: Books) -> Iterator[str]:
    pseudonym = {customer.id: pseudonym_in_hashes(customer) for customer in books.customers}
    programs = {program.id: program for program in books.programs}
    program_of_click = {click.click_id: click.program_id for click in books.clicks}
    programs_of = grouped(books.programs, lambda program: program.brand_id)
    for conversion in books.conversions:
        of_click = None if conversion.click_id is None else program_of_click[conversion.click_id]
        by_default = of_click or _only_program(conversion, programs_of[conversion.brand_id])
        if not _is_as_reported(
            conversion, pseudonym[conversion.customer_id], programs[conversion.program_id], by_default
        ):
            yield (
                f"The {books.order_name(conversion.id)} is no longer what was reported: "
                f"its content does not give the hash {conversion.payload_hash.hex()}."
            )


def _only_program(conversion: Conversion, programs: list[Program]) -> UUID | None:
    """Return the program of a report that names neither one nor a click: the brand's only one then."""
    known = [program.id for program in programs if program.created_at <= conversion.recorded_at]
    return known[0] if len(known) == 1 else None


def pseudonym_in_hashes(customer: Customer) -> bytes | None:
    """Return what stands for the customer in hashes; none if that does not follow from the brand's id."""
    if customer.external_id is None:
        return customer.pseudonym if customer.pseudonym_key is None else None
    if (
        customer.pseudonym_key is None
        or pseudonyms.pseudonym_of(customer.external_id, customer.pseudonym_key) != customer.pseudonym
    ):
        return None
    return customer.pseudonym


def _is_as_reported(
    conversion: Conversion, pseudonym: bytes | None, program: Program, by_default: UUID | None
) -> bool:
    """Tell whether one of the ways to name its program gives the stored hash."""
    if pseudonym is None:
        return False
    try:
        lines = _lines.decode(conversion.lines)
    except msgspec.DecodeError:
        return False
    unnamed = ReportedConversion(
        order_id=conversion.order_id,
        event=conversion.event,
        customer_id=pseudonym.hex(),
        occurred_at=conversion.occurred_at,
        currency=conversion.currency,
        net_minor=conversion.net_minor,
        click_id=None if conversion.click_id is None else ids.shown("clk", conversion.click_id),
        lines=lines,
        code=conversion.code,
    )
    if by_default == program.id and reports.content_hash(unnamed) == conversion.payload_hash:
        return True
    return any(
        reports.content_hash(msgspec.structs.replace(unnamed, program=name)) == conversion.payload_hash
        for name in (program.slug, ids.shown("prg", program.id))
    )


def check_refunds(books: Books) -> Kind:
    """Compare every refund with the hash of what was reported."""
    found = "hashes recomputed, all as reported"
    return kinds.compared("refunds", len(books.refunds), found, _refunds(books))


def _refunds(books: Books) -> Iterator[str]:
    for refund in books.refunds:
        conversion = books.conversion[refund.conversion_id]
        if refund.brand_id != conversion.brand_id or _hash(refund, conversion) != refund.payload_hash:
            yield (
                f"Refund {refund.refund_id} of the {books.order_name(conversion.id)} is no longer what was "
                f"reported: its content does not give the hash {refund.payload_hash.hex()}."
            )


def _hash(refund: Refund, conversion: Conversion) -> bytes:
    return reports.content_hash(
        ReportedRefund(
            refund_id=refund.refund_id,
            order_id=conversion.order_id,
            at=refund.at,
            net_minor=refund.net_minor,
            reason=refund.reason,
            # Defaults are left out of what is hashed, and told by identity: read it as it was read then.
            event=msgspec.convert(conversion.event, Event),
            line=refund.line,
            cancels=refund.cancels,
        )
    )
