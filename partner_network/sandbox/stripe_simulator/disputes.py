"""Disputes of charges: a card holder's, and debits that a bank returns after they succeeded."""

from partner_network.sandbox.stripe_simulator import books, charges, events, lists, refusals
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError
from partner_network.sandbox.stripe_simulator.state import new_id

DAY_S = 86_400
ANSWER_WITHIN_S = 14 * DAY_S
DECIDED_AFTER_S = 30 * DAY_S
# Stripe's fee for a card dispute; a returned debit costs 1000. In minor units of the charge.
CARD_FEE, RETURN_FEE = 1_500, 1_000
EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt", "refund_policy",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
    "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation",
    "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip
OPEN = ("needs_response", "under_review")
# What Stripe's test mode reads in `uncategorized_text`.
VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}


def open_dispute(call: Call, charge: Json, *, reason: str) -> Json:
    """Take a charge's money back for the one who paid; a returned debit is lost at once, without appeal."""
    left = charge["amount"] - charge["amount_refunded"]
    if charge["disputed"] or charge["status"] != "succeeded" or left <= 0:
        raise RefusedError("Only what was paid, and not yet returned or disputed, can be disputed.")
    is_card = charges.outside(charge) == books.CARD_NETWORKS
    dispute = _dispute(call, charge, amount=left, reason=reason, is_card=is_card)
    _withdraw(call, charge, dispute, fee=CARD_FEE if is_card else RETURN_FEE)
    charge |= {"disputed": True}
    call.state.put(charge)
    call.state.put(dispute)
    events.tell(call, "charge.dispute.created", dispute)
    events.tell(call, "charge.dispute.funds_withdrawn", dispute)
    if not is_card:
        return decide(call, dispute, "lost")
    call.state.plan("dispute_expires", dispute["id"], due_at=dispute["evidence_details"]["due_by"])
    return dispute


def update(call: Call) -> Json:
    """Answer `POST /v1/disputes/{id}`: submitted evidence is decided by its words, as in test mode."""
    call.takes("evidence", "expand", "metadata", "submit")
    dispute = call.state.find(call.object_id, kind="dispute")
    if dispute is None:
        raise refusals.no_such("dispute", call.object_id, param="dispute", status=404)
    dispute["metadata"] |= call.table("metadata")
    evidence = call.tree("evidence")
    if evidence and dispute["status"] != "needs_response":
        raise RefusedError("This dispute is already closed or under review.", stored=True)
    for name, text in evidence.items():
        if name not in EVIDENCE or not isinstance(text, str):
            raise refusals.unknown(f"evidence[{name}]")
        dispute["evidence"][name] = text
    if evidence and call.text("submit") != "false":
        dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1}
        dispute["status"] = "under_review"
        due_at = call.now() + DECIDED_AFTER_S
        call.state.plan("dispute_expires", dispute["id"], due_at=due_at)
    call.state.put(dispute)
    events.tell(call, "charge.dispute.updated", dispute)
    verdict = VERDICTS.get(dispute["evidence"]["uncategorized_text"] or "")
    if verdict is not None and dispute["status"] == "under_review":
        dispute = decide(call, dispute, verdict)
    return lists.expand(call.state, dispute, call.texts("expand"))


def expire(call: Call, dispute: Json) -> None:
    """Let the days pass: what nobody answered, or nobody won, is lost."""
    if dispute["status"] in OPEN:
        decide(call, dispute, "lost")


def decide(call: Call, dispute: Json, verdict: str) -> Json:
    """Close a dispute: lost, or won with the money and Stripe's fee given back."""
    if dispute["status"] not in OPEN:
        raise RefusedError("This dispute is already closed.")
    dispute |= {"status": verdict}
    if verdict == "won":
        taken = dispute["balance_transactions"][0]
        back = books.record(
            call.state,
            kind="adjustment",
            category="dispute_reversal",
            source=dispute,
            amount=-taken["amount"],
            fee=-taken["fee"],
            description=f"Chargeback reversal for {dispute['charge']}",
        )
        books.post(call.state, back, against=charges.outside(call.state.get(dispute["charge"])))
        dispute["balance_transactions"] = [taken, back]
        charge = call.state.get(dispute["charge"])
        call.state.put(charge | {"disputed": True})
    call.state.put(dispute)
    events.tell(call, "charge.dispute.closed", dispute)
    if verdict == "won":
        events.tell(call, "charge.dispute.funds_reinstated", dispute)
    return dispute


def _withdraw(call: Call, charge: Json, dispute: Json, *, fee: int) -> None:
    taken = books.record(
        call.state,
        kind="adjustment",
        category="dispute",
        source=dispute,
        amount=-dispute["amount"],
        fee=fee,
        description=f"Chargeback withdrawal for {charge['id']}",
    )
    books.post(call.state, taken, against=charges.outside(charge))
    dispute["balance_transactions"] = [taken]


def _dispute(call: Call, charge: Json, *, amount: int, reason: str, is_card: bool) -> Json:
    dispute: Json = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": call.now() + ANSWER_WITHIN_S if is_card else None,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }
    if is_card:
        card = {
            "brand": "visa",
            "case_type": "chargeback",
            "network": "visa",
            "network_reason_code": "10.4",
        }
        dispute["payment_method_details"] = {"card": card, "type": "card"}
    return dispute
