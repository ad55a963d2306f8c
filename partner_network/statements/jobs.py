"""What the worker does about statements."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import structlog

from partner_network.attribution import actions as attribution
from partner_network.commissions.actions import accrue, mature, move
from partner_network.commissions.leaving_out import LeftOut
from partner_network.database import connections
from partner_network.gateways.file_store.store import FileStore
from partner_network.gateways.pdf import Renderer
from partner_network.statements import document_queries, documents
from partner_network.statements.actions import close
from partner_network.statements.document_queries import Issuer
from partner_network.statements.rules import RenderStatement

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
    """Close every period that has ended, once all its facts are booked."""
    await bring_up_to_date(now)
    closed = await close.close_due(now)
    await _report("not closed", closed.left_out)


async def _report(what: str, left_out: Sequence[LeftOut]) -> None:
    for one in left_out:
        await _log.awarning(what, name=one.name, reason=one.reason)


async def render(
    renderer: Renderer, files: FileStore, issuer: Issuer, job: RenderStatement, now: datetime
) -> None:
    """Make a statement's PDF and CSV from the frozen content and store both by hash."""
    async with connections.transaction() as connection:
        if await document_queries.has_documents(connection, job.statement_id):
            return
        document = await document_queries.document_of(connection, job.statement_id, issuer)
    pdf = await renderer.pdf(documents.statement_html(document))
    csv = documents.statement_csv(document).encode()
    stored = [
        ("pdf", await files.put(_key(pdf, "pdf"), pdf, "application/pdf")),
        ("csv", await files.put(_key(csv, "csv"), csv, "text/csv; charset=utf-8")),
    ]
    async with connections.transaction() as connection:
        for kind, file in stored:
            await connection.execute(
                """INSERT INTO statement_documents
                       (statement_id, kind, file_key, sha256, size_bytes, rendered_at)
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
                job.statement_id,
                kind,
                file.key,
                bytes.fromhex(file.sha256),
                file.size,
                now,
            )


def _key(content: bytes, suffix: str) -> str:
    return f"statements/{hashlib.sha256(content).hexdigest()}.{suffix}"
