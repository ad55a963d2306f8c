"""Each decision keeps its own copy of what it was made from, and says to whom it is of concern."""

from uuid import UUID

import asyncpg
import msgspec
import pytest

from partner_network.attribution import actions, receipt
from partner_network.attribution.facts import Candidate
from partner_network.database import connections
from partner_network.kernel import ids
from tests.attribution.test_actions import Story, binding, rows, story
from tests.conftest import FreshDatabase
from tests.conversions import cast
from tests.conversions.cast import on, order

__all__ = ["binding", "story"]


async def receipts() -> list[asyncpg.Record]:
    return await connections.pool().fetch(
        """SELECT v.order_id, d.*, r.facts, r.salt, r.root, r.partner_ids
           FROM conversions v JOIN decisions d ON d.conversion_id = v.id
           LEFT JOIN receipts r USING (conversion_id, rev) ORDER BY v.order_id, d.rev"""
    )


async def put_up_again() -> None:
    await connections.pool().execute("INSERT INTO undecided_conversions SELECT id FROM conversions")
    await connections.pool().execute("DELETE FROM unaccrued_conversions")
    await actions.decide_pending()


async def test_a_receipts_facts_are_its_bytes_and_give_the_decision_and_the_root(binding: Story) -> None:
    story = binding
    await story.click(story.blog, on(1))
    await story.click(story.radio, on(2))
    await story.shop.report(order(1, on(3)), order(2, on(4)), order(3, on(4), customer_id="bob"))
    await actions.decide_pending()
    stored = await receipts()
    assert [row["order_id"] for row in stored] == ["00001", "00002", "00003"]
    for row in stored:
        facts = receipt.decode(row["facts"])
        assert receipt.encode(facts).decode() == row["facts"]
        decision = receipt.decide_again(facts)
        assert receipt.root_of(facts, decision, row["salt"]) == row["root"]
        assert decision.candidates == msgspec.json.decode(row["candidates"], type=tuple[Candidate, ...])
        assert (decision.model, bool(decision.credits)) == (row["model"], row["outcome"] == "attributed")
        bound_to = None if row["bound_to"] is None else ids.shown("cnv", row["bound_to"])
        assert decision.bound_to == bound_to


async def test_a_receipt_says_which_agreement_and_which_version_of_the_policy(binding: Story) -> None:
    story = binding
    await story.click(story.blog, on(1))
    await story.shop.report(order(1, on(3), net_minor=4_321))
    await actions.decide_pending()
    facts = receipt.decode((await receipts())[0]["facts"])
    reach = facts.reaches[str(story.blog.partner_id)]
    assert reach is not None
    assert reach.clauses is not None
    assert (facts.policy_version, facts.policy.binding_months) == (2, 2)
    assert (facts.currency, facts.net_minor) == ("USD", 4_321)
    assert (reach.agreement, reach.clauses.click_days, reach.windows.click_days) == ("A-blog", "3.2", 30)


async def test_a_receipt_knows_the_customer_by_the_pseudonym_alone(story: Story) -> None:
    await story.click(story.blog, on(1), customer="ada@example.test")
    await story.shop.report(order(1, on(3), customer_id="ada@example.test"))
    await actions.decide_pending()
    (row,) = await receipts()
    pseudonym, customer_id = (await rows("SELECT pseudonym, id FROM customers"))[0]
    assert receipt.decode(row["facts"]).customer == pseudonym.hex()
    assert "ada@example.test" not in row["facts"]
    assert str(customer_id) not in row["facts"]


async def test_a_receipt_concerns_every_candidates_partner_and_whoever_inherits(story: Story) -> None:
    async with connections.transaction() as connection:
        club = await cast.partner(connection, story.shop, "club")
        await connection.execute(
            """INSERT INTO program_versions (id, program_id, version, policy_toml, recorded_at)
               SELECT gen_random_uuid(), program_id, 2, $1, recorded_at FROM program_versions""",
            "[program.attribution]\nbinding_months = 12\n",
        )
    await story.click(story.blog, on(1))
    await story.click(story.radio, on(2), excluded="bot")
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    await cast.set_clock(on(30, month=6))
    await story.click(club, on(29, month=6))
    await story.shop.report(order(2, on(30, month=6)))
    await actions.decide_pending()
    concerned = [set(row["partner_ids"]) for row in await receipts()]
    both = {story.blog.partner_id, story.radio.partner_id}
    assert concerned[0] == both
    # Blog's click is too old to be looked at again: it is there by the binding alone.
    assert concerned[1] == {story.blog.partner_id, club.partner_id}
    seen = await rows("SELECT partner_id, conversion_id FROM candidacies")
    assert len(seen) == len(set(seen)) == sum(map(len, concerned))


async def test_no_decision_is_stored_without_its_receipt(story: Story, database: FreshDatabase) -> None:
    await story.shop.report(order(1, on(3)))
    worker = await database.connect("worker")
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="has_its_receipt"):
        await worker.execute(
            """INSERT INTO decisions (conversion_id, rev, program_version_id, model, outcome, candidates,
                   decided_at)
               SELECT v.id, 1, p.id, 'linear', 'unattributed', '[]', now()
               FROM conversions v, program_versions p"""
        )
    await worker.close()


@pytest.mark.parametrize("change", ["UPDATE receipts SET facts = 'x'", "DELETE FROM receipts"])
async def test_nobody_changes_a_receipt(story: Story, database: FreshDatabase, change: str) -> None:
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    owner, worker = await database.connect("owner"), await database.connect("worker")
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(change)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await worker.execute(change)
    await owner.close()
    await worker.close()


async def test_the_same_facts_never_give_a_second_revision(binding: Story) -> None:
    story = binding
    await story.click(story.blog, on(1))
    await story.shop.report(order(1, on(3)), order(2, on(4)), order(3, on(4), customer_id="bob"))
    await actions.decide_pending()
    before = await receipts()
    for _ in range(2):
        await put_up_again()
    assert await receipts() == before


async def test_a_touch_that_comes_later_is_on_the_receipt_and_moves_no_money_where_it_changes_no_credit(
    story: Story,
) -> None:
    early = await story.click(story.blog, on(1), customer=None)
    await story.click(story.radio, on(2))
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    await connections.pool().execute("DELETE FROM unaccrued_conversions")
    await story.shop.identify(("ada", early))
    await actions.decide_pending()
    assert (await story.verdicts())[str(early)][0] == "not_credited"
    first, second = await receipts()
    assert (first["rev"], second["rev"], second["previous_rev"]) == (1, 2, 1)
    assert set(second["partner_ids"]) == {story.blog.partner_id, story.radio.partner_id}
    assert first["partner_ids"] == [story.radio.partner_id]
    assert await story.credited() == ["radio"]
    assert await rows("SELECT * FROM unaccrued_conversions") == []


async def test_two_receipts_of_the_same_facts_have_salts_of_their_own(story: Story) -> None:
    await story.shop.report(order(1, on(3)), order(2, on(3)))
    await actions.decide_pending()
    first, second = await receipts()
    assert first["salt"] != second["salt"]
    assert len(first["salt"]) == receipt.SALT_BYTES


async def test_a_candidate_reads_its_receipts_and_nobody_elses_credits(
    story: Story, database: FreshDatabase
) -> None:
    async with connections.transaction() as connection:
        club = await cast.partner(connection, story.shop, "club")
    await story.click(story.blog, on(1))
    await story.click(story.radio, on(2))
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    await connections.close_pool()
    role = None if database.url("web") != database.url() else "partner_network_web"
    await connections.open_pool(database.url("web"), role=role)

    async def seen_by(brand_id: UUID) -> list[int]:
        async with connections.transaction(eyes=brand_id) as connection:
            return [
                await connection.fetchval(f"SELECT count(*) FROM {table}")
                for table in ("conversions", "decisions", "receipts", "candidacies", "credits")
            ]

    assert await seen_by(story.shop.brand_id) == [1, 1, 1, 0, 1]
    assert await seen_by(story.radio.partner_id) == [1, 1, 1, 1, 1]
    assert await seen_by(story.blog.partner_id) == [1, 1, 1, 1, 0]
    assert await seen_by(club.partner_id) == [0, 0, 0, 0, 0]


async def test_a_decision_from_before_there_were_receipts_gets_one_by_a_revision_that_moves_no_money(
    story: Story, database: FreshDatabase
) -> None:
    await story.click(story.blog, on(1))
    await story.shop.report(order(1, on(3)))
    await actions.decide_pending()
    owner = await database.connect("owner")
    await owner.execute(
        """ALTER TABLE receipts DISABLE TRIGGER USER; ALTER TABLE decisions DROP CONSTRAINT has_its_receipt;
           DELETE FROM receipts"""
    )
    await owner.close()
    await put_up_again()
    first, second = await receipts()
    assert (first["facts"], second["rev"]) == (None, 2)
    assert receipt.decide_again(receipt.decode(second["facts"])).is_attributed
    assert second["candidates"] == first["candidates"]
    assert await story.credited() == ["blog"]
    assert await rows("SELECT * FROM unaccrued_conversions") == []
    await put_up_again()
    assert len(await receipts()) == 2
