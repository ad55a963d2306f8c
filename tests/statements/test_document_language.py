"""A statement's document is in the language that its payee's brand has named, whatever its payer's is."""

from partner_network.database import connections
from partner_network.statements import document_queries, documents
from partner_network.statements.document_queries import Issuer
from tests.conftest import FreshDatabase
from tests.dashboards.conftest import copy, lived

__all__ = ["copy", "lived"]

ISSUER = Issuer("Crossway Networks Ltd.", "https://network.example")


async def test_the_payees_brand_decides_and_the_content_hash_stays(copy: FreshDatabase) -> None:
    owner = await copy.connect("owner")
    row = await owner.fetchrow(
        """UPDATE brands SET customer_language = 'de' FROM statements s
           WHERE brands.id = s.payee_id AND s.number = $1 RETURNING s.id, s.content_hash""",
        "TUNE-HOUSE-NIGHT-RADIO-2026-02-USD",
    )
    assert row is not None
    await owner.close()

    async with connections.transaction() as connection:
        document = await document_queries.document_of(connection, row["id"], ISSUER)

    assert document.language == "de"
    assert document.content_hash == row["content_hash"].hex()
    assert '<html lang="de">' in documents.statement_html(document)
