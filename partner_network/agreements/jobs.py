"""What the worker does about agreements."""

import hashlib
from datetime import datetime

from partner_network.agreements import documents, queries
from partner_network.agreements.actions.end import end_due
from partner_network.agreements.actions.sign import RENDER, RenderAgreement
from partner_network.database import connections
from partner_network.gateways.file_store.store import FileStore
from partner_network.gateways.pdf import Renderer

__all__ = ["RENDER", "RenderAgreement", "end_due", "render_agreement"]


async def render_agreement(renderer: Renderer, files: FileStore, job: RenderAgreement, now: datetime) -> None:
    """Set the PDF of a signed agreement and keep it under its own hash; again changes nothing."""
    async with connections.transaction() as connection:
        agreement = await queries.agreement_within(connection, job.agreement_id)
    if not agreement.is_signed:
        raise RuntimeError(f"agreement {agreement.number} was to be printed before both brands signed it")
    if agreement.file_key is not None:
        return
    # Setting and storing take a second: no transaction is open meanwhile.
    pdf = await renderer.pdf(documents.agreement_html(queries.document_of(agreement)))
    digest = hashlib.sha256(pdf)
    key = f"agreements/{digest.hexdigest()}.pdf"
    await files.put(key, pdf, "application/pdf")
    async with connections.transaction() as connection:
        # Two workers may get here; the first one's file is the agreement's for good.
        await connection.execute(
            """INSERT INTO agreement_documents (agreement_id, pdf_sha256, file_key, size_bytes, rendered_at)
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (agreement_id) DO NOTHING""",
            agreement.id,
            digest.digest(),
            key,
            len(pdf),
            now,
        )
