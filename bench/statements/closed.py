"""A few partners whose statements have just so many lines, closed by the product's own code."""

import asyncio
from pathlib import Path
from uuid import UUID

from bench.close import __main__ as close
from bench.close import network
from bench.statements.plain import plain
from partner_network.database import connections
from partner_network.gateways.pdf import Renderer
from partner_network.statements import document_queries, documents
from partner_network.statements.document_queries import Issuer

ISSUER = Issuer("Crossway Networks Ltd.", "https://network.example")


def found(owner_url: str, worker_url: str, statements: int, lines: int) -> None:
    """Make the network, book all orders, and close; each partner has one statement."""
    asyncio.run(network.found(owner_url, statements * lines, statements))
    close.asked_alone("accrue", worker_url)
    close.asked_alone("mature", worker_url)
    closed, _ = close.asked_alone("close", worker_url)
    close.must_be(statements, closed.count, "statements closed")


async def all_of() -> list[UUID]:
    """Return the statements, by number."""
    async with connections.transaction() as connection:
        return [row["id"] for row in await connection.fetch("SELECT id FROM statements ORDER BY number")]


async def html_of(statement_id: UUID) -> str:
    """Read a statement and write its page, as the worker's job does."""
    async with connections.transaction() as connection:
        document = await document_queries.document_of(connection, statement_id, ISSUER)
    return documents.statement_html(document)


async def pdf_of(renderer: Renderer, statement_id: UUID) -> bytes:
    """Make the PDF of a statement: query, template, pages."""
    return await renderer.pdf(await html_of(statement_id))


async def write_plain(statement_id: UUID, folder: Path) -> Path:
    """Write the page that the bare engine sets; what that takes is not measured."""
    page = folder / f"{statement_id}.html"
    await asyncio.to_thread(page.write_text, plain(await html_of(statement_id)))
    return page
