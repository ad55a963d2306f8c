"""Stored decisions are decided again from their receipts, and whatever differs is found and named."""

import hashlib
import re
from datetime import UTC, datetime

import msgspec
import pytest

from partner_network.attribution import actions, receipt
from partner_network.database import connections
from partner_network.database.addresses import Address
from partner_network.kernel import merkle
from partner_network.receipts.replay import queries, rules, running, stretches
from partner_network.receipts.replay.rules import Stored
from partner_network.receipts.replay.running import Replayed
from tests.conversions.cast import days, on, order
from tests.receipts.replay.conftest import Decided

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


async def replayed(decided: Decided, *, processes: int | None = 0, until: datetime = APRIL) -> Replayed:
    address = Address(decided.owner.url("worker"), None)
    return await running.replay(address, decided.shop.program_id, MARCH, until, processes=processes)


async def stored_of(decided: Decided) -> list[Stored]:
    async with stretches.connected(Address(decided.owner.url(), None)) as connection:
        (stretch,) = await queries.stretches_of(connection, decided.shop.program_id, MARCH, APRIL)
        orders = await queries.orders_in(connection, decided.shop.program_id, APRIL, stretch)
    return [one for of_order in orders.decisions for one in of_order]


async def test_every_revision_is_decided_again_and_is_alike(decided: Decided) -> None:
    found = await replayed(decided)
    assert (found.orders, found.count, found.differing, found.differences) == (4, 5, 0, ())
    assert (found.waiting, found.without_receipt) == (0, 0)


async def test_a_bound_decision_is_made_again_from_its_receipt_alone(decided: Decided) -> None:
    bound = [one for one in await stored_of(decided) if one.bound_to is not None]
    assert [one.order_id for one in bound] == ["00002"]
    decision = receipt.decide_again(receipt.decode(bound[0].facts or ""))
    assert len(decision.credits) == 2
    assert rules.difference(bound[0]) is None


async def test_the_digest_is_the_merkle_root_over_the_orders_whose_leaves_hold_their_receipts_roots(
    decided: Decided,
) -> None:
    roots = [one.root for one in await stored_of(decided)]  # of two orders, one, and one decided twice
    leaves = [b"\x00" + content for content in (roots[0], roots[1], roots[2], roots[3] + roots[4])]
    a, b, c, d = (hashlib.sha256(leaf).digest() for leaf in leaves)
    above = [hashlib.sha256(b"\x01" + pair).digest() for pair in (a + b, c + d)]
    assert (await replayed(decided)).digest == hashlib.sha256(b"\x01" + above[0] + above[1]).digest()


async def test_neither_processes_nor_the_size_of_a_stretch_change_anything(
    decided: Decided, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = await replayed(decided)
    monkeypatch.setattr(queries, "STRETCH", 2)
    assert await replayed(decided) == once
    assert await replayed(decided, processes=2) == once
    assert await replayed(decided, processes=None) == once


async def test_a_process_that_cannot_work_ends_the_replay_with_a_sentence(
    decided: Decided, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "__name__", "partner_network.nothing")
    with pytest.raises(OSError, match="ended before its work was done"):
        await replayed(decided, processes=1)


async def test_orders_of_other_days_are_left_out(decided: Decided) -> None:
    assert (await replayed(decided, until=on(5))).orders == 1
    assert (await replayed(decided, until=on(5, 13))).orders == 2
    nothing = await replayed(decided, until=on(3))
    assert (nothing.orders, nothing.count, nothing.digest) == (0, 0, merkle.leaf_hash(b""))


async def test_an_order_that_waits_is_counted_and_keeps_its_place(decided: Decided) -> None:
    before = await replayed(decided)
    await decided.shop.report(order(9, on(9)))
    found = await replayed(decided)
    assert (found.orders, found.waiting, found.differing) == (5, 1, 0)
    assert found.digest == merkle.root_of([before.digest, merkle.leaf_hash(b"")])


def _place(number: int) -> str:
    return f"conversion_id = (SELECT id FROM conversions WHERE order_id = '{number:05}')"


FLIPPED = "substr({0}, 1, 40) || chr(ascii(substr({0}, 41, 1)) # 1) || substr({0}, 42)"
DAMAGES = [
    ("receipts", f"facts = {FLIPPED.format('facts')}", 1, "Decision 1 on the sale 00001"),
    ("receipts", "facts = replace(facts, '5000', '5001')", 1, "facts of another order"),
    ("receipts", "facts = '{}'", 1, "cannot be decided again: its facts are damaged"),
    ("receipts", "facts = ' ' || facts", 1, "has the root [0-9a-f]{64}, which does not stand over"),
    ("receipts", "root = set_byte(root, 7, get_byte(root, 7) # 1)", 2, "00002 has the root"),
    ("receipts", "salt = set_byte(salt, 31, get_byte(salt, 31) # 1)", 3, "00003 has the root"),
    ("decisions", "outcome = 'unattributed'", 1, "stored as unattributed by position_based"),
    ("decisions", "model = 'linear'", 1, "stored as attributed by linear"),
    ("decisions", "bound_to = NULL", 2, "stored as bound to None; its facts give cnv_"),
    ("decisions", "candidates = jsonb_set(candidates, '{0,reason}', '\"x\"')", 2, "00002 lists other"),
    ("decisions", "candidates = '7'", 2, "00002 lists other candidates"),
    ("conversions", "net_minor = 4999", 1, "facts of another order"),
]


@pytest.mark.parametrize(("table", "change", "number", "said"), DAMAGES, ids=[one[1][:40] for one in DAMAGES])
async def test_what_somebody_changed_is_found_and_named(
    decided: Decided, table: str, change: str, number: int, said: str
) -> None:
    where = _place(number).replace("conversion_id", "id" if table == "conversions" else "conversion_id")
    await decided.damage(table, f"UPDATE {table} SET {change} WHERE {where}")
    found = await replayed(decided)
    assert (found.differing, len(found.differences)) == (1, 1)
    assert f"{number:05}" in found.differences[0]
    assert re.search(said, found.differences[0]), found.differences[0]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM credits",
        "UPDATE credits SET weight_denominator = 3",
        "UPDATE credits SET weight_numerator = 2, weight_denominator = 4",
        "UPDATE credits SET touched_at = touched_at + interval '1 microsecond'",
        "UPDATE credits SET touch_id = gen_random_uuid()",
    ],
)
async def test_a_credit_that_somebody_changed_is_found_and_named(decided: Decided, change: str) -> None:
    radio = f"partnership_id = '{decided.radio.partnership_id}'"
    await decided.damage("credits", f"{change} WHERE {_place(1)} AND {radio}")
    found = await replayed(decided)
    assert found.differing == 1
    assert found.differences[0].startswith("Decision 1 on the sale 00001 is stored with the credits ")
    assert f"1/2 to {decided.radio.partner_id}" in found.differences[0].partition("; its facts give ")[2]


async def test_no_byte_of_the_facts_can_change_unseen(decided: Decided) -> None:
    for stored in await stored_of(decided):
        facts = (stored.facts or "").encode()
        unseen = [
            n
            for n in range(len(facts))
            if rules.difference(
                msgspec.structs.replace(
                    stored, facts=(facts[:n] + bytes([facts[n] ^ 1]) + facts[n + 1 :]).decode()
                )
            )
            is None
        ]
        assert unseen == []


async def test_two_receipts_that_change_places_are_found(decided: Decided) -> None:
    _, _, one, other, _ = await stored_of(decided)  # bob's and cleo's first, neither of which has a touch
    swapped = msgspec.structs.replace(one, facts=other.facts, salt=other.salt, root=other.root)
    assert "facts of another order" in (rules.difference(swapped) or "")


async def test_a_decision_from_before_there_were_receipts_is_counted_and_not_called_wrong(
    decided: Decided,
) -> None:
    owner = await decided.owner.connect("owner")
    await owner.execute("ALTER TABLE decisions DROP CONSTRAINT has_its_receipt")
    await owner.close()
    await decided.damage("receipts", f"DELETE FROM receipts WHERE {_place(4)} AND rev = 1")
    await decided.damage("receipts", f"DELETE FROM receipts WHERE {_place(1)}")
    await decided.damage(
        "undecided_conversions",
        "INSERT INTO undecided_conversions SELECT id FROM conversions WHERE order_id = '00001'",
    )
    found = await replayed(decided)
    assert (found.count, found.without_receipt, found.differing) == (5, 2, 0)
    assert "2 from before there were receipts" in found.line


async def test_a_receipt_that_is_gone_is_found_and_named(decided: Decided) -> None:
    owner = await decided.owner.connect("owner")
    await owner.execute("ALTER TABLE decisions DROP CONSTRAINT has_its_receipt")
    await owner.close()
    await decided.damage("receipts", f"DELETE FROM receipts WHERE {_place(3)}")
    found = await replayed(decided)
    assert found.differences == ("Decision 1 on the sale 00003 stands and has no receipt.",)


async def test_ten_differences_are_put_into_words_and_all_are_counted(decided: Decided) -> None:
    await decided.shop.report(*(order(n, on(8) + days(0.01) * n) for n in range(10, 22)))
    await actions.decide_pending()
    owner = await decided.owner.connect("owner")
    await owner.execute("ALTER TABLE decisions DISABLE TRIGGER USER; UPDATE decisions SET model = 'x'")
    await owner.close()
    found = await replayed(decided)
    assert (found.differing, len(found.differences)) == (17, 10)
    assert found.line.startswith("17 decisions on 16 orders replayed: 17 differing; digest ")
    assert await connections.pool().fetchval("SELECT count(*) FROM receipts") == 17
