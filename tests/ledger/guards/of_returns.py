"""What returns of unused prepaid money refuse."""

from tests.ledger.guards.beside import RETURNED
from tests.ledger.guards.forbidden import Guard, one
from tests.ledger.guards.named import ADA, AT, ID, NOBODY, entry

_OTHER = {**RETURNED, "refund_id": "'re_2'", "entry_id": entry("hold")}

RETURNS: list[Guard] = [
    one("prepaid_returns", "returned_by_two_people", decided_by=ADA),
    one("prepaid_returns", "decided_in_whole", decided_reason="NULL"),
    one("prepaid_returns", "returned_and_booked", refund_id="'re_2'"),
    one("prepaid_returns", "finished_when_over", finished_at=AT),
    one("prepaid_returns", "one_part_of_a_payment", ask_id=ID.format("69")),
    one("prepaid_returns", "prepaid_returns_amount_minor_check", amount_minor="0"),
    one("prepaid_returns", "prepaid_returns_status_check", status="'lost'"),
    one("prepaid_returns", "prepaid_returns_funding_id_fkey", funding_id=NOBODY),
    one("prepaid_returns", "came_back_once_given", came_back_at=AT),
    one("prepaid_returns", "prepaid_returns_asked_by_fkey", asked_by=NOBODY),
    one("prepaid_returns", "prepaid_returns_decided_by_fkey", decided_by=NOBODY),
    one("prepaid_returns", "prepaid_returns_entry_id_fkey", **{**_OTHER, "entry_id": "9999"}),
    one("prepaid_returns", "prepaid_returns_entry_id_key", **{**_OTHER, "entry_id": entry("accrue")}),
    one("prepaid_returns", "prepaid_returns_refund_id_key", **{**_OTHER, "refund_id": "'re_1'"}),
    one("prepaid_returns", "prepaid_returns_pkey", id=ID.format("61")),
]
