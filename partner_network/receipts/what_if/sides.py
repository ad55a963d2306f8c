"""The two sides that are compared: the program as it is, and as the change would have it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Terms
from partner_network.attribution.cases import Partnership, PolicyVersion, Signed
from partner_network.attribution.queries import facts
from partner_network.commissions.rules import plan as plans
from partner_network.commissions.rules import span as spans
from partner_network.commissions.rules.facts import TermsVersion
from partner_network.commissions.rules.plan import Plan
from partner_network.database.connections import Connection
from partner_network.kernel.errors import InvalidError, NotFoundError
from partner_network.receipts.what_if.values import Change


class Joined(Struct, frozen=True):
    """One partnership of the program and the plans its orders are priced by, of one side."""

    id: UUID
    advertiser_id: UUID
    partner_id: UUID
    partner: str
    partnership: Partnership
    plan: Plan
    signed: Plan
    """By which its quality was measured; the plan itself unless other terms are tried."""


class Side(Struct, frozen=True):
    """Everything one side decides and prices by; partnerships are those with terms, by id."""

    program_id: UUID
    policies: Sequence[PolicyVersion]
    joined: Mapping[UUID, Joined]


async def as_it_is(connection: Connection, program_id: UUID) -> Side:
    """Return a program's policies and signed terms as they are known now. Errors: NotFoundError."""
    policies = (await facts.policies_of(connection, [program_id])).get(program_id)
    if policies is None:
        raise NotFoundError("There is no such program.")
    rows = await connection.fetch(
        """SELECT p.id, p.advertiser_id, p.partner_id, b.name, p.active_from, p.ended_at, t.agreement_id,
               lower(t.valid) AS valid_from, upper(t.valid) AS valid_until, g.terms_toml
           FROM partnerships p JOIN brands b ON b.id = p.partner_id
           JOIN terms t ON t.partnership_id = p.id AND upper_inf(t.recorded)
           JOIN agreements g ON g.id = t.agreement_id
           WHERE p.program_id = $1 ORDER BY p.id, lower(t.valid) NULLS FIRST""",
        program_id,
    )
    by_id: dict[UUID, list[tuple[str, Signed]]] = {}
    for row in rows:
        signed = Signed(row["valid_from"], row["valid_until"], terms_reading.read_terms(row["terms_toml"]))
        by_id.setdefault(row["id"], []).append((str(row["agreement_id"]), signed))
    first = {row["id"]: row for row in reversed(rows)}
    joined = {
        partnership_id: Joined(
            partnership_id,
            first[partnership_id]["advertiser_id"],
            first[partnership_id]["partner_id"],
            first[partnership_id]["name"],
            Partnership(
                first[partnership_id]["active_from"],
                first[partnership_id]["ended_at"],
                tuple(signed for _, signed in versions),
            ),
            _plan(tuple(versions)),
            _plan(tuple(versions)),
        )
        for partnership_id, versions in by_id.items()
    }
    return Side(program_id, policies, joined)


def as_changed(side: Side, change: Change) -> Side:
    """Return the side as the change would have it. Errors: InvalidError for terms of no partnership here."""
    unknown = [one for one in change.terms if one is not None and one not in side.joined]
    if unknown:
        raise InvalidError("The terms are for a partnership that has none signed in this program.")
    policies = side.policies
    if change.policy is not None:
        policies = (replace(side.policies[0], policy=change.policy),)
    joined = {
        one.id: one if (terms := change.terms_of(one.id)) is None else _under(one, terms)
        for one in side.joined.values()
    }
    return Side(side.program_id, policies, joined)


def _under(one: Joined, terms: Terms) -> Joined:
    """Put other terms in the place of all versions; since when and until when it is active stays."""
    was = one.partnership
    ends = [end for end in (was.ended_at, was.versions[-1].valid_until) if end is not None]
    return replace(
        one,
        partnership=Partnership(
            was.active_from or was.versions[0].valid_from,
            min(ends, default=None),
            (Signed(None, None, terms),),
        ),
        plan=_plan((("what-if", Signed(None, None, terms)),)),
    )


@lru_cache(maxsize=4096)
def _plan(versions: tuple[tuple[str, Signed], ...]) -> Plan:
    return plans.plan_of(
        [
            TermsVersion(key=key, terms=one.terms, valid_from=one.valid_from, valid_until=one.valid_until)
            for key, one in versions
        ]
    )


def computed_span(sides: Iterable[Side], since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """Return the span that must be computed whole, so that the orders of [since, until) are priced right."""
    starts, ends = since, until
    for plan in {one.plan for side in sides for one in side.joined.values()}:
        for at in (since, until - datetime.resolution):
            span = spans.needed(plan, at)
            starts, ends = min(starts, span.starts_at), max(ends, span.ends_at)
    return starts, ends


def counts_by_receipt(side: Side) -> bool:
    """Tell whether late orders count in the period in which they were received, for any partner."""
    return any(
        version.settlement.late_policy == "as_of_receipt"
        for one in side.joined.values()
        for version in one.plan.versions
    )
