"""Lists of the back office as files for spreadsheets; heads and codes are the same in every language."""

from collections.abc import Sequence

from litestar import Response

from admin.queries.cases import Case
from admin.queries.fundings import FundingRow
from admin.queries.jobs import FailedJob
from admin.queries.network import BrandRow, PartnershipRow, ProgramRow
from admin.queries.statements import ReadStatement, StatementRow
from partner_network.identity.web.listings import csv_answer
from partner_network.payouts.queries import Payout
from partner_network.statements.wording import decimal_text


def statements(rows: Sequence[StatementRow]) -> Response[bytes]:
    """Return statements; amounts are decimals with a point, whatever the language."""
    head = ["number", "period", "payee", "payer", "closing", "currency", "status"]
    head += ["payee_slug", "payer_slug"]
    return csv_answer(
        "statements",
        head,
        [
            (
                *(one.number, one.period, one.payee_name, one.payer_name),
                *(decimal_text(one.closing_minor, one.currency), one.currency),
                *(one.status, one.payee_slug, one.payer_slug),
            )
            for one in rows
        ],
        numbers={4},
    )


def lines(read: ReadStatement) -> Response[bytes]:
    """Return the lines of a statement that were found."""
    currency = read.statement.currency
    head = [
        "date",
        "kind",
        "order",
        "order_net",
        "component",
        "earning_period",
        "clause",
        "amount",
        "currency",
    ]
    return csv_answer(
        read.statement.number.lower(),
        head,
        [
            (
                *((one.occurred_at or one.effective_at).date().isoformat(), one.kind),
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
    head = ["statement", "payee", "payer", "amount", "currency", "status", "stripe_transfer", "reserved"]
    return csv_answer(
        "payouts",
        head,
        [
            (
                *(one.statement_number, one.payee_name, one.payer_name),
                *(decimal_text(one.amount_minor, one.currency), one.currency),
                "held" if one.held_reason else one.status,
                *(one.stripe_transfer_id or "", one.reserved_at.date().isoformat()),
            )
            for one in rows
        ],
        numbers={3},
    )


def fundings(rows: Sequence[FundingRow]) -> Response[bytes]:
    """Return payments of advertisers."""
    head = ["advertiser", "advertiser_slug", "amount", "currency", "status", "failure", "payment_at_stripe",
            "requested", "settled"]  # fmt: skip
    return csv_answer(
        "payments",
        head,
        [
            (
                *(one.advertiser_name, one.advertiser_slug),
                *(decimal_text(one.amount_minor, one.currency), one.currency, one.status),
                *(one.failure_code or "", one.payment_intent_id or ""),
                one.requested_at.date().isoformat(),
                one.settled_at.date().isoformat() if one.settled_at else "",
            )
            for one in rows
        ],
        numbers={2},
    )


def partnerships(rows: Sequence[PartnershipRow]) -> Response[bytes]:
    """Return partnerships."""
    head = ["partner", "program", "advertiser", "status", "active_since"]
    return csv_answer(
        "partnerships",
        head,
        [
            (
                *(one.partner_name, one.program_name, one.advertiser_name, one.status),
                one.active_from.date().isoformat() if one.active_from else "",
            )
            for one in rows
        ],
    )


def programs(rows: Sequence[ProgramRow]) -> Response[bytes]:
    """Return programs."""
    head = ["program", "advertiser", "offer", "destination_hosts", "active_partners"]
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
        "brand",
        "legal_name",
        "country",
        "tax_rate_ppm",
        "programs",
        "partnerships",
        "transfers_status",
        "has_payment_method",
    ]
    return csv_answer(
        "brands",
        head,
        [
            (
                *(one.name, one.legal_name, one.country, one.tax_rate_ppm, one.programs, one.partnerships),
                one.transfers_status or "",
                "yes" if one.has_payment_method else "no",
            )
            for one in rows
        ],
        numbers={3, 4, 5},
    )


def cases(rows: Sequence[Case]) -> Response[bytes]:
    """Return cases about money."""
    head = ["case", "subject", "found", "owner", "opened", "closed", "closed_by", "reason"]
    return csv_answer(
        "cases",
        head,
        [
            (
                *(one.kind, one.subject, one.said, one.owner_name or "", one.opened_at.isoformat()),
                one.closed_at.isoformat() if one.closed_at else "",
                *(one.closer_name or "", one.reason or ""),
            )
            for one in rows
        ],
    )


def failed_jobs(rows: Sequence[FailedJob]) -> Response[bytes]:
    """Return the jobs that failed."""
    head = ["number", "job", "error", "failed_at", "attempts"]
    return csv_answer(
        "failed-jobs",
        head,
        [(one.id, one.entrypoint, one.error or "", one.failed_at.isoformat(), one.attempts) for one in rows],
        numbers={0, 4},
    )
