"""Lists of the back office as files for spreadsheets, their heads in the reader's language."""

from collections.abc import Sequence

from litestar import Response

from admin import wording
from admin.queries.jobs import FailedJob
from admin.queries.network import BrandRow, PartnershipRow, ProgramRow
from admin.queries.statements import ReadStatement, StatementRow
from partner_network.identity.web import coded_words
from partner_network.identity.web.listings import csv_answer
from partner_network.languages import catalogs
from partner_network.languages.catalogs import say
from partner_network.payouts.queries import Payout
from partner_network.statements.wording import decimal_text


def statements(rows: Sequence[StatementRow]) -> Response[bytes]:
    """Return statements; amounts are decimals with a point, whatever the language."""
    head = [
        *(say("Number"), say("Period"), say("Paid to"), say("Paid by")),
        *(say("Closing"), say("Currency"), say("Status")),
    ]
    return csv_answer(
        "statements",
        head,
        [
            (
                *(one.number, one.period, one.payee_name, one.payer_name),
                *(decimal_text(one.closing_minor, one.currency), one.currency),
                catalogs.translated(wording.STATEMENT[one.status]),
            )
            for one in rows
        ],
        numbers={4},
    )


def lines(read: ReadStatement) -> Response[bytes]:
    """Return the lines of a statement that were found."""
    currency = read.statement.currency
    head = [
        *(say("Date"), say("What"), say("Order"), say("Order net"), say("Component"), say("Earned in")),
        *(say("Clause"), say("Amount"), say("Currency")),
    ]
    return csv_answer(
        read.statement.number.lower(),
        head,
        [
            (
                *((one.occurred_at or one.effective_at).date().isoformat(), _line_word(one.kind)),
                one.order_id or "",
                "" if one.order_net_minor is None else decimal_text(one.order_net_minor, currency),
                *(one.component or "", one.earning_period or "", one.clause or ""),
                *(decimal_text(one.amount_minor, currency), currency),
            )
            for one in read.lines
        ],
        numbers={3, 7},
    )


def payouts(rows: Sequence[Payout]) -> Response[bytes]:
    """Return payouts."""
    head = [
        *(say("Statement"), say("Paid to"), say("Paid by"), say("Amount"), say("Currency"), say("Status")),
        *(say("Transfer at Stripe"), say("Reserved")),
    ]
    return csv_answer(
        "payouts",
        head,
        [
            (
                *(one.statement_number, one.payee_name, one.payer_name),
                *(decimal_text(one.amount_minor, one.currency), one.currency),
                _status_word("held" if one.held_reason else one.status),
                *(one.stripe_transfer_id or "", one.reserved_at.date().isoformat()),
            )
            for one in rows
        ],
        numbers={3},
    )


def partnerships(rows: Sequence[PartnershipRow]) -> Response[bytes]:
    """Return partnerships."""
    head = [say("Partner"), say("Program"), say("Advertiser"), say("Status"), say("Active since")]
    return csv_answer(
        "partnerships",
        head,
        [
            (
                *(one.partner_name, one.program_name, one.advertiser_name, _status_word(one.status)),
                one.active_from.date().isoformat() if one.active_from else "",
            )
            for one in rows
        ],
    )


def programs(rows: Sequence[ProgramRow]) -> Response[bytes]:
    """Return programs."""
    head = [say("Program"), say("Advertiser"), say("Offer"), say("Links lead to"), say("Active partners")]
    return csv_answer(
        "programs",
        head,
        [
            (one.name, one.brand_name, one.offer, " ".join(one.destination_hosts), one.partners)
            for one in rows
        ],
        numbers={4},
    )


def brands(rows: Sequence[BrandRow]) -> Response[bytes]:
    """Return brands; the tax in parts per million, as it is reckoned with."""
    head = [
        *(say("Brand"), say("Legal name"), say("Country"), say("Tax in ppm"), say("Programs")),
        *(say("Promotes"), say("Can be paid"), say("Can pay in")),
    ]
    return csv_answer(
        "brands",
        head,
        [
            (
                *(one.name, one.legal_name, one.country, one.tax_rate_ppm, one.programs, one.partnerships),
                one.transfers_status or "",
                say("yes") if one.has_payment_method else say("no"),
            )
            for one in rows
        ],
        numbers={3, 4, 5},
    )


def failed_jobs(rows: Sequence[FailedJob]) -> Response[bytes]:
    """Return the jobs that failed."""
    head = [say("No."), say("Job"), say("What went wrong"), say("Failed at"), say("Attempts")]
    return csv_answer(
        "failed-jobs",
        head,
        [(one.id, one.entrypoint, one.error or "", one.failed_at.isoformat(), one.attempts) for one in rows],
        numbers={0, 4},
    )


def _status_word(status: str) -> str:
    return catalogs.translated(coded_words.status(status).word)


def _line_word(kind: str) -> str:
    words = {str(key): word for key, word in wording.LINE.items()}
    return catalogs.translated(words[kind])
