"""Credit: every face computed again from facts and terms, every move from the one before it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import chain
from uuid import UUID

from partner_network.dashboards.verification import kinds, orders, perks
from partner_network.dashboards.verification.books import Books
from partner_network.dashboards.verification.explained import Explained
from partner_network.dashboards.verification.kinds import Kind
from partner_network.dashboards.verification.orders import Priced
from partner_network.dashboards.verification.reward_rows import RedemptionRow
from partner_network.kernel.errors import PartnerNetworkError
from partner_network.rewards.actions import post
from partner_network.rewards.queries import Held
from partner_network.rewards.rules import credit as rule
from partner_network.rewards.rules import moves as moving
from partner_network.rewards.rules import targets
from partner_network.rewards.rules.moves import Move, State
from partner_network.rewards.rules.targets import Earned, Key, Wanted

Customer = tuple[UUID, UUID]
"""A program and one who bought in it."""
Sales = dict[Customer, list[tuple[datetime, str]]]
"""When each customer bought, and by which order, in order."""


def check(books: Books, explained: Explained) -> Kind:
    """Compare every credit and perk with what facts and terms grant, and what is left with its moves."""
    waiting = kinds.more(len(books.rewards.waiting_customers), "customer", "for credit")
    found = f"granted, redeemed, lost and reached as facts and terms say{waiting}"
    count = len(books.rewards.credits) + len(books.rewards.entitled)
    priced, late = orders.by_partnership(books), waiting_customers(books)
    differences = chain(_differences(books, priced, late, explained), perks.differences(books, priced, late))
    return kinds.compared("rewards", count, found, differences)


def _differences(
    books: Books, priced_of: Mapping[UUID, Priced], waiting: set[Customer], explained: Explained
) -> Iterator[str]:
    wanted: dict[Key, Wanted] = {}
    sales = _sales(books)
    for partnership_id, priced in priced_of.items():
        try:
            wanted |= {one.key: one for one in _wanted(books, sales, partnership_id, priced)}
        except PartnerNetworkError as impossible:
            yield f"The credit of {_who(books, partnership_id)} cannot be computed: {impossible}"
    redeemed: defaultdict[UUID, list[tuple[Held, Move]]] = defaultdict(list)
    for one in books.rewards.credits:
        yield from _compared(books, one, wanted.pop(one.key, None), waiting)
        yield from _chain(books, one)
        yield from _booked(books, one, explained)
        for move in one.moves:
            if move.redemption_id is not None:
                redeemed[move.redemption_id].append((one, move))
    for key, left_over in wanted.items():
        if left_over.credit.face_minor and _customer(books, key[0]) not in waiting:
            yield f"Credit {key[3]!r} on the {books.order_name(key[0])} is missing; facts and terms grant it."
    for redemption in books.rewards.redemptions:
        yield from _redemption(redemption, redeemed.pop(redemption.id, []))
    for redemption_id in redeemed:
        yield f"Credit was redeemed by {redemption_id}, which nobody asked for."


def _wanted(books: Books, sales: Sales, partnership_id: UUID, priced: Priced) -> list[Wanted]:
    rewards = {version.key: books.terms_of[UUID(version.key)].rewards for version in priced.plan.versions}
    if not any(rewards.values()):
        return []
    earned: list[Earned] = []
    for order in priced.orders:
        one = books.conversion[priced.conversion_of[order.id]]
        places = sales.get((one.program_id, one.customer_id), [])
        later = len(places) - bisect_right(places, (one.occurred_at, one.order_id))
        earned.append(Earned(one.id, one.customer_id, order, later))
    return targets.rewards_of(earned, partnership_id, priced.plan, rewards)


def _compared(books: Books, one: Held, wanted: Wanted | None, waiting: set[Customer]) -> Iterator[str]:
    name = _named(books, one)
    if not one.moves:
        yield f"{name} was never granted: it has no move."
    if _customer(books, one.conversion_id) in waiting:
        return
    face = one.state.face_minor
    if (due := 0 if wanted is None else wanted.credit.face_minor) != face:
        yield f"{name} was granted for {face:,}; facts and terms give {due:,}."
    partnership = books.partnership[one.partnership_id]
    conversion = books.conversion[one.conversion_id]
    parties = (one.advertiser_id, one.partner_id, one.customer_id, one.granted_at)
    if parties != (
        partnership.advertiser_id,
        partnership.partner_id,
        conversion.customer_id,
        conversion.occurred_at,
    ):
        yield f"{name} names other brands, another customer or another time than its order."
    if wanted is None:
        return
    promised = wanted.credit
    terms = books.terms_of[one.agreement_id]
    if (one.kind, one.currency, one.clause, one.ends_at, one.steps) != (
        wanted.kind,
        terms.settlement.currency,
        promised.clause,
        promised.ends_at,
        promised.steps,
    ):
        yield f"{name} is of another kind, clause, currency or worth than its terms promise."


def _chain(books: Books, one: Held) -> Iterator[str]:
    state = State()
    for number, move in enumerate(one.moves, start=1):
        name = f"Move {move.rev} ({move.kind}) of {_named(books, one)}"
        if move.rev != number or move.change_minor != move.left_minor - state.left_minor:
            yield f"{name} does not go on from the one before it."
            return
        if move.kind == "redeemed" and (not move.worth_ppm or move.redemption_id is None):
            yield f"{name} redeems what is worth nothing."
            return
        after = moving.after(state, move)
        left = rule.left_of(move.face_minor, after.used_face, move.worth_ppm)
        if move.left_minor != left:
            yield f"{name} leaves {move.left_minor:,}; its face, its use and its worth leave {left:,}."
        if move.worth_ppm != rule.worth_at(one.steps, move.at):
            yield f"{name} counts for {move.worth_ppm:,} millionths; its terms say otherwise at {move.at}."
        if move.kind not in {"granted", "grown", "taken_back"} and move.face_minor != state.face_minor:
            yield f"{name} changes what was granted, and is no fact's doing."
        state = after


def _booked(books: Books, one: Held, explained: Explained) -> Iterator[str]:
    for move in one.moves:
        key = post.key_of(one.id, move.rev)
        if not move.change_minor or (
            (one.id, move.rev) in books.rewards.waiting_moves and key not in books.written
        ):
            continue
        entry = post.entry_of(one, move)
        yield from explained.must_be_booked(entry, partial(_named, books, one))


def _redemption(one: RedemptionRow, drawn: list[tuple[Held, Move]]) -> Iterator[str]:
    name = f"Redemption {one.id}"
    taken = -sum(move.change_minor for _, move in drawn if move.kind == "redeemed")
    if taken != one.amount_minor:
        yield f"{name} is of {one.amount_minor:,}, but {taken:,} was taken from credit."
    for credit, move in drawn:
        whose = (credit.advertiser_id, credit.currency, credit.holder_id)
        if whose != (one.advertiser_id, one.currency, one.customer_id or one.partner_id):
            yield f"{name} took credit of somebody else."
        if move.at != (one.redeemed_at if move.kind == "redeemed" else one.cancelled_at):
            yield f"{name} is of another time than what it took, or gave back."
    returned = {credit.id for credit, move in drawn if move.kind == "returned"}
    if returned != ({credit.id for credit, _ in drawn} if one.cancelled_at else set()):
        yield f"{name} was cancelled, and not all of it is there again, or was not and is."


def waiting_customers(books: Books) -> set[Customer]:
    """Return whose rewards the worker has still to compute, in which program."""
    undecided = {_customer(books, one.conversion_id) for one in books.waiting if one.partnership_id is None}
    return books.rewards.waiting_customers | undecided


def _customer(books: Books, conversion_id: UUID) -> Customer:
    conversion = books.conversion[conversion_id]
    return conversion.program_id, conversion.customer_id


def _sales(books: Books) -> Sales:
    found: defaultdict[Customer, list[tuple[datetime, str]]] = defaultdict(list)
    for one in books.conversions:
        if one.event == "sale":
            found[one.program_id, one.customer_id].append((one.occurred_at, one.order_id))
    return {customer: sorted(places) for customer, places in found.items()}


def _named(books: Books, one: Held) -> str:
    return f"Credit {one.reward!r} on the {books.order_name(one.conversion_id)}"


def _who(books: Books, partnership_id: UUID) -> str:
    partnership = books.partnership[partnership_id]
    return f"{books.slug_of[partnership.partner_id]} with {books.slug_of[partnership.advertiser_id]}"
