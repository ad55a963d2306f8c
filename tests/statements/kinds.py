"""Statements and invoices of every kind, for whoever holds them against a standard or looks at them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import msgspec

from partner_network.languages.spoken import Language
from partner_network.statements import invoices
from partner_network.statements.documents import Line, Movement, Party, SignOff, StatementDocument, Tax
from partner_network.statements.invoices import Invoice, Standing
from tests.statements.test_documents import EMPTY, LINES, STATEMENT, line
from tests.statements.test_invoices import AT_HOME, ISSUED, NEEDLE, TAKEN_BACK, TO_FRANCE, UNTAXED

LONG = "Gesellschaft für grenzüberschreitende Schallplattenvermittlung und Tonträger Süd-Ost mbH & Co. KG"
LAST_DAY = date(2025, 3, 31)
WANTS_A_TYPEFACE = {"chinese-names"}
"""Kinds whose words can be read back only on a machine that has letters for them."""
APPROVED = SignOff("Tomás Okafor", datetime(2025, 4, 2, 8, 0, tzinfo=UTC))


def of(
    lines: Sequence[Line],
    *,
    currency: str = "EUR",
    language: Language = "en",
    opening_minor: int = 0,
    taxes: Sequence[Tax] = (),
    netted: Sequence[Movement] = (),
    paid: Sequence[Movement] = (),
    carried_reason: str | None = None,
) -> StatementDocument:
    """A statement of these parts, whose closing is their sum."""
    parts = (*lines, *taxes, *netted, *paid)
    return msgspec.structs.replace(
        STATEMENT,
        currency=currency,
        language=language,
        opening_minor=opening_minor,
        closing_minor=opening_minor + sum(part.amount_minor for part in parts),
        lines=tuple(lines),
        taxes=tuple(taxes),
        netted=tuple(netted),
        paid=tuple(paid),
        carried_reason=carried_reason,
        approved_by=None if carried_reason else APPROVED,
        prepared_by=None if carried_reason else STATEMENT.prepared_by,
    )


def one(kind: str, amount_minor: int, index: int = 0) -> Line:
    """One line of a kind."""
    return msgspec.structs.replace(line(index), kind=kind, amount_minor=amount_minor)


def named(document: StatementDocument, name: str) -> StatementDocument:
    """The same between two companies of such a name, for a program and a component of it."""
    return msgspec.structs.replace(
        document,
        payer=Party(name, (name, "1 High Street"), "DE136695976"),
        payee=Party(name, (name,)),
        lines=tuple(
            msgspec.structs.replace(one, program=name, component=name, order_id=f"{name}-{index}")
            for index, one in enumerate(document.lines)
        ),
    )


_SIXTY = [line(index) for index in range(60)]
_TAKEN = Movement(LAST_DAY, "against what you owe", -3_000, "7.1")
STATEMENTS: dict[str, StatementDocument] = {
    "of-1-line": of(_SIXTY[:1]),
    "of-60-lines": of(_SIXTY),
    "of-200-lines": STATEMENT,
    "carried": of(_SIXTY[:3], carried_reason="below the minimum payout of €50.00"),
    "carried-empty": EMPTY,
    "carried-of-nothing": of([], carried_reason="nothing is due"),
    "netted": of(_SIXTY[:40], netted=[_TAKEN], taxes=[Tax("Sales tax", 4_820, 190_000, 916, "8.4")]),
    "netted-to-nothing": of([one("earned", 3_000)], netted=[_TAKEN]),
    "paid-and-returned": of(
        _SIXTY[:5],
        opening_minor=12_345,
        paid=[
            Movement(LAST_DAY, "by transfer", -12_345),
            Movement(LAST_DAY, "by the bank", 12_345),
        ],
    ),
    "held-and-disputed": of(
        [
            *_SIXTY[:4],
            *(one("held", -101 - index, index) for index in range(3)),
            *(one("released", 90 + index, index) for index in range(2)),
            *(one("dispute", amount, index) for index, amount in enumerate((-350, 350, -7))),
        ]
    ),
    "clawed-back": of(
        [
            *_SIXTY[:4],
            *(one("reversed", -20 - index, index) for index in range(4)),
            one("recovered", -1_250, 3),
            one("tax_recovered", -238, 3),
            one("adjustment", 5_000, 9),
        ]
    ),
    "of-nothing-but-zeros": of([one("earned", 0, index) for index in range(3)]),
    "yen": of([one("earned", 1_000 + index, index) for index in range(30)], currency="JPY"),
    "dinars": of([one("earned", 12_345 + index, index) for index in range(30)], currency="BHD"),
    "long-names": named(of(_SIXTY[:8]), LONG),
    "german": msgspec.structs.replace(STATEMENT, language="de"),
    "arabic-names": named(of(_SIXTY[:8]), "شركة الأسطوانات المتحدة ذ.م.م"),
    "chinese-names": named(of(_SIXTY[:8]), "东京唱片有限公司"),
    "hebrew-names": named(of(_SIXTY[:8]), "תקליטים בע״מ"),
}
_ABROAD_SELLER = msgspec.structs.replace(
    NEEDLE, country="US", status="non_eu", tax_rate_ppm=0, vat_id=None, tax_number="91-1144442"
)
_SMALL = msgspec.structs.replace(
    NEEDLE, status="small_business", tax_rate_ppm=0, vat_id=None, tax_number="37/123/45678"
)
_OUTSIDE = Standing(_ABROAD_SELLER, AT_HOME.buyer, has_agreed=True, treatment="outside", seller_ref="bnd_x")
_EXEMPT = Standing(_SMALL, AT_HOME.buyer, has_agreed=True, treatment="exempt", seller_ref="bnd_x")
_TAKEN_UNTAXED = msgspec.structs.replace(TAKEN_BACK, taxes=(), closing_minor=TAKEN_BACK.closing_minor + 217)
_PART_PERCENT = msgspec.structs.replace(AT_HOME, rate_ppm=77_500)


def _named(standing: Standing, name: str) -> Standing:
    assert standing.seller
    assert standing.buyer
    address = f"{name}\n{name}\nAbt. 4\nHof 2\n10115 Berlin"
    return msgspec.structs.replace(
        standing,
        seller=msgspec.structs.replace(standing.seller, legal_name=name, address=address),
        buyer=msgspec.structs.replace(standing.buyer, legal_name=name, address=address),
    )


_BILLED: dict[str, tuple[StatementDocument, Standing]] = {
    "taxed": (STATEMENT, AT_HOME),
    "taxed-german": (msgspec.structs.replace(STATEMENT, language="de"), AT_HOME),
    # By hand: 42,349 at 7.75 % are 3,282.0475, so 3,282.
    "taxed-by-part-of-a-percent": (
        of(LINES, taxes=[Tax("Sales tax", 42_349, 77_500, 3_282, "8.4")]),
        _PART_PERCENT,
    ),
    "reverse-charge": (UNTAXED, TO_FRANCE),
    "outside": (UNTAXED, _OUTSIDE),
    "exempt": (UNTAXED, _EXEMPT),
    "credit-note": (TAKEN_BACK, AT_HOME),
    "credit-note-reverse-charge": (_TAKEN_UNTAXED, TO_FRANCE),
    "credit-note-outside": (_TAKEN_UNTAXED, _OUTSIDE),
    "credit-note-exempt": (_TAKEN_UNTAXED, _EXEMPT),
    # By hand: 1,000 to 1,029 are 30,435; 19 % are 5,782.65, so 5,783.
    "yen": (
        of(STATEMENTS["yen"].lines, currency="JPY", taxes=[Tax("Tax", 30_435, 190_000, 5_783, "8.4")]),
        AT_HOME,
    ),
    "long-names": (named(UNTAXED, LONG), _named(TO_FRANCE, LONG)),
    "chinese-names": (named(UNTAXED, "东京唱片有限公司"), _named(TO_FRANCE, "东京唱片有限公司")),
    # By hand: 10.00 earned less 10.00 recovered are nothing, and so is the tax on it.
    "of-nothing-in-all": (of([one("earned", 1_000), one("recovered", -1_000)]), TO_FRANCE),
    "of-what-was-held": (of([one("earned", 1_000), one("held", -400), one("released", 250)]), TO_FRANCE),
    "of-two-programs": (
        of(
            [
                msgspec.structs.replace(one("earned", 1_000 + index, index), program=program)
                for index, program in enumerate(("Record Club", "Tape Club", "Record Club"))
            ]
        ),
        TO_FRANCE,
    ),
}
INVOICES: dict[str, tuple[StatementDocument, Invoice]] = {
    name: (document, invoices.invoice_of(document, standing, issued_on=ISSUED))
    for name, (document, standing) in _BILLED.items()
}
