from typing import Any

from partner_network.identity.web.requests import WITHOUT_SESSION
from tests.agreements.cast import Cast
from tests.attacks.routes import UNSAFE, doors, everything

MACHINES_OWN = {"/stripe/webhooks", "/unsubscribe/{token:str}"}
"""Who comes here brings no cookie but a signature, which only Stripe or a letter's reader has."""
AUDIT = ("audit_records", "unsealed_audit_records")
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_no_page_of_another_site_can_change_anything_with_a_persons_cookie(cast: Cast) -> None:
    await cast.draft()
    victims = {"shop": cast.shop, "partner": cast.partner, "manager": cast.manager}
    for victim in victims.values():
        del victim.client.headers["x-csrf-token"]
    before = await everything(cast.network)
    sessions = await cast.network.owner.fetchval("SELECT count(*) FROM sessions")

    changing = [door for door in doors(cast.network.app) if door.method in UNSAFE]
    for door in changing:
        if door.opt.get(WITHOUT_SESSION):
            assert door.path in MACHINES_OWN, f"{door.method} {door.path} asks for no token"
            continue
        for who, victim in victims.items():
            path = door.filled({"program": cast.program, "partnership": cast.partnership})
            ways: tuple[dict[str, Any], ...] = (
                {"content": b"csrf_token=guessed", "headers": FORM},
                {"json": {}},
                {},
            )
            for sent in ways:
                answer = await victim.client.request(door.method, path, **sent)
                assert answer.status_code == 403, f"{who}: {door.method} {path}"
                assert "not of your present session" in answer.text

    assert len(changing) > 60
    assert await everything(cast.network) == before
    assert await cast.network.owner.fetchval("SELECT count(*) FROM sessions") == sessions


async def test_reading_needs_no_token_and_changes_nothing_but_the_audit_trail(cast: Cast) -> None:
    agreement = await cast.draft()
    known = {"program": cast.program, "partnership": cast.partnership, "agreement": agreement["id"]}
    before = await everything(cast.network, but=AUDIT)

    for door in doors(cast.network.app):
        if door.method == "GET" and not door.path.startswith("/payout-account/"):
            answer = await cast.shop.get(door.filled(known))
            assert answer.status_code < 500, f"{door.path}: {answer.text[:200]}"

    assert await everything(cast.network, but=AUDIT) == before
