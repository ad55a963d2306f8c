"""A client of the simulator that holds each answer to Stripe's description, and the network's cast."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx

from partner_network.sandbox.stripe_simulator import process
from tests.sandbox.stripe_simulator.description import Description, Json

KEY = "sk_test_of_the_tests"
SECRET = "whsec_of_the_tests"


class Simulator:
    """A client of the simulator that checks each answer; `post` sends forms to v1 and JSON to v2."""

    def __init__(self, address: str, description: Description) -> None:
        self.address = address
        self.http = httpx.Client(base_url=address, trust_env=False, verify=False)  # noqa: S501 -- no certificates on loopback
        self._description = description
        self.partners: list[str] = []

    def get(
        self, path: str, params: Mapping[str, str | int] | None = None, *, account: str | None = None
    ) -> Json:
        return self.call("GET", path, params=params, account=account).json()

    def post(
        self, path: str, body: Json | None = None, *, key: str | None = None, account: str | None = None
    ) -> Json:
        return self.call("POST", path, body, key=key, account=account).json()

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        key: str | None = None,
        params: Mapping[str, str | int] | None = None,
        account: str | None = None,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {KEY}"} | ({} if key is None else {"Idempotency-Key": key})
        headers |= {} if account is None else {"Stripe-Account": account}
        content = None
        if method == "POST":
            content = json.dumps(body or {}) if path.startswith("/v2") else urlencode(body or {})
        answer = self.http.request(method, path, content=content, params=params, headers=headers)
        self._description.check_answer(method, path, answer.status_code, answer.json())
        return answer

    def control(self, name: str, body: Json | None = None) -> Json:
        """Use one of the simulator's own controls."""
        answer = self.http.post(f"/_simulator/{name}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pass_days(self, days: int) -> int:
        """Let days pass, and with them what banks and cards take; return Stripe's time."""
        return self.control("clock", {"advance_s": days * 86_400})["now"]

    def available(self, account: str | None = None, currency: str = "usd") -> int:
        """Read what the platform or a connected account can spend."""
        parts = self.get("/v1/balance", account=account)["available"]
        return sum(part["amount"] for part in parts if part["currency"] == currency)

    def transactions(self, account: str | None = None, **filters: str) -> list[tuple[str, int, int]]:
        """Read balance transactions, oldest first: type, amount and fee."""
        page = self.get("/v1/balance_transactions", {"limit": 100} | filters, account=account)
        return [(one["type"], one["amount"], one["fee"]) for one in page["data"][::-1]]

    def told(self, *kinds: str) -> list[str]:
        """Read which of these events were told, oldest first."""
        page = self.get("/v1/events", {"limit": 100})
        return [one["type"] for one in page["data"][::-1] if one["type"].startswith(kinds)]

    def bank_debit(self, number: str, amount: int = 10_000) -> Json:
        """Pay from a test IBAN, or from a test account at a US bank."""
        kind, field = (
            ("sepa_debit", "iban") if number.startswith("DE") else ("us_bank_account", "account_number")
        )
        more = {"billing_details[name]": "Nadia's Records", "billing_details[email]": "nadia@records.example"}
        method = self.post("/v1/payment_methods", {"type": kind, f"{kind}[{field}]": number} | more)
        currency = "eur" if kind == "sepa_debit" else "usd"
        return self.post("/v1/payment_intents", payment(amount, card=method["id"], currency=currency))

    def books(self) -> Json:
        return self.http.get("/_simulator/books").json()

    def customer(self) -> str:
        return self.post("/v1/customers", {"name": "Nadia's Records", "email": "nadia@records.example"})["id"]

    def draft(self, customer: str, *, currency: str = "usd", kinds: tuple[str, ...] = ("card",)) -> Json:
        """Make a draft of an invoice that asks for nothing yet."""
        types = {f"payment_settings[payment_method_types][{n}]": kind for n, kind in enumerate(kinds)}
        return self.post("/v1/invoices", drafted(customer, currency) | types)

    def invoice(
        self,
        amount: int,
        *,
        customer: str | None = None,
        currency: str = "usd",
        kinds: tuple[str, ...] = ("card",),
    ) -> Json:
        """Send an invoice."""
        customer = customer or self.customer()
        draft = self.draft(customer, currency=currency, kinds=kinds)
        item = {"customer": customer, "invoice": draft["id"], "amount": amount, "currency": currency}
        self.post("/v1/invoiceitems", item | {"description": "Statements"})
        self.post(f"/v1/invoices/{draft['id']}/finalize", {"auto_advance": "false"})
        return self.post(f"/v1/invoices/{draft['id']}/send")

    def pay_invoice(self, invoice: Json, method: str) -> int:
        """Pay on the hosted page, as a person does; return its status."""
        return self.http.post(invoice["hosted_invoice_url"], data={"method": method}).status_code

    def fund(self, amount: int, *, card: str = "pm_card_bypassPending", currency: str = "usd") -> Json:
        """Bring money in."""
        return self.post("/v1/payment_intents", payment(amount, card=card, currency=currency))

    def recipient(self, *, onboarded: bool = True, name: str = "Vinyl Weekly") -> str:
        """Open an account; it may receive transfers once onboarded."""
        account_id = self.post("/v2/core/accounts", recipient(name))["id"]
        if onboarded:
            self.http.post(self.onboarding_page(account_id))
        return account_id

    def onboarding_page(self, account_id: str) -> str:
        link = {
            "account": account_id,
            "use_case": {
                "type": "account_onboarding",
                "account_onboarding": {
                    "return_url": "http://127.0.0.1/back",
                    "refresh_url": "http://127.0.0.1/again",
                },
            },
        }
        return self.post("/v2/core/account_links", link)["url"]

    def transfer(
        self, amount: int, to: str, *, group: str = "pay_1", key: str | None = None
    ) -> httpx.Response:
        return self.call("POST", "/v1/transfers", transfer(amount, to, group=group), key=key)


def payment(amount: int, *, card: str = "pm_card_bypassPending", currency: str = "usd") -> Json:
    return {
        "amount": amount,
        "currency": currency,
        "payment_method": card,
        "confirm": "true",
        "off_session": "true",
        "metadata[statement]": "stm_1",
    }


def drafted(customer: str, currency: str = "usd") -> Json:
    return {
        "customer": customer,
        "collection_method": "send_invoice",
        "days_until_due": 14,
        "auto_advance": "false",
        "pending_invoice_items_behavior": "exclude",
        "currency": currency,
        "metadata[funding_id]": "fnd_1",
    }


def transfer(amount: int, to: str, *, group: str = "pay_1") -> Json:
    return {"amount": amount, "currency": "usd", "destination": to, "transfer_group": group}


def recipient(name: str) -> Json:
    return {
        "contact_email": "money@vinyl.example",
        "display_name": name,
        "dashboard": "express",
        "identity": {"country": "us", "entity_type": "company"},
        "configuration": {
            "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
        },
        "include": ["configuration.recipient"],
    }


@contextmanager
def playing(
    state: Path, description: Description, *, webhook_url: str | None = None, fee_ppm: int = 0
) -> Generator[Simulator]:
    """Run a simulator of one's own on a state file."""
    with process.running(state, webhook_url=webhook_url, webhook_secret=SECRET, fee_ppm=fee_ppm) as address:
        simulator = Simulator(address, description)
        try:
            yield simulator
        finally:
            simulator.http.close()
