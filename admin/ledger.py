"""The ledger in the back office: the trial balance of a day, what stands behind it, and the journal."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import date
from tempfile import TemporaryFile
from typing import IO, Any, TypeAlias
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Stream, Template

from admin import wording
from admin.queries import ledger as queries
from admin.queries.ledger import AccountRow, Posting
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.web import guards
from partner_network.identity.web.listings import csv_answer
from partner_network.identity.web.requests import AnyRequest
from partner_network.kernel import money
from partner_network.kernel.errors import InvalidError
from partner_network.languages import formats, zones
from partner_network.ledger import chart_file, journal, moments
from partner_network.ledger.chart import Chart
from partner_network.ledger.journal import Asked
from partner_network.ledger.moments import AsOf, Basis
from partner_network.ledger.trial_balance import Section
from partner_network.settings import Settings

READ_AT_ONCE = 65_536
Given: TypeAlias = NamedDependency[SkipValidation[Settings]]


class View(msgspec.Struct, frozen=True):
    """Which day is looked at by which date, as the address says it; no day is now."""

    day: date | None
    basis: Basis
    error: str = ""

    @property
    def as_of(self) -> AsOf | None:
        """The moment at which the day ends by the reader's clock."""
        if self.day is None:
            return None
        return AsOf(moments.end_of(self.day, zones.present()), self.basis)

    def href(self, path: str, **said: str | int) -> str:
        """Return an address that keeps the view."""
        own = {} if self.day is None else {"as_of": self.day.isoformat(), "by": self.basis}
        query = urlencode({**own, **said})
        return f"{path}?{query}" if query else path


def view_in(query: Mapping[str, str]) -> View:
    """Read what an address asks for; what cannot be read is said, and now is shown."""
    basis: Basis = "effective" if query.get("by") == "effective" else "recorded"
    text = query.get("as_of", "").strip()
    if not text:
        return View(None, basis)
    try:
        view = View(moments.day_in(text), basis)
        return view if view.as_of else View(None, basis)
    except InvalidError as wrong:
        return View(None, basis, str(wrong.detail))


def amount(minor: int, currency: str) -> str:
    """Write an amount of money; of credit, which the page names, its number in that currency's digits."""
    if currency in money.EXPONENT_OF:
        return formats.money(minor, currency)
    return journal.decimal_text(minor, currency)


@get("/admin/ledger", guards=[guards.must_be_operator, guards.must_read_money], include_in_schema=False)
async def show_trial_balance(request: AnyRequest, settings: Given) -> Template | Response[bytes]:
    """Show what all accounts hold, by currency and kind, in two columns that come to the same."""
    view = view_in(request.query_params)
    found = await queries.overview(view.as_of)
    chart = chart_file.chart_of(settings)
    if request.query_params.get("format") == "csv":
        return _as_file(found.sections, chart)
    today = (await clock.now()).astimezone(zones.present()).date()
    context = {
        "overview": found,
        "chart": chart,
        "first_day": today.replace(day=1).isoformat(),
        "last_day": today.isoformat(),
    }
    return _page("ledger", view, context)


def _page(name: str, view: View, context: Mapping[str, Any]) -> Template:
    shared = {"view": view, "words": wording, "amount": amount, "zone": str(zones.present())}
    return Template(f"admin/{name}.html", context={**shared, **context})


def _as_file(sections: Sequence[Section], chart: Chart) -> Response[bytes]:
    head = ["currency", "account_code", "account_name", "kind", "accounts", "debit", "credit"]
    rows = [
        (
            *(section.currency, chart[row.kind].code, chart[row.kind].name, row.kind, row.accounts),
            journal.decimal_text(row.debit_minor, section.currency),
            journal.decimal_text(row.credit_minor, section.currency),
        )
        for section in sections
        for row in section.rows
    ]
    return csv_answer("trial-balance", head, rows, numbers={4, 5, 6})


@get(
    "/admin/ledger/accounts",
    guards=[guards.must_be_operator, guards.must_read_money],
    include_in_schema=False,
)
async def list_accounts(request: AnyRequest) -> Template | Response[bytes]:
    """List the accounts of one kind in one currency, by whom they are between."""
    query = request.query_params
    view, kind, currency = view_in(query), query.get("kind", ""), query.get("currency", "")
    rows = await queries.accounts_of(kind, currency, view.as_of)
    if query.get("format") == "csv":
        return _accounts_file(rows)
    given = query.get("page", "")
    page = max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < len("1000000") else 1
    first = (page - 1) * queries.PAGE
    said = {"kind": kind, "currency": currency}
    newer = view.href("/admin/ledger/accounts", **said, page=page - 1) if page > 1 else ""
    is_more = first + queries.PAGE < len(rows)
    context = {
        **said,
        "rows": rows[first : first + queries.PAGE],
        "sums": (sum(row.debit_minor for row in rows), sum(row.credit_minor for row in rows)),
        "newer": newer,
        "older": view.href("/admin/ledger/accounts", **said, page=page + 1) if is_more else "",
        "csv_href": view.href("/admin/ledger/accounts", **said, format="csv"),
    }
    return _page("ledger_accounts", view, context)


def _accounts_file(rows: Sequence[AccountRow]) -> Response[bytes]:
    head = ["account", "kind", "currency", "holder", "counterparty", "debit", "credit"]
    return csv_answer(
        "accounts",
        head,
        [
            (
                *(row.id, row.kind, row.currency, row.holder or "", row.counterparty or ""),
                *(journal.decimal_text(minor, row.currency) for minor in (row.debit_minor, row.credit_minor)),
            )
            for row in rows
        ],
        numbers={0, 5, 6},
    )


@get(
    "/admin/ledger/accounts/{account:int}",
    guards=[guards.must_be_operator, guards.must_read_money],
    include_in_schema=False,
)
async def show_account(request: AnyRequest, account: FromPath[int]) -> Template:
    """Show one account as it stands, with its postings, the newest first."""
    given = request.query_params.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) < len(str(2**63)) else None
    shown, postings = await queries.account(min(account, 2**63 - 1), before)
    rows: Sequence[Posting] = postings[: queries.PAGE]
    older = f"/admin/ledger/accounts/{shown.id}?before={rows[-1].id}" if len(postings) > len(rows) else ""
    newer = f"/admin/ledger/accounts/{shown.id}" if before is not None else ""
    context = {"account": shown, "rows": rows, "older": older, "newer": newer}
    return _page("ledger_account", View(None, "recorded"), context)


@get(
    "/admin/ledger/journal", guards=[guards.must_be_operator, guards.must_read_money], include_in_schema=False
)
async def take_journal(request: AnyRequest, settings: Given) -> Stream:
    """Answer with the journal of some days, the last one included, for other software."""
    query = request.query_params
    zone = zones.present()
    since = moments.begins(moments.day_in(query.get("since", "")), zone)
    until = moments.end_of(moments.day_in(query.get("until", "")), zone)
    if since >= until:
        raise InvalidError("The last day comes before the first; choose them the other way round.")
    asked = Asked(since, until, "effective" if query.get("by") == "effective" else "recorded", zone)
    name = f"journal-{query['since']}-{query['until']}.csv"
    # Written whole before the first byte goes: a slow reader must not keep a transaction open.
    file = TemporaryFile()  # noqa: SIM115 - what sends it closes it
    async with connections.transaction(eyes="operator", isolation="repeatable_read") as connection:
        async for part in journal.lines(connection, asked, chart_file.chart_of(settings)):
            file.write(part.encode())
    file.seek(0)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Stream(_sent(file), media_type="text/csv", headers=headers)


async def _sent(file: IO[bytes]) -> AsyncGenerator[bytes]:
    with file:
        while part := file.read(READ_AT_ONCE):
            yield part
