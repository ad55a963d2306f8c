"""Account links and the hosted page behind them, where a partner tells Stripe who it is."""

import html
from datetime import UTC, datetime, timedelta
from typing import cast

from partner_network.sandbox.stripe_simulator import accounts, banks, events
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

KIND = "account_link"
LINK_LIVES_S = 300
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Stripe simulator: onboarding</title></head>
<body>
<main>
<h1>{name}</h1>
<p>This page plays Stripe's hosted onboarding. Nothing here is real, and no details are asked for.</p>
<form method="post"><button type="submit">Complete onboarding</button></form>
<form method="post" action="{token}/abandonment"><button type="submit">Leave without finishing</button></form>
</main>
</body>
</html>
"""


def create_link(call: Call) -> Json:
    """Answer `POST /v2/core/account_links` with a page on the simulator itself."""
    call.takes("account", "use_case")
    account_id, use_case = call.required_text("account"), call.params.get("use_case")
    if not isinstance(use_case, dict) or use_case.get("type") != "account_onboarding":
        raise RefusedError(
            "The simulator only plays links of the type account_onboarding.", code="invalid_fields"
        )
    onboarding = cast("Json", use_case).get("account_onboarding")
    addresses = onboarding if isinstance(onboarding, dict) else {}
    refresh_url = addresses.get("refresh_url")
    return_url = addresses.get("return_url", refresh_url)
    if not isinstance(refresh_url, str) or not isinstance(return_url, str):
        raise RefusedError("The field 'refresh_url' must be an address.", code="invalid_fields")
    account = call.state.find(account_id, kind=accounts.KIND)
    if account is None:
        raise RefusedError(f"No such account: '{account_id}'", status=404, code="not_found")
    if account["closed"]:
        raise RefusedError("This account is closed.", code="account_closed")
    token = new_id("setup")
    expires_at = call.now() + LINK_LIVES_S
    call.state.put(
        {
            "id": token,
            "account": account_id,
            "expires_at": expires_at,
            "opened": False,
            "used": False,
            "refresh_url": refresh_url,
            "return_url": return_url,
        },
        kind=KIND,
    )
    expiry = datetime.fromtimestamp(0, UTC) + timedelta(seconds=expires_at)
    return {
        "object": "v2.core.account_link",
        "account": account_id,
        "created": events.instant(call.now()),
        "expires_at": expiry.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "livemode": False,
        "url": f"http://127.0.0.1:{call.settings.port}/setup/s/{token}",
        "use_case": use_case,
    }


def page(call: Call) -> tuple[str | None, str]:
    """Show the page, once, or send a spent link to the refresh address: (where to go, what to show)."""
    link = _link(call)
    if link["used"] or link["opened"] or link["expires_at"] <= call.now():
        return link["refresh_url"], ""
    call.state.put(link | {"opened": True}, kind=KIND)
    account = call.state.find(link["account"], kind=accounts.KIND) or {}
    name = html.escape(account.get("display_name") or link["account"])
    return None, PAGE.format(name=name, token=link["id"])


def complete(call: Call) -> str:
    """Press the button: the account becomes active, the link is spent; return where to go next."""
    link = _link(call)
    if link["used"] or link["expires_at"] <= call.now():
        return link["refresh_url"]
    _give_a_bank(call, link["account"])
    accounts.activate(call, link["account"])
    call.state.put(link | {"used": True}, kind=KIND)
    return link["return_url"]


def abandon(call: Call) -> str:
    """Leave without finishing: the link is spent, the account as it was; return where to go next."""
    link = _link(call)
    if link["used"] or link["expires_at"] <= call.now():
        return link["refresh_url"]
    call.state.put(link | {"used": True}, kind=KIND)
    return link["return_url"]


def _give_a_bank(call: Call, account_id: str) -> None:
    # The real page asks for one; this one is always good.
    country = accounts.country_of(call.state.get(account_id))
    if not banks.of(call.state, account_id):
        currency, last4 = ("usd", "6789") if country == "US" else (accounts.currency_of(country), "3000")
        banks.add(call.state, account_id, currency=currency, country=country, last4=last4, is_default=True)


def _link(call: Call) -> Json:
    link = call.state.find(call.object_id, kind=KIND)
    if link is None:
        raise RefusedError("This onboarding link does not exist.", status=404, code="not_found")
    return link
