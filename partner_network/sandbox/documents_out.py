"""Leave what a replay made in a folder: signed agreements, statements, and one page that sums it up."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import asyncpg
import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways.file_store.local import LocalFileStore
from partner_network.kernel import money
from partner_network.sandbox.installation import Installation
from partner_network.sandbox.results import Results

CURRENCY = "USD"
Say = Callable[[str], None]


class Month(msgspec.Struct, frozen=True):
    """What one month brought all partners, in minor units."""

    label: str
    earned_minor: int
    paid_minor: int


async def leave(installed: Installation, out: Path, found: Results, say: Say) -> None:
    """Copy the stored documents as they are and write the summary."""
    say(f"writing documents to {out}")
    key = installed.environment["PARTNER_NETWORK_SECRET_KEY"].encode()
    files = LocalFileStore(installed.folder / "files", installed.base_url, key)
    await connections.open_pool(installed.worker_database_url, max_size=1)
    try:
        async with connections.transaction() as connection:
            documents = await _documents(connection)
            months = await _months(connection)
    finally:
        await connections.close_pool()
    contents = [(out / row["folder"] / row["name"], await files.get(row["file_key"])) for row in documents]
    contents.append((out / "summary.html", summary_html(found, months).encode()))
    await asyncio.to_thread(_write, contents)


def _write(contents: Sequence[tuple[Path, bytes]]) -> None:
    for path, content in contents:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


async def _documents(connection: Connection) -> list[asyncpg.Record]:
    return await connection.fetch(
        """SELECT 'agreements' AS folder, replace(a.number, '/', '-') || '.pdf' AS name, d.file_key
           FROM agreement_documents d JOIN agreements a ON a.id = d.agreement_id
           UNION ALL
           SELECT 'statements', s.number || '.' || d.kind, d.file_key
           FROM statement_documents d JOIN statements s ON s.id = d.statement_id ORDER BY 1, 2"""
    )


async def _months(connection: Connection) -> list[Month]:
    rows = await connection.fetch(
        """SELECT s.period AS label, sum(earned.minor)::bigint AS earned_minor,
               coalesce(sum(o.amount_minor), 0)::bigint AS paid_minor
           FROM statements s
           LEFT JOIN payouts o ON o.statement_id = s.id
           CROSS JOIN LATERAL (
               SELECT coalesce(sum(l.amount_minor), 0) AS minor FROM statement_lines l
               WHERE l.statement_id = s.id AND l.kind IN ('earned', 'bonus', 'late', 'adjustment')) earned
           GROUP BY s.period ORDER BY s.period"""
    )
    return [Month(**row) for row in rows]


def summary_html(found: Results, months: list[Month]) -> str:
    """Return one page that stands alone: the figures, and earned beside paid for each month as a drawing."""
    environment = Environment(
        loader=PackageLoader("partner_network.sandbox"), autoescape=True, undefined=StrictUndefined
    )
    tallest = max([1, *(max(month.earned_minor, month.paid_minor) for month in months)])
    return environment.get_template("summary.html").render(
        found=found,
        months=months,
        tallest=tallest,
        amount=_amount,
    )


def _amount(minor: int) -> str:
    return money.display(minor, CURRENCY)
