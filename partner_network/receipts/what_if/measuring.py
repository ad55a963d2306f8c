"""The quality that orders are priced by: as it was measured, or as a rule that is tried would measure it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from partner_network.commissions import quality_queries
from partner_network.commissions.quality_queries import Due
from partner_network.commissions.queries import Fact
from partner_network.commissions.rules import quality
from partner_network.commissions.rules.facts import Alike, Measure
from partner_network.commissions.rules.plan import Plan
from partner_network.commissions.rules.quality import Key
from partner_network.database.connections import Connection
from partner_network.receipts.what_if.sides import Joined


async def with_measures(
    connection: Connection, program_id: UUID, joined: Joined, facts: Sequence[Fact], alike: Sequence[Alike]
) -> tuple[list[Fact], list[Alike]]:
    """Return orders, single ones and those given as one, with the measures that they go by.

    A rule that was signed goes by what was stored of it, and one that is tried by the customers and decisions
    that were known at each date: what it would have measured.
    """
    plan = joined.plan
    known = await quality_queries.stored(connection, joined.id)
    instants = [*(fact.order.at for fact in facts), *(one.order.at for one in alike)]
    signed = {rule.name: rule.identity for rule in _rules(joined.signed)}
    tried = [
        one for one in _asked(joined, program_id, instants) if signed.get(one.rule.name) != one.rule.identity
    ]
    known |= {(one.rule.name, one.on): await quality_queries.measured(connection, one) for one in tried}
    return (
        [
            Fact(fact.conversion_id, replace(fact.order, measures=_own(plan, fact.order.at, known)))
            for fact in facts
        ],
        [replace(one, order=replace(one.order, measures=_own(plan, one.order.at, known))) for one in alike],
    )


def _asked(joined: Joined, program_id: UUID, instants: Iterable[datetime]) -> list[Due]:
    """Return each rule with each date that one of the instants goes by."""
    found: dict[Key, Due] = {}
    for at in instants:
        if not _is_priced(joined.plan, at):
            continue
        version = joined.plan.version_at(at)
        for rule in quality.rules_of(version.components.values()):
            on = quality.date_of(rule, at, version.zone)
            found.setdefault((rule.name, on), Due(joined.id, program_id, rule, on, version.zone))
    return list(found.values())


def _own(plan: Plan, at: datetime, known: dict[Key, Measure]) -> tuple[Measure, ...]:
    return quality.own_measures(plan, at, known) if _is_priced(plan, at) else ()


def _is_priced(plan: Plan, at: datetime) -> bool:
    """Tell whether any terms were valid by then; pricing says in its own words when none were."""
    first = plan.versions[0].valid_from
    return first is None or at >= first


def _rules(plan: Plan) -> list[quality.Quality]:
    return [rule for version in plan.versions for rule in quality.rules_of(version.components.values())]
