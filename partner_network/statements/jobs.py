"""What the worker does about statements."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from partner_network.attribution import actions as attribution
from partner_network.commissions.actions import accrue, mature, move
from partner_network.commissions.leaving_out import LeftOut
from partner_network.database import connections
from partner_network.gateways.file_store.store import FileStore
from partner_network.gateways.pdf import Renderer
from partner_network.kernel import periods
from partner_network.statements import (
    cii,
    document_queries,
    documents,
    invoice_pages,
    invoice_queries,
    invoices,
    queries,
    sheets,
)
from partner_network.statements.actions import close, lapse, rendering
from partner_network.statements.document_kinds import MEDIA, SUFFIX
from partner_network.statements.document_queries import Issuer
from partner_network.statements.rules import BillBrand, RenderStatement

_log = structlog.get_logger()


async def bring_up_to_date(now: datetime) -> None:
    """Decide, accrue and mature everything that facts and the calendar ask for."""
    while await attribution.decide_pending():
        pass
    await accrue.accrue_pending(now)
    await move.move_held(now)
    matured = await mature.mature_due(now)
    await _report("not matured", matured.left_out)


async def close_periods(now: datetime) -> None:
    """Close every period that has ended, once all its facts are booked; what none can recover lapses."""
    await bring_up_to_date(now)
    closed = await close.close_due(now)
    await lapse.let_lapse(now)
    await _report("not closed", closed.left_out)


async def _report(what: str, left_out: Sequence[LeftOut]) -> None:
    for one in left_out:
        await _log.awarning(what, name=one.name, reason=one.reason)


async def render(
    renderer: Renderer, files: FileStore, issuer: Issuer, job: RenderStatement, now: datetime
) -> None:
    """Make those documents of a statement that are missing, all from the one frozen content.

    The invoice follows once nothing keeps it from being issued any more; all others never wait for it.
    """
    async with connections.transaction() as connection:
        made = await document_queries.kinds_made(connection, job.statement_id)
        document = await document_queries.document_of(connection, job.statement_id, issuer)
        statement = await queries.statement_of(connection, job.statement_id)
        standing = await invoice_queries.standing_of(connection, statement, now)
    contents: dict[str, bytes] = {}
    if "pdf" not in made:
        contents["pdf"] = await renderer.pdf(documents.statement_html(document))
        contents["csv"] = sheets.statement_csv(document).encode()
        contents["xlsx"] = sheets.statement_xlsx(document)
        contents["json"] = sheets.statement_json(document)
    if "invoice" not in made and not invoices.obstacles(invoices.basis_of(document), standing):
        today = now.astimezone(periods.zone_named(document.time_zone)).date()
        invoice = invoices.invoice_of(document, standing, issued_on=today)
        contents["xml"] = cii.xml_of(invoice, document.language)
        cii.must_be_valid(contents["xml"])
        page = invoice_pages.invoice_html(invoice, document, contents["xml"])
        contents["invoice"] = await renderer.pdf(page)
    await _keep(files, job.statement_id, contents, now)


async def bill(job: BillBrand, now: datetime) -> None:
    """Try those invoices again that wait for a tax profile of a brand, once it holds by the business time."""
    async with connections.transaction() as connection:
        if job.holds_at is not None and now < job.holds_at:
            await rendering.ask_once_in_force(connection, job, now)
        else:
            await rendering.ask_for_invoices(connection, job.brand_id)


async def make_up() -> None:
    """Ask for the documents that final statements lack, as those from before they were made do."""
    async with connections.transaction() as connection:
        await rendering.ask_for_missing(connection)


async def _keep(files: FileStore, statement_id: UUID, contents: Mapping[str, bytes], now: datetime) -> None:
    stored = [
        (kind, await files.put(_key(content, SUFFIX[kind]), content, MEDIA[SUFFIX[kind]]))
        for kind, content in contents.items()
    ]
    async with connections.transaction() as connection:
        for kind, file in stored:
            await connection.execute(
                """INSERT INTO statement_documents
                       (statement_id, kind, file_key, sha256, size_bytes, rendered_at)
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
                statement_id,
                kind,
                file.key,
                bytes.fromhex(file.sha256),
                file.size,
                now,
            )


def _key(content: bytes, suffix: str) -> str:
    return f"statements/{hashlib.sha256(content).hexdigest()}.{suffix}"
