"""What write-offs refuse, and what they let be booked."""

from tests.ledger.guards.forbidden import Guard, changed, one
from tests.ledger.guards.named import ADA, ID, NOBODY
from tests.ledger.guards.written import Insert

_PROPOSED = {"status": "'proposed'", "decided_by": "NULL", "decided_at": "NULL", "decided_reason": "NULL"}

WRITE_OFFS: list[Guard] = [
    one("write_offs", "another_person_decides", decided_by=ADA),
    one("write_offs", "decided_in_whole", decided_reason="NULL"),
    one("write_offs", "one_live_write_off", **_PROPOSED),
    one("write_offs", "write_offs_limit_minor_check", limit_minor="0"),
    one("write_offs", "write_offs_status_check", status="'lost'"),
    one("write_offs", "write_offs_clawback_id_fkey", clawback_id="9999"),
    one("write_offs", "write_offs_proposed_by_fkey", proposed_by=NOBODY),
    one("write_offs", "write_offs_decided_by_fkey", decided_by=NOBODY),
    one("write_offs", "write_offs_pkey", id=ID.format("51")),
    changed("write_offs", "decided_for_good", "UPDATE write_offs SET reason = 'y'", "is decided for good"),
    # four were approved, and five are booked
    Guard(
        "clawback_settlements",
        "written_off_by_two_people",
        [Insert("clawback_settlements", {"kind": "'written_off'"})],
        says="nobody has approved",
    ),
]
