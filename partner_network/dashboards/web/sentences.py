"""What a page says about money: in which state it is, and what has to happen next."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from partner_network.dashboards.queries.next_payouts import NextPayout
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.payouts import rules as payouts
from partner_network.statements.queries import Statement

NOTHING_HELD: Mapping[UUID, str] = MappingProxyType({})


def state_of(statement: Statement) -> str:
    """Return a statement's state as people see it: between approved and paid lies funded."""
    if statement.status == "approved" and statement.payout_minor is not None:
        return "funded"
    return statement.status


def shown_state(statement: Statement, held: Mapping[UUID, str]) -> str:
    """Return a statement's state, or that its payout is held: what is held is not on its way."""
    return "held" if statement.id in held else state_of(statement)


def what_a_statement_waits_for(statement: Statement, held: Mapping[UUID, str]) -> str:
    """Say what must happen until a statement that is not paid yet is paid."""
    if statement.id in held:
        return payouts.why_held(held[statement.id])
    payer = statement.payer_name
    match state_of(statement):
        case "funded":
            return Sentence("It is funded and on its way.")
        case "draft":
            return Sentence(
                "What must happen: the network’s finance prepares it, another person approves it, "
                "{payer} funds it.",
                payer=payer,
            )
        case "issued":
            return Sentence(
                "What must happen: a second person of the network approves it, then {payer} funds it.",
                payer=payer,
            )
        case _:
            return Sentence(
                "What must happen: {payer} funds it, then it is sent to your account.", payer=payer
            )


_NEXT: Mapping[str, Sentence] = MappingProxyType(
    {
        "paid": Sentence("Nothing is left to do."),
        "part_paid": Sentence("A part of the transfer came back; the network sends it again."),
        "carried": Sentence("It goes on in the next statement."),
        "funded": Sentence("The transfer is on its way."),
        "approved": Sentence("Waits for you to pay it in."),
        "issued": Sentence("Waits until a second person of the network approves it."),
        "draft": Sentence("Waits until the network’s finance prepares it."),
    }
)


def next_of(statement: Statement, *, is_payee: bool, held: Mapping[UUID, str] = NOTHING_HELD) -> str:
    """Say in one line what a statement of any state waits for, as one of its two brands reads it."""
    if statement.id in held:
        return payouts.why_held(held[statement.id])
    state = state_of(statement)
    if state == "approved" and is_payee:
        return Sentence("Waits until {payer} funds it.", payer=statement.payer_name)
    return _NEXT[state]


def what_a_close_brings(coming: NextPayout) -> Sentence:
    """Say what becomes of the amount that the next close would state."""
    if coming.expected_minor == 0:
        return Sentence("Nothing is due by then as things stand.")
    if coming.expected_minor < coming.minimum_minor:
        minimum = Money(coming.minimum_minor, coming.currency)
        if coming.is_last:
            return Sentence(
                "Below the minimum of {minimum}, and paid all the same: it is the last statement.",
                minimum=minimum,
            )
        return Sentence(
            "Below the minimum of {minimum}: it would be carried to the statement after.", minimum=minimum
        )
    return Sentence("Then two people of the network sign it off, and {payer} funds it.", payer=coming.payer)
