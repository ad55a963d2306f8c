"""What is told about statements, payments, payouts and objections to them."""

from partner_network.kernel.sentences import Sentence
from partner_network.notifications.rules.kinds import MONEY, QUALITY, Kind, roles

_STATEMENT = (Sentence("Statement"), "number")
_PERIOD = (Sentence("Period"), "period")
_AMOUNT = (Sentence("Amount"), "amount")
_PAYEE = (Sentence("Payee"), "payee")
_PAYER = (Sentence("Payer"), "payer")
_OPEN = Sentence("Open the statement")
_PAY_IN = Sentence("Pay in")
_MINE, _OFFICE = "/statements/{statement}", "/admin/statements/{statement}"

KINDS = (
    Kind(
        key="payment-needed",
        group=MONEY,
        name=Sentence("Your brand has to pay in"),
        subject=Sentence("Please pay in {amount} for your partners"),
        says=(
            Sentence(
                "Approved statements wait for this amount, the oldest is {number}. Partners are paid then."
            ),
        ),
        facts=(_STATEMENT, _AMOUNT),
        button=_PAY_IN,
        page="/",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="payment-failed",
        group=MONEY,
        name=Sentence("A payment of your brand failed"),
        subject=Sentence("Your payment of {amount} failed"),
        says=(Sentence("Nothing was booked. The reason given: {reason}"),),
        facts=(_AMOUNT, (Sentence("Reason"), "reason")),
        button=Sentence("Check the payment method"),
        page="/payment-method",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="payment-settled",
        group=MONEY,
        name=Sentence("A payment of your brand has arrived"),
        subject=Sentence("Your payment of {amount} has arrived"),
        says=(Sentence("It now pays what is approved, the oldest statement first."),),
        facts=(_AMOUNT,),
        button=Sentence("See the statements"),
        page="/statements",
        at_brand=roles("owner finance"),
        mail="daily",
    ),
    Kind(
        key="payout-sent",
        group=MONEY,
        name=Sentence("A payout is on its way"),
        subject=Sentence("{amount} from {payer} is on its way to you"),
        says=(Sentence("Stripe has accepted the transfer for statement {number}."),),
        facts=(_STATEMENT, _PAYER, _AMOUNT),
        button=_OPEN,
        page=_MINE,
        at_brand=roles("owner finance"),
        mail="daily",
    ),
    Kind(
        key="payout-paid",
        group=MONEY,
        name=Sentence("A payout has arrived"),
        subject=Sentence("{amount} from {payer} has arrived"),
        says=(Sentence("The payout for statement {number} stands on your account at Stripe."),),
        facts=(_STATEMENT, _PAYER, _AMOUNT),
        button=_OPEN,
        page=_MINE,
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="payout-held",
        group=MONEY,
        name=Sentence("A payout is held"),
        subject=Sentence("A payout of {amount} to {payee} is held"),
        says=(Sentence("The money is safe and waits. The reason: {reason}"),),
        facts=(_STATEMENT, _AMOUNT, (Sentence("Reason"), "reason")),
        button=Sentence("See what to do"),
        page="/payout-account",
        page_at_operator="/admin/payouts/{payout}",
        at_brand=roles("owner finance"),
        at_operator=roles("finance"),
    ),
    Kind(
        key="month-closed",
        group=MONEY,
        name=Sentence("A month is closed"),
        subject=Sentence("{period} is closed"),
        says=(Sentence("{count} statements were made; those that need a signature wait on your page."),),
        facts=(_PERIOD, (Sentence("Statements"), "count")),
        button=Sentence("See the statements"),
        page="/admin/statements",
        at_operator=roles("finance"),
        mail="daily",
        is_sent=False,
    ),
    Kind(
        key="commission-held",
        group=MONEY,
        name=Sentence("Commissions of your brand are held"),
        subject=Sentence("{amount} from {advertiser} is held"),
        says=(
            Sentence(
                "The network holds {count} of your commissions back until it lets them go. "
                "They stay yours and are not paid meanwhile. The reason: {reason}"
            ),
        ),
        facts=(_AMOUNT, (Sentence("Commissions"), "count"), (Sentence("Reason"), "reason")),
        button=Sentence("See what is held"),
        page="/held",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="commission-released",
        group=MONEY,
        name=Sentence("Held commissions of your brand are let go"),
        subject=Sentence("{amount} from {advertiser} is let go"),
        says=(
            Sentence(
                "The network has let {count} of your commissions go. What has matured stands on the next "
                "statement. The reason: {reason}"
            ),
        ),
        facts=(_AMOUNT, (Sentence("Commissions"), "count"), (Sentence("Reason"), "reason")),
        button=Sentence("See your statements"),
        page="/statements",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="clawback-made",
        group=MONEY,
        name=Sentence("Matured commission of your brand is taken back"),
        subject=Sentence("{advertiser} takes back {amount}"),
        says=(
            Sentence(
                "It is deducted from statements of periods that end after {until}. Until then you can "
                "contest it. "
                "The reason: {reason}"
            ),
        ),
        facts=(_AMOUNT, (Sentence("Commissions"), "count"), (Sentence("Reason"), "reason")),
        button=Sentence("Read or contest it"),
        page="/held",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="clawback-lapsed",
        group=MONEY,
        name=Sentence("What was to be taken back lapses at the end of a partnership"),
        subject=Sentence("{amount} between {advertiser} and {partner} lapses"),
        says=(
            Sentence(
                "Their partnership has ended, and no statement is left from which it could be taken. "
                "{advertiser} bears it; {partner} is not asked to pay it back."
            ),
        ),
        facts=(_AMOUNT, (Sentence("Commissions"), "count")),
        button=Sentence("See what lapsed"),
        page="/held",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="clawback-written-off",
        group=MONEY,
        name=Sentence("The network bears what was to be taken back at the end of a partnership"),
        subject=Sentence("{amount} between {advertiser} and {partner} is borne by the network"),
        says=(
            Sentence(
                "Their partnership has ended, and no statement is left from which it could be taken. "
                "The network bears it: {advertiser} has it on its prepaid account; {partner} is not asked to "
                "pay it back."
            ),
        ),
        facts=(_AMOUNT, (Sentence("Commissions"), "count")),
        button=Sentence("See what lapsed"),
        page="/held",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="write-off-proposed",
        group=MONEY,
        name=Sentence("A write-off waits for another person"),
        subject=Sentence("{proposer} proposes that the network bears {amount}"),
        says=(
            Sentence(
                "It is due of {partner} to {advertiser} and may be left at the end of their partnership. "
                "Until somebody else in finance decides, it does not lapse. The reason: {reason}"
            ),
        ),
        facts=(_AMOUNT, (Sentence("Reason"), "reason")),
        button=Sentence("Decide on it"),
        page="/admin/write-offs",
        at_operator=roles("finance"),
    ),
    Kind(
        key="commission-adjusted",
        group=MONEY,
        name=Sentence("A commission of your brand is adjusted"),
        subject=Sentence("Order {order}: {amount} by an adjustment"),
        says=(Sentence("The network decided it, and later computations keep it. The reason: {reason}"),),
        facts=((Sentence("Order"), "order"), _AMOUNT, (Sentence("Reason"), "reason")),
        button=Sentence("See the commission"),
        page="/conversions/{conversion}/commission",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="clawback-contested",
        group=QUALITY,
        name=Sentence("A clawback is contested"),
        subject=Sentence("{partner} contests a clawback of {amount}"),
        says=(Sentence("It is not recovered before you decide. The reason given: {reason}"),),
        facts=(_AMOUNT, (Sentence("Reason"), "reason")),
        button=Sentence("Decide"),
        page="/admin/held",
        at_operator=roles("manager"),
    ),
    Kind(
        key="contest-decided",
        group=QUALITY,
        name=Sentence("A contest of your brand is decided"),
        subject=Sentence("Your contest of {amount} is decided: {decision}"),
        says=(Sentence("The reason given: {reason}"),),
        facts=(_AMOUNT, (Sentence("Decision"), "decision"), (Sentence("Reason"), "reason")),
        button=Sentence("See what is held and taken back"),
        page="/held",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="dispute-opened",
        group=QUALITY,
        name=Sentence("A line is disputed"),
        subject=Sentence("{opener} disputes a line of statement {number}"),
        says=(
            Sentence("The amount in question stays out of payment until it is decided. The reason: {reason}"),
        ),
        facts=(_STATEMENT, _AMOUNT, (Sentence("Reason"), "reason")),
        button=Sentence("Look at the dispute"),
        page="/disputes/{dispute}",
        page_at_operator="/admin/disputes/{dispute}",
        at_brand=roles("owner finance"),
        at_operator=roles("manager"),
        is_sent=False,
    ),
    Kind(
        key="dispute-answered",
        group=QUALITY,
        name=Sentence("A dispute is answered"),
        subject=Sentence("There is an answer in the dispute about statement {number}"),
        says=(Sentence("{author} writes: {answer}"),),
        facts=(_STATEMENT, _AMOUNT),
        button=Sentence("Look at the dispute"),
        page="/disputes/{dispute}",
        page_at_operator="/admin/disputes/{dispute}",
        at_brand=roles("owner finance"),
        at_operator=roles("manager"),
        is_sent=False,
    ),
    Kind(
        key="dispute-decided",
        group=QUALITY,
        name=Sentence("A dispute is decided"),
        subject=Sentence("The dispute about statement {number} is decided"),
        says=(Sentence("The decision: {decision}. An appeal goes to another person."),),
        facts=(_STATEMENT, _AMOUNT, (Sentence("Decision"), "decision")),
        button=Sentence("Read the decision"),
        page="/disputes/{dispute}",
        page_at_operator="/admin/disputes/{dispute}",
        at_brand=roles("owner finance"),
        at_operator=roles("manager"),
        is_sent=False,
    ),
)
