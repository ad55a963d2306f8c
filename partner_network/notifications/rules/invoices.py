"""What is told about invoices that an advertiser asked for."""

from partner_network.kernel.sentences import Sentence
from partner_network.notifications.rules.kinds import MONEY, Kind, roles

_FACTS = (
    (Sentence("Invoice"), "number"),
    (Sentence("Amount"), "amount"),
    (Sentence("Due"), "due"),
)
_PAY = Sentence("Pay the invoice")

KINDS = (
    Kind(
        key="invoice-open",
        group=MONEY,
        name=Sentence("An invoice waits for your brand’s payment"),
        subject=Sentence("Invoice {number} over {amount}: pay it by {due}"),
        says=(
            Sentence(
                "You asked for it to fund approved statements. It is paid on Stripe’s page, by the ways that "
                "stand there; once its money has settled, partners are paid."
            ),
        ),
        facts=_FACTS,
        button=_PAY,
        page="/payments",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="invoice-overdue",
        group=MONEY,
        name=Sentence("An invoice is overdue"),
        subject=Sentence("Invoice {number} over {amount} was to be paid by {due}"),
        says=(
            Sentence(
                "Partners wait for it. Pay it on Stripe’s page, or call it off and pay by the saved payment "
                "method."
            ),
        ),
        facts=_FACTS,
        button=_PAY,
        page="/payments",
        at_brand=roles("owner finance"),
    ),
)
