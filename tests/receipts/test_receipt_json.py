"""The JSON of a receipt, and the check that its reader makes."""

import hashlib
from typing import Any

from tests.receipts.stage import Stage, brand


def root_by_hand(told: dict[str, Any]) -> str:
    """Compute the root as a reader would, with nothing of ours but the answer."""
    hashes = [bytes.fromhex(one) for one in told["hashes"]]
    for leaf in told["leaves"]:
        if leaf["content"] is not None:
            salted = bytes.fromhex(leaf["salt"]) + leaf["content"].encode()
            assert hashes[leaf["n"]] == hashlib.sha256(b"\x00" + salted).digest()
    while len(hashes) > 1:
        paired = [
            hashlib.sha256(b"\x01" + hashes[n] + hashes[n + 1]).digest() for n in range(0, len(hashes) - 1, 2)
        ]
        hashes = paired + hashes[len(paired) * 2 :]
    return hashes[0].hex()


async def test_the_advertiser_sees_every_candidate_with_its_reason_and_clause(last_click: Stage) -> None:
    told = (await (await last_click.seen_by(None)).get(last_click.path)).json()
    assert (told["order_id"], told["outcome"], told["model"]) == ("00001", "attributed", "last_click")
    by_partner = {one["partner"]: one for one in told["candidates"]}
    club = by_partner[brand(last_click.club)]
    assert club["reason"].startswith("clicked 4 d 03 h before the sale; the window ")
    assert " 2 d" in club["reason"]
    assert (club["verdict"], club["clause"]) == ("excluded", "3.2")
    assert by_partner[brand(last_click.radio)]["verdict"] == "credited"
    assert by_partner[brand(last_click.radio)]["clause"] == "3.8"
    assert [(one["weight"], one["share_minor"]) for one in told["credits"]] == [("1", 5_000)]


async def test_what_stands_is_what_deciding_again_gives(last_click: Stage) -> None:
    told = (await (await last_click.seen_by(None)).get(last_click.path)).json()
    assert told["proof"] == {"decided_again_is_same": True, "root_is_same": True}
    assert root_by_hand(told) == told["root"]


async def test_each_candidate_partner_computes_the_same_root_from_its_own_part(linear: Stage) -> None:
    roots = set[str]()
    for partner in (linear.blog, linear.radio, linear.club, None):
        told = (await (await linear.seen_by(partner)).get(linear.path)).json()
        roots |= {root_by_hand(told), told["root"]}
        assert told["proof"] == {"decided_again_is_same": True, "root_is_same": True}
    assert len(roots) == 1
