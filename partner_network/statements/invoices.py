"""The self-billing invoice of a statement: who bills whom for what under which tax, and why it may not be."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, TypeAlias

import msgspec

from partner_network.brands.taxes import TaxProfile, Treatment
from partner_network.kernel import money
from partner_network.kernel.sentences import Sentence
from partner_network.languages import spoken
from partner_network.languages.catalogs import say, translated
from partner_network.statements.rules import EARNING_KINDS
from partner_network.statements.snapshot import KIND_LABELS, Line, StatementDocument

SELF_BILLED = 389
SELF_BILLED_CREDIT_NOTE = 261
DIGITS_MAX = 2
"""Amounts of a European invoice have two decimals at most (EN 16931, BR-DEC)."""
Category: TypeAlias = Literal["S", "AE", "E", "O"]
_CATEGORY: dict[Treatment, Category] = {
    "standard": "S",
    "reverse_charge": "AE",
    "exempt": "E",
    "outside": "O",
}
REASON: dict[Treatment, Sentence] = {
    "reverse_charge": Sentence("Reverse charge: the recipient of the service owes the tax"),
    "exempt": Sentence("Exempt from tax as a small business"),
    "outside": Sentence("Not subject to tax: the place of supply is with the recipient"),
}
REASON_CODE: dict[Treatment, str] = {"reverse_charge": "VATEX-EU-AE", "outside": "VATEX-EU-O"}


class InvoiceLine(msgspec.Struct, frozen=True):
    """What is billed of one program and kind, net, in minor units; `clause` says by what."""

    name: str
    clause: str | None
    amount_minor: int


class Invoice(msgspec.Struct, frozen=True):
    """A self-billing invoice, or a credit note whose amounts are what is given back; minor units."""

    number: str
    type_code: int
    issued_on: date
    first_day: date
    last_day: date
    currency: str
    seller: TaxProfile
    seller_ref: str
    buyer: TaxProfile
    treatment: Treatment
    rate_ppm: int
    lines: tuple[InvoiceLine, ...]
    tax_minor: int
    statement_url: str
    content_hash: str

    @property
    def is_credit_note(self) -> bool:
        """Whether the payee gives back."""
        return self.type_code == SELF_BILLED_CREDIT_NOTE

    @property
    def net_minor(self) -> int:
        """The sum of the lines."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def gross_minor(self) -> int:
        """Net and tax."""
        return self.net_minor + self.tax_minor

    @property
    def category(self) -> Category:
        """The code of the tax category in EN 16931."""
        return _CATEGORY[self.treatment]


class Standing(msgspec.Struct, frozen=True):
    """What decides whether an invoice may be issued, and under which tax.

    Both are named by the profiles in force on the day of issue, whose first ones hold from `seller_from` and
    `buyer_from` on; how the service is taxed follows from what they were in its period.
    """

    seller: TaxProfile | None
    buyer: TaxProfile | None
    has_agreed: bool
    treatment: Treatment = "standard"
    rate_ppm: int = 0
    seller_ref: str = ""
    is_donation: bool = False
    seller_from: date | None = None
    buyer_from: date | None = None


class Basis(msgspec.Struct, frozen=True):
    """What a statement newly credits and its tax, in minor units; `is_empty` where it credits nothing."""

    currency: str
    net_minor: int
    tax_minor: int
    is_empty: bool


class Obstacle(msgspec.Struct, frozen=True):
    """Why no invoice is issued, and who can change that: the payee, the payer, or neither."""

    why: Sentence
    who: Literal["payee", "payer", "nobody"]


def billed(document: StatementDocument) -> tuple[Line, ...]:
    """Return the lines that an invoice is over: what was newly earned, less what was recovered."""
    return tuple(one for one in document.lines if one.kind in EARNING_KINDS or one.kind == "recovered")


def basis_of(document: StatementDocument) -> Basis:
    """Return what the invoice of a statement is over."""
    lines = billed(document)
    return Basis(
        document.currency,
        sum(one.amount_minor for one in lines),
        sum(tax.amount_minor for tax in document.taxes),
        is_empty=not lines,
    )


def basis_of_totals(currency: str, totals: Mapping[str, int]) -> Basis:
    """Return the same from the totals that a statement keeps by kind."""
    sums = [minor for kind, minor in totals.items() if kind in EARNING_KINDS or kind == "recovered"]
    return Basis(currency, sum(sums), totals.get("tax", 0), is_empty=not sums)


def obstacles(basis: Basis, standing: Standing) -> Sequence[Obstacle]:
    """Return everything that keeps the invoice of a statement from being issued; nothing: it may be."""
    if standing.is_donation:
        return [Obstacle(Sentence("A donation is no service: there is no invoice for it."), "nobody")]
    if basis.is_empty:
        return [Obstacle(Sentence("Nothing new was earned, so there is nothing to bill."), "nobody")]
    found = _missing(standing)
    if money.exponent(basis.currency) > DIGITS_MAX:
        why = Sentence(
            "A European invoice has two decimals at most, and {currency} has more.", currency=basis.currency
        )
        found.append(Obstacle(why, "nobody"))
    if not found and basis.tax_minor != _tax_minor(basis, standing):
        why = Sentence(
            "The tax on this statement is not that of both tax profiles; "
            "write to the network’s finance, who can correct it in the next statement."
        )
        found.append(Obstacle(why, "nobody"))
    return found


def _missing(standing: Standing) -> list[Obstacle]:
    found: list[Obstacle] = []
    if not standing.has_agreed:
        why = Sentence("The payee has not agreed to self-billing by the payer yet.")
        found.append(Obstacle(why, "payee"))
    if standing.seller is None and standing.seller_from:
        why = Sentence(
            "The payee’s tax profile holds from {day} on; the invoice follows then.", day=standing.seller_from
        )
        found.append(Obstacle(why, "nobody"))
    elif standing.seller is None:
        found.append(Obstacle(Sentence("The payee’s tax profile with its tax number is missing."), "payee"))
    if standing.buyer is None and standing.buyer_from:
        why = Sentence(
            "The payer’s tax profile holds from {day} on; the invoice follows then.", day=standing.buyer_from
        )
        found.append(Obstacle(why, "nobody"))
    elif standing.buyer is None:
        found.append(Obstacle(Sentence("The payer’s tax profile with its tax number is missing."), "payer"))
    elif standing.treatment == "reverse_charge" and not standing.buyer.vat_id:
        why = Sentence("The payer owes the tax, and its VAT number is missing.")
        found.append(Obstacle(why, "payer"))
    return found


def _tax_minor(basis: Basis, standing: Standing) -> int:
    """Return what the profiles ask for, rounded as a statement's tax is."""
    rate_ppm = standing.rate_ppm if standing.treatment == "standard" else 0
    return money.divide_half_away(basis.net_minor * rate_ppm, money.PPM_PER_WHOLE)


def invoice_of(document: StatementDocument, standing: Standing, *, issued_on: date) -> Invoice:
    """Return the invoice of a statement. Errors: ValueError while there are obstacles to it."""
    if standing.seller is None or standing.buyer is None or obstacles(basis_of(document), standing):
        raise ValueError(f"no invoice can be issued for statement {document.number}")
    with spoken.speaking(document.language):
        lines = _lines(document)
    tax_minor = sum(tax.amount_minor for tax in document.taxes)
    sign = -1 if sum(line.amount_minor for line in lines) + tax_minor < 0 else 1
    return Invoice(
        number=document.number,
        type_code=SELF_BILLED_CREDIT_NOTE if sign < 0 else SELF_BILLED,
        issued_on=issued_on,
        first_day=document.first_day,
        last_day=document.last_day,
        currency=document.currency,
        seller=standing.seller,
        seller_ref=standing.seller_ref,
        buyer=standing.buyer,
        treatment=standing.treatment,
        rate_ppm=standing.rate_ppm if standing.treatment == "standard" else 0,
        lines=tuple(msgspec.structs.replace(one, amount_minor=sign * one.amount_minor) for one in lines),
        tax_minor=sign * tax_minor,
        statement_url=document.verify_url,
        content_hash=document.content_hash,
    )


def _lines(document: StatementDocument) -> list[InvoiceLine]:
    sums: dict[tuple[str | None, str, str | None], int] = {}
    for one in billed(document):
        key = (one.program, one.kind, one.clause)
        sums[key] = sums.get(key, 0) + one.amount_minor
    return [
        InvoiceLine(
            ", ".join(part for part in (program, translated(KIND_LABELS[kind])) if part),
            say("clause {clause}", clause=clause) if clause else None,
            amount_minor,
        )
        for (program, kind, clause), amount_minor in sums.items()
        if amount_minor
    ]
