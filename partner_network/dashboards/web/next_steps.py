"""What a brand's people do next, in the order of what waits behind it: one list for every home."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec

from partner_network.dashboards.queries.owed import Debt
from partner_network.dashboards.queries.standing import Paused, Standing, Waiting
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel import ids
from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.payouts import rules as payouts


class NextStep(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do: what, why, where; or who else does it, where this person may not."""

    title: Sentence
    why: Sentence
    label: Sentence
    href: str
    is_mine: bool
    pays_minor: int = 0
    """What the button pays in, where it is a payment, in minor units of ``currency``."""
    currency: str = ""


def steps_for(member: Member, standing: Standing, debts: Sequence[Debt]) -> list[NextStep]:
    """Return what waits for a brand, the most urgent first, what this person may do before the rest."""
    found = [
        *_invitations(member, standing.invitations),
        *_signatures(member, standing.to_sign),
        *_paused(member, standing.paused),
        *_payments(member, standing, debts),
        *_statements(member, standing.to_read),
        *_introduction(member, standing),
        *_first_links(member, standing.without_link),
    ]
    if not any(step.is_mine for step in found):
        found.insert(0, _idle(member, standing))
    return sorted(found, key=lambda step: not step.is_mine)  # stable: the order within each stays


def _idle(member: Member, standing: Standing) -> NextStep:
    """Return what is worth doing when nothing waits for this person."""
    title = Sentence("Nothing waits for you")
    if not (standing.promotes or standing.advertises):
        return NextStep(
            title=title,
            why=Sentence("A partnership begins with an invitation; ask the network’s manager for one."),
            label=Sentence("See your agreements"),
            href="/agreements",
            is_mine=True,
        )
    if standing.promotes and permissions.may(member, "manage links"):
        return NextStep(
            title=title,
            why=Sentence("Put your best link where your customers see it, or make another."),
            label=Sentence("Make a link"),
            href="/links#new",
            is_mine=True,
        )
    if permissions.may(member, "read money"):
        return NextStep(
            title=title,
            why=Sentence("Every amount on a statement leads to the clause it follows from."),
            label=Sentence("Read your statements"),
            href="/statements",
            is_mine=True,
        )
    return NextStep(
        title=title,
        why=Sentence("What both sides promised each other stands in your agreements."),
        label=Sentence("See your agreements"),
        href="/agreements",
        is_mine=True,
    )


def _invitations(member: Member, waiting: Sequence[Waiting]) -> Iterator[NextStep]:
    is_mine = permissions.may(member, "accept partnerships")
    for one in waiting:
        yield NextStep(
            title=Sentence(
                "{brand} invites you to promote “{program}”", brand=one.brand, program=one.program
            ),
            why=Sentence("If you accept, terms are drafted; nothing binds you before you sign them.")
            if is_mine
            else Sentence("An owner or marketer of your brand answers it."),
            label=Sentence("Answer the invitation"),
            href="/agreements",
            is_mine=is_mine,
        )


def _signatures(member: Member, waiting: Sequence[Waiting]) -> Iterator[NextStep]:
    is_mine = permissions.may(member, "sign agreements")
    for one in waiting:
        yield NextStep(
            title=Sentence("An agreement waits for your brand’s signature"),
            why=Sentence("With {brand}, for the program “{program}”.", brand=one.brand, program=one.program)
            if is_mine
            else Sentence(
                "With {brand}, for the program “{program}”. An owner of your brand signs.",
                brand=one.brand,
                program=one.program,
            ),
            label=Sentence("Read and sign"),
            href=f"/agreements/{ids.shown('agr', one.id)}",
            is_mine=is_mine,
        )


def _paused(member: Member, paused: Sequence[Paused]) -> Iterator[NextStep]:
    for one in paused:
        if one.is_own:
            yield NextStep(
                title=Sentence(
                    "Your program “{program}” is paused: statements were not funded in time",
                    program=one.program,
                ),
                why=Sentence(
                    "Nothing that partners earned is lost. It goes on by itself when what is due is paid in."
                ),
                label=Sentence("See what is due"),
                href="/?view=advertising#owed",
                is_mine=permissions.may(member, "fund payouts"),
            )
        else:
            yield NextStep(
                title=Sentence(
                    "“{program}” is paused: {brand} has not funded statements in time",
                    program=one.program,
                    brand=one.brand,
                ),
                why=Sentence(
                    "What you earned stays earned, and orders keep counting. Whether you go on promoting "
                    "meanwhile is yours to decide."
                ),
                label=Sentence("Read your statements"),
                href="/statements",
                is_mine=permissions.may(member, "read money"),
            )


def _payments(member: Member, standing: Standing, debts: Sequence[Debt]) -> Iterator[NextStep]:
    if not permissions.may(member, "read money"):
        return
    is_mine = permissions.may(member, "fund payouts")
    failed = standing.failed_payment
    if failed is not None:
        yield NextStep(
            title=Sentence(
                "Your payment of {amount} failed", amount=Money(failed.amount_minor, failed.currency)
            ),
            why=Sentence(
                "{day}: {failure}",
                day=failed.requested_at,
                failure=payouts.why_failed(failed.code, failed.failure),
            ),
            label=Sentence("Check the payment method"),
            href="/payment-method",
            is_mine=is_mine,
        )
    for one in standing.open_invoices:
        yield NextStep(
            title=Sentence(
                "An invoice over {amount} is to be paid by {day}",
                amount=Money(one.amount_minor, one.currency),
                day=one.due_at,
            ),
            why=Sentence("Partners are paid once its money has settled.")
            if is_mine
            else Sentence("A person of your brand’s finance pays this in."),
            label=Sentence("See the invoice"),
            href="/payments",
            is_mine=is_mine,
        )
    for debt in debts:
        missing = Money(debt.need.missing_minor, debt.currency)
        if not debt.need.missing_minor or debt.payment_under_way_minor:
            continue
        if standing.payment_method_id is None:
            yield NextStep(
                title=Sentence("{amount} is to be paid in for approved statements", amount=missing),
                why=Sentence("There is no payment method yet to pay it by.")
                if is_mine
                else Sentence("A person of your brand’s finance pays this in."),
                label=Sentence("Choose how to pay"),
                href="/payments",
                is_mine=is_mine,
            )
        else:
            yield NextStep(
                title=Sentence("{amount} is to be paid in for approved statements", amount=missing),
                why=Sentence("Once it has settled, everything it covers is sent out.")
                if is_mine
                else Sentence("A person of your brand’s finance pays this in."),
                label=Sentence("Pay {amount} by the saved payment method", amount=missing),
                href="/?view=advertising#owed",
                is_mine=is_mine,
                pays_minor=missing.minor,
                currency=missing.currency,
            )


def _statements(member: Member, waiting: Sequence[UUID]) -> Iterator[NextStep]:
    """Ask for a look at what is to be approved: afterwards the brand pays it."""
    if not waiting or not permissions.may(member, "object to statements"):
        return
    is_one = len(waiting) == 1
    yield NextStep(
        title=Sentence("A statement that you are to pay waits to be approved")
        if is_one
        else Sentence("Statements that you are to pay wait to be approved"),
        why=Sentence("Read it now: you may object to its lines for the days that the agreement gives you.")
        if is_one
        else Sentence("Read them now: you may object to lines for the days that the agreement gives you."),
        label=Sentence("Read the oldest statement"),
        href=f"/statements/{ids.shown('stm', waiting[0])}",
        is_mine=True,
    )


def _introduction(member: Member, standing: Standing) -> Iterator[NextStep]:
    if standing.can_be_paid or not (standing.promotes or standing.has_earned):
        return
    is_mine = permissions.may(member, "connect payouts")
    if standing.account_id:
        title = Sentence("Stripe still misses something of your brand")
        label = Sentence("Go on at Stripe")
    else:
        title = Sentence("You cannot be paid yet: Stripe does not know your brand")
        label = Sentence("Introduce yourself to Stripe")
    yield NextStep(
        title=title,
        why=Sentence("Payouts wait until Stripe knows who you are and where the money should go.")
        if is_mine
        else Sentence("An owner or a person of finance of your brand does it."),
        label=label,
        href="/payout-account",
        is_mine=is_mine,
    )


def _first_links(member: Member, waiting: Sequence[Waiting]) -> Iterator[NextStep]:
    is_mine = permissions.may(member, "manage links")
    for one in waiting:
        yield NextStep(
            title=Sentence("Make your first link to “{program}”", program=one.program),
            why=Sentence("What {brand} sells through it is credited to you.", brand=one.brand)
            if is_mine
            else Sentence("An owner or marketer of your brand makes it."),
            label=Sentence("Make a link"),
            href="/links#new",
            is_mine=is_mine,
        )
