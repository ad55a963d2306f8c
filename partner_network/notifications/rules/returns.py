"""What is told about money that came back or stays out, and about cases that finance has to clear up."""

from partner_network.kernel.sentences import Sentence
from partner_network.notifications.rules.kinds import MONEY, Kind, roles

_AMOUNT = (Sentence("Amount"), "amount")
_REASON = (Sentence("Reason"), "reason")

KINDS = (
    Kind(
        key="case-opened",
        group=MONEY,
        name=Sentence("A case about money is opened"),
        subject=Sentence("A case about money waits for you"),
        says=(Sentence("Somebody has to clear it up and close it with a reason. What was found: {reason}"),),
        button=Sentence("See the cases"),
        page="/admin/cases",
        at_operator=roles("finance"),
    ),
    Kind(
        key="payment-returned",
        group=MONEY,
        name=Sentence("A bank took a payment of your brand back"),
        subject=Sentence("Your payment of {amount} was taken back"),
        says=(
            Sentence(
                "What it paid for has to be paid again. Until then nothing is sent to your partners. "
                "The reason given: {reason}"
            ),
        ),
        facts=(_AMOUNT, _REASON),
        button=Sentence("Pay in"),
        page="/",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="prepaid-returned",
        group=MONEY,
        name=Sentence("Unused prepaid money is given back"),
        subject=Sentence("{amount} of your prepaid money is on its way back"),
        says=(
            Sentence(
                "Nothing had used it. It goes to where your newest payments came from; a bank may take some "
                "days."
            ),
        ),
        facts=(_AMOUNT,),
        button=Sentence("See what was given back"),
        page="/balances",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="prepaid-return-failed",
        group=MONEY,
        name=Sentence("A bank did not take prepaid money that was given back"),
        subject=Sentence("{amount} of your prepaid money came back to us"),
        says=(
            Sentence(
                "The bank or card that it went to did not take it. It is prepaid again, and the network’s "
                "finance asks you where it should go."
            ),
        ),
        facts=(_AMOUNT,),
        button=Sentence("See what was given back"),
        page="/balances",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="payout-returned",
        group=MONEY,
        name=Sentence("A payout came back"),
        subject=Sentence("{amount} of a payout from {payer} came back"),
        says=(
            Sentence(
                "Stripe has taken back part or all of the transfer for statement {number}. "
                "The money is safe and is sent again."
            ),
        ),
        facts=((Sentence("Statement"), "number"), (Sentence("Payer"), "payer"), _AMOUNT),
        button=Sentence("Open the statement"),
        page="/statements/{statement}",
        at_brand=roles("owner finance"),
        at_operator=roles("finance"),
        page_at_operator="/admin/payouts/{payout}",
    ),
    Kind(
        key="bank-refused",
        group=MONEY,
        name=Sentence("Your bank refused a payout"),
        subject=Sentence("Your bank refused a payout from Stripe"),
        says=(
            Sentence(
                "The money stands on your account at Stripe. Update your bank details there, and Stripe "
                "sends it again. Your bank said: {reason}"
            ),
        ),
        facts=(_REASON,),
        button=Sentence("Update the bank details"),
        page="/payout-account",
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="program-unfunded",
        group=MONEY,
        name=Sentence("A program is paused, since its brand has not paid in"),
        subject=Sentence("{program} is paused until {advertiser} has paid in"),
        says=(
            Sentence(
                "Approved statements have waited too long to be funded. What was earned stays earned, your "
                "links lead on and orders keep counting; whether you go on promoting meanwhile is yours to "
                "decide. We tell you when {advertiser} has paid in."
            ),
        ),
        facts=((Sentence("Program"), "program"), (Sentence("Advertiser"), "advertiser")),
        button=Sentence("Open my statements"),
        page="/statements",
        at_brand=roles("owner marketer finance"),
        at_operator=roles("finance"),
        page_at_operator="/admin/statements",
    ),
    Kind(
        key="program-must-be-funded",
        group=MONEY,
        name=Sentence("Your program is paused, since statements were not funded in time"),
        subject=Sentence("{program} is paused until {amount} is paid in"),
        says=(
            Sentence(
                "Statement {number} was approved and not funded within the days of the contract. No partner "
                "can be invited until it is; your partners have been told. What they earn stays owed. Pay "
                "in, and the program goes on by itself."
            ),
        ),
        facts=((Sentence("Statement"), "number"), _AMOUNT),
        button=Sentence("Pay in"),
        page="/",
        at_brand=roles("owner marketer finance"),
    ),
    Kind(
        key="program-funded-again",
        group=MONEY,
        name=Sentence("A paused program goes on"),
        subject=Sentence("{program} goes on: {advertiser} has paid in"),
        says=(Sentence("All statements that were due are funded, and what they say is on its way."),),
        facts=((Sentence("Program"), "program"), (Sentence("Advertiser"), "advertiser")),
        button=Sentence("Open my statements"),
        page="/statements",
        at_brand=roles("owner marketer finance"),
        at_operator=roles("finance"),
        page_at_operator="/admin/statements",
    ),
)
