"""When documents are made: of a carried statement as it closes, an invoice once nothing keeps it back."""

from datetime import date, timedelta
from uuid import UUID

import msgspec

from partner_network.brands.tax_profiles import NewTaxProfile
from partner_network.database import connections
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Member
from partner_network.statements import invoice_queries, invoices, jobs, queries
from partner_network.statements.actions import close, rendering, taxing
from partner_network.statements.queries import Statement
from partner_network.statements.rules import BillBrand, RenderStatement
from tests.statements import network
from tests.statements.network import HOUSE, RADIO, WEEKLY, day

CLOSED = day(3, 1, 1)
PROFILE = NewTaxProfile(
    valid_from="2026-03-02",
    legal_name="Night Radio GmbH",
    address="Wasserstr. 7\n10115 Berlin",
    country="DE",
    status="standard",
    vat_id="DE136695976",
    tax_number="",
    tax_rate="19",
)


async def closed(streams: list[network.Stream]) -> dict[tuple[str, str], Statement]:
    """February: 30.00 for Night Radio with 5.70 tax, to be paid; 5.00 for Vinyl Weekly, below the minimum."""
    await network.earn(streams[0], 500, day(1, 5), day(1, 5))
    await network.earn(streams[2], 3_000, day(1, 6), day(1, 6))
    await network.mature.mature_due(day(2, 20))
    await close.close_due(CLOSED)
    async with connections.transaction() as connection:
        found = await queries.statements(connection)
    return {(one.payer_slug, one.payee_slug): one for one in found}


async def asked(entrypoint: str = "statements.render") -> list[UUID]:
    async with connections.transaction() as connection:
        rows = await connection.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = $1", entrypoint)
    return [msgspec.json.decode(row["payload"], type=RenderStatement).statement_id for row in rows]


async def member_of(brand_id: UUID) -> Member:
    async with connections.transaction() as connection:
        member_id = await connection.fetchval("SELECT id FROM members LIMIT 1")
    return Member(member_id, "M", "m@x.test", brand_id, frozenset({"owner"}), has_given_factor=True)


async def test_a_carried_statement_is_final_as_it_closes_and_gets_its_documents_then(
    streams: list[network.Stream],
) -> None:
    found = await closed(streams)

    carried, due = found[HOUSE, WEEKLY], found[HOUSE, RADIO]
    assert (carried.status, carried.closing_minor) == ("carried", 500)
    assert (due.status, due.closing_minor) == ("draft", 3_570)
    assert await asked() == [carried.id]


async def test_a_statement_carried_before_there_were_documents_is_made_up_for_once(
    streams: list[network.Stream],
) -> None:
    carried = (await closed(streams))[HOUSE, WEEKLY]
    async with connections.transaction() as connection:
        await connection.execute("DELETE FROM pgqueuer WHERE entrypoint = 'statements.render'")

    await jobs.make_up()
    assert await asked() == [carried.id], "what is to be signed is not final and has none yet"
    await jobs.make_up()
    assert await asked() == [carried.id], "it waits already"

    async with connections.transaction() as connection:
        await connection.execute("DELETE FROM pgqueuer WHERE entrypoint = 'statements.render'")
        await connection.execute(
            """INSERT INTO statement_documents (statement_id, kind, file_key, sha256, size_bytes, rendered_at)
               VALUES ($1, 'pdf', 'statements/a.pdf', sha256('a'), 1, $2)""",
            carried.id,
            CLOSED,
        )
    await jobs.make_up()
    assert await asked() == [], "it has them"


async def test_the_invoice_of_a_statement_whose_documents_are_being_made_is_asked_for_again(
    streams: list[network.Stream],
) -> None:
    found = await closed(streams)
    carried = found[HOUSE, WEEKLY]

    async with connections.transaction() as connection:
        await rendering.ask_for_invoices(connection, carried.payee_id)

    assert await asked() == [carried.id, carried.id]


async def test_no_invoice_names_a_company_by_a_profile_that_holds_later(
    streams: list[network.Stream],
) -> None:
    statement = (await closed(streams))[HOUSE, RADIO]
    radio, house = statement.payee_id, statement.payer_id
    await taxing.agree_to_self_billing(await member_of(radio), house, CLOSED)
    await taxing.record_tax_profile(await member_of(radio), PROFILE, CLOSED)
    await taxing.record_tax_profile(
        await member_of(house),
        msgspec.structs.replace(PROFILE, legal_name="Tune House GmbH", vat_id="DE811907980"),
        CLOSED,
    )
    basis = invoices.basis_of_totals(statement.currency, statement.totals)
    assert (basis.net_minor, basis.tax_minor) == (3_000, 570)

    async with connections.transaction() as connection:
        today = await invoice_queries.standing_of(connection, statement, CLOSED)
        tomorrow = await invoice_queries.standing_of(connection, statement, CLOSED + timedelta(days=1))

    assert (today.seller, today.buyer) == (None, None)
    assert (today.seller_from, today.buyer_from) == (date(2026, 3, 2), date(2026, 3, 2))
    assert [(one.why, one.who) for one in invoices.obstacles(basis, today)] == [
        ("The payee’s tax profile holds from 2026-03-02 on; the invoice follows then.", "nobody"),
        ("The payer’s tax profile holds from 2026-03-02 on; the invoice follows then.", "nobody"),
    ]
    assert tomorrow.seller is not None
    assert tomorrow.seller.legal_name == "Night Radio GmbH"
    assert invoices.obstacles(basis, tomorrow) == []


async def test_invoices_are_tried_again_on_the_day_on_which_a_profile_begins_to_hold(
    streams: list[network.Stream],
) -> None:
    statement = (await closed(streams))[HOUSE, WEEKLY]
    await taxing.record_tax_profile(await member_of(statement.payee_id), PROFILE, CLOSED)

    ((job, waits),) = await waiting_to_bill()
    # By the clocks of the last zone the second of March begins at 12:00 UTC; it is 00:00 UTC of the first.
    assert abs(waits - timedelta(hours=36)) < timedelta(seconds=1)
    assert job.holds_at == day(3, 2, 13)
    await jobs.bill(job, day(3, 2, 13))
    assert await asked() == [statement.id, statement.id]


async def test_in_a_sandbox_whose_time_runs_ahead_invoices_wait_by_its_time_alone(
    streams: list[network.Stream],
) -> None:
    statement = (await closed(streams))[HOUSE, WEEKLY]
    clock.use_simulated_time(sandbox=True)
    try:
        await taxing.record_tax_profile(await member_of(statement.payee_id), PROFILE, CLOSED)
        ((job, waits),) = await waiting_to_bill()
        assert abs(waits - timedelta(minutes=1)) < timedelta(seconds=1)

        # A minute by the wall later the day has not begun: the same job waits for another minute.
        await jobs.bill(job, day(3, 2, 13) - timedelta(seconds=1))
        assert await asked() == [statement.id]
        assert [one for one, _ in await waiting_to_bill()] == [job, job]
        # Then somebody moves the clock on by ten days.
        await jobs.bill(job, day(3, 12))
    finally:
        clock.use_simulated_time(sandbox=False)
    assert await asked() == [statement.id, statement.id]


async def waiting_to_bill() -> list[tuple[BillBrand, timedelta]]:
    """Return the jobs that wait for a tax profile, and how long by the wall."""
    async with connections.transaction() as connection:
        rows = await connection.fetch(
            """SELECT payload, execute_after - created AS waits FROM pgqueuer
               WHERE entrypoint = 'statements.bill' ORDER BY id"""
        )
    return [(msgspec.json.decode(row["payload"], type=BillBrand), row["waits"]) for row in rows]
