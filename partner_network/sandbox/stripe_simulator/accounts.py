"""Connected accounts by API v2, as recipients of transfers."""

from collections.abc import Mapping
from typing import Any, cast

from partner_network.sandbox.stripe_simulator import countries, events
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

KIND = "v2.core.account"
# API v2 answers null for these unless `include` names them.
INCLUDABLE = (
    "configuration.customer",
    "configuration.merchant",
    "configuration.recipient",
    "defaults",
    "future_requirements",
    "identity",
    "requirements",
)
TEXTS = ("contact_email", "contact_phone", "dashboard", "display_name")
PLAYED = frozenset({*TEXTS, "configuration", "defaults", "identity", "include", "metadata"})
CAPABILITY_CHANGED = "v2.core.account[configuration.recipient].capability_status_updated"
WHY_NOT = {
    "pending": {"code": "requirements_pending_verification", "resolution": "no_resolution"},
    "rejected": {"code": "rejected_other", "resolution": "contact_stripe"},
    "restricted": {"code": "requirements_past_due", "resolution": "provide_info"},
    "unsupported": {"code": "unsupported_country", "resolution": "no_resolution"},
}


def create(call: Call) -> Json:
    """Answer `POST /v2/core/accounts`."""
    _must_be_played(call)
    account: Json = {
        "id": new_id("acct"),
        "object": KIND,
        "applied_configurations": [],
        "closed": False,
        "configuration": {"customer": None, "merchant": None, "recipient": None},
        "created": events.instant(call.now()),
        "defaults": {
            "currency": None,
            "locales": None,
            "profile": None,
            "responsibilities": {"requirements_collector": "stripe"},
        },
        "future_requirements": None,
        "identity": None,
        "livemode": False,
        "metadata": {},
        "requirements": {"entries": []},
        **dict.fromkeys(TEXTS),
    }
    _apply(call, account)
    if account["configuration"]["recipient"] is not None and not (account["identity"] or {}).get("country"):
        raise RefusedError(
            "Identity country is required when requesting this configuration.",
            code="identity_country_required",
        )
    call.state.put(account)
    events.tell_thin(call, "v2.core.account.created", account["id"])
    return shown(account, call.texts("include"))


def retrieve(call: Call) -> Json:
    """Answer `GET /v2/core/accounts/{id}`."""
    call.takes("include")
    return shown(_account(call), call.texts("include"))


def listed(call: Call) -> Json:
    """Answer `GET /v2/core/accounts`, newest first."""
    call.takes("closed", "limit", "page")
    closed = call.text("closed") == "true"
    accounts = [
        account for account in call.state.select(KIND, {}, order="DESC") if account["closed"] is closed
    ]
    query = "closed=true&" if closed else ""
    page = events.page_of(call, accounts, url=f"/v2/core/accounts?{query}")
    return page | {"data": [shown(account, []) for account in page["data"]]}


def update(call: Call) -> Json:
    """Answer `POST /v2/core/accounts/{id}`."""
    _must_be_played(call)
    account = _account(call)
    if account["closed"]:
        raise RefusedError("This account is closed and can no longer be updated.", code="account_closed")
    _apply(call, account)
    call.state.put(account)
    events.tell(call, "account.updated", snapshot(account), account=account["id"])
    events.tell_thin(call, "v2.core.account.updated", account["id"])
    return shown(account, call.texts("include"))


def close(call: Call) -> Json:
    """Answer `POST /v2/core/accounts/{id}/close`: from here on no transfer reaches it."""
    call.takes("applied_configurations")
    account = _account(call)
    if account["closed"]:
        raise RefusedError("This account is already closed.", code="account_closed")
    call.state.put(account | {"closed": True})
    account["closed"] = True
    events.tell(call, "account.updated", snapshot(account), account=account["id"])
    events.tell_thin(call, "v2.core.account.closed", account["id"])
    return shown(account, [])


def activate(call: Call, account_id: str) -> Json:
    """Finish onboarding: what the hosted page does once the partner has told Stripe who it is."""
    return decide(call, account_id, "active")


def decide(call: Call, account_id: str, status: str) -> Json:
    """Review an account: what it may do from now on, why not, and what it has to hand in."""
    account = _known(call, account_id)
    if account["closed"]:
        raise RefusedError("This account is closed and can no longer be updated.", code="account_closed")
    previous = snapshot(account)["capabilities"]
    transfers = _stripe_transfers(account)
    if transfers is not None:
        details = [] if status == "active" else [WHY_NOT[status]]
        transfers |= {"status": status, "status_details": details}
    account["requirements"] = {"entries": [_due_requirement()] if status == "restricted" else []}
    call.state.put(account)
    events.tell(
        call, "account.updated", snapshot(account), account=account_id, previous={"capabilities": previous}
    )
    events.tell_thin(call, CAPABILITY_CHANGED, account_id)
    events.tell_thin(call, "v2.core.account[requirements].updated", account_id)
    return account


def tell(call: Call, account_id: str) -> None:
    """Say that something about an account changed."""
    events.tell(call, "account.updated", snapshot(_known(call, account_id)), account=account_id)


def country_of(account: Json) -> str:
    """Tell where an account is, as two capitals; the United States when it never said."""
    country = (account["identity"] or {}).get("country")
    return country.upper() if isinstance(country, str) and country else "US"


def currency_of(country: str) -> str:
    """Tell in what currency a country's banks are paid."""
    return countries.CURRENCIES.get(country, "usd")


def transfers_status(account: Json) -> str | None:
    """Tell whether an account may receive transfers: `active`, `restricted`, or None if it never asked."""
    transfers = _stripe_transfers(account)
    return None if transfers is None else transfers["status"]


def snapshot(account: Json) -> Json:
    """Show an account as API v1 does in the events that older listeners hear."""
    active = transfers_status(account) == "active" and not account["closed"]
    return {
        "id": account["id"],
        "object": "account",
        "business_type": (account["identity"] or {}).get("entity_type"),
        "capabilities": {"transfers": "active" if active else "inactive"},
        "charges_enabled": False,
        "country": ((account["identity"] or {}).get("country") or "").upper() or None,
        "details_submitted": active,
        "email": account["contact_email"],
        "metadata": account["metadata"],
        "payouts_enabled": active,
    }


def shown(account: Json, include: list[str]) -> Json:
    """Answer with an account: all that `include` does not name is null."""
    for name in include:
        if name not in INCLUDABLE:
            raise RefusedError(f"Invalid value for include: {name}", code="invalid_fields")
    answer = account | {name: None for name in INCLUDABLE if "." not in name and name not in include}
    parts = {name.partition(".")[2] for name in include if name.startswith("configuration.")}
    configuration = account["configuration"]
    answer["configuration"] = {part: configuration[part] if part in parts else None for part in configuration}
    return answer if parts else answer | {"configuration": None}


def _known(call: Call, account_id: str) -> Json:
    account = call.state.find(account_id, kind=KIND)
    if account is None:
        raise RefusedError(f"No such account: '{account_id}'", status=404, code="not_found")
    return account


def _account(call: Call) -> Json:
    return _known(call, call.object_id)


def _stripe_transfers(account: Json) -> Json | None:
    recipient = account["configuration"]["recipient"] or {}
    return recipient.get("capabilities", {}).get("stripe_balance", {}).get("stripe_transfers")


def _must_be_played(call: Call) -> None:
    for name in call.params:
        if name not in PLAYED:
            raise RefusedError(f"The simulator does not play the field '{name}'.", code="invalid_fields")
    others = set(_table(call.params, "configuration")) - {"recipient"}
    if others:
        raise RefusedError(
            f"The simulator only plays recipients, not {sorted(others)}.", code="invalid_fields"
        )


def _apply(call: Call, account: Json) -> None:
    account |= {name: call.text(name) for name in TEXTS if name in call.params}
    account["metadata"] |= _table(call.params, "metadata")
    if "identity" in call.params:
        identity = (account["identity"] or {}) | _table(call.params, "identity")
        if not isinstance(identity.get("country", ""), str):
            raise RefusedError("The field 'identity.country' must be a text.", code="invalid_fields")
        account["identity"] = identity
    given = _table(call.params, "defaults")
    responsibilities = account["defaults"]["responsibilities"] | _table(given, "responsibilities")
    account["defaults"] |= given | {"responsibilities": responsibilities}
    configuration = _table(call.params, "configuration")
    if "recipient" in configuration:
        _request_transfers(account, _table(configuration, "recipient"))


def _request_transfers(account: Json, recipient: Json) -> None:
    wish = _table(_table(_table(recipient, "capabilities"), "stripe_balance"), "stripe_transfers")
    current = account["configuration"]["recipient"] or {"applied": True, "capabilities": {}}
    if wish.get("requested") is True and _stripe_transfers(account) is None:
        _must_be_reachable(account)
        account["requirements"] = {"entries": [_due_requirement()]}
        current["capabilities"] = {
            "stripe_balance": {
                "stripe_transfers": {"status": "restricted", "status_details": [WHY_NOT["restricted"]]}
            }
        }
    elif wish.get("requested") is False:
        current["capabilities"] = {}
    account["configuration"]["recipient"] = current
    account["applied_configurations"] = ["recipient"]


def _must_be_reachable(account: Json) -> None:
    country = (account["identity"] or {}).get("country")
    if isinstance(country, str) and country and country.upper() not in countries.CURRENCIES:
        raise RefusedError(
            f"The capability stripe_balance.stripe_transfers is not available in {country.upper()}.",
            code="capability_not_available_in_country",
        )


def _due_requirement() -> Json:
    due = {"status": "past_due"}
    transfers = {
        "capability": "stripe_balance.stripe_transfers",
        "configuration": "recipient",
        "deadline": due,
    }
    return {
        "awaiting_action_from": "user",
        "description": "identity.attestations.terms_of_service.account",
        "errors": [],
        "impact": {"restricts_capabilities": [transfers]},
        "minimum_deadline": due,
        "requested_reasons": [{"code": "routine_onboarding"}],
    }


def _table(params: Mapping[str, Any], name: str) -> Json:
    value = params.get(name)
    if value is not None and not isinstance(value, dict):
        raise RefusedError(f"The field '{name}' must be an object.", code="invalid_fields")
    return cast("Json", value or {})
