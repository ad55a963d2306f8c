"""Perks: who has one has reached it, and who has reached it has one."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from partner_network.dashboards.verification.books import Books, grouped
from partner_network.dashboards.verification.orders import Priced
from partner_network.kernel.errors import PartnerNetworkError
from partner_network.rewards.perk_queries import Entitled
from partner_network.rewards.rules import perks
from partner_network.rewards.rules.perks import Counted, PerkKey, Reached


def differences(
    books: Books, priced_of: Mapping[UUID, Priced], customers: set[tuple[UUID, UUID]]
) -> Iterator[str]:
    """Yield which perks differ from what orders reach; those of customers who wait may still change."""
    waiting = _waiting(books, customers)
    of = grouped(books.rewards.entitled, lambda one: one.partnership_id)
    for partnership_id, priced in priced_of.items():
        agreed = {version.key: books.terms_of[UUID(version.key)].rewards for version in priced.plan.versions}
        counted = [Counted(priced.conversion_of[order.id], order) for order in priced.orders]
        try:
            reached = perks.perks_of(counted, priced.plan, agreed) if any(agreed.values()) else {}
        except PartnerNetworkError as impossible:
            yield f"The perks of partnership {partnership_id} cannot be computed: {impossible}"
            continue
        standing = of.get(partnership_id, [])
        if partnership_id not in waiting:
            yield from _compared(standing, reached)
        for one in standing:
            yield from _sound(books, one)


def _waiting(books: Books, customers: set[tuple[UUID, UUID]]) -> set[UUID]:
    programs = {program_id for program_id, _ in customers}
    unaccrued = {one.partnership_id for one in books.waiting if one.partnership_id is not None}
    of_programs = {one.id for one in books.partnerships if one.program_id in programs}
    return books.rewards.waiting_perks | of_programs | unaccrued


def _compared(standing: list[Entitled], reached: dict[PerkKey, Reached]) -> Iterator[str]:
    holding = {one.key for one in standing if one.ended_at is None}
    for key in sorted(holding - reached.keys()):
        yield f"Perk {key[1]!r} of {key[2]} holds, and orders do not reach it."
    for key in sorted(reached.keys() - holding):
        yield f"Perk {key[1]!r} of {key[2]} is not there, and orders reach it."
    for one in standing:
        if one.ended_at is None and (one.perk, one.clause, one.ends_at) != (
            reached[one.key].perk,
            reached[one.key].clause,
            reached[one.key].ends_at,
        ):
            yield f"Perk {one.reward!r} of {one.period} is another, or holds longer or shorter, than agreed."


def _sound(books: Books, one: Entitled) -> Iterator[str]:
    conversion = books.conversion[one.conversion_id]
    partnership = books.partnership[one.partnership_id]
    if (one.advertiser_id, one.partner_id) != (partnership.advertiser_id, partnership.partner_id):
        yield f"Perk {one.reward!r} of {one.period} is of other brands than its partnership."
    if conversion.occurred_at != one.granted_at:
        yield f"Perk {one.reward!r} of {one.period} holds from another time than its order."
