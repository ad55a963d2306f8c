"""What the back office calls statuses, kinds of lines, roles and periods; a page translates it."""

from collections.abc import Mapping
from types import MappingProxyType

from partner_network.kernel.sentences import Sentence
from partner_network.ledger.rules import AccountKind
from partner_network.statements.rules import LineKind, Status

STATEMENT: Mapping[Status, Sentence] = MappingProxyType(
    {
        "draft": Sentence("to prepare"),
        "issued": Sentence("to approve"),
        "approved": Sentence("approved"),
        "part_paid": Sentence("partly paid"),
        "paid": Sentence("paid"),
        "carried": Sentence("carried"),
    }
)
"""A statement's status as what it waits for."""

LINE: Mapping[LineKind, Sentence] = MappingProxyType(
    {
        "earned": Sentence("Commissions earned"),
        "bonus": Sentence("Bonuses"),
        "reversed": Sentence("Reversed"),
        "adjustment": Sentence("Adjustments"),
        "late": Sentence("Reported late"),
        "recovered": Sentence("Recovered clawbacks"),
        "tax": Sentence("Tax"),
        "netted": Sentence("Netted"),
        "paid": Sentence("Paid"),
        "returned": Sentence("Returned"),
        "held": Sentence("Held back"),
        "released": Sentence("Let go"),
    }
)
"""What a line of a statement, or the sum of such lines, is called."""

ACCOUNT: Mapping[AccountKind, Sentence] = MappingProxyType(
    {
        "cash": Sentence("Cash at Stripe"),
        "recv": Sentence("Owed by advertisers"),
        "clawback_due": Sentence("Clawbacks due from partners"),
        "chargeback": Sentence("Payments that banks took back"),
        "stripe_fees": Sentence("Stripe’s fees"),
        "writeoff": Sentence("Clawbacks written off"),
        "prepaid": Sentence("Prepaid by advertisers"),
        "pay_pending": Sentence("Commissions not matured"),
        "pay_held": Sentence("Commissions held"),
        "pay_disputed": Sentence("Commissions in dispute"),
        "pay": Sentence("Commissions payable"),
        "pay_funded": Sentence("Commissions funded"),
        "payout_clearing": Sentence("Payouts under way"),
        "clawback_owed": Sentence("Clawbacks owed to advertisers"),
        "own": Sentence("The network’s own money"),
        "credit_granted": Sentence("Credit granted"),
        "credit_customers": Sentence("Credit of customers"),
        "credit_partner": Sentence("Credit of partners"),
    }
)
"""What a kind of account is called."""

ROLE: Mapping[str, Sentence] = MappingProxyType(
    {
        "owner": Sentence("owner"),
        "marketer": Sentence("marketer"),
        "finance": Sentence("finance"),
        "developer": Sentence("developer"),
        "viewer": Sentence("viewer"),
        "manager": Sentence("manager"),
        "admin": Sentence("admin"),
    }
)

HOME: Mapping[str, Sentence] = MappingProxyType(
    {
        "manager": Sentence("Partnerships"),
        "finance": Sentence("Month-end"),
        "admin": Sentence("How the network runs"),
    }
)
"""What the home of each job is called."""

PARTNERSHIP: Mapping[str, Sentence] = MappingProxyType(
    {
        "applied": Sentence("applied"),
        "invited": Sentence("invited"),
        "in_review": Sentence("in review"),
        "active": Sentence("active"),
        "paused": Sentence("paused"),
        "ended": Sentence("ended"),
        "declined": Sentence("declined"),
    }
)

PAYOUT: Mapping[str, Sentence] = MappingProxyType(
    {
        "held": Sentence("held"),
        "reserved": Sentence("reserved"),
        "submitting": Sentence("submitting"),
        "unknown": Sentence("unknown"),
        "accepted": Sentence("accepted"),
        "settled": Sentence("settled"),
        "failed": Sentence("failed"),
        "reversed": Sentence("reversed"),
    }
)

EACH: Mapping[str, Sentence] = MappingProxyType(
    {
        "month": Sentence("each month"),
        "quarter": Sentence("each quarter"),
        "year": Sentence("each year"),
    }
)
"""How often a statement is made."""

EVENT: Mapping[str, Sentence] = MappingProxyType(
    {"lead": Sentence("lead"), "sale": Sentence("sale"), "activation": Sentence("activation")}
)

STRUCTURE: Mapping[str, Sentence] = MappingProxyType(
    {
        "graduated": Sentence("graduated"),
        "retroactive": Sentence("retroactive"),
        "flat": Sentence("flat"),
    }
)
