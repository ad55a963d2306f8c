"""What every partner was paid by year, for the tax office of whoever asks."""

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Template

from partner_network.dashboards.queries import yearly_paid
from partner_network.database import connections
from partner_network.identity.web import guards
from partner_network.identity.web.listings import csv_answer
from partner_network.statements.wording import decimal_text


@get("/admin/paid-by-year", guards=[guards.must_be_operator, guards.must_read_money], include_in_schema=False)
async def show_paid_by_year(format: FromQuery[str] = "") -> Template | Response[bytes]:  # noqa: A002 - as in every list's address
    """Show what each partner was paid in a year by whom, or give it as a file."""
    async with connections.transaction(eyes="operator") as connection:
        rows = await yearly_paid.yearly_paid(connection)
    if format != "csv":
        return Template("admin/paid_by_year.html", context={"paid": rows})
    return csv_answer(
        "paid-by-year",
        ["year", "payee", "payer", "currency", "paid", "form_1099"],
        [
            (
                *(one.year, one.payee_name, one.payer_name, one.currency),
                *(decimal_text(one.paid_minor, one.currency), one.form_1099),
            )
            for one in rows
        ],
        numbers={0, 4},
    )
