from tests.sandbox.stripe_simulator.client import Simulator
from tests.sandbox.stripe_simulator.description import Json


def ids(page: Json) -> list[str]:
    """Read the ids of a page."""
    return [item["id"] for item in page["data"]]


def test_a_transfer_moves_available_money_to_its_destination(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    made = simulator.transfer(3_000, partner).json()
    assert (made["amount"], made["destination"], made["reversed"]) == (3_000, partner, False)
    assert simulator.get("/v1/balance")["available"][0]["amount"] == 2_000
    books = simulator.books()
    assert books["transferred"] == {partner: {"usd": 3_000}}
    assert books["transfers"] == {"usd": {"count": 1, "amount": 3_000}}
    assert books["balances"] == {
        "available": {"usd": 2_000},
        "card_networks": {"usd": -5_000},
        partner: {"usd": 3_000},
    }


def test_a_transfer_writes_a_balance_transaction(simulator: Simulator) -> None:
    simulator.fund(5_000)
    made = simulator.transfer(3_000, simulator.recipient()).json()
    (written,) = simulator.get("/v1/balance_transactions", {"source": made["id"]})["data"]
    assert (written["id"], written["type"], written["amount"]) == (
        made["balance_transaction"],
        "transfer",
        -3_000,
    )


def test_more_than_is_available_is_refused_and_moves_nothing(simulator: Simulator) -> None:
    simulator.fund(5_000)
    simulator.fund(5_000, card="pm_card_visa")
    partner = simulator.recipient()
    answer = simulator.transfer(5_001, partner)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "balance_insufficient")
    assert simulator.transfer(5_000, partner).status_code == 200
    assert simulator.get("/v1/balance")["available"][0]["amount"] == 0


def test_money_in_another_currency_does_not_help(simulator: Simulator) -> None:
    simulator.fund(5_000, currency="eur")
    assert simulator.transfer(1_000, simulator.recipient()).json()["error"]["code"] == "balance_insufficient"


def test_an_account_that_has_not_finished_onboarding_receives_nothing(simulator: Simulator) -> None:
    simulator.fund(5_000)
    answer = simulator.transfer(1_000, simulator.recipient(onboarded=False))
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        400,
        "insufficient_capabilities_for_transfer",
    )


def test_a_closed_or_unknown_account_is_no_destination(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    simulator.post(f"/v2/core/accounts/{partner}/close")
    for destination in (partner, "acct_unheard_of"):
        answer = simulator.transfer(1_000, destination)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["param"]) == (400, "resource_missing", "destination")


def test_a_list_is_filtered_by_destination_and_group(simulator: Simulator) -> None:
    simulator.fund(5_000)
    one, other = simulator.recipient(), simulator.recipient()
    first = simulator.transfer(100, one, group="pay_1").json()["id"]
    second = simulator.transfer(100, one, group="pay_2").json()["id"]
    third = simulator.transfer(100, other, group="pay_1").json()["id"]
    assert ids(simulator.get("/v1/transfers")) == [third, second, first]
    assert ids(simulator.get("/v1/transfers", {"destination": one})) == [second, first]
    assert ids(simulator.get("/v1/transfers", {"transfer_group": "pay_1"})) == [third, first]
    assert ids(simulator.get("/v1/transfers", {"transfer_group": "pay_1", "destination": one})) == [first]


def test_a_cursor_walks_both_ways(simulator: Simulator) -> None:
    simulator.fund(5_000)
    partner = simulator.recipient()
    made = [simulator.transfer(100, partner).json()["id"] for _ in range(5)][::-1]
    page = simulator.get("/v1/transfers", {"limit": 2})
    assert (ids(page), page["has_more"]) == (made[:2], True)
    page = simulator.get("/v1/transfers", {"limit": 2, "starting_after": made[1]})
    assert (ids(page), page["has_more"]) == (made[2:4], True)
    page = simulator.get("/v1/transfers", {"limit": 2, "starting_after": made[3]})
    assert (ids(page), page["has_more"]) == (made[4:], False)
    page = simulator.get("/v1/transfers", {"limit": 2, "ending_before": made[3]})
    assert (ids(page), page["has_more"]) == (made[1:3], True)


def test_an_unknown_cursor_or_a_page_too_long_is_refused(simulator: Simulator) -> None:
    for params in (
        {"starting_after": "tr_unheard_of"},
        {"limit": 101},
        {"limit": 0},
        {"created[gte]": "today"},
    ):
        assert simulator.call("GET", "/v1/transfers", params=params).status_code == 400


def test_a_list_is_filtered_by_time(simulator: Simulator) -> None:
    simulator.fund(5_000)
    made = simulator.transfer(100, simulator.recipient()).json()
    created = made["created"]
    assert ids(simulator.get("/v1/transfers", {"created[gte]": created})) == [made["id"]]
    assert ids(simulator.get("/v1/transfers", {"created": created})) == [made["id"]]
    assert ids(simulator.get("/v1/transfers", {"created[gt]": created})) == []


def test_a_transfer_is_read_by_its_id(simulator: Simulator) -> None:
    simulator.fund(5_000)
    made = simulator.transfer(100, simulator.recipient()).json()
    assert simulator.get(f"/v1/transfers/{made['id']}") == made
    assert simulator.call("GET", "/v1/transfers/tr_unheard_of").status_code == 404
