"""What is told about statements while people sign them off."""

from partner_network.kernel.sentences import Sentence
from partner_network.notifications.rules.kinds import MONEY, Kind, roles

_STATEMENT = (Sentence("Statement"), "number")
_AMOUNT = (Sentence("Amount"), "amount")
_PAYEE = (Sentence("Payee"), "payee")
_PAYER = (Sentence("Payer"), "payer")
_OPEN = Sentence("Open the statement")
_MINE, _OFFICE = "/statements/{statement}", "/admin/statements/{statement}"

KINDS = (
    Kind(
        key="statement-to-prepare",
        group=MONEY,
        name=Sentence("A statement waits to be prepared"),
        subject=Sentence("Statement {number} waits to be prepared"),
        says=(
            Sentence("The close has computed it. Read its lines and sign it off; another person approves."),
        ),
        facts=(_STATEMENT, _PAYER, _PAYEE, _AMOUNT),
        button=Sentence("Prepare it"),
        page=_OFFICE,
        at_operator=roles("finance"),
        mail="daily",
    ),
    Kind(
        key="statement-to-approve",
        group=MONEY,
        name=Sentence("A statement waits for approval"),
        subject=Sentence("Statement {number} waits for approval"),
        says=(Sentence("{preparer} has prepared it; somebody else approves it. Then it can be paid."),),
        facts=(_STATEMENT, _PAYER, _PAYEE, _AMOUNT),
        button=Sentence("Read and approve"),
        page=_OFFICE,
        at_operator=roles("finance"),
    ),
    Kind(
        key="statement-approved-once",
        group=MONEY,
        name=Sentence("A large statement waits for its second approval"),
        subject=Sentence("Statement {number} waits for a second approval"),
        says=(
            Sentence("{approver} has approved it. It is above the limit, so another person approves it too."),
        ),
        facts=(_STATEMENT, _PAYER, _PAYEE, _AMOUNT),
        button=Sentence("Read and approve"),
        page=_OFFICE,
        at_operator=roles("finance"),
    ),
    Kind(
        key="statement-issued",
        group=MONEY,
        name=Sentence("A statement that your brand will pay is issued"),
        subject=Sentence("Statement {number}: {amount} to {payee}"),
        says=(
            Sentence("Read it before it is approved. If a line is wrong, object to it there with a reason."),
        ),
        facts=(_STATEMENT, _PAYEE, _AMOUNT),
        button=_OPEN,
        page=_MINE,
        at_brand=roles("owner finance"),
        mail="daily",
    ),
    Kind(
        key="statement-objected",
        group=MONEY,
        name=Sentence("A payer objects to a line of a statement"),
        subject=Sentence("{payer} objects to a line of statement {number}"),
        says=(Sentence("The statement is not approved before you answer. The reason given: {reason}"),),
        facts=(_STATEMENT, _PAYEE, (Sentence("Reason"), "reason")),
        button=Sentence("Read and answer"),
        page=_OFFICE,
        at_operator=roles("finance"),
    ),
    Kind(
        key="objection-answered",
        group=MONEY,
        name=Sentence("An objection to a line of a statement is answered"),
        subject=Sentence("The objection to a line of statement {number} is answered: {decision}"),
        says=(Sentence("The reason given: {reason}"),),
        facts=(_STATEMENT, (Sentence("Decision"), "decision"), (Sentence("Reason"), "reason")),
        button=_OPEN,
        page=_MINE,
        at_brand=roles("owner finance"),
    ),
    Kind(
        key="statement-approved",
        group=MONEY,
        name=Sentence("A statement for your brand is approved"),
        subject=Sentence("Statement {number}: {amount} from {payer}"),
        says=(
            Sentence(
                "The statement for {payee} is issued and approved. It is paid as soon as {payer} has paid in."
            ),
        ),
        facts=(_STATEMENT, _PAYER, _AMOUNT),
        button=_OPEN,
        page=_MINE,
        at_brand=roles("owner finance"),
    ),
)
