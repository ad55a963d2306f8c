import hashlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import msgspec
import pypdf
import pytest

from partner_network.agreements import jobs
from partner_network.gateways.file_store.local import LocalFileStore
from partner_network.gateways.pdf import Renderer
from partner_network.kernel import ids
from tests.agreements.cast import Cast

NOW = datetime(2026, 11, 21, tzinfo=UTC)


async def job_of(cast: Cast) -> jobs.RenderAgreement:
    payload = await cast.network.owner.fetchval(
        "SELECT payload FROM pgqueuer WHERE entrypoint = $1", jobs.RENDER
    )
    return msgspec.json.decode(payload, type=jobs.RenderAgreement)


async def test_a_signed_agreement_becomes_a_pdf_that_both_brands_can_download(
    cast: Cast, tmp_path: Path
) -> None:
    signed = await cast.signed()
    path = f"/api/v1/agreements/{signed['id']}/document"
    assert (await cast.partner.get(path)).status_code == 404
    files = LocalFileStore(tmp_path / "files", "http://127.0.0.1:8000/files", b"s" * 32)

    async with Renderer(processes=1) as renderer, cast.network.as_worker():
        await jobs.render_agreement(renderer, files, await job_of(cast), NOW)

    leads_to = await cast.partner.get(path)
    pdf = await cast.partner.get(leads_to.headers["location"])
    shown = (await cast.shop.get(f"/api/v1/agreements/{signed['id']}")).json()
    text = "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf.content)).pages)
    assert leads_to.status_code == 303
    assert pdf.headers["content-type"] == "application/pdf"
    assert shown["pdf_sha256"] == hashlib.sha256(pdf.content).hexdigest()
    assert "Drum School LLC" in text
    assert signed["content_hash"][:16] in text.replace("\n", "").replace(" ", "")


async def test_the_job_again_leaves_the_first_document_alone(cast: Cast, tmp_path: Path) -> None:
    await cast.signed()
    await cast.network.owner.execute(
        """INSERT INTO agreement_documents (agreement_id, pdf_sha256, file_key, size_bytes, rendered_at)
           SELECT id, sha256('x'), 'agreements/first.pdf', 1, now() FROM agreements"""
    )
    files = LocalFileStore(tmp_path / "files", "http://127.0.0.1:8000/files", b"s" * 32)

    async with cast.network.as_worker():
        await jobs.render_agreement(Renderer(processes=1), files, await job_of(cast), NOW)

    keys = await cast.network.owner.fetch("SELECT file_key FROM agreement_documents")
    assert [row["file_key"] for row in keys] == ["agreements/first.pdf"]


async def test_an_agreement_that_one_side_has_not_signed_is_not_printed(cast: Cast, tmp_path: Path) -> None:
    agreement = await cast.draft()
    files = LocalFileStore(tmp_path / "files", "http://127.0.0.1:8000/files", b"s" * 32)
    job = jobs.RenderAgreement(ids.parse("agr", agreement["id"]))

    async with cast.network.as_worker():
        with pytest.raises(RuntimeError, match="before both brands signed"):
            await jobs.render_agreement(Renderer(processes=1), files, job, NOW)
