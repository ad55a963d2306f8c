"""Neither the erasure of a customer nor the end of old facts breaks a proof: a receipt keeps its own copy."""

from datetime import UTC, datetime
from uuid import uuid4

from partner_network.database.addresses import Address
from partner_network.identity.rules.permissions import ApiKey
from partner_network.privacy.actions import erase_customers
from partner_network.receipts.replay import running
from partner_network.receipts.replay.running import Replayed
from tests.receipts.replay.conftest import Decided

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


async def replayed(decided: Decided) -> Replayed:
    address = Address(decided.owner.url("worker"), None)
    return await running.replay(address, decided.shop.program_id, MARCH, APRIL, processes=0)


async def test_when_a_customer_is_erased_every_decision_is_still_proved_and_nobody_can_tell_whose_it_was(
    decided: Decided,
) -> None:
    before = await replayed(decided)
    owner = await decided.owner.connect("owner")
    asking = ApiKey(uuid4(), decided.shop.brand_id, frozenset({"customers:write"}), is_live=True)
    await erase_customers.erase_customer(asking, decided.shop.brand_id, "ada")
    left = await owner.fetchval(
        """SELECT count(*) FROM customer_keys k JOIN customers c ON c.id = k.customer_id
           WHERE c.erased_at IS NOT NULL"""
    )
    kept = await owner.fetchval("SELECT count(*) FROM receipts WHERE facts ~ '\\yada\\y'")
    await owner.close()
    assert (left, kept) == (0, 0)
    after = await replayed(decided)
    assert after == before
    assert after.differing == 0


async def test_when_clicks_and_who_stood_behind_them_are_gone_every_decision_is_still_proved(
    decided: Decided,
) -> None:
    before = await replayed(decided)
    owner = await decided.owner.connect("owner")
    for table in ("identifications", "clicks_default"):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER; DELETE FROM {table}")
    assert await owner.fetchval("SELECT count(*) FROM clicks") == 0
    await owner.close()
    assert await replayed(decided) == before
