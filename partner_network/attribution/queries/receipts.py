"""Read one decision as its advertiser, or a partner whom it credits, may see it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from partner_network.agreements.terms import Model, TouchKind
from partner_network.attribution.facts import Candidate, Verdict
from partner_network.attribution.queries.decisions import credits_of
from partner_network.database.connections import Connection
from partner_network.kernel import ids
from partner_network.kernel.errors import NotFoundError

ANOTHER_PARTNER = "another partner"


class ShownCandidate(Struct, frozen=True):
    """A touch that was looked at; of another partner's nothing is shown but that there was one."""

    partner: str | None
    """A brand's id; None for a direct visit."""
    touch: str | None = None
    at: datetime | None = None
    kind: TouchKind | None = None
    verdict: Verdict | None = None
    reason: str | None = None


class ShownCredit(Struct, frozen=True):
    """An exact part of the conversion, like ``1/3``."""

    partner: str
    touch: str
    touched_at: datetime
    weight: str


class ShownDecision(Struct, frozen=True):
    """Who gets a conversion and why, as decided last."""

    conversion: str
    order_id: str
    event: str
    program: str
    policy_version: int
    model: Model
    rev: int
    decided_at: datetime
    outcome: str
    bound_to: str | None
    credits: list[ShownCredit]
    candidates: list[ShownCandidate]


async def decision_for(
    connection: Connection, conversion_id: UUID, asking_brand: UUID | None
) -> ShownDecision:
    """Return the decision that stands on a conversion; without an asking brand it is the operator's view.

    Errors: NotFoundError for anybody but the advertiser and the partners it credits, and while it waits.
    """
    row = await connection.fetchrow(
        """SELECT v.id, v.order_id, v.event, v.brand_id, p.slug AS program,
               number_of_version(d.program_version_id) AS policy_version, d.model, d.rev, d.decided_at,
               d.outcome, d.bound_to, d.candidates
           FROM conversions v JOIN program_names p ON p.id = v.program_id
           JOIN current_decisions d ON d.conversion_id = v.id WHERE v.id = $1""",
        conversion_id,
    )
    if row is None:
        raise _no_decision()
    found = await credits_of(connection, [(row["id"], row["rev"])])
    credited = [credit for credit, _ in found.get(row["id"], ())]
    only = None if asking_brand in {None, row["brand_id"]} else str(asking_brand)
    if only is not None and only not in {credit.partner for credit in credited}:
        raise _no_decision()
    return _shown(
        row,
        [
            ShownCredit(_brand(one.partner), _touch(one.touch), one.touched_at, str(one.weight))
            for one in credited
            if only in {None, one.partner}
        ],
        _candidates(msgspec.json.decode(row["candidates"], type=list[Candidate]), only),
    )


def _no_decision() -> NotFoundError:
    return NotFoundError("There is no decision on this conversion for you.")


def _shown(
    row: asyncpg.Record, credits_: list[ShownCredit], candidates: list[ShownCandidate]
) -> ShownDecision:
    bound_to = row["bound_to"]
    return ShownDecision(
        conversion=ids.shown("cnv", row["id"]),
        order_id=row["order_id"],
        event=row["event"],
        program=row["program"],
        policy_version=row["policy_version"],
        model=row["model"],
        rev=row["rev"],
        decided_at=row["decided_at"],
        outcome=row["outcome"],
        bound_to=None if bound_to is None else ids.shown("cnv", bound_to),
        credits=credits_,
        candidates=candidates,
    )


def _candidates(candidates: Iterable[Candidate], only: str | None) -> list[ShownCandidate]:
    return [
        ShownCandidate(ANOTHER_PARTNER)
        if only not in {None, one.partner}
        else ShownCandidate(
            None if one.partner is None else _brand(one.partner),
            _touch(one.touch),
            one.at,
            one.kind,
            one.verdict,
            one.reason,
        )
        for one in candidates
    ]


def _brand(text: str) -> str:
    return ids.shown("bnd", UUID(text))


def _touch(text: str) -> str:
    return ids.shown("clk", UUID(text))
