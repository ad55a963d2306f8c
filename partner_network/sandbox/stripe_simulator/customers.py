"""Customers: whom a PaymentIntent charges."""

from partner_network.sandbox.stripe_simulator import events
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.state import new_id


def create(call: Call) -> Json:
    """Answer `POST /v1/customers`."""
    call.takes("description", "email", "expand", "metadata", "name", "phone")
    customer = call.state.put(
        {
            "id": new_id("cus"),
            "object": "customer",
            "address": None,
            "balance": 0,
            "created": call.now(),
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": call.text("description"),
            "discount": None,
            "email": call.text("email"),
            "invoice_prefix": new_id("inv")[-8:].upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": call.table("metadata"),
            "name": call.text("name"),
            "next_invoice_sequence": 1,
            "phone": call.text("phone"),
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        }
    )
    events.tell(call, "customer.created", customer)
    return customer
