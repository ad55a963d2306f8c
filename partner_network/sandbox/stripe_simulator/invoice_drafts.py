"""What a new invoice is, and how it may be paid."""

from partner_network.sandbox.stripe_simulator import methods
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

DAY_S = 86_400
# What the hosted page and the controls can play.
METHODS = ("card", "customer_balance", "sepa_debit", "us_bank_account")


def kinds_of(invoice: Json) -> list[str]:
    """Name the ways to pay it: those it was made with, else all that its currency allows."""
    chosen = invoice["payment_settings"]["payment_method_types"]
    currency = invoice["currency"]
    return chosen or [kind for kind in METHODS if methods.CURRENCIES.get(kind, currency) == currency]


def draft(call: Call, customer: Json, days: int) -> Json:
    """Write a draft that asks for nothing yet."""
    invoice_id, now = new_id("in"), call.now()
    return {
        "id": invoice_id,
        "object": "invoice",
        "account_country": "DE",
        "account_name": "Network",
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": "manual",
        "collection_method": "send_invoice",
        "created": now,
        "currency": call.currency(),
        "custom_fields": None,
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": None,
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": call.text("description"),
        "discounts": [],
        "due_date": now + days * DAY_S,
        "effective_at": None,
        "ending_balance": None,
        "footer": call.text("footer"),
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": {"object": "list", "data": [], "has_more": False, "url": f"/v1/invoices/{invoice_id}/lines"},
        "livemode": False,
        "metadata": call.table("metadata"),
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": None,
        "payment_settings": _settings(call),
        "period_end": now,
        "period_start": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": dict.fromkeys(
            ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
        ),
        "subscription": None,
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": None,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": None,
    }


def _settings(call: Call) -> Json:
    given = call.tree("payment_settings")
    kinds = given.get("payment_method_types")
    if kinds is not None and (not isinstance(kinds, list) or not set(map(str, kinds)) <= set(METHODS)):  # pyright: ignore[reportUnknownArgumentType]  # a form's list is of anything
        raise RefusedError(
            f"The simulator only plays these ways to pay an invoice: {', '.join(METHODS)}.",
            param="payment_settings[payment_method_types]",
        )
    options = given.get("payment_method_options")
    return {
        "default_mandate": None,
        "payment_method_options": options if isinstance(options, dict) else None,
        "payment_method_types": kinds,
    }
